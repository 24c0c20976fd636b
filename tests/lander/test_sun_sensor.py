"""What must be true of a Sun sensor: what it sees, how far off it is, and when it is blind."""

import numpy as np
import pytest
import warp as wp
from pydantic import ValidationError

from perilune.base.parameters import pack
from perilune.base.vector import real, u32, u64, vec3
from perilune.lander.faults import FaultsNow
from perilune.lander.sensors.sun_sensor import SunSensor, SunSensorParams, SunSensorState, measure_sun_sensor
from perilune.messages.measurements import SunMeasurement

ARCSEC = np.pi / 648000.0


@wp.kernel(module="unique")
def look(
    ps: wp.array(dtype=SunSensorParams),
    directions: wp.array(dtype=vec3),
    lit: wp.array(dtype=wp.bool),
    fault: FaultsNow,
    begin: int,
    end: int,
    out: wp.array2d(dtype=SunMeasurement),
):
    i = wp.tid()
    s = SunSensorState()
    for k in range(directions.shape[0]):
        now = FaultsNow()
        if k >= begin and k < end:
            now = fault
        out[i, k] = measure_sun_sensor(ps[0], s, u64(5), u32(i), k, real(0.1), real(k) * real(0.1), directions[k], lit[k], now)


@pytest.fixture
def seen(sensor_file, fault):
    def run(directions, lit=True, runs=1, told=None, during=(0, 0), **changed):
        directions = np.atleast_2d(np.asarray(directions, float))
        directions = directions / np.linalg.norm(directions, axis=1)[:, None]
        packs = pack(SunSensor(**sensor_file["sun_sensor"] | {"rate_hz": 10.0} | changed), SunSensorParams)
        out = wp.zeros((runs, len(directions)), dtype=SunMeasurement, device="cpu")
        lit = wp.array(np.broadcast_to(np.asarray(lit, bool), len(directions)).copy(), dtype=wp.bool, device="cpu")
        inputs = [wp.array(packs, dtype=SunSensorParams, device="cpu"), wp.array(directions, dtype=vec3, device="cpu"), lit]
        wp.launch(look, runs, [*inputs, told or fault(), *during, out], device="cpu")
        return out.numpy()

    return run


def off_boresight(*angles_deg):
    a = np.radians(angles_deg)
    return np.c_[np.sin(a), np.zeros_like(a), np.cos(a)]


def test_sees_within_its_field_of_view_only(seen):
    assert seen(off_boresight(0.0, 59.9, 60.1, 180.0))[0]["valid"].tolist() == [True, True, False, False]
    assert seen(off_boresight(30.1, 29.9), boresight_body=(5.0, 0.0, 0.0))[0]["valid"].tolist() == [True, False]


def test_is_blind_in_the_shadow_of_the_moon(seen):
    assert seen(off_boresight(10.0, 10.0, 10.0), lit=[True, False, True])[0]["valid"].tolist() == [True, False, True]


def test_without_errors_it_gives_the_direction_at_its_rate_and_latency(seen):
    way = off_boresight(*np.linspace(0.0, 40.0, 20))
    out = seen(way, rate_hz=2.0, latency_s=0.2)[0]
    assert np.flatnonzero(out["valid"]).tolist() == [2, 7, 12, 17] and out["time"][7] == pytest.approx(0.5)
    assert out["direction_body"][7] == pytest.approx(way[5], abs=1e-15) and not out["direction_body"][3].any()


def test_noise_is_a_standard_deviation_each_way_across_and_keeps_a_unit_vector(seen):
    n, sun = 20000, np.array([0.3, -0.5, 0.8])
    d = seen(sun, runs=n, noise_arcsec=180.0)[:, 0]["direction_body"]
    sun /= np.linalg.norm(sun)
    assert np.linalg.norm(d, axis=1) == pytest.approx(np.ones(n))
    across = np.array([np.cross(sun, [1.0, 0.0, 0.0]), np.cross(sun, np.cross(sun, [1.0, 0.0, 0.0]))])
    error = d @ (across / np.linalg.norm(across, axis=1)[:, None]).T / (180.0 * ARCSEC)
    assert error.mean(axis=0) == pytest.approx(np.zeros(2), abs=4.5 / np.sqrt(n))
    assert np.cov(error.T) == pytest.approx(np.eye(2), abs=4.5 * np.sqrt(2.0 / n))


def test_mounting_error_is_a_turn_of_the_sensor(seen):
    """A sensor turned by +1000" about x sees a Sun on z turned by -1000" about x."""
    out = seen([0.0, 0.0, 1.0], misalignment_arcsec=(1000.0, 0.0, 0.0))[0, 0]["direction_body"]
    assert out == pytest.approx([0.0, np.sin(1000.0 * ARCSEC), np.cos(1000.0 * ARCSEC)], abs=1e-12)


def test_faults_turn_hold_and_silence_it(seen, fault):
    way = off_boresight(0.0, 1.0, 2.0, 3.0, 4.0)
    angle = lambda out: np.degrees(np.arctan2(out[0]["direction_body"][:, 0], out[0]["direction_body"][:, 2]))  # noqa: E731
    assert angle(seen(way, told=fault("sun_sensor.bias", np.radians(5.0), axis=1), during=(1, 4))) == pytest.approx([0, 6, 7, 8, 4])
    assert angle(seen(way, told=fault("sun_sensor.stuck"), during=(1, 4))) == pytest.approx([0, 1, 1, 1, 4])
    assert seen(way, told=fault("sun_sensor.dropout"), during=(1, 4))[0]["valid"].tolist() == [True, False, False, False, True]


@pytest.mark.parametrize("bad", [{"boresight_body": (0.0, 0.0, 0.0)}, {"half_angle_deg": 0.0}, {"latency_s": 0.3}, {"noise_arcsec": -1.0}])
def test_refuses_what_cannot_be(sensor_file, bad):
    with pytest.raises(ValidationError):
        SunSensor(**sensor_file["sun_sensor"] | bad)
