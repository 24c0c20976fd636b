"""Klumpp's Apollo law: the quartic from here to a target with position, velocity and acceleration, its time to go from the jerk downrange.

The law fits total acceleration as a quadratic in time to the present position and velocity and to the target's position, velocity and acceleration,
and commands its value one lead time ahead, less gravity. With no lead time that is, in Apollo's T = minus the time to go,

    ACG = ATG + 6 (VTG + VG) / T + 12 (RTG - RG) / T².

T is the root of the condition that the profile's jerk at the target is the target's, along the target jerk (downrange):

    J T³ + 6 A T² + (18 VTG + 6 VG) T + 24 (RTG - RG) = 0,

by Newton's method from the last cycle's, eight passes at most.

Assumptions and limitations: in the first cycle T begins at a guess from the rocket equation; a target without jerk gives its axis by the way to it; a
T that leaves half to twice the last one in a pass is held there; the law knows nothing of the engines: what it asks may lie outside their range.
Source: Klumpp, "Apollo lunar-descent guidance", MIT Charles Stark Draper Laboratory R-695, 1971, the explicit law and its lead time in section 4, as
quoted second hand; LUMINARY 099 (the flown program) has the same law and cubic.
"""

import warp as wp

from perilune.avionics.guidance.leg import Guided, Leg
from perilune.avionics.guidance.time_to_go import first_time_to_go
from perilune.base.vector import HALF, ZERO, real, unit_or, vec3

CLOSE_ENOUGH = wp.constant(real(1.0e-3))  # s, between two passes (assumed)


@wp.func
def jerk_time_to_go(leg: Leg, guess: real) -> real:
    """The time to go [s] after which the profile's jerk along the target's is the target's."""
    axis = unit_or(leg.target_jerk, unit_or(leg.target_position - leg.position, vec3(0.0, 0.0, 1.0)))
    cubic = wp.dot(leg.target_jerk, axis)
    square = real(6.0) * wp.dot(leg.target_acceleration, axis)
    linear = wp.dot(leg.target_velocity * real(18.0) + leg.velocity * real(6.0), axis)
    constant = real(24.0) * wp.dot(leg.target_position - leg.position, axis)
    t = -guess
    for _ in range(8):
        f = ((cubic * t + square) * t + linear) * t + constant
        slope = (real(3.0) * cubic * t + real(2.0) * square) * t + linear
        before = t
        if slope != ZERO:
            t = wp.clamp(t - f / slope, real(2.0) * t, HALF * t)
        if wp.abs(t - before) < CLOSE_ENOUGH:
            break
    return -t


@wp.func
def klumpp(leg: Leg) -> Guided:
    """The quadratic profile's acceleration one lead time ahead, less gravity here."""
    guess = leg.time_to_go
    if guess <= ZERO:
        guess = first_time_to_go(leg)
    guided = Guided()
    guided.time_to_go = jerk_time_to_go(leg, guess)
    t = -guided.time_to_go
    v = leg.velocity - leg.target_velocity - leg.target_acceleration * t
    r = leg.position - leg.target_position - leg.target_velocity * t - leg.target_acceleration * (HALF * t * t)
    jerk = r * (real(24.0) / (t * t * t)) - v * (real(6.0) / (t * t))
    snap = v * (real(24.0) / (t * t * t)) - r * (real(72.0) / (t * t * t * t))
    ahead = wp.min(t + leg.lead_time, ZERO)
    guided.acceleration = leg.target_acceleration + jerk * ahead + snap * (HALF * ahead * ahead) - leg.gravity
    return guided
