"""What must be true of an inertial unit: its deterministic errors in closed form, its random ones by their statistics."""

import numpy as np
import pytest
import warp as wp
from pydantic import ValidationError

from perilune.base.parameters import pack
from perilune.base.vector import real, u32, u64, vec3
from perilune.lander.faults import FaultsNow
from perilune.lander.sensors.imu import Imu, ImuParams, ImuState, measure_imu
from perilune.messages.measurements import ImuMeasurement

DEG_H = np.pi / 648000
UG = 9.80665e-6
QUIET = {"gyro_instability_deg_h": 0.0, "angle_random_walk_deg_rt_h": 0.0, "accel_instability_ug": 0.0, "velocity_random_walk_ug_rt_hz": 0.0}


@wp.kernel(module="unique")
def sample(
    ps: wp.array(dtype=ImuParams),
    ss: wp.array(dtype=ImuState),
    seed: u64,
    first: int,
    count: int,
    dt: real,
    angle: vec3,
    velocity: vec3,
    fault: FaultsNow,
    begin: int,
    end: int,
    out: wp.array2d(dtype=ImuMeasurement),
):
    i = wp.tid()
    s = ss[i]
    for k in range(count):
        tick = first + k
        now = FaultsNow()
        if k >= begin and k < end:
            now = fault
        out[i, k] = measure_imu(ps[0], s, seed, u32(i), tick, real(tick + 1) * dt, dt, angle, velocity, now)
    ss[i] = s


def sampled(imu, runs=1, count=1, dt=0.02, angle=(0, 0, 0), velocity=(0, 0, 0), seed=3, first=0, state=None, told=None, during=(0, 0)):
    packs = wp.array(pack(imu, ImuParams), dtype=ImuParams, device="cpu")
    state = state or wp.zeros(runs, dtype=ImuState, device="cpu")
    out = wp.zeros((runs, count), dtype=ImuMeasurement, device="cpu")
    wp.launch(
        sample, runs, [packs, state, u64(seed), first, count, dt, vec3(*angle), vec3(*velocity), told or FaultsNow(), *during, out], device="cpu"
    )
    return out.numpy(), state


@pytest.fixture
def imu_file(lander_file):
    return lander_file["imu"]


def test_perfect_unit_gives_the_truth(imu_file):
    out, _ = sampled(Imu(**imu_file | QUIET), angle=(0.01, -0.02, 0.03), velocity=(0.4, 0.5, -0.6))
    assert out[0, 0]["delta_angle"].tolist() == [0.01, -0.02, 0.03]
    assert out[0, 0]["delta_velocity"].tolist() == [0.4, 0.5, -0.6]
    assert out[0, 0]["time"] == 0.02


def test_bias_grows_with_time_and_scale_with_the_motion(imu_file):
    file = imu_file | QUIET | {"gyro_bias_deg_h": (1.0, 2.0, -3.0), "accel_bias_ug": (10.0, 20.0, -30.0), "gyro_scale_ppm": (100.0, 0.0, -50.0)}
    out, _ = sampled(Imu(**file | {"accel_scale_ppm": (0.0, 0.0, 300.0)}), dt=0.5, angle=(0.1, 0.1, 0.1), velocity=(1.0, 1.0, 2.0))
    assert out[0, 0]["delta_angle"] - 0.1 == pytest.approx([1e-5 + 0.5 * DEG_H, 1.0 * DEG_H, -5e-6 - 1.5 * DEG_H], rel=1e-9)
    assert out[0, 0]["delta_velocity"] - [1, 1, 2] == pytest.approx([5 * UG, 10 * UG, 6e-4 - 15 * UG], rel=1e-8)


def test_misaligned_triad_sees_the_motion_in_its_own_axes(imu_file):
    """A triad turned by +e about body z sees a motion along body x as (1, -e, 0)."""
    e = 100 * np.pi / 648000
    file = imu_file | QUIET | {"gyro_misalignment_arcsec": (0.0, 0.0, 100.0), "accel_misalignment_arcsec": (100.0, 0.0, 0.0)}
    out, _ = sampled(Imu(**file), angle=(0.1, 0, 0), velocity=(0, 0, 2.0))
    assert out[0, 0]["delta_angle"] == pytest.approx([0.1, -0.1 * e, 0.0], rel=1e-12, abs=1e-18)
    assert out[0, 0]["delta_velocity"] == pytest.approx([0.0, 2.0 * e, 2.0], rel=1e-12, abs=1e-18)


@pytest.mark.parametrize("dt", [0.01, 0.02, 0.1])
def test_random_walk_reaches_its_data_sheet_value_whatever_the_sample_rate(imu_file, dt):
    file = imu_file | QUIET | {"angle_random_walk_deg_rt_h": 0.07, "velocity_random_walk_ug_rt_hz": 35.0}
    runs, seconds = 4000, 5.0
    out, _ = sampled(Imu(**file), runs=runs, count=round(seconds / dt), dt=dt)
    angle, velocity = out["delta_angle"].sum(axis=1), out["delta_velocity"].sum(axis=1)
    assert np.degrees(angle.std(axis=0)) == pytest.approx(np.full(3, 0.07 * np.sqrt(seconds / 3600)), rel=5 / np.sqrt(2 * runs))
    assert velocity.std(axis=0) == pytest.approx(np.full(3, 35 * UG * np.sqrt(seconds)), rel=5 / np.sqrt(2 * runs))
    correlation = np.corrcoef(np.hstack([angle, velocity]).T) - np.eye(6)
    assert np.abs(correlation).max() < 4.5 / np.sqrt(runs)


def test_drift_is_a_gauss_markov_process_of_its_size_and_correlation_time(imu_file):
    file = imu_file | QUIET | {"gyro_instability_deg_h": 2.0, "gyro_correlation_s": 30.0, "accel_instability_ug": 7.0, "accel_correlation_s": 10.0}
    runs, dt = 4000, 0.1
    out, _ = sampled(Imu(**file), runs=runs, count=301, dt=dt)
    for field, unit, sigma, correlation_time in (("delta_angle", DEG_H, 2.0, 30.0), ("delta_velocity", UG, 7.0, 10.0)):
        drift = out[field] / dt / unit
        for k in (0, 100, 300):
            assert drift[:, k].std(axis=0) == pytest.approx(np.full(3, sigma), rel=5 / np.sqrt(2 * runs))
            assert np.abs(drift[:, k].mean(axis=0)).max() < 4.5 * sigma / np.sqrt(runs)
        for lag in (10, 100, 300):
            found = np.mean(drift[:, 0] * drift[:, lag], axis=0) / sigma**2
            assert found == pytest.approx(np.full(3, np.exp(-lag * dt / correlation_time)), abs=5 * np.sqrt(2 / runs))


def test_drift_stands_between_its_seconds_and_moves_at_them(imu_file):
    out, _ = sampled(Imu(**imu_file | QUIET | {"gyro_instability_deg_h": 2.0}), count=200, dt=0.02)
    moved = np.flatnonzero(np.any(np.diff(out[0]["delta_angle"], axis=0) != 0, axis=1)) + 1
    assert moved.tolist() == [50, 100, 150]


def test_a_paused_unit_goes_on_bit_for_bit(imu_file):
    imu = Imu(**imu_file)
    whole, _ = sampled(imu, runs=2, count=120)
    head, state = sampled(imu, runs=2, count=47)
    tail, _ = sampled(imu, runs=2, count=73, first=47, state=state)
    for field in ("delta_angle", "delta_velocity", "time"):
        assert np.array_equal(np.concatenate([head[field], tail[field]], axis=1), whole[field])


def test_runs_and_seeds_differ(imu_file):
    a, b = sampled(Imu(**imu_file), runs=2)[0], sampled(Imu(**imu_file), runs=2, seed=4)[0]
    draws = np.concatenate([a["delta_angle"].ravel(), b["delta_angle"].ravel()])
    assert len(set(draws.tolist())) == len(draws)


@pytest.mark.parametrize("bad", [{"gyro_correlation_s": 0.0}, {"accel_instability_ug": -1.0}, {"gyro_bias_deg_h": (0.0, 0.0)}, {"gyro_bias": 1.0}])
def test_refuses_a_unit_that_cannot_be(imu_file, bad):
    with pytest.raises(ValidationError):
        Imu(**imu_file | bad)


@pytest.mark.parametrize(
    ("name", "size", "angle", "velocity"),
    [
        ("gyro_bias", 0.5, [0.02, -0.01, 0.01], [0.1, 0.2, -0.3]),
        ("accel_bias", 5.0, [0.01, -0.01, 0.01], [0.2, 0.2, -0.3]),
        ("gyro_scale", 0.5, [0.015, -0.01, 0.01], [0.1, 0.2, -0.3]),
        ("accel_scale", -0.1, [0.01, -0.01, 0.01], [0.09, 0.2, -0.3]),
        ("saturation", 0.2, [0.004, -0.01, 0.01], [0.1, 0.2, -0.3]),
        ("accel_saturation", 4.0, [0.01, -0.01, 0.01], [0.08, 0.2, -0.3]),
        ("gyro_axis_dead", 0.0, [0.0, -0.01, 0.01], [0.1, 0.2, -0.3]),
        ("accel_axis_dead", 0.0, [0.01, -0.01, 0.01], [0.0, 0.2, -0.3]),
    ],
)
def test_a_fault_strikes_its_axis_as_long_as_it_lasts(imu_file, fault, name, size, angle, velocity):
    true = {"angle": (0.01, -0.01, 0.01), "velocity": (0.1, 0.2, -0.3)}
    out = sampled(Imu(**imu_file | QUIET), count=4, **true, told=fault(f"imu.{name}", size, axis=0), during=(1, 3))[0][0]
    assert out["delta_angle"] == pytest.approx(np.array([true["angle"], angle, angle, true["angle"]]))
    assert out["delta_velocity"] == pytest.approx(np.array([true["velocity"], velocity, velocity, true["velocity"]]))


def test_saturation_on_all_axes_holds_either_sign(imu_file, fault):
    out = sampled(Imu(**imu_file | QUIET), angle=(0.01, -0.01, 0.001), told=fault("imu.saturation", 0.2), during=(0, 1))[0][0, 0]
    assert out["delta_angle"] == pytest.approx([0.004, -0.004, 0.001])


def test_a_spike_strikes_one_increment_and_strikes_again_in_a_later_fault(imu_file, fault):
    file = Imu(**imu_file | QUIET)
    out, state = sampled(file, count=4, told=fault("imu.spike", 2.0, axis=1), during=(1, 3))
    assert out[0]["delta_velocity"][:, 1].tolist() == [0.0, 2.0, 0.0, 0.0]
    out, _ = sampled(file, count=2, first=4, state=state, told=fault("imu.spike", 2.0, axis=1), during=(1, 2))
    assert out[0]["delta_velocity"][:, 1].tolist() == [0.0, 2.0]


def test_a_stuck_unit_repeats_its_first_increment_of_the_fault_with_new_times(imu_file, fault):
    plain = sampled(Imu(**imu_file), count=6)[0][0]
    out = sampled(Imu(**imu_file), count=6, told=fault("imu.stuck"), during=(2, 5))[0][0]
    order = [0, 1, 2, 2, 2, 5]
    assert np.array_equal(out["delta_angle"], plain["delta_angle"][order]) and np.array_equal(out["delta_velocity"], plain["delta_velocity"][order])
    assert np.array_equal(out["time"], plain["time"])
