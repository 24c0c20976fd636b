"""The Moon's attitude against SPICE on the same kernel file, against published numbers, and the Sun over the Apollo 11 site."""

import numpy as np
import pytest
import warp as wp

from perilune.base.errors import PeriluneError
from perilune.base.vector import quat, real, vec3
from perilune.environment import orientation
from perilune.environment.ephemeris import lunar_data_file, moon_centred_position
from perilune.environment.orientation import (
    ME_FROM_PA,
    ORIENTATION_MD5,
    Orientation,
    fit_orientation,
    moon_rate_mci,
    quat_me_from_pa,
    quat_of_rotation,
    quat_pa_from_mci,
    rotation_pa_from_mci,
)
from perilune.environment.time import tdb_from_utc
from perilune.validation.strangers import TEXT_KERNEL

EPOCH = tdb_from_utc("2025-06-05T18:15:00Z")


@wp.kernel(module="unique")
def evaluate(
    o: Orientation,
    t: wp.array(dtype=real),
    v: wp.array(dtype=vec3),
    attitude: wp.array(dtype=quat),
    v_pa: wp.array(dtype=vec3),
    v_me: wp.array(dtype=vec3),
    rate: wp.array(dtype=vec3),
):
    i = wp.tid()
    attitude[i] = quat_pa_from_mci(o, t[i])
    v_pa[i] = wp.quat_rotate(attitude[i], v[i])
    v_me[i] = wp.quat_rotate(quat_me_from_pa(o), v_pa[i])
    rate[i] = moon_rate_mci(o, t[i])


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PERILUNE_CACHE", str(tmp_path))


@pytest.fixture(scope="module")
def spice(tmp_path_factory):
    spiceypy = pytest.importorskip("spiceypy")
    frames = tmp_path_factory.mktemp("spice") / "moon.tf"
    frames.write_text(TEXT_KERNEL)
    kernels = [str(lunar_data_file("moon_pa_de440_200625.bpc", ORIENTATION_MD5)), str(frames)]
    spiceypy.furnsh(kernels)
    yield spiceypy
    spiceypy.unload(kernels)


def evaluated(o, t, v):
    n = len(t)
    outputs = [wp.zeros(n, dtype=quat, device="cpu")] + [wp.zeros(n, dtype=vec3, device="cpu") for _ in range(3)]
    inputs = [o, wp.array(t, dtype=real, device="cpu"), wp.array(v, dtype=vec3, device="cpu")]
    wp.launch(evaluate, dim=n, inputs=inputs, outputs=outputs, device="cpu")
    return [x.numpy() for x in outputs]


def test_attitude_is_that_of_spice(spice):
    times = np.random.default_rng(5).uniform(-8.0e8, 2.0e9, 100)
    reference = np.array([spice.pxform("J2000", "MOON_PA_DE440", t) for t in times])
    assert np.abs(rotation_pa_from_mci(times) - reference).max() < 1.0e-11
    assert np.abs(ME_FROM_PA - spice.pxform("MOON_PA_DE440", "MOON_ME_DE440", 0.0)).max() < 1.0e-15


def test_attitude_beyond_the_first_segment_is_that_of_spice(spice):
    t = 13447252800.0 + 1.0e7  # the year 2426
    assert np.abs(rotation_pa_from_mci(np.array([t]))[0] - spice.pxform("J2000", "MOON_PA_DE440", t)).max() < 1.0e-10


def test_icrf_to_mean_earth_row_is_the_published_one():
    rotation = ME_FROM_PA @ rotation_pa_from_mci(np.array([tdb_from_utc("2026-03-04T12:00:00Z")]))[0]
    assert np.abs(rotation[0] - [0.98807378, -0.13858582, -0.06711323]).max() < 6.0e-9


def test_principal_and_mean_earth_axes_are_875_m_apart_on_the_surface():
    directions = np.random.default_rng(6).normal(size=(20000, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    assert 1737400.0 * np.linalg.norm(directions @ ME_FROM_PA.T - directions, axis=1).max() == pytest.approx(875.0, abs=1.0)


@pytest.mark.parametrize("span_s", [8.5 * 3600.0, 8.0 * 86400.0])
def test_the_kernel_turns_vectors_as_spice_does(spice, span_s):
    draws = np.random.default_rng(7)
    o = fit_orientation(EPOCH, -600.0, span_s)
    t, v = draws.uniform(-600.0, span_s, 100), draws.normal(size=(100, 3))
    _, v_pa, v_me, rate = evaluated(o, t, v)
    states = np.array([spice.sxform("J2000", "MOON_PA_DE440", EPOCH + s) for s in t])
    rotation, slope = states[:, :3, :3], states[:, 3:, :3]
    assert np.abs(v_pa - np.einsum("nij,nj->ni", rotation, v)).max() < 3.0e-11
    assert np.abs(v_me - np.einsum("ij,njk,nk->ni", spice.pxform("MOON_PA_DE440", "MOON_ME_DE440", 0.0), rotation, v)).max() < 3.0e-11
    cross = -np.einsum("nji,njk->nik", rotation, slope)  # d(R)/dt = -R [rate in mci x]
    expected = np.stack([cross[:, 2, 1], cross[:, 0, 2], cross[:, 1, 0]], axis=1)
    assert np.abs(rate - expected).max() < 1.0e-9 * 2.66e-6
    assert np.linalg.norm(rate, axis=1).mean() == pytest.approx(2.6617e-6, rel=2.0e-3)


def test_the_series_holds_what_it_says():
    o = fit_orientation(EPOCH, 0.0, 8.5 * 3600.0)
    t = np.random.default_rng(8).uniform(0.0, 8.5 * 3600.0, 300)
    attitude = evaluated(o, t, np.ones((300, 3)))[0]
    expected = np.array([quat_of_rotation(m) for m in rotation_pa_from_mci(EPOCH + t)])
    angle = 2.0 * np.minimum(np.abs(attitude - expected).max(axis=1), np.abs(attitude + expected).max(axis=1))
    assert angle.max() < 1.0e-11 and o.fit_error < 1.0e-11


def test_quaternions_of_all_kinds_of_rotations_turn_as_their_matrices():
    for phi in np.vstack([np.random.default_rng(9).normal(size=(200, 3)), np.pi * np.eye(3), np.zeros((1, 3))]):
        angle = np.linalg.norm(phi)
        x, y, z = phi / max(angle, 1e-300)
        cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
        matrix = np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * cross @ cross
        q = quat_of_rotation(matrix)
        turned = np.array([wp.quat_rotate(quat(*q), vec3(*e)) for e in np.eye(3)]).T
        assert np.abs(turned - matrix).max() < 1.0e-14


def test_sun_stands_over_apollo_11_as_computed_elsewhere():
    # 1969 lies before the clock's UTC: TAI−UTC was 8.00 s then (IERS), so TDB−UTC was 40.18 s within 2 ms.
    t = np.array([_seconds_from_j2000_1969() + 40.18])
    latitude, longitude = np.radians([0.67416, 23.47314])  # LROC, mean Earth
    up = np.array([np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)])
    site_mci = rotation_pa_from_mci(t)[0].T @ ME_FROM_PA.T @ up
    sight = moon_centred_position("sun", t)[0] - 1735.5e3 * site_mci
    assert np.degrees(np.arcsin(sight @ site_mci / np.linalg.norm(sight))) == pytest.approx(10.70, abs=0.006)


def _seconds_from_j2000_1969():
    from datetime import datetime

    return (datetime(1969, 7, 20, 20, 17, 40) - datetime(2000, 1, 1, 12)).total_seconds()


def test_a_warm_start_opens_no_file(monkeypatch):
    cold = fit_orientation(EPOCH, 0.0, 3600.0)
    monkeypatch.setattr(orientation, "_open_files", {})
    monkeypatch.setattr(orientation, "lunar_data_file", lambda *_: pytest.fail("the orientation file was opened"))
    warm = fit_orientation(EPOCH, 0.0, 3600.0)
    assert np.array_equal(np.array(warm.turn), np.array(cold.turn)) and tuple(warm.mid_quat) == tuple(cold.mid_quat)


def test_refuses_what_it_cannot_hold():
    for wrong in (
        lambda: fit_orientation(EPOCH, 5.0, 5.0),
        lambda: fit_orientation(EPOCH, 0.0, 14.0 * 86400.0),
        lambda: rotation_pa_from_mci(np.array([3.0e10])),
    ):
        with pytest.raises(PeriluneError):
            wrong()
