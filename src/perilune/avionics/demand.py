"""What guidance asks of the engines in one tick, and what the avionics believe that the engines can give."""

import warp as wp

from perilune.avionics.belief import BeliefParams
from perilune.avionics.guidance.legs import Engines
from perilune.base.vector import STANDARD_GRAVITY, real, vec3


@wp.struct
class ThrustDemand:
    """What guidance asks: acceleration [m/s², east north up of the site], thrust [N], and whether the main engine takes part."""

    acceleration: vec3
    thrust: real
    main_engine: wp.bool


@wp.func
def believed_engines(b: wp.ref[BeliefParams], mass: real) -> Engines:
    """Full thrust and exhaust speed of all engines together, at a mass [kg]."""
    e = Engines()
    e.mass = mass
    e.largest = b.main_thrust + b.assist_thrust
    e.exhaust_speed = STANDARD_GRAVITY * e.largest / (b.main_thrust / b.main_isp + b.assist_thrust / b.assist_isp)
    return e
