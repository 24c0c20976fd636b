"""Time to go by matching thrust: that in which the engines at nominal thrust give the velocity change that a law's profile asks.

For laws whose papers leave the time to go open. Solved on board by Newton's method, two steps a cycle from the last cycle's value.

Assumptions and limitations: constant mass flow at the nominal thrust; the first solution, at ignition, takes ten steps.
"""

import warp as wp

from perilune.avionics.guidance.leg import Leg
from perilune.base.vector import ONE, ZERO, real


@wp.func
def time_to_go_excess(velocity_change: wp.Function, leg: Leg, t: real) -> real:
    """By how much [m/s] the profile of duration `t` asks more than the nominal thrust gives in that time."""
    spent = wp.min(leg.nominal / leg.exhaust_speed * t / leg.mass, real(0.95))
    return velocity_change(leg, t) + leg.exhaust_speed * wp.log(ONE - spent)


LONGEST = wp.constant(real(1.0e5))  # s, far beyond any leg: a lander that tumbles past its site finds no root and would ask for ever longer


@wp.func
def improve_time_to_go(velocity_change: wp.Function, leg: Leg, guess: real) -> real:
    """Two Newton steps from `guess` [s], each kept within a tenth of it."""
    t = guess
    for _ in range(2):
        f = time_to_go_excess(velocity_change, leg, t)
        step = t * real(1.0e-3)
        slope = (time_to_go_excess(velocity_change, leg, t + step) - f) / step
        if slope < ZERO:
            t = wp.clamp(t - f / slope, t * real(0.9), t * real(1.1))
        else:
            t = t * real(1.02)
    return wp.min(t, LONGEST)


@wp.func
def first_time_to_go(leg: Leg) -> real:
    """A first guess [s]: the rocket equation for the velocity to be lost and a tenth of it for gravity."""
    change = wp.length(leg.target_velocity - leg.velocity) * real(1.08)
    return leg.mass * leg.exhaust_speed / leg.nominal * (ONE - wp.exp(-change / leg.exhaust_speed))


@wp.func
def matched_time_to_go(velocity_change: wp.Function, leg: Leg) -> real:
    """Time to go [s] at which `velocity_change(leg, t)` [m/s], the integral of the profile's magnitude, is what the engines give."""
    if leg.time_to_go > ZERO:
        return improve_time_to_go(velocity_change, leg, wp.max(leg.time_to_go, ONE))
    t = first_time_to_go(leg)
    for _ in range(5):
        t = improve_time_to_go(velocity_change, leg, t)
    return t
