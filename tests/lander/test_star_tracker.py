"""What must be true of a star tracker: when it speaks, of what time, and how well."""

import numpy as np
import pytest
import warp as wp

from perilune.base.parameters import pack
from perilune.base.vector import quat, real, u32, u64, vec3
from perilune.lander.faults import FaultsNow
from perilune.lander.sensors.star_tracker import StarTracker, StarTrackerParams, StarTrackerState, measure_star_tracker
from perilune.messages.measurements import StarTrackerMeasurement

TICK = 0.1
ARCSEC = np.pi / 648000


@wp.kernel(module="unique")
def look(
    ps: wp.array(dtype=StarTrackerParams),
    truth: wp.array(dtype=quat),
    rate: wp.array(dtype=vec3),
    tick_length: real,
    fault: FaultsNow,
    begin: int,
    end: int,
    out: wp.array2d(dtype=StarTrackerMeasurement),
):
    i = wp.tid()
    s = StarTrackerState()
    for k in range(truth.shape[0]):
        now = FaultsNow()
        if k >= begin and k < end:
            now = fault
        out[i, k] = measure_star_tracker(ps[0], s, u64(5), u32(i), k, tick_length, real(k) * tick_length, truth[k], rate[k], now)


def looked(tracker, ticks, runs=1, truth=None, rate=None, told=None, during=(0, 0)):
    truth = np.tile([0.0, 0.0, 0.0, 1.0], (ticks, 1)) if truth is None else truth
    rate = np.zeros((ticks, 3)) if rate is None else rate
    out = wp.zeros((runs, ticks), dtype=StarTrackerMeasurement, device="cpu")
    packs = wp.array(pack(tracker, StarTrackerParams), dtype=StarTrackerParams, device="cpu")
    inputs = [packs, wp.array(truth, dtype=quat, device="cpu"), wp.array(rate, dtype=vec3, device="cpu"), TICK, told or FaultsNow(), *during, out]
    wp.launch(look, runs, inputs, device="cpu")
    return out.numpy()


@pytest.fixture
def tracker_file(lander_file):
    return lander_file["star_tracker"]


@pytest.mark.parametrize(
    ("rate_hz", "latency_s", "arrives", "late"),
    [
        (2.0, 0.2, [2, 7, 12, 17], 0.2),
        (2.0, 0.0, [0, 5, 10, 15], 0.0),
        (2.0, 0.5, [5, 10, 15], 0.5),
        (10.0, 0.1, list(range(1, 20)), 0.1),
        (5.0, 0.13, [2, 4, 6, 8, 10, 12, 14, 16, 18], 0.2),
        (100.0, 0.0, list(range(20)), 0.0),
    ],
)
def test_measurements_arrive_at_their_rate_and_late_by_their_latency(tracker_file, rate_hz, latency_s, arrives, late):
    out = looked(StarTracker(**tracker_file | {"rate_hz": rate_hz, "latency_s": latency_s}), 20)[0]
    assert np.flatnonzero(out["valid"]).tolist() == arrives
    assert out["time"][arrives] == pytest.approx(np.array(arrives) * TICK - late, abs=1e-12)


def test_arrival_holds_the_attitude_of_its_exposure_and_not_of_its_arrival(tracker_file):
    from scipy.spatial.transform import Rotation

    truth = Rotation.from_rotvec(np.outer(np.arange(20), [0.001, 0.002, -0.003])).as_quat()
    out = looked(StarTracker(**tracker_file | {"noise_arcsec": 0.0}), 20, truth=truth)[0]
    assert out["attitude"][[2, 7, 12]] == pytest.approx(truth[[0, 5, 10]], abs=1e-15)


def test_rate_that_is_no_part_of_the_tick_rate_is_kept_on_average(tracker_file):
    out = looked(StarTracker(**tracker_file | {"rate_hz": 3.0, "latency_s": 0.1}), 3000)[0]
    assert out["valid"].sum() == 900


def test_sample_falls_on_its_tick_whatever_the_rounding(tracker_file):
    """At 0.7 Hz every tenth sample falls on a whole tick, and 900 * 0.1 * 0.7 is below 63 in double precision."""
    out = looked(StarTracker(**tracker_file | {"rate_hz": 0.7, "latency_s": 0.0}), 4000)[0]
    exact = [k for k in range(4000) if k == 0 or 7 * k // 100 > 7 * (k - 1) // 100]
    assert np.flatnonzero(out["valid"]).tolist() == exact


def test_error_is_a_small_rotation_in_body_axes_of_the_size_said(tracker_file):
    from scipy.spatial.transform import Rotation

    runs = 20000
    base = Rotation.from_euler("xyz", [1.0, -0.5, 2.0])
    file = tracker_file | {"latency_s": 0.0, "noise_arcsec": 20.0, "misalignment_arcsec": (30.0, -10.0, 5.0)}
    out = looked(StarTracker(**file), 1, runs=runs, truth=base.as_quat()[None])[:, 0]
    error = (base.inv() * Rotation.from_quat(out["attitude"])).as_rotvec() / ARCSEC
    assert error.mean(axis=0) == pytest.approx([30, -10, 5], abs=4.5 * 20 / np.sqrt(runs))
    assert error.std(axis=0) == pytest.approx([20, 20, 20], rel=4.5 / np.sqrt(2 * runs))
    assert np.abs(np.corrcoef(error.T) - np.eye(3)).max() < 4.5 / np.sqrt(runs)
    assert np.linalg.norm(out["attitude"], axis=1) == pytest.approx(np.ones(runs), abs=1e-14)


def test_no_solution_while_the_body_turns_too_fast(tracker_file):
    rate = np.zeros((20, 3))
    rate[5, 0], rate[10, 1] = np.radians(2.99), np.radians(3.01)
    assert np.flatnonzero(looked(StarTracker(**tracker_file), 20, rate=rate)[0]["valid"]).tolist() == [2, 7, 17]


def test_refuses_a_latency_beyond_the_period_in_one_sentence(tracker_file):
    with pytest.raises(ValueError, match=r"latency_s \(0\.6\) is longer than the period of rate_hz \(1/2 s\); lower one of them"):
        StarTracker(**tracker_file | {"latency_s": 0.6})


def test_a_biased_tracker_is_turned_about_a_body_axis_as_long_as_the_fault_lasts(tracker_file, fault):
    quiet = StarTracker(**tracker_file | {"rate_hz": 10.0, "latency_s": 0.0, "noise_arcsec": 0.0})
    out = looked(quiet, 4, told=fault("star_tracker.bias", 300 * ARCSEC, axis=2), during=(1, 3))[0]["attitude"]
    assert out[[0, 3]] == pytest.approx(np.tile([0.0, 0.0, 0.0, 1.0], (2, 1)))
    assert out[1:3] == pytest.approx(np.tile([0.0, 0.0, np.sin(150 * ARCSEC), np.cos(150 * ARCSEC)], (2, 1)), abs=1e-15)


def test_faults_hold_silence_and_delay_it(tracker_file, fault):
    noisy = StarTracker(**tracker_file | {"rate_hz": 10.0, "latency_s": 0.0})
    plain = looked(noisy, 5)[0]["attitude"]
    held = looked(noisy, 5, told=fault("star_tracker.stuck"), during=(1, 4))[0]["attitude"]
    assert np.array_equal(held, plain[[0, 1, 1, 1, 4]])
    assert looked(noisy, 4, told=fault("star_tracker.dropout"), during=(1, 3))[0]["valid"].tolist() == [True, False, False, True]
    late = looked(StarTracker(**tracker_file), 20, told=fault("star_tracker.late", 0.2), during=(0, 99))[0]
    assert np.flatnonzero(late["valid"]).tolist() == [4, 9, 14, 19] and late["time"][9] == pytest.approx(0.5)
