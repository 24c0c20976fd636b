"""What must be true of the attitude thrusters: force and torque of each, impulses with edges anywhere, valves, propellant, what breaks."""

import numpy as np
import pytest
import warp as wp
from pydantic import ValidationError

from perilune.base.parameters import pack, pack_slot
from perilune.base.vector import real, vec3
from perilune.lander.attitude_thrusters import (
    AttitudeThrusters,
    AttitudeThrustersParams,
    AttitudeThrustersState,
    Push,
    fire,
    push_over,
    rcs_left_after,
)
from perilune.lander.faults import FaultsNow, fault_code
from perilune.messages.actuation import THRUSTERS, vec16

G0, STEP, TICK = 9.80665, 0.02, 0.1
CG = np.array([0.01, -0.02, 0.9])
RNG = np.random.default_rng(11)
POSITIONS, DIRECTIONS, THRUSTS = RNG.uniform(-1.0, 1.0, (16, 3)), RNG.normal(size=(16, 3)), RNG.uniform(5.0, 25.0, 16)
FORCES = DIRECTIONS / np.linalg.norm(DIRECTIONS, axis=1)[:, None] * THRUSTS[:, None]
TORQUES = np.cross(POSITIONS - CG, FORCES)
FILE = {"positions_m": POSITIONS.tolist(), "directions": DIRECTIONS.tolist(), "thrust_n": THRUSTS.tolist(), "isp_s": 220.0, "minimum_on_ms": 0.0}


@wp.kernel(module="unique")
def fly(
    ps: wp.array(dtype=AttitudeThrustersParams),
    state: wp.array(dtype=AttitudeThrustersState),
    on: wp.array(dtype=vec16),
    cg: vec3,
    left: wp.array(dtype=real),
    now: wp.array(dtype=FaultsNow),
    out: wp.array2d(dtype=Push),
):
    """Ticks one after the other."""
    for k in range(out.shape[0]):
        pulses = fire(ps[0], state[0], on[k], cg, real(0.1), now[0])
        for i in range(out.shape[1]):
            push = push_over(pulses, real(0.02) * real(i), real(0.02) * real(i + 1), left[0])
            left[0] = rcs_left_after(left[0], push.flow, real(0.02))
            out[k, i] = push


def fired(on, left=10.0, fault=None, **changed):
    """What the thrusters do under on-times (ticks, thrusters) [s]: the ticks and the propellant left."""
    on = np.atleast_2d(on)
    commands = np.zeros((len(on), THRUSTERS))
    commands[:, : on.shape[1]] = on
    now = np.zeros(1, FaultsNow.numpy_dtype())
    for k, (name, size, axis) in enumerate(fault or ()):
        now[0]["count"] = k + 1
        now[0]["code"][k], now[0]["size"][k], now[0]["axis"][k] = fault_code(f"attitude_thrusters.{name}"), size, axis
    packs = wp.array(pack(AttitudeThrusters(**FILE | changed), AttitudeThrustersParams), dtype=AttitudeThrustersParams, device="cpu")
    state = wp.zeros(1, dtype=AttitudeThrustersState, device="cpu")
    tank, out = wp.array([left], dtype=real, device="cpu"), wp.zeros((len(on), 5), dtype=Push, device="cpu")
    inputs = [packs, state, wp.array(commands, dtype=vec16, device="cpu"), vec3(*CG), tank, wp.array(now, dtype=FaultsNow, device="cpu")]
    wp.launch(fly, 1, [*inputs, out], device="cpu")
    return out.numpy(), float(tank.numpy()[0])


def only(i, seconds):
    return np.eye(THRUSTERS)[i] * seconds


@pytest.mark.parametrize("i", range(16))
def test_each_thruster_pushes_where_it_points_and_turns_about_the_centre_of_mass(i):
    tick = fired(only(i, TICK))[0][0]
    assert tick["force"] == pytest.approx(np.tile(FORCES[i], (5, 1)), rel=1e-14, abs=1e-14)
    assert tick["torque"] == pytest.approx(np.tile(TORQUES[i], (5, 1)), rel=1e-13, abs=1e-13)
    assert tick["flow"] == pytest.approx(THRUSTS[i] / (220.0 * G0), rel=1e-14)


def test_all_thrusters_add():
    on = RNG.uniform(0.0, TICK, 16)
    tick = fired(on)[0][0]
    assert tick["force"].sum(axis=0) * STEP == pytest.approx(on @ FORCES, rel=1e-12)
    assert tick["torque"].sum(axis=0) * STEP == pytest.approx(on @ TORQUES, rel=1e-12)


@pytest.mark.parametrize(("on", "shares"), [(0.03, [1, 0.5, 0, 0, 0]), (0.0004, [0.02, 0, 0, 0, 0]), (0.0999, [1, 1, 1, 1, 0.995]), (0.25, [1] * 5)])
def test_edge_inside_a_step_counts_at_its_true_time(on, shares):
    assert fired(only(3, on))[0][0]["force"] == pytest.approx(np.outer(shares, FORCES[3]), rel=1e-12, abs=1e-12)


def test_delays_shift_a_pulse_and_change_its_length_by_their_difference():
    ticks, left = fired([only(2, 0.095), only(2, 0.0), only(2, 0.0)], open_delay_ms=8.0, close_delay_ms=13.0)
    shares = np.concatenate([t["flow"] for t in ticks]) * 220.0 * G0 / THRUSTS[2]
    assert shares == pytest.approx([0.6, 1, 1, 1, 1, 0.4, *9 * [0.0]], abs=1e-12)
    assert 10.0 - left == pytest.approx(THRUSTS[2] * 0.1 / (220.0 * G0), rel=1e-12)


def test_on_times_of_whole_ticks_run_into_each_other():
    ticks, _ = fired([only(2, TICK), only(2, TICK), only(2, 0.02), only(2, 0.0)], open_delay_ms=10.0, close_delay_ms=10.0)
    shares = np.concatenate([t["flow"] for t in ticks]) * 220.0 * G0 / THRUSTS[2]
    assert shares == pytest.approx([0.5, *9 * [1.0], 1.0, 0.5, *8 * [0.0]], abs=1e-12)


def test_valve_still_closing_does_not_push_twice_when_it_opens_again():
    ticks, _ = fired([only(2, 0.095), only(2, 0.02)], open_delay_ms=10.0, close_delay_ms=30.0)
    shares = np.concatenate([t["flow"] for t in ticks]) * 220.0 * G0 / THRUSTS[2]
    assert shares == pytest.approx([0.5, 1, 1, 1, 1, 1, 1, 0.5, 0, 0], abs=1e-12)


def test_command_below_the_shortest_on_time_leaves_the_valve_closed():
    assert not fired(only(2, 0.0149), minimum_on_ms=15.0)[0][0]["force"].any()
    assert fired(only(2, 0.0151), minimum_on_ms=15.0)[0][0]["force"].any()


def test_propellant_is_impulse_over_exhaust_speed():
    on = RNG.uniform(0.0, TICK, (40, 16))
    left = fired(on)[1]
    assert 10.0 - left == pytest.approx((on @ THRUSTS).sum() / (220.0 * G0), rel=1e-12)


def test_no_thruster_pushes_once_the_tank_is_dry_and_impulse_matches_what_was_in_it():
    tank = 0.3 * THRUSTS.sum() * TICK / (220.0 * G0)
    ticks, left = fired(np.full((3, 16), TICK), left=tank)
    assert left == 0.0 and not ticks[1]["force"].any() and not ticks[2]["torque"].any()
    assert ticks[0]["force"].sum(axis=0) * STEP == pytest.approx(0.3 * TICK * FORCES.sum(axis=0), rel=1e-12)


def test_idle_thrusters_do_nothing():
    tick = fired(np.zeros(16))[0][0]
    assert not tick["force"].any() and not tick["torque"].any() and not tick["flow"].any()


def test_opposed_thrusters_turn_without_a_push():
    pair = {"positions_m": [[0.0, 1.0, CG[2]], [0.0, -1.0, CG[2]]], "directions": [[0, 0, 1], [0, 0, -1]], "thrust_n": 15.0}
    tick = fired([0.05, 0.05], **pair)[0][0]
    assert not tick["force"].any() and tick["torque"].sum(axis=0) * STEP == pytest.approx([30.0 * 0.05, 0.0, 0.0], abs=1e-14)


def test_on_time_that_is_not_a_number_does_not_become_a_pulse():
    assert np.isnan(fired(only(4, np.nan))[0][0]["torque"]).all()


def test_stuck_open_fires_all_the_time_whatever_is_commanded():
    tick = fired(only(1, 0.03), fault=[("stuck_open", 0.0, 5)])[0][0]
    assert tick["torque"].sum(axis=0) * STEP == pytest.approx(0.03 * TORQUES[1] + TICK * TORQUES[5], rel=1e-12)


def test_stuck_closed_gives_nothing_and_uses_nothing():
    ticks, left = fired(only(1, 0.03) + only(5, 0.08), fault=[("stuck_closed", 0.0, 5)])
    assert ticks[0]["torque"].sum(axis=0) * STEP == pytest.approx(0.03 * TORQUES[1], rel=1e-12)
    assert 10.0 - left == pytest.approx(0.03 * THRUSTS[1] / (220.0 * G0), rel=1e-9)


def test_shortfall_takes_its_share_of_one_thruster_or_of_all():
    on = only(1, 0.03) + only(5, 0.08)
    assert fired(on, fault=[("shortfall", 0.4, 5)])[0][0]["torque"].sum(axis=0) * STEP == pytest.approx(
        0.03 * TORQUES[1] + 0.048 * TORQUES[5], rel=1e-12
    )
    assert fired(on, fault=[("shortfall", 0.4, -1)])[0][0]["force"].sum(axis=0) * STEP == pytest.approx(0.6 * on @ FORCES, rel=1e-12)


def test_leak_empties_the_tank_without_a_push():
    ticks, left = fired(np.zeros((10, 16)), fault=[("leak", 0.25, -1)])
    assert left == pytest.approx(9.75, rel=1e-12) and not any(t["force"].any() for t in ticks)


def test_one_thrust_stands_for_all_and_missing_thrusters_stay_zero():
    few = {"positions_m": POSITIONS[:3].tolist(), "directions": DIRECTIONS[:3].tolist(), "thrust_n": 12.0}
    packs = pack(AttitudeThrusters(**FILE | few), AttitudeThrustersParams, 2)
    assert packs["thrust"].tolist() == 2 * [[12.0] * 3 + [0.0] * 13]
    assert packs["positions"][1, :3].tolist() == POSITIONS[:3].tolist() and not packs["directions"][:, 3:].any()


def test_single_numbers_of_single_thrusters_are_reached_by_their_paths():
    packs = pack(AttitudeThrusters(**FILE), AttitudeThrustersParams, 2)
    for path, value in {"thrust_n.3": THRUSTS[3], "positions_m.15.2": POSITIONS[15, 2], "directions.0.1": DIRECTIONS[0, 1]}.items():
        assert pack_slot(packs, path)[0].tolist() == [value, value]
    with pytest.raises(KeyError):
        pack_slot(packs, "thrust_n.16")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"directions": DIRECTIONS[:15].tolist()}, "directions has 15 elements and positions_m 16"),
        ({"directions": [[0.0, 0.0, 0.0], *DIRECTIONS[1:].tolist()]}, "directions.0 is no direction"),
        ({"thrust_n": [-1.0] * 16}, "greater than or equal to 0"),
        ({"positions_m": [*POSITIONS.tolist(), [0.0, 0.0, 0.0]]}, "at most 16"),
    ],
)
def test_refuses_what_cannot_be(changed, said):
    with pytest.raises(ValidationError, match=said):
        AttitudeThrusters(**FILE | changed)
