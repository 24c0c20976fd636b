"""What must be true of a beam: the closed form on a bare sphere and a tilted plane, and what a fine brute-force march finds on real relief."""

import numpy as np
import pytest
import warp as wp

from perilune.base.vector import real, vec3
from perilune.environment.beam import map_range_along_beam, range_along_beam
from perilune.environment.relief import REFERENCE_RADIUS, Relief, ReliefDraw, height_above_ground, map_height
from perilune.environment.relief_detail import ReliefChoice, block_bounds
from perilune.environment.relief_site import build_relief, map_heights

RADIUS = float(REFERENCE_RADIUS)


@wp.kernel(module="unique")
def trace_all(
    relief: Relief,
    draw: ReliefDraw,
    origins: wp.array(dtype=vec3),
    beams: wp.array(dtype=vec3),
    longest: real,
    true_range: wp.array(dtype=real),
    map_range: wp.array(dtype=real),
):
    i = wp.tid()
    true_range[i] = range_along_beam(relief, draw, origins[i], beams[i], longest)
    map_range[i] = map_range_along_beam(relief, origins[i], beams[i], longest)


@wp.kernel(module="unique")
def march_all(
    relief: Relief, draw: ReliefDraw, origins: wp.array(dtype=vec3), beams: wp.array(dtype=vec3), step: real, count: int, out: wp.array2d(dtype=real)
):
    """First two crossings of ground, into and out of it, and the first of the map, by equal steps."""
    i = wp.tid()
    for k in range(3):
        out[i, k] = real(-1.0)
    for n in range(count):
        s = real(n) * step
        p = origins[i] + beams[i] * s
        height = height_above_ground(relief, draw, p)
        if out[i, 0] < real(0.0) and height <= real(0.0):
            out[i, 0] = s
        if out[i, 0] >= real(0.0) and out[i, 1] < real(0.0) and height > real(0.0):
            out[i, 1] = s
        if out[i, 2] < real(0.0) and wp.length(p) - REFERENCE_RADIUS <= map_height(relief, p):
            out[i, 2] = s


def traced(relief, draw, origins, beams, longest):
    out = [wp.empty(len(origins), dtype=real, device="cpu") for _ in range(2)]
    args = [relief, draw, wp.array(origins, dtype=vec3, device="cpu"), wp.array(beams, dtype=vec3, device="cpu"), longest, *out]
    wp.launch(trace_all, len(origins), args, device="cpu")
    return [o.numpy() for o in out]


def marched(relief, draw, origins, beams, longest, step):
    out = wp.empty((len(origins), 3), dtype=real, device="cpu")
    args = [relief, draw, wp.array(origins, dtype=vec3, device="cpu"), wp.array(beams, dtype=vec3, device="cpu"), step, int(longest / step), out]
    wp.launch(march_all, len(origins), args, device="cpu")
    return out.numpy().T


def beams_over(relief, rng, n, height_m, incidence_deg):
    """Origins `height_m` over the map within 20 km of the site, and beams at the given angle from the vertical, any azimuth."""
    axes = np.array([relief.east, relief.north, relief.up])
    there = np.concatenate([rng.uniform(-2e4, 2e4, (n, 2)), np.full((n, 1), relief.plane_radius)], axis=1) @ axes
    up = there / np.linalg.norm(there, axis=1)[:, None]
    side = np.cross(up, rng.normal(size=(n, 3)))
    side /= np.linalg.norm(side, axis=1)[:, None]
    angle = np.radians(incidence_deg)
    return up * (RADIUS + map_heights(relief, there) + height_m)[:, None], side * np.sin(angle) - up * np.cos(angle)


def bare(coarse=None, spacing=1.0):
    """The sphere, or a coarse tile laid over it at latitude 0, longitude 0."""
    relief = build_relief(ReliefChoice(coarse_craters=False, fine_craters=False, rocks=False), 0.0, 0.0)
    relief.lola = wp.zeros(relief.lola.shape, dtype=wp.float32, device="cpu")
    relief.plane_radius = RADIUS
    if coarse is not None:
        relief.coarse, relief.coarse_spacing = wp.array(coarse, dtype=wp.float32, device="cpu"), spacing
        relief.coarse_bounds = wp.array(block_bounds(coarse, spacing, 16), dtype=wp.vec2f, device="cpu")
        relief.highest = vec3(float(coarse.max()), 0.0, 0.0)
    return relief


@pytest.fixture(scope="module")
def relief():
    return build_relief(ReliefChoice(), 60.5, -4.6)


@pytest.mark.parametrize("incidence_deg", [0.0, 20.0, 60.0, 80.0, 87.0])
def test_range_to_the_bare_sphere_is_the_closed_form(incidence_deg):
    sphere = bare()
    origins, beams = beams_over(sphere, np.random.default_rng(0), 20, 1000.0, incidence_deg)
    along = (origins * beams).sum(1)
    expected = -along - np.sqrt(along**2 - ((origins**2).sum(1) - RADIUS**2))
    for flown in traced(sphere, ReliefDraw(), origins, beams, 30000.0):
        assert flown == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(("slope", "angle_deg"), [(0.3, -50.0), (0.3, 0.0), (0.3, 50.0), (1.0, -20.0), (1.0, 60.0)])
def test_range_to_a_tilted_plane_is_the_closed_form(slope, angle_deg):
    n, spacing = 256, 4.0
    tent = slope * spacing * (n / 4 - np.abs(np.arange(n) - n / 2))  # rises east of 0 up to 512 m
    plane = bare(np.tile(tent, (n, 1)), spacing)
    origin, angle = np.array([[RADIUS + 80.0, 200.0, 0.0]]), np.radians(angle_deg)
    beam = np.array([[-np.cos(angle), np.sin(angle), 0.0]])
    range_m = traced(plane, ReliefDraw(), origin, beam, 3000.0)[0][0]
    # On the flat site plane: 80 - r cos = slope (200 + r sin) + slope * spacing * (n/4 - n/2); the sphere's curvature is below 5 cm here.
    height = 80.0 - slope * 200.0 + slope * spacing * n / 4
    assert range_m == pytest.approx(height / (np.cos(angle) + slope * np.sin(angle)), abs=0.1)
    point = origin[0] + beam[0] * range_m
    on_plane = slope * (point[1] / point[0] * RADIUS) - slope * spacing * n / 4
    assert np.linalg.norm(point) - RADIUS == pytest.approx(on_plane, abs=0.01)


@pytest.mark.parametrize(
    ("height_m", "incidence_deg", "longest"),
    [(3000.0, 0.0, 4000.0), (3000.0, 60.0, 8000.0), (800.0, 45.0, 2000.0), (100.0, 30.0, 300.0), (30.0, 75.0, 400.0), (20.0, 88.0, 1500.0)],
)
def test_range_on_real_relief_is_what_a_brute_force_march_finds(relief, height_m, incidence_deg, longest):
    step = 0.02 if longest < 1000 else 0.05
    origins, beams = beams_over(relief, np.random.default_rng(5), 40, height_m, incidence_deg)
    draw = ReliefDraw()
    draw.map_error, draw.map_offset_east = 50.0, 12345.0
    into, out_of, to_map = marched(relief, draw, origins, beams, longest, step)
    flown, flown_map = traced(relief, draw, origins, beams, longest)
    nicked = (out_of > 0) & (out_of - into < 0.05 + 1e-4 * into + step)  # pierced over less than the stated step
    assert nicked.sum() <= 2
    returned = (into >= 0) & ~nicked
    assert (flown[~nicked] >= 0).tolist() == (into[~nicked] >= 0).tolist()
    assert (into - flown)[returned & (into > 0)] == pytest.approx(step / 2, abs=step / 2 + 0.01)
    assert (flown_map >= 0).tolist() == (to_map >= 0).tolist()
    hit = to_map > 0
    assert (to_map - flown_map)[hit] == pytest.approx(step / 2, abs=step / 2 + 0.01)


def test_range_is_negative_beyond_the_longest_and_above_the_horizon(relief):
    origins, beams = beams_over(relief, np.random.default_rng(1), 10, 3000.0, 0.0)
    assert (np.concatenate(traced(relief, ReliefDraw(), origins, beams, 2500.0)) < 0).all()
    assert (np.concatenate(traced(relief, ReliefDraw(), origins, -beams, 20000.0)) < 0).all()
    assert (np.concatenate(traced(relief, ReliefDraw(), origins, beams, 3300.0)) > 2600).all()


def test_range_from_below_the_ground_is_zero(relief):
    origins, beams = beams_over(relief, np.random.default_rng(1), 10, -400.0, 30.0)
    assert (np.concatenate(traced(relief, ReliefDraw(), origins, beams, 100.0)) == 0).all()


def test_map_range_knows_nothing_of_detail_and_map_error(relief):
    origins, beams = beams_over(relief, np.random.default_rng(2), 50, 2000.0, 40.0)
    draw = ReliefDraw()
    draw.map_error = 500.0
    plain = build_relief(ReliefChoice(coarse_craters=False, fine_craters=False, rocks=False), 60.5, -4.6)
    _, seen = traced(relief, draw, origins, beams, 9000.0)
    lola, lola_too = traced(plain, ReliefDraw(), origins, beams, 9000.0)
    assert seen == pytest.approx(lola, abs=0.01) and seen.tolist() == lola_too.tolist()
