"""The Δv budget must close, agree with the rocket equation, and say of a climb-free path what closed forms say."""

from dataclasses import fields, replace

import numpy as np
import pytest

from perilune.base.errors import PeriluneError
from perilune.environment.orientation import rotation_pa_from_mci
from perilune.flight.budget.delta_v import delta_v_budget, engines_of
from perilune.flight.budget.felt import felt
from perilune.flight.fly import fly

TICK_S = 0.1
ADDED_UP = (
    "delta_v_m_s",
    "speed_taken_off_m_s",
    "gravity_loss_m_s",
    "steering_loss_m_s",
    "ideal_m_s",
    "rocket_equation_m_s",
    "leaked_kg",
    "attitude_propellant_kg",
)


@pytest.fixture(scope="module")
def planned():
    return fly("resilience").flown


@pytest.fixture(scope="module")
def account(planned):
    return delta_v_budget(planned)


def path(planned, east, north, up, seconds):
    """Rows of a lander that moves with a constant velocity [m/s] over the turning ground, beginning at the site."""
    rows = np.zeros(round(seconds / TICK_S) + 1, planned.history.dtype)
    t = planned.scene.start.planned_touchdown_s + TICK_S * np.arange(len(rows))
    near = planned.history[-1]
    rate = moon_rate(planned.scene.start.epoch_tdb_s + float(near["time"]))
    up_mci = near["position_mci"] / np.linalg.norm(near["position_mci"])
    east_mci = np.cross([0.0, 0.0, 1.0], up_mci)
    east_mci /= np.linalg.norm(east_mci)
    step = np.stack([east_mci, np.cross(up_mci, east_mci), up_mci]).T @ [east, north, up]
    for i, after in enumerate(TICK_S * np.arange(len(rows))):
        turn = turned(rate, after)
        rows["position_mci"][i] = turn @ (near["position_mci"] + step * after)
        rows["velocity_mci"][i] = turn @ step + np.cross(rate, rows["position_mci"][i])
    rows["time"] = t
    return rows


def moon_rate(tdb_s, over=100.0):
    """Angular velocity [rad/s, mci] of the ground, from its orientation at two instants."""
    before, after = rotation_pa_from_mci(np.array([tdb_s - over / 2.0, tdb_s + over / 2.0]))
    turn = after.T @ before
    return np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]]) / (2.0 * over)


def turned(rate, after):
    """The rotation matrix of the ground about its axis (Rodrigues)."""
    angle = np.linalg.norm(rate) * after
    x, y, z = rate / np.linalg.norm(rate)
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * cross @ cross


def test_delta_v_is_change_of_speed_and_losses_to_a_tenth_of_a_millimetre_a_second(account):
    for phase in (*account.phases, account.under_power, account.total):
        parts = phase.speed_taken_off_m_s + phase.gravity_loss_m_s + phase.steering_loss_m_s
        assert phase.delta_v_m_s + phase.thrusters_m_s == pytest.approx(parts, abs=1e-4), phase.name
        assert abs(phase.unaccounted_m_s) < 1e-4


def test_delta_v_of_the_motion_is_that_of_the_tanks_by_the_rocket_equation(account):
    assert 1500.0 < account.total.delta_v_m_s < 3000.0
    for phase in (*account.phases, account.total):
        assert phase.delta_v_m_s == pytest.approx(phase.rocket_equation_m_s, abs=0.01), phase.name


def test_phases_add_up_to_the_flight(account):
    for key in ADDED_UP:
        assert sum(getattr(phase, key) for phase in account.phases) == pytest.approx(getattr(account.total, key), abs=1e-6), key
    assert [phase.end_s for phase in account.phases[:-1]] == [phase.begin_s for phase in account.phases[1:]]


def test_every_kilogram_is_accounted_for(account):
    margin, total = account.margin, account.total
    assert sum(total.engine_propellant_kg.values()) + total.leaked_kg == pytest.approx(margin.loaded_kg - margin.left_kg, abs=1e-9)
    assert margin.usable_kg == pytest.approx(margin.left_kg - margin.unusable_kg - margin.trapped_kg)
    assert total.attitude_propellant_kg == pytest.approx(margin.attitude_loaded_kg - margin.attitude_left_kg, abs=1e-9)


def test_the_propellant_at_contact_is_that_of_the_verdict(planned, account):
    from perilune.flight.flown import touchdown_of

    assert account.margin.usable_kg == pytest.approx(touchdown_of(planned).propellant_left_kg, abs=0.1)


def test_no_phase_under_power_costs_less_than_the_ideal(account):
    powered = [phase for phase in account.phases if phase.delta_v_m_s > 0.0]
    assert len(powered) >= 2
    for phase in powered:
        assert phase.delta_v_m_s > phase.ideal_m_s, phase.name


def test_a_coasting_lander_feels_nothing(planned):
    coast = planned.history[planned.history["mode"] == 0]
    assert len(coast) > 10_000
    assert felt(planned.scene, coast).push.sum() < 1e-5


def test_hovering_margin_is_the_time_that_the_propellant_carries_the_weight(account):
    """Integrated in steps: mass falls by m g / c a second until the usable propellant is gone."""
    margin, seconds, step = account.margin, 0.0, 0.01
    exhaust, gravity = 278.0 * 9.80665, 1.6291  # assist engines of Resilience; the site's gravity
    mass = 340.0 + margin.left_kg + margin.attitude_left_kg
    left = margin.usable_kg
    while left > 0.0:
        left -= mass * gravity / exhaust * step
        mass -= mass * gravity / exhaust * step
        seconds += step
    assert margin.hover_s == pytest.approx(seconds, rel=0.01)


def test_a_steady_descent_pays_gravity_for_every_second(planned):
    made = felt(planned.scene, path(planned, 0.0, 0.0, -2.0, 10.0))
    assert made.speed == pytest.approx(2.0, abs=1e-6)
    assert made.gravity.sum() == pytest.approx(1.629 * 10.0, rel=1e-3)
    assert made.push.sum() == pytest.approx(made.gravity.sum(), rel=1e-4)  # the vertical of the ground is a hair off that of gravity
    assert made.along.sum() == pytest.approx(made.gravity.sum(), abs=1e-6)


def test_a_sidestep_at_constant_height_is_all_steering_loss(planned):
    made = felt(planned.scene, path(planned, 3.0, 4.0, 0.0, 10.0))
    assert made.speed == pytest.approx(5.0, abs=1e-6)
    assert made.push.sum() == pytest.approx(1.629 * 10.0, rel=1e-3)
    assert abs(made.gravity.sum()) < 0.01 and abs(made.along.sum()) < 0.01


def test_a_climb_gives_back_what_gravity_takes(planned):
    assert felt(planned.scene, path(planned, 0.0, 0.0, 2.0, 10.0)).gravity.sum() == pytest.approx(-1.629 * 10.0, rel=1e-3)


def test_propellant_that_leaves_without_a_push_is_leaked(planned):
    history = planned.history.copy()
    history["main_propellant"][1000:] -= 3.0
    history["mass"][1000:] -= 3.0
    leaking = delta_v_budget(replace(planned, history=history))
    assert leaking.phases[0].leaked_kg == pytest.approx(3.0) and leaking.phases[0].delta_v_m_s == 0.0
    assert leaking.total.leaked_kg == pytest.approx(3.0)


def test_a_lander_without_assist_engines_has_none_in_its_account(planned):
    lander = planned.pack["lander"]
    assert [engine.name for engine in engines_of(planned.pack, planned.history)] == ["main engine", "assist engines"]
    alone = np.zeros(1, [("lander", [("main_engine", lander["main_engine"].dtype), ("mass", lander["mass"].dtype)])])
    alone["lander"]["main_engine"], alone["lander"]["mass"] = lander["main_engine"], lander["mass"]
    assert [engine.name for engine in engines_of(alone[0], planned.history)] == ["main engine"]


def test_a_flight_that_never_lit_its_engines_has_an_account(planned):
    coasting = replace(planned, history=planned.history[:500])
    account = delta_v_budget(coasting)
    assert account.total.delta_v_m_s == 0.0 and account.margin.hover_s is None and account.margin.delta_v_m_s is None
    assert len(account.phases) == 1 and {field.name for field in fields(account.total)} >= set(ADDED_UP)


def test_a_flight_without_a_record_is_refused(planned):
    with pytest.raises(PeriluneError, match="no record before its contact"):
        delta_v_budget(replace(planned, history=planned.history[:1]))


def test_a_mixture_unlike_the_load_traps_propellant(planned, account):
    """Burning the oxidiser too fast by 2 %: it runs dry with fuel left, told by flying the rest of it on paper."""
    assert abs(account.margin.trapped_kg) < 0.05
    history = planned.history.copy()
    used = history["oxidiser"][0] - history["oxidiser"]
    history["oxidiser"] = history["oxidiser"][0] - 1.02 * used
    history["fuel"] = history["fuel"][0] - (history["fuel"][0] - history["fuel"] - 0.02 * used)
    margin = delta_v_budget(replace(planned, history=history)).margin
    aloft = history[history["time"] <= planned.event("contact")["time"]]
    ratio = planned.pack["lander"]["tanks"]["loaded_ratio"]
    fuel, oxidiser, step = float(aloft["fuel"][-1]), float(aloft["oxidiser"][-1]), 0.001
    burnt = (aloft["oxidiser"][0] - oxidiser) / (aloft["fuel"][0] - fuel)
    low = (margin.unusable_kg / (1.0 + ratio), margin.unusable_kg * ratio / (1.0 + ratio))
    while fuel > low[0] and oxidiser > low[1]:
        fuel, oxidiser = fuel - step, oxidiser - step * burnt
    assert margin.trapped_kg == pytest.approx(fuel - low[0] + oxidiser - low[1], abs=0.01) and margin.trapped_kg > 1.0
