"""What must be true of attitude under single pulses: what a pulse turns and moves by the closed form, and a loop that settles on them cheaply."""

from functools import cache

import numpy as np
import pytest
import warp as wp

from perilune.avionics.allocation import AllocationParams, AllocationState, allocation_of, allot, torque_limit
from perilune.avionics.control import Control, ControlParams, attitude_error, attitude_torque, beyond
from perilune.base.parameters import pack
from perilune.base.vector import quat, quat_from_rotation_vector, real, vec3
from perilune.flight.dynamics import tumble
from perilune.flight.plant import kick, nudge
from perilune.flight.state import STEPS, Body
from perilune.lander.attitude_thrusters import AttitudeThrusters, AttitudeThrustersParams, AttitudeThrustersState, fire, push_over
from perilune.lander.faults import FaultsNow
from perilune.messages.actuation import THRUSTERS, vec16
from perilune.mission.loader import load

TICK, G0 = 0.1, 9.80665
INERTIA = np.array([205.0, 205.0, 165.0])
CG = np.array([0.0, 0.0, 0.97])
CONTROL = Control(frequency_per_s=0.8, damping=0.8, rate_limit_deg_s=5.0, integral_time_s=20.0, integral_limit_n_m=5.0)


@wp.func
def coast_tick(
    params: wp.ref[AttitudeThrustersParams], valves: wp.ref[AttitudeThrustersState], b: wp.ref[Body], on: vec16, inertia: vec3, mass: real, cg: vec3
):
    """A tick without gravity and engines, as the plant flies one."""
    now = FaultsNow()
    pulses = fire(params, valves, on, cg, real(0.1), now)
    landing = b
    landing.position += b.velocity * real(0.1)
    for i in range(int(STEPS)):
        before = b
        push = push_over(pulses, real(0.02) * real(i), real(0.02) * real(i + 1), real(10.0))
        after = tumble(b, push.torque, inertia, real(0.02))
        kick(landing, before, after, push, mass, real(0.1) - real(0.02) * (real(i) + real(0.5)))
        nudge(after, push, mass, inertia)
        b = after
    b.position = landing.position
    b.velocity = landing.velocity


@wp.kernel(module="unique", module_options={"max_unroll": 4})
def coast(ps: wp.array(dtype=AttitudeThrustersParams), on: wp.array(dtype=vec16), inertia: vec3, mass: real, cg: vec3, out: wp.array(dtype=Body)):
    b = out[0]
    valves = AttitudeThrustersState()
    for k in range(on.shape[0]):
        coast_tick(ps[0], valves, b, on[k], inertia, mass, cg)
    out[0] = b


@wp.kernel(module="unique", module_options={"max_unroll": 4})
def hold(
    ps: wp.array(dtype=AttitudeThrustersParams),
    table: wp.array(dtype=AllocationParams),
    control: wp.array(dtype=ControlParams),
    turn: vec3,
    band: real,
    rate_band: real,
    limit: vec3,
    inertia: vec3,
    cg: vec3,
    errors: wp.array(dtype=vec3),
    rates: wp.array(dtype=vec3),
    on: wp.array(dtype=vec16),
):
    b = Body()
    b.attitude = quat_from_rotation_vector(turn)
    valves = AttitudeThrustersState()
    waiting = AllocationState()
    held = vec3(0.0, 0.0, 0.0)
    for k in range(errors.shape[0]):
        error = attitude_error(quat(0.0, 0.0, 0.0, 1.0), b.attitude)
        errors[k] = error
        rates[k] = b.rate
        torque, after = attitude_torque(
            control[0], inertia, beyond(error, band), beyond(b.rate, rate_band), limit, held, band == real(0.0), real(0.1)
        )
        allotted = allot(table[0], waiting, torque, real(0.1))
        if not allotted.saturated:
            held = after
        on[k] = allotted.on
        coast_tick(ps[0], valves, b, allotted.on, inertia, real(780.0), cg)


@cache
def thrusters() -> AttitudeThrusters:
    return load("resilience").lander.attitude_thrusters


def table():
    t = thrusters()
    delays = t.open_delay_ms / 1e3, t.close_delay_ms / 1e3
    return allocation_of(np.array(t.positions_m), np.array(t.directions), np.array(t.thrust_n), CG, t.isp_s, t.minimum_on_ms / 1e3, *delays)


def device(array, kind):
    return wp.array(array, dtype=kind, device="cpu")


def coasted(on, inertia, mass=780.0, rate=(0.0, 0.0, 0.0), **changed):
    params = thrusters().model_copy(update=changed)
    body = np.zeros(1, Body.numpy_dtype())
    body["attitude"][0, 3], body["rate"] = 1.0, rate
    out = device(body, Body)
    inputs = [device(pack(params, AttitudeThrustersParams), AttitudeThrustersParams), device(on, vec16), vec3(*inertia), mass, vec3(*CG)]
    wp.launch(coast, 1, [*inputs, out], device="cpu")
    return out.numpy()[0]


def held(turn, ticks, band_deg=0.0, rate_band_deg_s=0.0):
    belief = table()
    errors, rates = (wp.zeros(ticks, dtype=vec3, device="cpu") for _ in range(2))
    on = wp.zeros(ticks, dtype=vec16, device="cpu")
    packs = [
        device(pack(model, kind), kind)
        for model, kind in ((thrusters(), AttitudeThrustersParams), (belief, AllocationParams), (CONTROL, ControlParams))
    ]
    wp.launch(
        hold,
        1,
        [*packs, vec3(*turn), np.radians(band_deg), np.radians(rate_band_deg_s), vec3(*torque_limit(belief)), vec3(*INERTIA), vec3(*CG)],
        [errors, rates, on],
        device="cpu",
    )
    used = on.numpy() @ np.array(belief.flow_kg_s)
    return np.degrees(errors.numpy()), np.degrees(rates.numpy()), used


def one(i, seconds):
    return np.eye(THRUSTERS)[i] * seconds


@pytest.mark.parametrize("on_s", [0.0213, 0.0547, 0.0999])
def test_a_pulse_with_edges_inside_steps_turns_by_the_closed_form(on_s):
    """Two opposed thrusters about x: rate L on / J at the end, angle that rate times the time since the middle of the pulse."""
    t = thrusters()
    body = coasted([one(3, on_s) + one(10, on_s), np.zeros(THRUSTERS)], INERTIA)
    rate = 30.0 * on_s / INERTIA[0]
    angle = rate * (2 * TICK - t.open_delay_ms / 1e3 - on_s / 2)
    assert body["rate"] == pytest.approx([rate, 0.0, 0.0], rel=1e-12, abs=1e-15)
    assert 2.0 * np.arcsin(body["attitude"][0]) == pytest.approx(angle, rel=1e-10)
    assert not body["velocity"].any() and not body["position"].any()


def test_a_thruster_alone_pushes_the_coasting_lander_by_the_closed_form():
    """Along the line through the centre of mass nothing turns: speed F on / m, way that speed times the time since the middle of the pulse."""
    through = tuple((0.75 * np.array(d) + CG).tolist() for d in thrusters().directions)
    body = coasted([one(2, 0.0547), np.zeros(THRUSTERS)], INERTIA, positions_m=through)
    speed = thrusters().thrust_n[2] * 0.0547 / 780.0
    assert body["velocity"] == pytest.approx([0.0, speed, 0.0], rel=1e-12, abs=1e-18)
    assert body["position"] == pytest.approx([0.0, speed * (2 * TICK - 0.008 - 0.0547 / 2), 0.0], rel=1e-10, abs=1e-18)


def test_angular_momentum_is_the_sum_of_all_pulses():
    """With three equal moments of inertia no gyroscopic torque hides the balance in body axes, whatever the lander turns."""
    rng = np.random.default_rng(4)
    on = np.zeros((50, THRUSTERS))
    on[:, :12] = rng.uniform(0.02, 0.08, (50, 12)) * (rng.uniform(size=(50, 12)) < 0.3)
    t = thrusters()
    torques = np.cross(np.array(t.positions_m) - CG, np.array(t.directions) * np.array(t.thrust_n)[:, None])
    body = coasted([*on, np.zeros(THRUSTERS)], (200.0, 200.0, 200.0), rate=(0.01, -0.02, 0.03))
    gained = body["rate"] - np.array([0.01, -0.02, 0.03])
    assert 200.0 * gained == pytest.approx(on[:, :12].sum(axis=0) @ torques, rel=1e-9)


def test_loop_settles_from_afar_within_the_shortest_pulses():
    bit = np.degrees(np.array(table().bit_n_m_s)[::2] / INERTIA)
    errors, rates, _ = held(np.radians([40.0, -60.0, 25.0]), 1200)
    assert np.abs(errors[-600:]).max() < 2.0 * bit.max() and np.abs(rates[-600:]).max() < 2.0 * bit.max()


def test_coast_band_saves_propellant_and_is_kept():
    errors, _, used = held(np.radians([5.0, -3.0, 2.0]), 6000, band_deg=0.5, rate_band_deg_s=0.1)
    _, _, without = held(np.radians([5.0, -3.0, 2.0]), 6000)
    assert np.abs(errors[1000:]).max() < 1.0
    assert used[1000:].sum() < 0.5 * without[1000:].sum()
    assert used[1000:].sum() / 500.0 * 2900.0 < 1.0  # kg over the coast of 48 min, of the 10 kg on board
