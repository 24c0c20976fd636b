"""What must be true of the filter's parts, against matrices and closed forms."""

import numpy as np
import pytest
import warp as wp
from hypothesis import given, settings
from hypothesis import strategies as st

from perilune.avionics.belief import BeliefParams
from perilune.avionics.covariance import propagate_covariance
from perilune.avionics.navigation import (
    NavigationParams,
    NavigationState,
    attitude_before,
    close_tick,
    integrate_imu,
    start_navigation,
    start_sensing,
    ticks_ago,
    vec16,
)
from perilune.avionics.updates import apply_correction, update_by, walk_over_map
from perilune.base.parameters import fill
from perilune.base.structs import records
from perilune.base.vector import quat, real
from perilune.messages.measurements import ImuMeasurement
from perilune.mission.loader import load

GM, NOTHING = 4.9028e12, np.zeros(16)
NAVIGATION = load("resilience").avionics.navigation


@wp.kernel(module="unique", module_options={"max_unroll": 4})
def change(
    ps: wp.array(dtype=NavigationParams),
    states: wp.array(dtype=NavigationState),
    task: int,
    h: wp.array(dtype=vec16),
    innovation: real,
    number: real,
    out: wp.array(dtype=vec16),
):
    """One task of the filter, done to one state."""
    n = states[0]
    x = vec16(real(0.0))
    if task == 0:
        ph = n.covariance * h[0]
        update_by(n, h[0], ph, wp.dot(h[0], ph) + number, innovation, x)
    elif task == 1:
        apply_correction(n, h[0])
    elif task == 2:
        propagate_covariance(ps[0], n, number)
    elif task == 3:
        x[0] = walk_over_map(ps[0], n, number)
    else:
        start_sensing(ps[0], n)
    out[0] = x
    states[0] = n


@wp.kernel(module="unique", module_options={"max_unroll": 4})
def follow(states: wp.array(dtype=NavigationState), increments: wp.array(dtype=ImuMeasurement), past: wp.array2d(dtype=quat)):
    """Ticks of five increments; after each the attitudes now, one and two ticks ago."""
    n = states[0]
    for k in range(past.shape[0]):
        for j in range(5):
            integrate_imu(n, increments[5 * k + j], real(0.02))
        close_tick(n)
        for j in range(3):
            past[k, j] = attitude_before(n, j)
    states[0] = n


@wp.kernel(module="unique", module_options={"max_unroll": 4})
def begin(ps: wp.array(dtype=NavigationParams), bs: wp.array(dtype=BeliefParams), states: wp.array(dtype=NavigationState)):
    states[0] = start_navigation(ps[0], bs[0])


@wp.kernel(module="unique")
def ages(time: wp.array(dtype=real), measured: wp.array(dtype=real), out: wp.array(dtype=int)):
    i = wp.tid()
    out[i] = ticks_ago(time[i], measured[i], real(0.1))


def parameters(**changes):
    packed = records(NavigationParams, 1)
    fill(packed[0], NAVIGATION)
    for name, value in changes.items():
        packed[name] = value
    return packed


def state(**values):
    record = records(NavigationState, 1)
    for name in ("attitude", "turn", "turn_1", "turn_2"):
        record[name] = (0.0, 0.0, 0.0, 1.0)
    for name, value in values.items():
        record[name] = value
    return record


def done(task, n, h=NOTHING, innovation=0.0, number=0.0, p=None):
    """The state after a task, and what the task gave."""
    n, out = n.copy(), wp.zeros(1, dtype=vec16, device="cpu")
    ps = wp.array(parameters() if p is None else p, dtype=NavigationParams, device="cpu")
    states = wp.array(n, dtype=NavigationState, device="cpu", copy=False)
    wp.launch(change, 1, [ps, states, task, wp.array([h], dtype=vec16, device="cpu"), innovation, number, out], device="cpu")
    return n[0], out.numpy()[0]


UPDATE, CORRECT, PREDICT, WALK, SENSE = range(5)


def covariance_of(seed, scale=None):
    """A positive definite matrix with the filter's very different sigmas."""
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(16, 20))
    correlation = root @ root.T
    size = np.array([100.0] * 3 + [1.0] * 3 + [1e-4] * 3 + [1e-7] * 3 + [1e-4] * 3 + [50.0]) if scale is None else scale
    size = size / np.sqrt(np.diag(correlation))
    return correlation * np.outer(size, size)


def rotation(phi):
    angle = np.linalg.norm(phi)
    k = np.cross(np.eye(3), np.asarray(phi) / angle)
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k


def quaternion(phi):
    angle = np.linalg.norm(phi)
    return np.append(np.asarray(phi) / angle * np.sin(angle / 2), np.cos(angle / 2))


def matrix(q):
    x, y, z, w = q
    return np.eye(3) + 2 * np.array(
        [
            [-y * y - z * z, x * y - w * z, x * z + w * y],
            [x * y + w * z, -x * x - z * z, y * z - w * x],
            [x * z - w * y, y * z + w * x, -x * x - y * y],
        ]
    )


def positive_definite(p):
    sigma = np.sqrt(np.diag(p))
    return np.linalg.eigvalsh(p / np.outer(sigma, sigma)).min() > 0.0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(1e-3, 1e3), st.floats(-5.0, 5.0))
def test_an_update_is_the_best_linear_one_and_never_enlarges_the_variance(seed, noise, surprise):
    before = covariance_of(seed)
    sigma = np.sqrt(np.diag(before))
    h = np.random.default_rng(seed + 1).normal(size=16) / sigma
    n, x = done(UPDATE, state(covariance=before), h, surprise, noise)
    gain = before @ h / (h @ before @ h + noise)
    kept = np.eye(16) - np.outer(gain, h)
    joseph = kept @ before @ kept.T + noise * np.outer(gain, gain)
    after = n["covariance"]
    assert np.abs((after - joseph) / np.outer(sigma, sigma)).max() < 1e-11 and (x / sigma) == pytest.approx(gain * surprise / sigma, rel=1e-11)
    assert np.array_equal(after, after.T) or np.abs((after - after.T) / np.outer(sigma, sigma)).max() < 1e-15
    for _ in range(20):
        way = np.random.default_rng(seed).normal(size=16) / sigma
        assert way @ after @ way <= way @ before @ way * (1 + 1e-12)
    assert np.all(np.diag(after) <= np.diag(before)) and positive_definite(after)


def test_updates_one_after_another_are_the_update_with_all_at_once():
    before, rows = covariance_of(3), np.zeros((3, 16))
    rows[:, 6:9] = np.eye(3)
    noise, seen = 1e-9, np.array([3e-5, -1e-5, 2e-5])
    n, total = state(covariance=before), np.zeros(16)
    for h, z in zip(rows, seen, strict=True):
        one, x = done(UPDATE, n, h, z - h @ total, noise)
        n, total = state(covariance=one["covariance"]), total + x
    gain = before @ rows.T @ np.linalg.inv(rows @ before @ rows.T + noise * np.eye(3))
    sigma = np.sqrt(np.diag(before))
    assert total / sigma == pytest.approx(gain @ seen / sigma, rel=1e-9, abs=1e-12)
    assert np.abs((n["covariance"][0] - (np.eye(16) - gain @ rows) @ before) / np.outer(sigma, sigma)).max() < 1e-12


@pytest.mark.parametrize("sensing", [False, True])
@pytest.mark.parametrize("dt", [0.1, 1.0])
def test_prediction_is_that_of_the_whole_matrix(sensing, dt):
    before, phi = covariance_of(7), np.array([0.5, -1.2, 0.4])
    position, gathered = np.array([1.2e6, -9e5, 8e5]), np.array([0.12, -0.2, 0.07])
    n, _ = done(
        PREDICT,
        state(covariance=before, position_mci=position, attitude=quaternion(phi), sensing=sensing, gathered_dv=gathered, since_covariance=dt),
        number=GM,
    )
    p, a, q = parameters()[0], np.zeros((16, 16)), np.zeros(16)
    distance, turn, up = np.linalg.norm(position), rotation(phi), position / np.linalg.norm(position)
    a[0:3, 3:6], a[3:6, 0:3], a[6:9, 9:12] = np.eye(3), GM / distance**3 * (3 * np.outer(up, up) - np.eye(3)), -turn
    q[3:6], q[6:9] = p["gravity_error"] ** 2, p["angle_random_walk"] ** 2
    q[9:12], q[12:15] = (2 * p[f"{k}_instability"] ** 2 / p[f"{k}_correlation"] for k in ("gyro", "accel"))
    if sensing:
        f = gathered / dt
        a[3:6, 6:9], a[3:6, 12:15] = -np.array([[0, -f[2], f[1]], [f[2], 0, -f[0]], [-f[1], f[0], 0]]), -turn
        q[3:6] += p["velocity_random_walk"] ** 2
    expected = (np.eye(16) + a * dt) @ before @ (np.eye(16) + a * dt).T + np.diag(q * dt)
    sigma = np.sqrt(np.diag(expected))
    assert np.abs((n["covariance"] - expected) / np.outer(sigma, sigma)).max() < 1e-13
    assert np.array_equal(n["covariance"], n["covariance"].T) and positive_definite(n["covariance"])
    assert n["since_covariance"] == 0.0 and not n["gathered_dv"].any()


def test_a_correction_turns_the_attitude_in_inertial_axes():
    x, phi = np.arange(1.0, 17.0) * 1e-3, np.array([0.3, 0.8, -0.5])
    n, _ = done(CORRECT, state(attitude=quaternion(phi), position_mci=(1.0, 2.0, 3.0)), x)
    assert n["position_mci"] == pytest.approx([1.001, 2.002, 3.003]) and n["velocity_mci"] == pytest.approx(x[3:6]) and n["map_error"] == x[15]
    assert n["gyro_bias"] == pytest.approx(x[9:12]) and n["accel_bias"] == pytest.approx(x[12:15])
    assert matrix(n["attitude"]) == pytest.approx(rotation(x[6:9]) @ rotation(phi), abs=1e-14)


def test_ignition_adds_to_the_accelerometers_what_their_bias_cannot_tell_apart():
    before = covariance_of(11)
    n, _ = done(SENSE, state(covariance=before))
    change = n["covariance"] - before
    extra = parameters()["accel_scale_at_ignition"][0] ** 2
    assert n["sensing"] and np.diag(change)[12:15] == pytest.approx(extra, rel=1e-6) and np.count_nonzero(change) == 3


@pytest.mark.parametrize("travel", [0.0, 100.0, 4000.0, 1e6])
def test_the_maps_error_forgets_with_the_distance_and_keeps_its_own_size(travel):
    """A Markov process of the map's own sigma stays one; what was known of it fades, and with it the correlations."""
    p = parameters()[0]
    keep = np.exp(-travel / p["map_correlation"])
    before = covariance_of(13)
    n, x = done(WALK, state(covariance=before, map_error=20.0), number=travel)
    assert n["map_error"] == pytest.approx(20.0 * keep) and x[0] == pytest.approx(20.0 * (keep - 1.0))
    assert n["covariance"][:15, 15] == pytest.approx(before[:15, 15] * keep) and np.array_equal(n["covariance"][:15, :15], before[:15, :15])
    assert n["covariance"][15, 15] == pytest.approx(keep**2 * before[15, 15] + (1 - keep**2) * p["map_error"] ** 2)
    own = covariance_of(13, np.r_[np.ones(15), p["map_error"]])
    assert done(WALK, state(covariance=own), number=travel)[0]["covariance"][15, 15] == pytest.approx(p["map_error"] ** 2)
    assert positive_definite(n["covariance"])


def followed(n, delta_angle, delta_velocity, ticks):
    increments = records(ImuMeasurement, 5 * ticks)
    increments["delta_angle"], increments["delta_velocity"] = delta_angle, delta_velocity
    n, past = n.copy(), wp.zeros((ticks, 3), dtype=quat, device="cpu")
    states = wp.array(n, dtype=NavigationState, device="cpu", copy=False)
    wp.launch(follow, 1, [states, wp.array(increments, dtype=ImuMeasurement, device="cpu"), past], device="cpu")
    return n[0], past.numpy()


def test_a_turn_at_constant_rate_and_thrust_is_the_closed_form_of_it():
    """Thrust fixed in a body that turns about z: the velocity gained is the integral of a turning vector."""
    rate, pull, bias, ticks = 0.05, 3.0, 0.4, 200
    start = state(sensing=True, accel_bias=(bias, 0.0, 0.0), gyro_bias=(0.0, 0.0, 0.01), gravity=(0.0, 0.0, -1.62), velocity_mci=(0.0, 0.0, 5.0))
    n, past = followed(start, (0.0, 0.0, (rate + 0.01) * 0.02), ((pull + bias) * 0.02, 0.0, 0.0), ticks)
    t = 0.1 * ticks
    expected = np.array([pull / rate * np.sin(rate * t), pull / rate * (1 - np.cos(rate * t)), 5.0 - 1.62 * t])
    assert n["velocity_mci"] == pytest.approx(expected, abs=1e-5)
    level = pull / rate**2
    assert n["position_mci"] == pytest.approx(
        [level * (1 - np.cos(rate * t)), level * (rate * t - np.sin(rate * t)), 5.0 * t - 0.81 * t * t], abs=1e-3
    )
    assert matrix(n["attitude"]) == pytest.approx(rotation([0.0, 0.0, rate * t]), abs=1e-12)
    assert n["rate_body"] == pytest.approx([0.0, 0.0, rate]) and n["force_body"] == pytest.approx([pull + bias, 0.0, 0.0])
    for k, ago in ((ticks - 1, 0), (ticks - 1, 1), (ticks - 1, 2), (50, 2)):
        assert matrix(past[k, ago]) == pytest.approx(rotation([0.0, 0.0, rate * 0.1 * (k + 1 - ago)]), abs=1e-12)


def test_accelerometers_do_not_count_in_a_coast():
    n, _ = followed(state(gravity=(0.0, 0.0, -1.0)), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0), 10)
    assert n["velocity_mci"] == pytest.approx([0.0, 0.0, -1.0]) and not n["gathered_dv"].any() and n["force_body"][0] == pytest.approx(50.0)


def test_turning_about_many_axes_comes_back():
    rng = np.random.default_rng(4)
    turns = rng.normal(size=(100, 3)) * 0.02
    there = state()
    there, _ = followed(there, turns, np.zeros(3), 20)
    back, _ = followed(np.array([there]), -turns[::-1], np.zeros(3), 20)
    assert matrix(back["attitude"]) == pytest.approx(np.eye(3), abs=1e-13)
    assert matrix(there["attitude"]) == pytest.approx(np.linalg.multi_dot([rotation(t) for t in turns]), abs=1e-12)


def test_age_is_counted_in_whole_ticks():
    time = np.array([5.0, 5.0, 5.0, 3599.9, 3600.3])
    measured = np.array([5.0, 4.9, 4.8, 3599.8, 3600.1])
    out = wp.zeros(5, dtype=int, device="cpu")
    wp.launch(ages, 5, [wp.array(time, dtype=real, device="cpu"), wp.array(measured, dtype=real, device="cpu"), out], device="cpu")
    assert out.numpy().tolist() == [0, 1, 2, 1, 2]


def test_filter_begins_with_the_sigmas_of_the_file_along_across_and_up():
    belief, states = records(BeliefParams, 1), state()
    position, velocity = np.array([1.0e6, 1.2e6, -8.0e5]), np.array([-500.0, 900.0, 1300.0])
    belief["start_position_mci"], belief["start_velocity_mci"] = position, velocity
    p = parameters()
    inputs = [wp.array(p, dtype=NavigationParams, device="cpu"), wp.array(belief, dtype=BeliefParams, device="cpu")]
    wp.launch(begin, 1, [*inputs, wp.array(states, dtype=NavigationState, device="cpu", copy=False)], device="cpu")
    radial = position / np.linalg.norm(position)
    normal = np.cross(position, velocity) / np.linalg.norm(np.cross(position, velocity))
    covariance = states["covariance"][0]
    for axis, name in ((radial, "radial"), (normal, "normal"), (np.cross(normal, radial), "along_track")):
        for first, kind in ((0, "position"), (3, "velocity")):
            block = covariance[first : first + 3, first : first + 3]
            assert block @ axis == pytest.approx(p[f"{kind}_{name}"][0] ** 2 * axis, rel=1e-9, abs=1e-9 * block.max())
    rest = [p[name][0] for name in ("attitude", "gyro_bias", "accel_bias")]
    assert np.diag(covariance)[6:] == pytest.approx(np.r_[np.repeat(rest, 3), p["map_error"][0]] ** 2)
    assert np.array_equal(states["position_mci"][0], position) and not states["sensing"][0] and states["first_range_time"][0] < 0
