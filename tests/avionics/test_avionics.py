"""What must be true of the cycle's own parts: its propellant account, its share of thrust among engines, the attitude it asks for, and its limits."""

import numpy as np
import pytest
import warp as wp
from hypothesis import given, settings
from hypothesis import strategies as st

from perilune.avionics.belief import BeliefParams
from perilune.avionics.computer import AvionicsParams, AvionicsState, account_propellant, believed_mass
from perilune.avionics.sequencer import COAST, LANDED, TERMINAL
from perilune.avionics.steering import engine_commands, wanted_attitude
from perilune.base.structs import records
from perilune.base.vector import real, vec3
from perilune.messages.actuation import Actuation
from perilune.validation.scenes import landing_scene, planned_flight

G0 = 9.80665
FLOW = np.linspace(5.0, 20.0, 16) / (220.0 * G0)  # kg/s


@wp.kernel(module="unique", module_options={"max_unroll": 4})
def account(ps: wp.array(dtype=AvionicsParams), states: wp.array(dtype=AvionicsState), dt: real, ticks: int, mass: wp.array(dtype=real)):
    p = ps[0]
    s = states[0]
    for _ in range(ticks):
        account_propellant(p, s, dt)
    mass[0] = believed_mass(p.belief, s)
    states[0] = s


@wp.kernel(module="unique")
def share(bs: wp.array(dtype=BeliefParams), thrust: wp.array(dtype=real), main_on: wp.bool, out: wp.array(dtype=Actuation)):
    i = wp.tid()
    b = bs[0]
    out[i] = engine_commands(b, thrust[i], main_on)


@wp.kernel(module="unique")
def point(thrust: wp.array(dtype=vec3), along: wp.array(dtype=vec3), axes: wp.array2d(dtype=vec3)):
    i = wp.tid()
    q = wanted_attitude(thrust[i], along[i])
    axes[i, 0] = wp.quat_rotate(q, vec3(1.0, 0.0, 0.0))
    axes[i, 1] = wp.quat_rotate(q, vec3(0.0, 1.0, 0.0))
    axes[i, 2] = wp.quat_rotate(q, vec3(0.0, 0.0, 1.0))


def belief():
    b = records(BeliefParams, 1)
    for name, value in {"dry_mass": 340.0, "main_loaded": 430.0, "main_at_start": 430.0, "rcs_loaded": 10.0}.items():
        b[name] = value
    for name, value in {
        "main_thrust": 400.0,
        "main_isp": 320.0,
        "assist_thrust": 1200.0,
        "assist_isp": 278.0,
    }.items():
        b[name] = value
    return wp.array(b, dtype=BeliefParams, device="cpu")


def accounted(seconds, main_left=430.0, rcs_left=10.0, **last):
    s = records(AvionicsState, 1)
    s["main_left"], s["rcs_left"] = main_left, rcs_left
    for name, value in last.items():
        s["last"][name] = value
    mass = wp.zeros(1, dtype=real, device="cpu")
    states = wp.array(s, dtype=AvionicsState, device="cpu", copy=False)
    packs = records(AvionicsParams, 1)
    packs["belief"] = belief().numpy()
    packs["allocation"]["flow"] = FLOW
    packs = wp.array(packs, dtype=AvionicsParams, device="cpu")
    wp.launch(account, 1, [packs, states, 0.1, round(10 * seconds), mass], device="cpu")
    return s[0], mass.numpy()[0]


def test_propellant_account_is_thrust_over_exhaust_speed():
    s, mass = accounted(100.0, main_engine=1.0, assist_duty=0.5, thruster_on=0.01 * np.arange(16) / 16.0)
    assert 430.0 - s["main_left"] == pytest.approx(100.0 * (400.0 / (320.0 * G0) + 600.0 / (278.0 * G0)), rel=1e-12)
    assert 10.0 - s["rcs_left"] == pytest.approx(1000.0 * 0.01 * np.arange(16) / 16.0 @ FLOW, rel=1e-12)
    assert mass == pytest.approx(340.0 + s["main_left"] + s["rcs_left"])


def test_account_stops_at_empty_and_stands_still_without_command():
    s, mass = accounted(100.0, 5.0, 0.1, main_engine=1.0, assist_duty=1.0, thruster_on=np.full(16, 0.1))
    assert s["main_left"] == 0.0 and s["rcs_left"] == 0.0 and mass == 340.0
    assert accounted(100.0)[1] == 780.0


@settings(max_examples=50, deadline=None)
@given(st.floats(-500.0, 3000.0), st.booleans())
def test_thrust_is_shared_as_asked_as_far_as_the_engines_go(thrust, main_on):
    out = wp.zeros(1, dtype=Actuation, device="cpu")
    wp.launch(share, 1, [belief(), wp.array([thrust], dtype=real, device="cpu"), main_on, out], device="cpu")
    a = out.numpy()[0]
    assert a["main_engine"] == float(main_on) and 0.0 <= a["assist_duty"] <= 1.0 and not np.any(a["torque_body"])
    low = 400.0 if main_on else 0.0
    assert a["main_engine"] * 400.0 + a["assist_duty"] * 1200.0 == pytest.approx(np.clip(thrust, low, low + 1200.0), abs=1e-9)


directions = st.tuples(*3 * [st.floats(-1.0, 1.0)]).map(np.array).filter(lambda v: np.linalg.norm(v) > 0.01)


@settings(max_examples=100, deadline=None)
@given(directions, directions)
def test_thrust_points_where_it_is_asked_and_the_beam_stays_in_the_plane_of_flight(thrust, along):
    axes = wp.zeros((1, 3), dtype=vec3, device="cpu")
    wp.launch(point, 1, [wp.array([thrust], dtype=vec3, device="cpu"), wp.array([along], dtype=vec3, device="cpu"), axes], device="cpu")
    x, y, z = axes.numpy()[0]
    across = np.linalg.norm(np.cross(thrust / np.linalg.norm(thrust), along / np.linalg.norm(along)))
    close = 1e-12 if across > 1e-3 else 1e-6  # nearly along the preferred axis the third one is a small difference
    assert z == pytest.approx(thrust / np.linalg.norm(thrust), abs=close) and np.cross(x, y) == pytest.approx(z, abs=close)
    if across > 1e-3:
        assert y @ along == pytest.approx(0.0, abs=1e-9) and x @ along > 0.0


def test_attitude_asked_along_the_preferred_axis_is_still_one():
    axes, z = wp.zeros((1, 3), dtype=vec3, device="cpu"), np.array([1.0, 0.0, 0.0])
    wp.launch(point, 1, [wp.array([z], dtype=vec3, device="cpu"), wp.array([z], dtype=vec3, device="cpu"), axes], device="cpu")
    assert axes.numpy()[0] @ axes.numpy()[0].T == pytest.approx(np.eye(3), abs=1e-12)


def test_computer_of_the_planned_landing_keeps_to_its_modes_and_limits():
    _, _, rows = planned_flight()
    belief = landing_scene().avionics[0]["belief"]
    mode, duty, main = rows["mode"], rows["command_assist_duty"], rows["command_main_engine"]
    assert set(np.diff(mode)) == {0, 1} and mode[0] == COAST and mode[-1] == LANDED
    assert duty.min() >= 0.0 and duty.max() <= 1.0 and set(main) == {0.0, 1.0}
    assert np.all(np.abs(rows["command_torque_body"]) <= belief["torque_limit"] + 1e-9)
    quiet = (mode == COAST) | (mode == LANDED)
    assert not duty[quiet].any() and not main[quiet | (mode == TERMINAL)].any() and main[~quiet & (mode != TERMINAL)].all()
    assert not rows["command_torque_body"][mode == LANDED].any()
    assert rows["command_thrust"].max() <= belief["main_thrust"] + belief["assist_thrust"] + 1e-6
