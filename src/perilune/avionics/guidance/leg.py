"""The problem that a guidance law is given each control tick, and its answer: the one signature of all laws, `guide(leg: Leg) -> Guided`.

The frame is Cartesian and turns with the Moon (east, north, up of the site in flight); a law that needs no axis of it flies in any other. Where the
lander is and how it moves are the computer's estimates, never the truth.
"""

import warp as wp

from perilune.avionics.guidance.tuning import TuningParams
from perilune.base.vector import real, vec3


@wp.struct
class Leg:
    """Where the lander is, where it must be and how it is to arrive there, gravity at both ends, and what the engines can do."""

    position: vec3  # m
    velocity: vec3  # m/s
    target_position: vec3  # m
    target_velocity: vec3  # m/s
    target_acceleration: vec3  # m/s², all of it: thrust and gravity
    target_jerk: vec3  # m/s³
    gravity: vec3  # m/s² here (apparent, in the turning frame)
    target_gravity: vec3  # m/s²
    mass: real  # kg
    nominal: real  # N, the thrust that the leg is planned with
    least: real  # N
    largest: real  # N
    exhaust_speed: real  # m/s, at full thrust
    time_to_go: real  # s, of the last cycle less the tick; 0 in the first
    tick: real  # s since the last cycle
    lead_time: real  # s from this cycle to the thrust that it commands
    tuning: TuningParams


@wp.struct
class Guided:
    """What a law asks now."""

    acceleration: vec3  # m/s², of thrust alone
    time_to_go: real  # s


@wp.func
def is_answer(guided: Guided) -> wp.bool:
    """Whether what a law answered is made of finite numbers."""
    return wp.isfinite(wp.length(guided.acceleration) + guided.time_to_go)
