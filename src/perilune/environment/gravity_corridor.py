"""The Moon's gravity along one flight's ground track as a table: the direct sum's value at a two-hundredth of its cost.

The residual acceleration (degrees 2 and above, pa components) stands at the nodes of a rotated spherical frame whose equator is the ground track:
angle along the track, sine of the angle across it, and log(1 + (altitude − lowest) / scale). A tri-cubic B-spline passes through all nodes.
Assumptions and limitations: only strictly inside the table; everywhere else the direct function is called, never an extrapolation. The track
is a great circle in the turning Moon's frame, from which a real ground track bows away (the Moon turns by 0.55 degrees an hour, and a circle through
ends nearly opposite each other multiplies that): directions between the ends keep the corridor on the track.
Source: cubic spline with not-a-knot ends, de Boor 1978, chapter IV; error h⁴/384 of the fourth derivative.
"""

import hashlib
import os
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import warp as wp

from perilune.base.errors import PeriluneError
from perilune.base.tables import cache_folder, cached_arrays, key_of
from perilune.base.vector import real, vec3
from perilune.environment import gravity
from perilune.environment.gravity import GravityCoefficients, Harmonics, harmonic_acceleration, harmonics_struct

REFERENCE_RADIUS_M = 1737400.0  # altitudes are above this sphere
SNAP_POLE_DEG = 0.25
SNAP_ALONG_DEG = 0.5
SNAP_WIDTH_M = 5000.0
SNAP_ALTITUDE_M = 1000.0
SPACING_IN_WAVELENGTHS = 0.1  # node spacing over the shortest wavelength of the field: 7.3 km at degree 150, where it holds 1e-6 m/s²
LARGEST_SPACING_M = 25000.0
HEIGHT_STEP = 0.3  # of the logarithm
LARGEST_TABLE = 4_000_000  # nodes; 96 MB


@wp.struct
class GravityCorridor:
    """Spline coefficients of the residual acceleration [m/s², pa] over (along, across, height), and the frame in which they stand."""

    axis_along: vec3  # middle of the track, unit, pa
    axis_left: vec3  # 90 degrees on along the track
    axis_pole: vec3  # pole of the track
    start: vec3  # coordinates (rad, sine, logarithm) of node 0
    per_step: vec3  # nodes per unit of each coordinate
    last: vec3  # last valid coordinate in nodes; the first is 1
    lowest_radius: real
    height_scale: real
    coefficients: wp.array3d(dtype=vec3)


@wp.func
def corridor_nodes(corridor: GravityCorridor, position_pa: vec3) -> vec3:
    """Where `position_pa` [m] lies in the table, in nodes along, across and in height; -1 in height below the table's logarithm."""
    x = wp.dot(corridor.axis_along, position_pa)
    y = wp.dot(corridor.axis_left, position_pa)
    z = wp.dot(corridor.axis_pole, position_pa)
    distance = wp.length(position_pa)
    above = real(1.0) + (distance - corridor.lowest_radius) / corridor.height_scale
    height = real(-1.0)
    if above > real(0.0):
        height = (wp.log(above) - corridor.start[2]) * corridor.per_step[2]
    return vec3((wp.atan2(y, x) - corridor.start[0]) * corridor.per_step[0], (z / distance - corridor.start[1]) * corridor.per_step[1], height)


@wp.func
def nodes_inside(corridor: GravityCorridor, nodes: vec3) -> wp.bool:
    """Whether the coordinates `nodes` lie in the valid part of the table."""
    along = nodes[0] >= real(1.0) and nodes[0] < corridor.last[0]
    across = nodes[1] >= real(1.0) and nodes[1] < corridor.last[1]
    height = nodes[2] >= real(1.0) and nodes[2] < corridor.last[2]
    return along and across and height


@wp.func
def inside_corridor(corridor: GravityCorridor, position_pa: vec3) -> wp.bool:
    """Whether the table serves `position_pa` [m]."""
    return nodes_inside(corridor, corridor_nodes(corridor, position_pa))


@wp.func
def spline_weights(f: real) -> wp.vec4d:
    """Weights of the four cubic B-splines that reach a point at the fraction `f` between two nodes."""
    g = real(1.0) - f
    f2 = f * f
    sixth = real(1.0) / real(6.0)
    near = (real(4.0) - f2 * (real(6.0) - real(3.0) * f)) * sixth
    first = g * g * g * sixth
    last = f2 * f * sixth
    return wp.vec4d(first, near, real(1.0) - near - first - last, last)


@wp.func
def corridor_acceleration(corridor: GravityCorridor, field: Harmonics, position_pa: vec3) -> vec3:
    """Residual acceleration [m/s²] of degree 2 and above at `position_pa` [m], pa components: the table inside, `field` directly outside."""
    nodes = corridor_nodes(corridor, position_pa)
    if not nodes_inside(corridor, nodes):
        return harmonic_acceleration(field, position_pa)
    along = wp.int32(nodes[0])
    across = wp.int32(nodes[1])
    height = wp.int32(nodes[2])
    wa = spline_weights(nodes[0] - real(along))
    wc = spline_weights(nodes[1] - real(across))
    wh = spline_weights(nodes[2] - real(height))
    total = vec3(0.0, 0.0, 0.0)
    i = wp.int32(0)
    while i < 4:
        slab = vec3(0.0, 0.0, 0.0)
        for j in range(4):
            line = corridor.coefficients[along + i, across + j, height] * wh[0]
            line += corridor.coefficients[along + i, across + j, height + 1] * wh[1]
            line += corridor.coefficients[along + i, across + j, height + 2] * wh[2]
            line += corridor.coefficients[along + i, across + j, height + 3] * wh[3]
            slab += line * wc[j]
        total += slab * wa[i]
        i += 1
    return total


@wp.kernel(module="unique")
def sample_residual(field: Harmonics, positions_pa: wp.array(dtype=vec3), residual: wp.array(dtype=vec3)):
    """The direct residual acceleration at every node."""
    i = wp.tid()
    residual[i] = harmonic_acceleration(field, positions_pa[i])


def build_corridor(
    coefficients: GravityCoefficients,
    start_pa_direction: Sequence[float] | np.ndarray,
    end_pa_direction: Sequence[float] | np.ndarray,
    half_width_m: float,
    lowest_m: float,
    highest_m: float,
    margin_m: float,
    progress: Callable[[float], None] | None = None,
    device: str = "cpu",
    via_pa_directions: Sequence[Sequence[float]] | np.ndarray = (),
) -> GravityCorridor:
    """The table along the shorter great circle between two directions (3,) in pa, `margin_m` longer at both ends, `half_width_m` to both sides.

    For a track longer than a few tens of degrees give directions between them, in order of flight, as `via_pa_directions` (n, 3): the great
    circle is then the nearest to all of them, however long the way round, and the width grows by their largest distance from it.
    Altitudes [m] are above the 1737.4 km sphere. Plane, ends, width and altitudes are snapped outwards, so that small changes of a mission use
    the same table. Built on all cores (`progress` is called with the fraction done), then kept in the cache, keyed by the coefficients, the
    geometry and the source text. Raises PeriluneError for directions that span no great circle, an empty range of altitudes or widths, or a
    table beyond four million nodes.
    """
    track = np.vstack([start_pa_direction, *via_pa_directions, end_pa_direction]).astype(float)
    grid = _grid(coefficients.degree, track / np.linalg.norm(track, axis=1, keepdims=True), half_width_m, lowest_m, highest_m, margin_m)
    shape = {"field": _hash(coefficients), "source": _source_hash(), **grid}
    table = _whole_table(shape, lambda: _build(coefficients, grid, progress))
    along, left, pole = (np.array(grid[axis]) for axis in ("along", "left", "pole"))
    corridor = GravityCorridor()
    corridor.axis_along, corridor.axis_left, corridor.axis_pole = vec3(*along), vec3(*left), vec3(*pole)
    corridor.start = vec3(*grid["start"])
    corridor.per_step = vec3(*(1.0 / step for step in grid["step"]))
    corridor.last = vec3(*(count - 2.0 for count in grid["count"]))
    corridor.lowest_radius, corridor.height_scale = REFERENCE_RADIUS_M + grid["lowest_m"], grid["height_scale_m"]
    corridor.coefficients = wp.array(np.asarray(table["coefficients"]), dtype=vec3, device=device)
    return corridor


def no_corridor(device: str = "cpu") -> GravityCorridor:
    """A corridor that holds nothing: `corridor_acceleration` is then the direct sum everywhere (check cases, orbits)."""
    corridor = GravityCorridor()
    corridor.height_scale = 1.0
    corridor.coefficients = wp.zeros((1, 1, 1), dtype=vec3, device=device)
    return corridor


def _grid(degree: int, track: np.ndarray, half_width_m: float, lowest_m: float, highest_m: float, margin_m: float) -> dict[str, Any]:
    """Frame, first node, steps and counts of the table: all that its geometry is, in numbers that JSON keeps exactly."""
    turned = np.cross(track[:-1], track[1:]).sum(axis=0)
    if not np.linalg.norm(turned) > 1.0e-3:
        raise PeriluneError(
            "gravity corridor: start and end lie on one line through the Moon's centre; give ends between 0.1 and 179.9 degrees apart"
        )
    if not (highest_m > lowest_m > -20000.0 and half_width_m > 0.0 and margin_m >= 0.0):
        raise PeriluneError(
            f"gravity corridor: altitudes {lowest_m} to {highest_m} m, half width {half_width_m} m and margin {margin_m} m enclose nothing; "
            "give a highest above the lowest (itself above -20 km) and a positive width"
        )
    normal = np.linalg.svd(track)[2][2]
    normal *= np.sign(normal @ turned)
    latitude, longitude = (
        np.radians(SNAP_POLE_DEG * np.round(np.degrees(angle) / SNAP_POLE_DEG))
        for angle in (np.arctan2(normal[2], np.hypot(normal[0], normal[1])), np.arctan2(normal[1], normal[0]))
    )
    pole = np.array([np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)])
    node = np.array([-np.sin(longitude), np.cos(longitude), 0.0])
    ahead = np.cross(pole, node)
    angles = np.unwrap(np.arctan2(track @ ahead, track @ node))
    snap = np.radians(SNAP_ALONG_DEG)
    begin = snap * np.floor((angles.min() - margin_m / REFERENCE_RADIUS_M) / snap)
    end = snap * np.ceil((angles.max() + margin_m / REFERENCE_RADIUS_M) / snap)
    if not end - begin < np.radians(350.0):
        raise PeriluneError(f"gravity corridor: track and a margin of {margin_m} m close the circle; give a shorter one")
    middle = 0.5 * (begin + end)

    bow_m = float(np.abs(track @ normal).max()) * REFERENCE_RADIUS_M
    widened = SNAP_WIDTH_M * np.ceil((half_width_m + bow_m) / SNAP_WIDTH_M - 1.0e-3) + np.radians(SNAP_POLE_DEG / np.sqrt(2.0)) * REFERENCE_RADIUS_M
    half_sine = float(np.sin(min(widened / REFERENCE_RADIUS_M, 1.2)))
    low = SNAP_ALTITUDE_M * float(np.floor(lowest_m / SNAP_ALTITUDE_M))
    high = SNAP_ALTITUDE_M * float(np.ceil(highest_m / SNAP_ALTITUDE_M))
    spacing = min(SPACING_IN_WAVELENGTHS * 2.0 * np.pi * REFERENCE_RADIUS_M / degree, LARGEST_SPACING_M) / REFERENCE_RADIUS_M
    scale = REFERENCE_RADIUS_M / degree
    spans = [(begin - middle, end - middle, spacing), (-half_sine, half_sine, spacing), (0.0, float(np.log1p((high - low) / scale)), HEIGHT_STEP)]
    counts = [max(int(np.ceil((stop - start) / step)), 4) + 3 for start, stop, step in spans]
    steps = [(stop - start) / (count - 3) for (start, stop, _), count in zip(spans, counts, strict=True)]
    if np.prod(counts) > LARGEST_TABLE:
        raise PeriluneError(f"gravity corridor: {np.prod(counts):.1e} nodes at degree {degree} are too many; lower the degree or narrow the corridor")
    return {
        "along": (np.cos(middle) * node + np.sin(middle) * ahead).tolist(),
        "left": (np.cos(middle) * ahead - np.sin(middle) * node).tolist(),
        "pole": pole.tolist(),
        "start": [float(start - step) for (start, _, _), step in zip(spans, steps, strict=True)],
        "step": [float(step) for step in steps],
        "count": counts,
        "lowest_m": low,
        "height_scale_m": scale,
    }


def _build(coefficients: GravityCoefficients, grid: dict[str, Any], progress: Callable[[float], None] | None) -> dict[str, np.ndarray]:
    along, across, height = (start + step * np.arange(count) for start, step, count in zip(grid["start"], grid["step"], grid["count"], strict=True))
    axes = np.array([grid["along"], grid["left"], grid["pole"]])
    a, s = np.meshgrid(along, across, indexing="ij")
    c = np.sqrt(1.0 - s * s)
    directions = np.stack([c * np.cos(a), c * np.sin(a), s], axis=-1) @ axes
    radii = REFERENCE_RADIUS_M + grid["lowest_m"] + grid["height_scale_m"] * np.expm1(height)
    positions = np.ascontiguousarray((directions[:, :, None, :] * radii[:, None]).reshape(-1, 3))
    residual = np.zeros_like(positions)
    field = harmonics_struct(coefficients)
    nodes: Any = wp.array(positions, dtype=vec3, device="cpu", copy=False)
    values: Any = wp.array(residual, dtype=vec3, device="cpu", copy=False)
    wp.load_module(sample_residual.module, device="cpu")

    def sample(low: int, high: int) -> None:
        wp.launch(sample_residual, dim=high - low, inputs=[field, nodes[low:high]], outputs=[values[low:high]], device="cpu")

    slices = np.linspace(0, len(positions), 65).astype(int)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        pending = [pool.submit(sample, int(low), int(high)) for low, high in pairwise(slices)]
        try:
            for done, future in enumerate(as_completed(pending), start=1):
                future.result()
                if progress is not None:
                    progress(done / len(pending))
        except BaseException:  # an interrupt included: the slices that wait are dropped, so that the user has his prompt back at once
            pool.shutdown(cancel_futures=True)
            raise
    table = values.numpy().reshape(*grid["count"], 3)
    for axis in range(3):
        table = np.moveaxis(np.tensordot(_spline_matrix(table.shape[axis]), table, axes=(1, axis)), 0, axis)
    table = np.ascontiguousarray(table)
    return {"coefficients": table, "checksum": np.array([zlib.crc32(table.data)])}


def _spline_matrix(count: int) -> np.ndarray:
    """Matrix (count + 2, count) from values at the nodes to coefficients of the cubic B-splines, not-a-knot at both ends."""
    conditions = np.zeros((count + 2, count + 2))
    for row in range(count):
        conditions[row, row : row + 3] = (1.0 / 6.0, 4.0 / 6.0, 1.0 / 6.0)
    conditions[count, :5] = conditions[count + 1, -5:] = (1.0, -4.0, 6.0, -4.0, 1.0)
    return np.linalg.solve(conditions, np.eye(count + 2, count))


def _whole_table(shape: dict[str, Any], build: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """The table from the cache, built again when a bit of it has changed since."""
    table = cached_arrays("gravity_corridor", shape, build)
    if zlib.crc32(np.ascontiguousarray(table["coefficients"]).data) != int(table["checksum"][0]):
        (cache_folder() / "gravity_corridor" / key_of(shape) / "table.json").unlink(missing_ok=True)
        table = cached_arrays("gravity_corridor", shape, build)
    return table


def _hash(coefficients: GravityCoefficients) -> str:
    digest = hashlib.sha256(np.array([coefficients.gm, coefficients.radius]).tobytes())
    digest.update(np.ascontiguousarray(coefficients.c).tobytes())
    digest.update(np.ascontiguousarray(coefficients.s).tobytes())
    return digest.hexdigest()


def _source_hash() -> str:
    digest = hashlib.sha256()
    for file in (gravity.__file__, __file__):
        digest.update(Path(file).read_bytes())
    return digest.hexdigest()
