"""What the hardware of the computer does to a flight: late commands, lost cycles, outages that the recorder bridges, and a clock that jumped."""

import numpy as np
import pytest
from flying import continue_to, copy_of
from scipy.linalg import expm
from test_faults_are_truth import with_faults

from bitwise import bits

MU_M3_S2 = 4.9028e12  # of the Moon


@pytest.fixture(scope="module")
def braking(scene, before_ignition, ignition_s):
    """One dispersed flight half a minute into its braking."""
    batch = copy_of(before_ignition, slice(0, 1))
    continue_to(scene, batch, round(ignition_s) + 40.0)
    assert batch.states["mode"][0] == 1
    return batch


@pytest.fixture(scope="module")
def sound(scene, braking):
    """The same flight for another minute and a half, nothing broken."""
    return continue_to(scene, copy_of(braking), braking.states["time"][0] + 90.0)


def flown(scene, batch, for_s, *faults):
    """History, telemetry and batch after `for_s` more seconds with these faults."""
    broken = with_faults(scene, batch, *faults)
    history, telemetry = continue_to(scene, broken, float(batch.states["time"][0]) + for_s)
    return history[0], telemetry[0], broken


def error(row, what="velocity"):
    """Length of truth minus belief."""
    return float(np.linalg.norm(row[f"{what}_mci"] - row[f"estimated_{what}_mci"]))


def test_commands_act_so_much_later_than_they_are_sent(scene, before_ignition, ignition_s):
    for late_s, ticks in ((0.1, 1), (0.3, 3), (0.5, 5)):
        batch = copy_of(before_ignition, slice(0, 1))
        history, telemetry, _ = flown(scene, batch, ignition_s + 20.0 - float(batch.states["time"][0]), f"computer.latency@size_s={late_s}")
        sent = np.flatnonzero(telemetry["main_engine"] > 0)[0]
        acted = np.flatnonzero(history["command_main_engine"] > 0)[0]
        assert acted - sent == ticks
        assert np.array_equal(history["command_torque_body"][ticks:], telemetry["torque_body"][:-ticks])


def test_a_latency_that_begins_in_flight_leaves_no_gap_in_the_thrust(scene, braking):
    at = float(braking.states["time"][0]) + 1.0
    history, _, _ = flown(scene, braking, 3.0, f"computer.latency@time_s={at},size_s=0.5")
    assert (history["command_main_engine"] == 1.0).all()


@pytest.mark.parametrize("percent, lost", [(50, "01"), (25, "0001"), (75, "0111"), (100, "1")])
def test_an_overload_loses_its_share_of_the_cycles(scene, braking, percent, lost):
    history, telemetry, _ = flown(scene, braking, 20.0, f"computer.overload@size_percent={percent}")
    spoken = telemetry["mass"] > 0.0
    assert spoken.tolist() == [c == "0" for c in lost] * (200 // len(lost))
    assert (history["command_main_engine"] == 1.0).all()
    assert not history["command_torque_body"][~spoken].any()


def test_a_lost_cycle_holds_the_level_of_the_last_completed_one(scene, braking):
    history, telemetry, _ = flown(scene, braking, 20.0, "computer.overload@size_percent=75")
    assert np.array_equal(history["command_assist_duty"], np.repeat(telemetry["assist_duty"][::4], 4))


def test_increments_of_lost_cycles_are_kept(scene, braking, sound):
    """Every second cycle lost for a minute of braking at some 3 m/s²: without them, some 90 m/s would be missing."""
    history, _, _ = flown(scene, braking, 60.0, "computer.overload@size_percent=50")
    gained = np.linalg.norm(history["velocity_mci"][598] - history["velocity_mci"][0])
    assert gained > 100.0
    assert error(history[598]) == pytest.approx(error(sound[0][0, 598]), abs=0.05)


def test_without_the_computer_valves_close_and_nothing_is_sent(scene, braking):
    at = float(braking.states["time"][0]) + 1.0
    history, telemetry, _ = flown(scene, braking, 6.0, f"computer.restart@time_s={at},duration_s=3")
    away = (history["time"] > at - 0.05) & (history["time"] < at + 2.95)
    assert away.sum() == 30
    for command in ("command_main_engine", "command_assist_duty", "command_torque_body"):
        assert not history[command][away].any()
    assert not telemetry["mass"][away].any() and (telemetry["mass"][~away] > 0.0).all()
    assert history["main_level"][np.flatnonzero(away)[-1]] < 1e-3
    assert (history["command_main_engine"][~away] == 1.0).all()


@pytest.fixture(scope="module")
def outages(scene, braking):
    """The belief in the first cycle after outages of so many seconds."""
    rows = {}
    for outage_s in (1, 10, 60):
        at = float(braking.states["time"][0]) + 2.0
        history, _, _ = flown(scene, braking, 2.2 + outage_s, f"computer.restart@time_s={at},duration_s={outage_s}")
        rows[outage_s] = history[20 + 10 * outage_s]
    return rows


def test_a_longer_outage_gives_a_larger_error(outages):
    position = [error(row, "position") for row in outages.values()]
    assert position[0] < position[1] < position[2]


def test_an_outage_adds_the_thrust_of_one_recorder_period_at_most(outages, sound, braking, scene):
    """Free fall is predicted; what the engine did between the last record and the outage is not. What was wrong before stays wrong."""
    lander, period_s = scene.mission.lander, scene.mission.avionics.recorder.period_s
    push = lander.main_engine.count * lander.main_engine.thrust_n + lander.assist_engines.count * lander.assist_engines.thrust_n
    unseen = push / float(outages[1]["mass"]) * (period_s + 3.0 * max(lander.main_engine.fall_s, lander.assist_engines.fall_s))
    before = max(error(row) for row in sound[0][0, :20])
    for outage_s, row in outages.items():
        assert error(row) < unseen + before
        assert error(row, "position") < error(outages[1], "position") + (unseen + before) * outage_s


def test_the_filter_knows_how_little_it_knows_after_an_outage(outages):
    for row in outages.values():
        for what in ("position", "velocity"):
            assert (np.abs(row[f"error_{what}_site"]) < 3.0 * row[f"sigma_{what}_site"]).all()


def test_uncertainty_grows_along_each_axis_as_free_fall_says(scene, braking):
    """From one outage to a longer one, by the matrix exponential of free fall about the believed place; not on a straight line."""
    at = float(braking.states["time"][0]) + 2.0
    position, covariance = {}, {}
    for outage_s in (1.0, 60.0):
        *_, batch = flown(scene, braking, 2.1 + outage_s, f"computer.restart@time_s={at},duration_s={outage_s}")
        navigation = batch.states["avionics"]["navigation"][0]
        position[outage_s], covariance[outage_s] = navigation["position_mci"], navigation["covariance"][:6, :6]
    middle = (position[1.0] + position[60.0]) / 2.0
    far = np.linalg.norm(middle)
    gradient = MU_M3_S2 / far**3 * (3.0 * np.outer(middle, middle) / far**2 - np.eye(3))
    fall = expm(59.0 * np.block([[np.zeros((3, 3)), np.eye(3)], [gradient, np.zeros((3, 3))]]))
    expected = fall @ covariance[1.0] @ fall.T
    expected_growth, growth = (np.diag(later - covariance[1.0])[:3] for later in (expected, covariance[60.0]))
    assert growth == pytest.approx(expected_growth, rel=0.01)


def test_the_computer_comes_back_with_its_record_and_never_with_the_truth(scene, braking):
    """The lander is moved a kilometre while the computer is away: what it believes on its return is the same to the bit."""
    at = float(braking.states["time"][0]) + 1.0
    here, moved = (with_faults(scene, braking, f"computer.restart@time_s={at},duration_s=4") for _ in range(2))
    rows = []
    for batch, push in ((here, 0.0), (moved, 1000.0)):
        continue_to(scene, batch, at + 2.0)
        batch.states["body"]["position"] += [push, -push, push]
        batch.states["body"]["velocity"] += [0.0, 0.01 * push, 0.0]
        history, telemetry = continue_to(scene, batch, at + 4.2)
        rows.append((history[0, 20], telemetry[0, 20]))
    for key in ("estimated_position_mci", "estimated_velocity_mci", "estimated_attitude_mci_from_body"):
        assert rows[0][0][key].tobytes() == rows[1][0][key].tobytes()
    assert bits(rows[0][1]["position_site"]) == bits(rows[1][1]["position_site"])
    assert error(rows[1][0], "position") > 1000.0


def test_in_free_fall_an_outage_of_minutes_costs_the_orbit_nothing(scene, before_ignition):
    """In the coast no thrust is missed: a record carried on for 40 s in steps of a second is where the running filter would be."""
    batch = copy_of(before_ignition, slice(0, 1))
    at = float(batch.states["time"][0]) + 2.0
    running, _, _ = flown(scene, batch, 43.0)
    away, _, _ = flown(scene, batch, 43.0, f"computer.restart@time_s={at},duration_s=40")
    k = 421
    assert running["mode"][k] == 0 and away["time"][k] == pytest.approx(at + 40.1)
    assert np.linalg.norm(away["estimated_position_mci"][k] - running["estimated_position_mci"][k]) < 0.05
    assert np.linalg.norm(away["estimated_velocity_mci"][k] - running["estimated_velocity_mci"][k]) < 0.001


def test_a_lander_that_was_away_for_two_seconds_still_lands(scene, before_ignition):
    batch = with_faults(scene, copy_of(before_ignition), "computer.restart@height_m=3000,duration_s=2")
    continue_to(scene, batch, 3900.0)
    contact = batch.states["contact"]
    assert (batch.states["faults"]["ended"] == 1).all()
    assert (contact["time"] > 0).all() and (contact["vertical_speed"] < 2.0).all()


def test_a_clock_that_jumped_turns_the_moon_under_the_lander(scene, braking):
    """The believed place on the ground moves west by the Moon's rotation in that time; time tags of telemetry move by it."""
    jump_s = 30.0
    _, now, _ = flown(scene, braking, 0.5)
    _, later, _ = flown(scene, braking, 0.5, f"computer.clock_jump@size_s={jump_s}")
    assert later["time"][0] - now["time"][0] == pytest.approx(jump_s)
    moved = later["position_site"][0] - now["position_site"][0]
    axis_distance = np.linalg.norm(now["position_mci"][0]) * np.cos(np.radians(latitude_of(scene, now[0])))
    assert np.linalg.norm(moved) == pytest.approx(2.6617e-6 * axis_distance * jump_s, rel=0.01)
    assert moved[0] < 0.0
    assert np.array_equal(later["position_mci"][0], now["position_mci"][0])


def latitude_of(scene, row):
    """Latitude [deg] of a believed position."""
    me = row["position_site"] @ scene.start.site_axes_me + scene.start.site_position_me
    return float(np.degrees(np.arcsin(me[2] / np.linalg.norm(me))))
