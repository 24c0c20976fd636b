"""What must be true of a position fix: where it comes, how far off it is, and how its slow error stays."""

import numpy as np
import pytest
import warp as wp
from pydantic import ValidationError

from perilune.base.parameters import pack
from perilune.base.vector import real, u32, u64, vec3
from perilune.lander.faults import FaultsNow
from perilune.lander.sensors.position_fix import PositionFix, PositionFixParams, PositionFixState, measure_position_fix
from perilune.messages.measurements import PositionMeasurement

PLACE = np.array([8.0e5, -9.0e5, 1.25e6])
UP = PLACE / np.linalg.norm(PLACE)
EAST = np.cross([0.0, 0.0, 1.0], UP) / np.linalg.norm(np.cross([0.0, 0.0, 1.0], UP))
AXES = np.array([EAST, np.cross(UP, EAST), UP])


@wp.kernel(module="unique")
def look(
    ps: wp.array(dtype=PositionFixParams),
    place: vec3,
    heights: wp.array(dtype=real),
    elevations: wp.array(dtype=real),
    fault: FaultsNow,
    begin: int,
    end: int,
    out: wp.array2d(dtype=PositionMeasurement),
):
    i = wp.tid()
    s = PositionFixState()
    for k in range(heights.shape[0]):
        now = FaultsNow()
        if k >= begin and k < end:
            now = fault
        time = real(k) * real(0.1)
        out[i, k] = measure_position_fix(ps[0], s, u64(5), u32(i), k, real(0.1), time, place, heights[k], elevations[k], now)


@pytest.fixture
def seen(sensor_file, fault):
    def run(heights, elevations_deg=30.0, runs=1, place=PLACE, told=None, during=(0, 0), **changed):
        heights = np.asarray(heights, float)
        elevations = np.broadcast_to(np.radians(elevations_deg), heights.shape).copy()
        packs = pack(PositionFix(**sensor_file["position_fix"] | {"rate_hz": 10.0} | changed), PositionFixParams)
        out = wp.zeros((runs, len(heights)), dtype=PositionMeasurement, device="cpu")
        arrays = [wp.array(x, dtype=real, device="cpu") for x in (heights, elevations)]
        inputs = [wp.array(packs, dtype=PositionFixParams, device="cpu"), vec3(*place), *arrays, told or fault(), *during, out]
        wp.launch(look, runs, inputs, device="cpu")
        return out.numpy()

    return run


def errors(out, place=PLACE, axes=AXES):
    """Errors east, north and up."""
    return (out["position_me"] - place) @ axes.T


def test_comes_between_its_heights_over_lit_terrain_only(seen):
    assert seen([499.0, 501.0, 9999.0, 10001.0])[0]["valid"].tolist() == [False, True, True, False]
    assert seen([900.0] * 3, [4.9, 5.1, -20.0])[0]["valid"].tolist() == [False, True, False]


def test_without_errors_it_gives_the_truth_at_its_rate_and_latency(seen):
    out = seen(np.full(25, 900.0), rate_hz=1.0, latency_s=0.2)
    assert np.flatnonzero(out[0]["valid"]).tolist() == [2, 12, 22] and out[0]["time"][12] == pytest.approx(1.0)
    assert np.array_equal(out[0]["position_me"][12], PLACE) and not out[0]["position_me"][3].any()


def test_matches_fail_as_often_as_said(seen):
    out = seen(np.full(100, 900.0), runs=200, match_probability=0.7)
    assert out["valid"].mean() == pytest.approx(0.7, abs=4.5 * np.sqrt(0.21 / out.size))


@pytest.mark.parametrize("place", [PLACE, np.array([0.0, 0.0, 1.7374e6])])
def test_noise_is_the_larger_of_an_amount_and_a_share_of_height_and_stretched_upwards(seen, place):
    n = 20000
    axes = AXES if place is PLACE else np.eye(3)
    for height, sigma in ((600.0, 10.0), (5000.0, 25.0)):
        out = seen([height], runs=n, place=place, noise_m=10.0, noise_share_percent=0.5, vertical_factor=2.0)
        error = errors(out[:, 0], place, axes) / np.array([sigma, sigma, 2.0 * sigma])
        assert error.mean(axis=0) == pytest.approx(np.zeros(3), abs=4.5 / np.sqrt(n))
        assert np.cov(error.T) == pytest.approx(np.eye(3), abs=4.5 * np.sqrt(2.0 / n))


def test_slow_error_is_a_markov_process_from_its_stationary_distribution(seen):
    n, step = 20000, 5.0
    out = seen(np.full(51, 900.0), runs=n, rate_hz=0.2, slow_error_m=40.0, slow_correlation_s=10.0)
    first, second = (errors(out[:, k]) / 40.0 for k in (0, 50))
    assert np.flatnonzero(out[0]["valid"]).tolist() == [0, 50]
    for error in (first, second):
        assert np.cov(error.T) == pytest.approx(np.eye(3), abs=4.5 * np.sqrt(2.0 / n))
    lag = (first * second).mean(axis=0)
    assert lag == pytest.approx(np.full(3, np.exp(-step / 10.0)), abs=4.5 * np.sqrt(2.0 / n))


def test_a_long_correlation_makes_one_error_a_flight(seen):
    out = errors(seen(np.full(100, 900.0), runs=50, slow_error_m=40.0, slow_correlation_s=1e7))
    walk = 40.0 * np.sqrt(2.0 * 9.9 / 1e7)  # 1 sigma of what 9.9 s change
    assert out[:, 0].std() > 20.0 and np.abs(out - out[:, :1]).max() < 6.0 * walk


def test_slow_error_and_noise_are_independent(seen):
    n = 5000
    out = errors(seen(np.full(30, 900.0), runs=n, noise_m=10.0, slow_error_m=40.0, slow_correlation_s=1e7))
    slow = out.mean(axis=1)
    fresh = out[:, 0] - slow
    assert np.abs([np.corrcoef(slow[:, j], fresh[:, k])[0, 1] for j in range(3) for k in range(3)]).max() < 4.5 / np.sqrt(n)
    assert fresh.std(axis=0) == pytest.approx(np.full(3, 10.0 * np.sqrt(29 / 30)), rel=4.5 / np.sqrt(2 * n))


@pytest.mark.parametrize(
    ("name", "size", "east"),
    [("bias", 50.0, [0, 50, 50, 50, 0]), ("false_match", 50.0, [0, 50, 0, 0, 0])],
)
def test_a_fault_shifts_the_fix_as_long_as_it_lasts(seen, fault, name, size, east):
    out = errors(seen(np.full(5, 900.0), told=fault(f"position_fix.{name}", size, axis=0), during=(1, 4)))[0]
    assert out[:, 0] == pytest.approx(east, abs=1e-6) and np.abs(out[:, 1:]).max() < 1e-6


def test_faults_silence_hold_and_delay_it(seen, fault):
    assert seen(np.full(5, 900.0), told=fault("position_fix.dropout"), during=(1, 4))[0]["valid"].tolist() == [True, False, False, False, True]
    held = seen(np.full(5, 900.0), told=fault("position_fix.stuck"), during=(1, 4), noise_m=10.0)[0]["position_me"]
    assert np.array_equal(held[1], held[2]) and np.array_equal(held[1], held[3]) and not np.array_equal(held[0], held[1])
    assert not np.array_equal(held[4], held[1])
    late = seen(np.full(25, 900.0), told=fault("position_fix.late", 0.5), during=(0, 99), rate_hz=1.0, latency_s=0.1)[0]
    assert np.flatnonzero(late["valid"]).tolist() == [6, 16] and late["time"][6] == 0.0


@pytest.mark.parametrize("bad", [{"least_height_m": 2e4}, {"latency_s": 1.1}, {"match_probability": 1.1}, {"vertical_factor": 0.0}, {"noise": 1.0}])
def test_refuses_what_cannot_be(sensor_file, bad):
    with pytest.raises(ValidationError):
        PositionFix(**sensor_file["position_fix"] | bad)
