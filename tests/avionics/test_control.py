"""What must be true of attitude control: a rigid lander under it comes to rest where it is told, no faster than it may, a steady torque or not."""

import numpy as np
import pytest
import warp as wp
from hypothesis import given, settings
from hypothesis import strategies as st

from perilune.avionics.control import Control, ControlParams, attitude_error, attitude_torque, believed_inertia
from perilune.base.parameters import pack
from perilune.base.vector import quat, quat_from_rotation_vector, real, vec3

CONTROL = Control(frequency_per_s=0.8, damping=0.8, rate_limit_deg_s=5.0, integral_time_s=20.0, integral_limit_n_m=5.0)
INERTIA, LIMIT = (420.0, 400.0, 250.0), (30.0, 30.0, 30.0)
RATE_LIMIT = np.radians(5.0)


@wp.kernel(module="unique")
def steer(
    ps: wp.array(dtype=ControlParams),
    turn: wp.array(dtype=vec3),
    rates: wp.array(dtype=vec3),
    disturbance: vec3,
    inertia: vec3,
    believed: vec3,
    limit: vec3,
    ticks: int,
    errors: wp.array2d(dtype=real),
    speeds: wp.array2d(dtype=real),
    torques: wp.array2d(dtype=vec3),
):
    """A rigid body under the loop: torque each 0.1 s, Euler's equations in steps of 5 ms."""
    i = wp.tid()
    wanted = quat(0.0, 0.0, 0.0, 1.0)
    q = quat_from_rotation_vector(turn[i])
    w = rates[i]
    held = vec3(0.0, 0.0, 0.0)
    h = real(0.005)
    for k in range(ticks):
        error = attitude_error(wanted, q)
        torque, held = attitude_torque(ps[0], believed, error, w, limit, held, True, real(0.1))
        errors[i, k] = real(2.0) * wp.asin(wp.min(wp.length(vec3(q[0], q[1], q[2])), real(1.0)))
        speeds[i, k] = wp.length(w)
        torques[i, k] = torque
        for _ in range(20):
            change = wp.cw_div(torque + disturbance - wp.cross(w, wp.cw_mul(inertia, w)), inertia)
            middle = w + change * (h * real(0.5))
            w = w + wp.cw_div(torque + disturbance - wp.cross(middle, wp.cw_mul(inertia, middle)), inertia) * h
            q = wp.normalize(q * quat_from_rotation_vector(middle * h))


@wp.kernel(module="unique")
def once(ps: wp.array(dtype=ControlParams), inertia: vec3, error: vec3, rate: vec3, held: vec3, out: wp.array(dtype=vec3)):
    torque, after = attitude_torque(ps[0], inertia, error, rate, vec3(1.0e6, 1.0e6, 1.0e6), held, True, real(0.1))
    out[0] = torque
    out[1] = after


@wp.kernel(module="unique")
def difference(wanted: wp.array(dtype=quat), attitude: wp.array(dtype=quat), out: wp.array(dtype=vec3)):
    i = wp.tid()
    out[i] = attitude_error(wanted[i], attitude[i])


@wp.kernel(module="unique")
def moments(full: vec3, dry: vec3, share: wp.array(dtype=real), out: wp.array(dtype=vec3)):
    i = wp.tid()
    out[i] = believed_inertia(full, dry, share[i])


def vectors(v):
    return wp.array(np.atleast_2d(np.asarray(v, float)), dtype=vec3, device="cpu")


def steered(turn, rate=(0.0, 0.0, 0.0), disturbance=(0.0, 0.0, 0.0), ticks=900, believed=INERTIA, control=CONTROL):
    """Angle from the wanted attitude [rad], speed of turning [rad/s] and torque [N m] over time."""
    errors, speeds = (wp.zeros((1, ticks), dtype=real, device="cpu") for _ in range(2))
    torques = wp.zeros((1, ticks), dtype=vec3, device="cpu")
    packs = wp.array(pack(control, ControlParams), dtype=ControlParams, device="cpu")
    inputs = [packs, vectors(turn), vectors(rate), vec3(*disturbance), vec3(*INERTIA), vec3(*believed), vec3(*LIMIT), ticks]
    wp.launch(steer, 1, [*inputs, errors, speeds, torques], device="cpu")
    return errors.numpy()[0], speeds.numpy()[0], torques.numpy()[0]


axes = st.tuples(*3 * [st.floats(-1.0, 1.0)]).map(np.array).filter(lambda v: np.linalg.norm(v) > 0.1)


@settings(max_examples=40, deadline=None)
@given(axes, st.floats(0.0, 3.0), st.tuples(*3 * [st.floats(-0.03, 0.03)]))
def test_lander_comes_to_rest_at_the_wanted_attitude_within_its_rate_limit(axis, angle, rate):
    error, speed, torque = steered(axis / np.linalg.norm(axis) * angle, rate)
    assert error[-1] < 1e-3 and speed[-1] < 1e-3
    assert speed.max() <= max(RATE_LIMIT, speed[0]) * 1.05 and np.abs(torque).max() <= LIMIT[0]


def test_torque_is_stiffness_damping_and_the_bodys_own_gyroscopic_torque():
    """Quaternion feedback (Wie): the demand cancels w x J w, so that what is left is a linear oscillator."""
    out, inertia = wp.zeros(2, dtype=vec3, device="cpu"), np.array(INERTIA)
    error, rate, held = np.array([0.03, -0.05, 0.08]), np.array([0.04, -0.06, 0.05]), np.array([1.0, 2.0, -1.0])
    packs = wp.array(pack(CONTROL, ControlParams), dtype=ControlParams, device="cpu")
    wp.launch(once, 1, [packs, vec3(*INERTIA), vec3(*error), vec3(*rate), vec3(*held), out], device="cpu")
    torque, after = out.numpy()
    assert torque - held - np.cross(rate, inertia * rate) == pytest.approx(inertia * (0.64 * error - 1.28 * rate), rel=1e-12)
    assert after == pytest.approx(held + inertia * 0.64 * error * 0.1 / 20.0, rel=1e-12)


def test_a_long_way_is_turned_at_the_rate_limit_about_one_axis():
    error, speed, _ = steered([np.radians(150.0), 0.0, 0.0])
    cruise = (error < np.radians(120.0)) & (error > np.radians(30.0))
    assert speed[cruise] == pytest.approx(RATE_LIMIT, rel=0.02)


def test_a_steady_torque_is_learnt_and_leaves_no_error():
    error, speed, torque = steered([0.0, 0.0, 0.0], disturbance=(3.0, -2.0, 1.0), ticks=3000)
    assert error[:300].max() > 5e-3 and error[-1] < 1e-5 and speed[-1] < 1e-6
    assert torque[-1] == pytest.approx([-3.0, 2.0, -1.0], abs=1e-3)


BY_TORQUE = CONTROL.model_copy(update={"integral_of": "torque", "integral_limit_n_m": 50.0})


def test_an_integral_of_the_torque_tends_to_the_steady_torque_with_its_time_constant():
    """A disturbance d: the lander's turning obeys d minus what is held, and that closes by exp(-t/T) once the loop has settled."""
    error, speed, torque = steered([0.0, 0.0, 0.0], disturbance=(12.0, 0.0, 0.0), ticks=3000, control=BY_TORQUE)
    assert error[-1] < 1e-5 and speed[-1] < 1e-6 and torque[-1] == pytest.approx([-12.0, 0.0, 0.0], abs=1e-3)
    assert error[900] / error[700] == pytest.approx(np.exp(-20.0 / 20.0), rel=0.02)


def test_an_integral_of_the_torque_does_not_wind_up_in_a_slew():
    """Turning steadily at w the lander trails by 2 zeta w / frequency; an integral of that error grows all the while."""
    rate = np.array([np.radians(3.0), 0.0, 0.0])
    trail = 1.6 / 0.8 * rate
    gathered = {}
    for name in ("error", "torque"):
        out = wp.zeros(2, dtype=vec3, device="cpu")
        packs = wp.array(pack(BY_TORQUE.model_copy(update={"integral_of": name}), ControlParams), dtype=ControlParams, device="cpu")
        wp.launch(once, 1, [packs, vec3(*INERTIA), vec3(*trail), vec3(*rate), vec3(1.0, 2.0, -1.0), out], device="cpu")
        gathered[name] = out.numpy()[1] - [1.0, 2.0, -1.0]
    assert gathered["torque"] == pytest.approx(np.zeros(3), abs=1e-12)
    assert gathered["error"] == pytest.approx([INERTIA[0] * 0.64 * trail[0] * 0.1 / 20.0, 0.0, 0.0], rel=1e-9), "1.4 N m a second"


def test_without_the_integral_the_error_is_torque_over_stiffness():
    still = CONTROL.model_copy(update={"integral_limit_n_m": 0.0})
    error, _, _ = steered([0.0, 0.0, 0.0], disturbance=(3.0, 0.0, 0.0), ticks=1500, control=still)
    assert error[-1] == pytest.approx(3.0 / (INERTIA[0] * 0.8**2), rel=1e-3)


def test_a_steady_torque_beyond_the_integral_is_met_as_far_as_it_goes():
    error, _, _ = steered([0.0, 0.0, 0.0], disturbance=(8.0, 0.0, 0.0), ticks=3000)
    assert error[-1] == pytest.approx((8.0 - 5.0) / (INERTIA[0] * 0.8**2), rel=1e-3)


def test_small_errors_die_away_as_frequency_and_damping_say():
    """A linear oscillator with a control period of 0.1 s: within a few per cent of the continuous one."""
    still = CONTROL.model_copy(update={"integral_limit_n_m": 0.0})
    error, _, _ = steered([0.02, 0.0, 0.0], ticks=60, control=still)
    t = 0.1 * np.arange(60)
    fast = 0.8 * np.sqrt(1 - 0.8**2)
    expected = 0.02 * np.exp(-0.64 * t) * (np.cos(fast * t) + 0.64 / fast * np.sin(fast * t))
    assert error[:30] == pytest.approx(expected[:30], abs=0.02 * 0.05)


def test_inertia_believed_a_quarter_wrong_still_settles():
    for factor in (0.75, 1.25):
        error, speed, _ = steered([0.5, -1.0, 0.3], believed=tuple(factor * x for x in INERTIA))
        assert error[-1] < 1e-3 and speed.max() < 1.1 * RATE_LIMIT


def test_error_is_the_shorter_way_whatever_the_sign_of_the_quaternion():
    rng = np.random.default_rng(2)
    wanted, attitude = rng.normal(size=(2, 50, 4))
    wanted, attitude = (q / np.linalg.norm(q, axis=1)[:, None] for q in (wanted, attitude))
    outs = []
    for sign in (1.0, -1.0):
        out = wp.zeros(50, dtype=vec3, device="cpu")
        wp.launch(
            difference, 50, [wp.array(wanted, dtype=quat, device="cpu"), wp.array(sign * attitude, dtype=quat, device="cpu"), out], device="cpu"
        )
        outs.append(out.numpy())
    assert np.allclose(outs[0], outs[1], atol=1e-14)
    cosine = np.abs(np.sum(wanted * attitude, axis=1))
    assert np.linalg.norm(outs[0], axis=1) == pytest.approx(2 * np.sqrt(1 - cosine**2), rel=1e-9)


def test_inertia_goes_from_dry_to_full_with_the_propellant():
    out = wp.zeros(4, dtype=vec3, device="cpu")
    share = wp.array(np.array([-1.0, 0.0, 0.25, 2.0]), dtype=real, device="cpu")
    wp.launch(moments, 4, [vec3(400.0, 380.0, 300.0), vec3(200.0, 180.0, 100.0), share, out], device="cpu")
    assert out.numpy() == pytest.approx(np.array([[200.0, 180.0, 100.0], [200.0, 180.0, 100.0], [250.0, 230.0, 150.0], [400.0, 380.0, 300.0]]))
