"""E-guidance: the thrust acceleration, linear in time, that meets a position and a velocity after the time to go.

Assumptions and limitations: gravity along the way is taken as linear in time between its value here and its value at the target; the Moon-fixed
frame's Coriolis and centrifugal terms are part of the present value; magnitude and direction limits are applied by the caller.
Source: Cherry, "E Guidance: a general explicit, optimizing guidance law for rocket-propelled spaceflight", AIAA 64-638, 1964, in the form with
kr = 6 that Lu gives as equation (a2pdg) of "Augmented Apollo powered descent guidance", JGCD 42(3), 2019, quoted at second
hand; the linear-gravity terms follow by integrating twice.
"""

import warp as wp

from perilune.avionics.guidance.leg import Guided, Leg
from perilune.avionics.guidance.time_to_go import matched_time_to_go
from perilune.base.vector import HALF, real, vec3


@wp.struct
class Profile:
    """Thrust acceleration over the leg: `start + slope * time` [m/s²]."""

    start: vec3
    slope: vec3


@wp.func
def linear_profile(leg: Leg, time_to_go: real) -> Profile:
    """The linear profile that meets the leg's target after `time_to_go` [s]."""
    t = time_to_go
    to_velocity = leg.target_velocity - leg.velocity - (leg.gravity + leg.target_gravity) * (t * real(0.5))
    fall = (leg.gravity * (real(1.0) / real(3.0)) + leg.target_gravity * (real(1.0) / real(6.0))) * (t * t)
    to_position = leg.target_position - leg.position - leg.velocity * t - fall
    p = Profile()
    p.start = to_position * (real(6.0) / (t * t)) - to_velocity * (real(2.0) / t)
    p.slope = to_velocity * (real(6.0) / (t * t)) - to_position * (real(12.0) / (t * t * t))
    return p


@wp.func
def linear_velocity_change(leg: Leg, time_to_go: real) -> real:
    """Integral [m/s] of the magnitude of the linear profile, by Simpson's rule."""
    p = linear_profile(leg, time_to_go)
    t = time_to_go
    return (wp.length(p.start) + real(4.0) * wp.length(p.start + p.slope * (HALF * t)) + wp.length(p.start + p.slope * t)) * t / real(6.0)


@wp.func
def e_guidance(leg: Leg) -> Guided:
    """The start of the linear profile over the time to go at which it asks what the engines give."""
    guided = Guided()
    guided.time_to_go = matched_time_to_go(linear_velocity_change, leg)
    guided.acceleration = linear_profile(leg, guided.time_to_go).start
    return guided
