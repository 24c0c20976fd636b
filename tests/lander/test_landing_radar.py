"""What must be true of a landing radar: where its beams point in either position, what they say, and when they are silent."""

import numpy as np
import pytest
import warp as wp
from pydantic import ValidationError

from perilune.base.parameters import pack
from perilune.base.vector import real, u32, u64, vec3, vec4
from perilune.lander.faults import FaultsNow
from perilune.lander.sensors.landing_radar import (
    LandingRadar,
    LandingRadarParams,
    LandingRadarState,
    measure_landing_radar,
    point_radar,
    radar_beam,
    radar_due,
)
from perilune.messages.measurements import LandingRadarMeasurement


@wp.kernel(module="unique")
def listen(
    ps: wp.array(dtype=LandingRadarParams),
    ranges: wp.array(dtype=vec4),
    cosines: wp.array(dtype=vec4),
    speeds: wp.array(dtype=vec4),
    ground_speed: real,
    asked: wp.array(dtype=int),
    fault: FaultsNow,
    begin: int,
    end: int,
    out: wp.array2d(dtype=LandingRadarMeasurement),
    due: wp.array(dtype=wp.bool),
):
    i = wp.tid()
    s = LandingRadarState()
    for k in range(ranges.shape[0]):
        now = FaultsNow()
        if k >= begin and k < end:
            now = fault
        time = real(k) * real(0.1)
        point_radar(ps[0], s, asked[k], time)
        due[k] = radar_due(ps[0], s, k, real(0.1), time)
        out[i, k] = measure_landing_radar(ps[0], s, u64(5), u32(i), k, real(0.1), time, ranges[k], cosines[k], speeds[k], ground_speed, now)


@wp.kernel(module="unique")
def point(ps: wp.array(dtype=LandingRadarParams), position: int, out: wp.array(dtype=vec3)):
    i = wp.tid()
    out[i] = radar_beam(ps[0], position, i)


@pytest.fixture
def beams(sensor_file):
    def of(position=0, **changed):
        packs = pack(LandingRadar(**sensor_file["landing_radar"] | changed), LandingRadarParams)
        out = wp.zeros(4, dtype=vec3, device="cpu")
        wp.launch(point, 4, [wp.array(packs, dtype=LandingRadarParams, device="cpu"), position, out], device="cpu")
        return out.numpy()

    return of


@pytest.fixture
def heard(sensor_file, fault):
    def run(ranges, speeds=100.0, cosines=1.0, ground_speed=150.0, asked=0, runs=1, told=None, during=(0, 0), **changed):
        ranges = np.asarray(ranges, float)
        ranges = np.broadcast_to(ranges[:, None] if ranges.ndim == 1 else ranges, (len(ranges), 4)).copy()
        cosines, speeds = (np.broadcast_to(np.asarray(x, float), ranges.shape).copy() for x in (cosines, speeds))
        asked = np.broadcast_to(np.asarray(asked, np.int32), len(ranges)).copy()
        packs = pack(LandingRadar(**sensor_file["landing_radar"] | changed), LandingRadarParams)
        out = wp.zeros((runs, len(ranges)), dtype=LandingRadarMeasurement, device="cpu")
        due = wp.zeros(len(ranges), dtype=wp.bool, device="cpu")
        arrays = [wp.array(x, dtype=vec4, device="cpu") for x in (ranges, cosines, speeds)]
        inputs = [wp.array(packs, dtype=LandingRadarParams, device="cpu"), *arrays, ground_speed, wp.array(asked, dtype=int, device="cpu")]
        wp.launch(listen, runs, [*inputs, told or fault(), *during, out, due], device="cpu")
        return out.numpy(), due.numpy().astype(bool)

    return run


def ranged(out):
    return np.flatnonzero(out[0]["range_valid"]).tolist()


def turned(axis, angle):
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]]) if axis == "y" else np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


@pytest.mark.parametrize(("position", "alpha", "beta"), [(0, 6.0, 24.0), (1, -11.0, 3.0)])
def test_beams_are_those_of_the_antenna_turned_into_its_position(beams, position, alpha, beta):
    lean, cone, azimuths = np.radians(20.38), np.radians(24.55), np.radians([35.57, -35.57, 215.57])
    antenna = [[-np.sin(lean), 0.0, -np.cos(lean)]]
    antenna += [[-np.sin(cone) * np.cos(a), -np.sin(cone) * np.sin(a), -np.cos(cone)] for a in azimuths]
    body = np.array(antenna) @ (turned("z", np.radians(alpha)) @ turned("y", np.radians(beta))).T
    assert beams(position, alpha_2_deg=-11.0, beta_2_deg=3.0) == pytest.approx(body, abs=1e-15)


def test_range_beam_of_apollo_is_that_of_its_computer_and_leans_on_towards_the_ground_ahead(beams):
    flown = 2.0 * np.array([-0.4687018041, 0.0, -0.1741224271])  # HBEAMANT: along X (up) and Z (forward) of the module, here z and x
    assert beams(1, alpha_2_deg=0.0, beta_2_deg=0.0)[0] == pytest.approx([flown[2], 0.0, flown[0]], abs=1e-4)
    assert beams(0, alpha_1_deg=0.0)[0] == pytest.approx([-np.sin(np.radians(44.38)), 0.0, -np.cos(np.radians(44.38))])


def test_velocity_beams_of_apollo_have_the_cosines_of_its_scale_factors(beams):
    """Feet a second a bit along X, Y and Z go as one over the cosines; along X two beams are summed."""
    b = beams(1, alpha_2_deg=0.0, beta_2_deg=0.0)[1:]
    along = np.abs(b[:, [2, 1, 0]])
    expected = np.array([2.0 / 0.644, 1.0 / 1.212, 1.0 / 0.8668])
    assert along == pytest.approx(np.tile(expected / np.linalg.norm(expected), (3, 1)), abs=1e-3)


def test_without_errors_it_gives_the_truth(heard):
    out, _ = heard([1000.0], [0.0, 30.0, 20.0, 10.0])
    assert out[0, 0]["range"] == 1000.0 and out[0, 0]["speed"].tolist() == [30.0, 20.0, 10.0] and out[0, 0]["beams"] == 7


def test_ranges_and_speeds_have_reaches_of_their_own(heard):
    out, _ = heard([15241.0, 15240.0, 8001.0, 8000.0, -1.0])
    assert out[0]["range_valid"].tolist() == [False, True, True, True, False]
    assert out[0]["beams"].tolist() == [0, 0, 0, 7, 0]
    assert out[0]["speed"][2].tolist() == [0.0, 0.0, 0.0] and out[0]["range"][0] == 0.0


def test_no_speed_is_measured_above_the_speed_limit_but_a_range_is(heard):
    assert heard([1000.0], ground_speed=609.7)[0][0, 0][["range_valid", "beams"]].tolist() == (True, 0)
    assert heard([1000.0], ground_speed=609.5)[0][0, 0]["beams"] == 7


def test_each_beam_is_lost_at_its_incidence(heard):
    out, _ = heard([1000.0], cosines=np.cos(np.radians([60.1, 59.9, 60.1, 0.0])))
    assert not out[0, 0]["range_valid"] and out[0, 0]["beams"] == 0b101 and out[0, 0]["speed"].tolist() == [100.0, 0.0, 100.0]


def test_locks_after_its_acquisition_and_anew_after_a_loss(heard):
    ranges = np.full((40, 4), 900.0)
    ranges[[0, 20], 0], ranges[30, 2] = -1.0, -1.0
    out, _ = heard(ranges, acquisition_s=0.4)
    assert ranged(out) == [*range(5, 20), *range(25, 40)]
    assert np.flatnonzero((out[0]["beams"] >> 1) & 1).tolist() == [*range(4, 30), *range(35, 40)]


def test_is_silent_while_its_antenna_travels_and_tells_its_position(heard):
    out, due = heard(np.full(40, 900.0), asked=np.arange(40) >= 10, travel_s=1.5, acquisition_s=0.5)
    assert np.flatnonzero(~due).tolist() == list(range(10, 25))
    assert ranged(out) == [*range(5, 10), *range(30, 40)]
    assert out[0]["position"][[9, 30]].tolist() == [0, 1]


def test_noise_is_the_larger_of_an_amount_and_a_share(heard):
    n = 20000
    for true_range, speed, sigmas in ((100.0, 1.0, (1.5, 0.5)), (10000.0, -400.0, (100.0, 4.0))):
        noise = {"range_noise_m": 1.5, "range_noise_share_percent": 1.0, "velocity_noise_m_s": 0.5, "velocity_noise_share_percent": 1.0}
        wrong = {"range_scale_percent": 0.2, "range_bias_m": 3.0, "velocity_scale_percent": 0.3, "velocity_bias_m_s": -0.1}
        out, _ = heard([true_range], speed, runs=n, velocity_reach_m=1e5, **noise, **wrong)
        error = np.c_[out[:, 0]["range"] - true_range * 1.002 - 3.0, out[:, 0]["speed"] - speed * 1.003 + 0.1]
        sigma = np.array([sigmas[0], *[sigmas[1]] * 3])
        assert error.mean(axis=0) / sigma == pytest.approx(np.zeros(4), abs=4.5 / np.sqrt(n))
        assert error.std(axis=0) == pytest.approx(sigma, rel=4.5 / np.sqrt(2 * n))
        assert np.abs(np.corrcoef(error.T) - np.eye(4)).max() < 4.5 / np.sqrt(n)


def test_dropouts_strike_range_and_speeds_apart(heard):
    out, _ = heard(np.full(100, 900.0), runs=200, dropout_probability=0.2)
    lost, silent = ~out["range_valid"].astype(bool), out["beams"] == 0
    bound = 4.5 * np.sqrt(0.16 / out.size)
    assert lost.mean() == pytest.approx(0.2, abs=bound) and silent.mean() == pytest.approx(0.2, abs=bound)
    assert (lost & silent).mean() == pytest.approx(0.04, abs=bound)


def test_arrives_late_by_its_latency_with_the_time_it_sampled(heard):
    out, _ = heard(1000.0 - np.arange(20.0), rate_hz=2.0, latency_s=0.2)
    assert ranged(out) == [2, 7, 12, 17] and out[0]["range"][[2, 7]].tolist() == [1000.0, 995.0]
    assert out[0]["time"][[2, 7]] == pytest.approx([0.0, 0.5])


@pytest.mark.parametrize(
    ("name", "size", "ranges"),
    [
        ("bias", 5.0, [100, 104, 103, 102, 96]),
        ("scale", 0.1, [100, 108.9, 107.8, 106.7, 96]),
        ("stuck", 0.0, [100, 99, 99, 99, 96]),
        ("spike", 50.0, [100, 149, 98, 97, 96]),
        ("false_return", 7.0, [100, 7, 7, 7, 96]),
        ("dropout", 0.0, [100, 0, 0, 0, 96]),
        ("short_reach", 97.5, [100, 0, 0, 97, 96]),
    ],
)
def test_a_fault_changes_its_range_as_long_as_it_lasts(heard, fault, name, size, ranges):
    out, _ = heard([100, 99, 98, 97, 96], told=fault(f"landing_radar.{name}", size), during=(1, 4))
    assert out[0]["range"] == pytest.approx(ranges)


def test_late_fault_delays_what_it_says(heard, fault):
    out, _ = heard(np.full(20, 900.0), told=fault("landing_radar.late", 0.3), during=(0, 99), rate_hz=2.0, latency_s=0.1)
    assert ranged(out) == [4, 9, 14, 19]


@pytest.mark.parametrize("bad", [{"latency_s": 0.2}, {"range_reach_m": -1.0}, {"velocity_beam_deg": 0.0}, {"dropout_probability": 1.1}, {"x": 1}])
def test_refuses_what_cannot_be(sensor_file, bad):
    with pytest.raises(ValidationError):
        LandingRadar(**sensor_file["landing_radar"] | bad)
