"""What must be true of every guidance law: followed tick by tick it arrives; and of each, what its paper says of it."""

from functools import cache

import numpy as np
import pytest
import warp as wp

from perilune.avionics.guidance import LAWS
from perilune.avionics.guidance.e_guidance import linear_profile
from perilune.avionics.guidance.fractional import fractional_acceleration, powers_of
from perilune.avionics.guidance.leg import Guided, Leg
from perilune.base.structs import records
from perilune.base.vector import ONE, ZERO, real, vec3

GRAVITY = np.array([0.0, 0.0, -1.62])
TUNING = {"kr": 10.0, "gamma": 1.5, "time_weight": 1.0}


@wp.func
def clock(leg: Leg) -> real:
    return wp.where(leg.time_to_go > ZERO, leg.time_to_go, real(420.0))


@wp.func
def by_the_clock(leg: Leg, acceleration: vec3) -> Guided:
    guided = Guided()
    guided.time_to_go = clock(leg)
    guided.acceleration = acceleration
    return guided


@wp.func
def linear_on_the_clock(leg: Leg) -> Guided:
    return by_the_clock(leg, linear_profile(leg, clock(leg)).start)


@wp.func
def augmented_on_the_clock(leg: Leg) -> Guided:
    return by_the_clock(leg, fractional_acceleration(leg, powers_of(leg, ONE, leg.tuning.kr), clock(leg)))


@wp.func
def fractional_on_the_clock(leg: Leg) -> Guided:
    return by_the_clock(leg, fractional_acceleration(leg, powers_of(leg, leg.tuning.gamma, leg.tuning.kr), clock(leg)))


# The laws that match their time to go to the engines make no sense without engines; their profiles do, over a time that runs down from 420 s.
FOLLOWED = LAWS | {"e-guidance": linear_on_the_clock, "a2pdg": augmented_on_the_clock, "fp2dg": fractional_on_the_clock}


@cache
def followed(law):
    """A kernel in which a point mass does, tick by tick under constant gravity, what the law asks: no limits, no navigation."""
    guide = FOLLOWED[law]

    @wp.kernel(module="unique")
    def follow(legs: wp.array(dtype=Leg), stop: real, last: wp.array(dtype=Leg), first: wp.array(dtype=Guided)):
        i = wp.tid()
        leg = legs[i]
        first[i] = guide(leg)
        for _ in range(100000):
            g = guide(leg)
            if g.time_to_go <= stop:
                break
            a = g.acceleration + leg.gravity
            leg.position += leg.velocity * leg.tick + a * (leg.tick * leg.tick * real(0.5))
            leg.velocity += a * leg.tick
            leg.mass -= leg.mass * wp.length(g.acceleration) / leg.exhaust_speed * leg.tick
            leg.time_to_go = g.time_to_go - leg.tick
        leg.time_to_go = guide(leg).time_to_go
        last[i] = leg

    return follow


def end_of(law, legs, stop=1.0):
    last, first = records(Leg, len(legs)), records(Guided, len(legs))
    inputs = [wp.array(legs, dtype=Leg, device="cpu"), stop]
    outputs = [wp.array(a, dtype=t, device="cpu", copy=False) for a, t in ((last, Leg), (first, Guided))]
    wp.launch(followed(law), len(legs), [*inputs, *outputs], device="cpu")
    return last, first


def braking_legs():
    """Five legs over a flat Moon: from 400 km out at 1.6 km/s to a gate at 4 km, with engines that suit them."""
    legs = records(Leg, 5)
    legs["position"] = [[3e3 * k - 6e3, -4.3e5 + 1e4 * k, 1.6e4 + 1e3 * k] for k in range(5)]
    legs["velocity"] = [20.0, 1600.0, -10.0]
    legs["target_position"], legs["target_velocity"] = [0.0, -400.0, 4000.0], [0.0, 30.0, -80.0]
    legs["target_acceleration"], legs["target_jerk"] = [0.0, -3.2, 0.0], [0.0, -0.003, 0.0]
    legs["gravity"] = legs["target_gravity"] = GRAVITY
    legs["mass"], legs["nominal"], legs["exhaust_speed"], legs["tick"] = 780.0, 2400.0, 2830.0, 0.1
    for name, value in TUNING.items():
        legs["tuning"][name] = value
    return legs


@pytest.mark.parametrize("law", sorted(set(LAWS) - {"gravity-turn"}))
def test_followed_tick_by_tick_a_law_arrives_with_its_speed(law):
    last, _ = end_of(law, braking_legs())
    t = last["time_to_go"][:, None]
    assert np.all((t > 0.0) & (t < 1.0))
    ahead = last["target_velocity"] - last["velocity"]
    missed = last["target_position"] - last["position"] - (last["target_velocity"] + last["velocity"]) / 2 * t
    assert np.linalg.norm(ahead, axis=1).max() < 8.0  # what the last second still takes out at some 7 m/s²
    assert np.linalg.norm(missed, axis=1).max() < 1.0


@pytest.mark.parametrize("law", ["klumpp", "a2pdg", "fp2dg"])
def test_laws_that_meet_an_acceleration_end_with_it(law):
    last, _ = end_of(law, braking_legs(), stop=2.0)
    after = last.copy()
    _, answer = end_of(law, after, stop=1e9)
    total = answer["acceleration"] + last["gravity"]
    assert np.linalg.norm(total - last["target_acceleration"], axis=1).max() < 0.3


def test_apollo_time_to_go_is_that_at_which_the_jerk_downrange_is_the_targets():
    legs = braking_legs()
    _, first = end_of("klumpp", legs)
    t = -first["time_to_go"]
    r, v = (legs[a][:, 1] - legs[f"target_{a}"][:, 1] for a in ("position", "velocity"))
    vt, at = legs["target_velocity"][:, 1], legs["target_acceleration"][:, 1]
    fitted = [
        np.linalg.solve([[s**2 / 2, s**3 / 6], [s**3 / 6, s**4 / 24]], [b - c * s, a - d * s - c * s * s / 2])[0]
        for s, a, b, c, d in zip(t, r, v, at, vt, strict=True)
    ]
    assert fitted == pytest.approx(legs["target_jerk"][:, 1], abs=1e-6)


@pytest.mark.parametrize("lead", [0.0, 2.2])
def test_apollo_lead_time_commands_the_profile_that_much_ahead(lead):
    legs = braking_legs()
    legs["lead_time"] = lead
    _, first = end_of("klumpp", legs)
    for leg, guided in zip(legs, first, strict=True):
        s = -guided["time_to_go"]
        v = leg["velocity"] - leg["target_velocity"] - leg["target_acceleration"] * s
        r = leg["position"] - leg["target_position"] - leg["target_velocity"] * s - leg["target_acceleration"] * s * s / 2
        jerk, snap = np.linalg.solve([[s**2 / 2, s**3 / 6], [s**3 / 6, s**4 / 24]], [v, r])
        at = s + lead
        expected = leg["target_acceleration"] + jerk * at + snap * at * at / 2 - GRAVITY
        assert guided["acceleration"] == pytest.approx(expected, abs=1e-9)


def test_dsouza_time_to_go_costs_least():
    """Against the cost itself, integrated over the profile by Gauss's rule, on a fine grid of times to go."""
    legs = braking_legs()
    _, first = end_of("dsouza", legs)
    s, w = np.polynomial.legendre.leggauss(4)
    for leg, guided in zip(legs, first, strict=True):
        times = guided["time_to_go"] * np.linspace(0.9, 1.1, 2001)[:, None]
        dv = leg["target_velocity"] - leg["velocity"] - GRAVITY * times
        dr = leg["target_position"] - leg["position"] - leg["velocity"] * times - GRAVITY * times**2 / 2
        start, slope = 6 * dr / times**2 - 2 * dv / times, 6 * dv / times**2 - 12 * dr / times**3
        at = (s[:, None, None] + 1) / 2 * times
        effort = np.einsum("k,kni->n", w / 2, (start + slope * at) ** 2) * times[:, 0] / 2
        cost = TUNING["time_weight"] * times[:, 0] + effort
        assert times[np.argmin(cost), 0] == pytest.approx(guided["time_to_go"], rel=2e-4)


def test_gravity_turn_under_constant_thrust_stops_after_the_height_and_time_that_it_computed():
    """Its closed form, against the equations of motion of a gravity turn integrated with the thrust that it asks first."""
    legs = braking_legs()[:1]
    legs["position"], legs["velocity"] = [0.0, 0.0, 30e3], [0.0, 400.0, -200.0]
    legs["target_position"], legs["target_velocity"] = [0.0, 0.0, 4000.0], 0.0
    _, first = end_of("gravity-turn", legs, stop=1e9)
    n_g = np.linalg.norm(first["acceleration"][0])
    assert first["acceleration"][0] == pytest.approx(-legs["velocity"][0] / np.linalg.norm(legs["velocity"][0]) * n_g)
    g = 1.62 - 400.0**2 / 1737.4e3  # as the law takes it, what the ground speed needs to stay on a circle taken off
    v, fallen, t, h = np.array([400.0, -200.0]), 0.0, 0.0, 1e-3
    while np.linalg.norm(v) > 0.05:
        middle = v + h / 2 * (-n_g * v / np.linalg.norm(v) - [0.0, g])
        fallen -= middle[1] * h
        v = v + h * (-n_g * middle / np.linalg.norm(middle) - [0.0, g])
        t += h
    assert fallen == pytest.approx(26e3, rel=1e-3)
    assert t == pytest.approx(first["time_to_go"][0], rel=1e-3)
