"""E-guidance: the thrust acceleration, linear in time, that meets a position and a velocity after the time to go.

Assumptions and limitations: gravity along the way is taken as linear in time between its value here and its value at the target; the Moon-fixed
frame's Coriolis and centrifugal terms are part of the present value; magnitude and direction limits are applied by the caller.
Source: Cherry, "E Guidance: a general explicit, optimizing guidance law for rocket-propelled spaceflight", AIAA 64-638, 1964, in the form with
kr = 6 that Lu gives as equation (a2pdg) of "Augmented Apollo powered descent guidance", JGCD 42(3), 2019, quoted at second
hand; the linear-gravity terms follow by integrating twice.
"""

import warp as wp

from perilune.base.vector import real, vec3


@wp.struct
class Leg:
    """A guidance problem in one Cartesian frame: where the lander is, where it must be, and gravity at both ends."""

    position: vec3  # m
    velocity: vec3  # m/s
    target_position: vec3
    target_velocity: vec3
    gravity: vec3  # m/s² here (apparent, in the rotating frame)
    target_gravity: vec3


@wp.struct
class Profile:
    """Thrust acceleration over the leg: `start + slope * time` [m/s²]."""

    start: vec3
    slope: vec3


@wp.func
def e_guidance(leg: Leg, time_to_go: real) -> Profile:
    """The linear profile that meets the leg's target after `time_to_go` [s]."""
    t = time_to_go
    to_velocity = leg.target_velocity - leg.velocity - (leg.gravity + leg.target_gravity) * (t * real(0.5))
    fall = (leg.gravity * (real(1.0) / real(3.0)) + leg.target_gravity * (real(1.0) / real(6.0))) * (t * t)
    to_position = leg.target_position - leg.position - leg.velocity * t - fall
    p = Profile()
    p.start = to_position * (real(6.0) / (t * t)) - to_velocity * (real(2.0) / t)
    p.slope = to_velocity * (real(6.0) / (t * t)) - to_position * (real(12.0) / (t * t * t))
    return p
