"""Lu's fractional-polynomial guidance: `gamma` and `kr` shape the thrust profile between powers of the time to go that need not be whole.

Assumptions and limitations: as in `fractional.py`; the time to go is ours, that at which the profile asks what the engines give (the paper leaves it
to the user); no targeting beyond the gate.
Source: Lu, "Theory of fractional-polynomial powered descent guidance", JGCD 43(3), 2020, second hand.
"""

import warp as wp

from perilune.avionics.guidance.fractional import fractional_acceleration, fractional_velocity_change, powers_of
from perilune.avionics.guidance.leg import Guided, Leg
from perilune.avionics.guidance.time_to_go import matched_time_to_go
from perilune.base.vector import real


@wp.func
def fp2dg_velocity_change(leg: Leg, t: real) -> real:
    """Velocity change [m/s] of the profile over `t` [s]."""
    return fractional_velocity_change(leg, powers_of(leg, leg.tuning.gamma, leg.tuning.kr), t)


@wp.func
def fp2dg(leg: Leg) -> Guided:
    """The present value of the profile over the matched time to go."""
    guided = Guided()
    guided.time_to_go = matched_time_to_go(fp2dg_velocity_change, leg)
    guided.acceleration = fractional_acceleration(leg, powers_of(leg, leg.tuning.gamma, leg.tuning.kr), guided.time_to_go)
    return guided
