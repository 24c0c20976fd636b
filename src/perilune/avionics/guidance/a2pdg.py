"""Lu's augmented Apollo guidance: one gain, `kr`, takes it from E-guidance (6) to Apollo's law (12) and beyond.

    a = (2/t)(1 - kr/3)(vT - v) + (kr/t²)(rT - r - v t) + (kr/6 - 1) af + (kr/6 - 2) g

Assumptions and limitations: gravity linear in time between its two ends (the paper: constant, with which the two forms are the same); the time to
go is ours, that at which the profile asks what the engines give (the paper takes it from a numerical optimum); the thrust acceleration at the target
is what the target's acceleration and gravity ask.
Source: Lu, "Augmented Apollo powered descent guidance", JGCD 42(3), 2019, equation (a2pdg), second hand.
"""

import warp as wp

from perilune.avionics.guidance.fractional import fractional_acceleration, fractional_velocity_change, powers_of
from perilune.avionics.guidance.leg import Guided, Leg
from perilune.avionics.guidance.time_to_go import matched_time_to_go
from perilune.base.vector import ONE, real


@wp.func
def a2pdg_velocity_change(leg: Leg, t: real) -> real:
    """Velocity change [m/s] of the profile: the fractional polynomial with a first exponent of 1."""
    return fractional_velocity_change(leg, powers_of(leg, ONE, leg.tuning.kr), t)


@wp.func
def a2pdg(leg: Leg) -> Guided:
    """The present value of the profile over the matched time to go."""
    guided = Guided()
    guided.time_to_go = matched_time_to_go(a2pdg_velocity_change, leg)
    guided.acceleration = fractional_acceleration(leg, powers_of(leg, ONE, leg.tuning.kr), guided.time_to_go)
    return guided
