"""The fractional-polynomial profile that Lu's laws share: a final acceleration and two powers of the time to go.

    a = af + c1 t^γ1 + c2 t^γ2,    γ2 = kr / (γ1 + 2) - 2,

with c1 and c2 such that it arrives. Its present value needs neither of them:

    a = (kr / t²) need of way - ((γ1 + 1)(γ2 + 1) / t) need of velocity + (1 + (γ1 + 1)(γ2 + 1) - kr / 2) af.

Assumptions and limitations: gravity linear in time between its two ends (the papers: constant); where both exponents are equal the profile ahead,
used for the time to go alone, is that of exponents 0.001 apart.
Source: Lu, "Theory of fractional-polynomial powered descent guidance", JGCD 43(3), 2020, second hand; the closed form above follows from its
conditions.
"""

import warp as wp

from perilune.avionics.guidance.leg import Leg
from perilune.avionics.guidance.need import need_of
from perilune.base.vector import HALF, ONE, TWO, ZERO, real, vec3


@wp.struct
class Powers:
    """The profile's shape: its exponents, and the acceleration [m/s²] of thrust that it ends with (beside an exponent of 0)."""

    first: real
    second: real
    final: vec3


@wp.func
def powers_of(leg: Leg, gamma: real, kr: real) -> Powers:
    """The shape for the first exponent and the position gain; the final thrust is what the target's acceleration and gravity ask."""
    p = Powers()
    p.first = gamma
    p.second = kr / (gamma + TWO) - TWO
    p.final = leg.target_acceleration - leg.target_gravity
    return p


@wp.func
def fractional_acceleration(leg: Leg, p: Powers, t: real) -> vec3:
    """The present value [m/s²] of the profile over `t` [s]."""
    need = need_of(leg, t)
    position_gain = (p.first + TWO) * (p.second + TWO)
    velocity_gain = (p.first + ONE) * (p.second + ONE)
    final_gain = ONE + velocity_gain - HALF * position_gain
    return need.way * (position_gain / (t * t)) - need.velocity * (velocity_gain / t) + p.final * final_gain


@wp.func
def power_shares(leg: Leg, p: Powers, t: real) -> tuple[vec3, vec3]:
    """c1 t^γ1 and c2 t^γ2 [m/s²] now."""
    need = need_of(leg, t)
    velocity = need.velocity / t - p.final
    way = need.way / (t * t) - p.final * HALF
    second = p.second
    if wp.abs(second - p.first) < real(1.0e-3):
        second = p.first + real(1.0e-3)
    apart = second - p.first
    one = (velocity * (second + ONE) - way * (second + TWO)) * ((p.first + ONE) * (p.first + TWO) / apart)
    two = (way * (p.first + TWO) - velocity * (p.first + ONE)) * ((second + ONE) * (second + TWO) / apart)
    return one, two


@wp.func
def power(base: real, exponent: real) -> real:
    """`base` to an exponent, 1 for an exponent of 0."""
    if exponent == ZERO:
        return ONE
    return wp.pow(base, exponent)


@wp.func
def fractional_velocity_change(leg: Leg, p: Powers, t: real) -> real:
    """Integral [m/s] of the profile's magnitude, by Simpson's rule."""
    one, two = power_shares(leg, p, t)
    middle = p.final + one * power(HALF, p.first) + two * power(HALF, p.second)
    end = p.final + one * power(ZERO, p.first) + two * power(ZERO, p.second)
    return (wp.length(p.final + one + two) + real(4.0) * wp.length(middle) + wp.length(end)) * t / real(6.0)
