"""Earth and Sun against published positions, against SPICE, and the tidal pull against extended precision."""

import numpy as np
import pytest
import warp as wp

from perilune.base.errors import PeriluneError
from perilune.base.vector import real, vec3
from perilune.environment import ephemeris
from perilune.environment.ephemeris import (
    GM_EARTH,
    GM_SUN,
    ThirdBodies,
    earth_position,
    fit_third_bodies,
    lunar_data_file,
    moon_centred_position,
    sun_position,
    third_body_acceleration,
)
from perilune.environment.time import tdb_from_utc

EPOCH = tdb_from_utc("2025-06-05T18:15:00Z")


@wp.kernel(module="unique")
def evaluate(
    bodies: ThirdBodies,
    t: wp.array(dtype=real),
    position: wp.array(dtype=vec3),
    earth: wp.array(dtype=vec3),
    sun: wp.array(dtype=vec3),
    pull: wp.array(dtype=vec3),
):
    i = wp.tid()
    earth[i] = earth_position(bodies, t[i])
    sun[i] = sun_position(bodies, t[i])
    pull[i] = third_body_acceleration(bodies, position[i], t[i])


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PERILUNE_CACHE", str(tmp_path))


def evaluated(bodies, t, position):
    outputs = [wp.zeros(len(t), dtype=vec3, device="cpu") for _ in range(3)]
    inputs = [bodies, wp.array(t, dtype=real, device="cpu"), wp.array(position, dtype=vec3, device="cpu")]
    wp.launch(evaluate, dim=len(t), inputs=inputs, outputs=outputs, device="cpu")
    return [o.numpy() for o in outputs]


def test_geocentric_moon_is_the_published_one():
    moon = -moon_centred_position("earth", np.array([tdb_from_utc("2026-03-04T12:00:00Z")]))[0]
    assert np.abs(moon / 1000.0 - [-385615.6360547, 29659.2367469, 1300.7082668]).max() < 1.0e-6


def test_positions_are_those_of_spice():
    spiceypy = pytest.importorskip("spiceypy")
    path = str(lunar_data_file("de440s.bsp", ephemeris.EPHEMERIS_MD5))
    times = np.random.default_rng(2).uniform(-8.0e8, 2.0e9, 50)
    spiceypy.furnsh(path)
    try:
        for body in ("earth", "sun"):
            reference = np.array([spiceypy.spkpos(body, t, "J2000", "NONE", "moon")[0] for t in times]) * 1000.0
            assert np.abs(moon_centred_position(body, times) - reference).max() < 0.1  # of 1.5e11 m for the Sun
    finally:
        spiceypy.unload(path)


@pytest.mark.parametrize(("span_s", "metres"), [(8.5 * 3600.0, 0.05), (8.0 * 86400.0, 0.1)])
def test_the_series_in_the_kernel_follow_the_ephemeris(span_s, metres):
    bodies = fit_third_bodies(EPOCH, -600.0, span_s)
    t = np.random.default_rng(3).uniform(-600.0, span_s, 300)
    earth, sun, _ = evaluated(bodies, t, np.ones((300, 3)))
    errors = [np.linalg.norm(fitted - moon_centred_position(body, EPOCH + t), axis=1).max() for fitted, body in ((earth, "earth"), (sun, "sun"))]
    assert max(errors) < metres and bodies.fit_error < metres


@pytest.mark.parametrize("radius_m", [1.7e6, 1.0e7, 7.0e7])
def test_the_pull_is_direct_less_indirect_without_loss_of_digits(radius_m):
    bodies = fit_third_bodies(EPOCH, 0.0, 30000.0)
    draws = np.random.default_rng(4)
    t = draws.uniform(0.0, 30000.0, 50)
    position = draws.normal(size=(50, 3))
    position *= radius_m / np.linalg.norm(position, axis=1, keepdims=True)
    earth, sun, pull = evaluated(bodies, t, position)
    expected = np.zeros((50, 3), dtype=np.longdouble)
    for gm, body in ((GM_EARTH, earth.astype(np.longdouble)), (GM_SUN, sun.astype(np.longdouble))):
        away = body - position
        cubed = [np.sum(v * v, axis=1, keepdims=True) ** np.longdouble(1.5) for v in (away, body)]
        expected += gm * (away / cubed[0] - body / cubed[1])
    size = np.linalg.norm(expected.astype(float), axis=1)
    assert (np.linalg.norm((pull - expected).astype(float), axis=1) / size).max() < 1.0e-13


def test_a_warm_start_opens_no_ephemeris(monkeypatch):
    cold = fit_third_bodies(EPOCH, 0.0, 3600.0)
    monkeypatch.setattr(ephemeris, "_open_files", {})
    monkeypatch.setattr(ephemeris, "lunar_data_file", lambda *_: pytest.fail("the ephemeris was opened"))
    warm = fit_third_bodies(EPOCH, 0.0, 3600.0)
    assert np.array_equal(np.array(warm.earth), np.array(cold.earth)) and np.array_equal(np.array(warm.sun), np.array(cold.sun))


def test_refuses_what_it_does_not_hold():
    for wrong in (
        lambda: moon_centred_position("mars", np.array([0.0])),
        lambda: moon_centred_position("sun", np.array([1.0e10])),
        lambda: fit_third_bodies(EPOCH, 10.0, 10.0),
        lambda: fit_third_bodies(EPOCH, 0.0, 60.0 * 86400.0),
        lambda: lunar_data_file("moon.png", "0" * 32),
        lambda: lunar_data_file("absent.bsp", "0" * 32),
    ):
        with pytest.raises(PeriluneError):
            wrong()
