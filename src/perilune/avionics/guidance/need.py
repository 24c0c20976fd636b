"""What a leg still needs: the velocity and the way that thrust must add over the time to go, gravity taken as linear in time between its two ends.

With both gravities equal these are the zero-effort velocity and zero-effort miss of the literature.
"""

import warp as wp

from perilune.avionics.guidance.leg import Leg
from perilune.base.vector import HALF, real, vec3


@wp.struct
class Need:
    """What thrust must add in the time to go."""

    velocity: vec3  # m/s
    way: vec3  # m


@wp.func
def need_of(leg: Leg, t: real) -> Need:
    """The need at a time to go of `t` [s]."""
    n = Need()
    n.velocity = leg.target_velocity - leg.velocity - (leg.gravity + leg.target_gravity) * (t * HALF)
    fall = (leg.gravity * (real(1.0) / real(3.0)) + leg.target_gravity * (real(1.0) / real(6.0))) * (t * t)
    n.way = leg.target_position - leg.position - leg.velocity * t - fall
    return n
