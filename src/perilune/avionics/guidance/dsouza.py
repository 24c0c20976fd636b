"""D'Souza's law: the linear profile of least effort, and the time to go at which effort and time together cost least.

Effort is half the integral of the thrust acceleration squared, and a second costs `time_weight` beside it. The command is E-guidance's,
4 v / t + 6 r / t² of the velocity and way to the target and gravity; the time to go is the root of the quartic

    (w + g²/2) t⁴ - (|vT - v|² + 3 |vT + v|²) t²/2 - 12 d·(v + vT) t - 18 d² = 0,    d = r - rT,

which for a target at rest (vT = 0) is D'Souza's.

Assumptions and limitations: in the quartic gravity is constant (the mean of its two ends), in the command linear in time; the root taken at ignition
is the first, from 1 s up, at which the cost has a minimum; later cycles follow it by Newton's method. Thrust limits are not known to it: what it
asks at ignition follows from the leg and the weight, so that the ignition range and the weight must suit the engines.
Source: D'Souza, "An optimal guidance law for planetary landing", AIAA 97-3709, 1997, second hand; the quartic with a moving target is worked out here
from the cost.
"""

import warp as wp

from perilune.avionics.guidance.leg import Guided, Leg
from perilune.avionics.guidance.need import need_of
from perilune.base.vector import HALF, ONE, TWO, ZERO, real

LONGEST = wp.constant(real(4000.0))  # s, to which the first root is looked for (assumed)
GRID = wp.constant(real(1.05))  # ratio of neighbouring times in that search (assumed)


@wp.struct
class Quartic:
    """a t⁴ - b t² - c t - d."""

    a: real
    b: real
    c: real
    d: real


@wp.func
def quartic_of(leg: Leg) -> Quartic:
    """t⁴ times the derivative of the cost with respect to the time to go."""
    g = (leg.gravity + leg.target_gravity) * HALF
    way = leg.position - leg.target_position
    change = leg.target_velocity - leg.velocity
    both = leg.target_velocity + leg.velocity
    q = Quartic()
    q.a = leg.tuning.time_weight + HALF * wp.dot(g, g)
    q.b = HALF * (wp.dot(change, change) + real(3.0) * wp.dot(both, both))
    q.c = real(12.0) * wp.dot(way, both)
    q.d = real(18.0) * wp.dot(way, way)
    return q


@wp.func
def quartic_at(q: Quartic, t: real) -> real:
    """Its value."""
    return ((q.a * t * t - q.b) * t - q.c) * t - q.d


@wp.func
def first_minimum(q: Quartic) -> real:
    """The first time [s] from 1 s up at which the quartic rises through zero, on a grid; Newton's method goes on from there."""
    t = ONE
    while quartic_at(q, t) < ZERO and t < LONGEST:
        t *= GRID
    return t


@wp.func
def least_cost_time_to_go(leg: Leg) -> real:
    """Time to go [s] of least cost."""
    q = quartic_of(leg)
    t = leg.time_to_go
    if t <= ZERO:
        t = first_minimum(q)
    passes = wp.where(leg.time_to_go > ZERO, 3, 12)
    for _ in range(passes):
        slope = (real(4.0) * q.a * t * t - TWO * q.b) * t - q.c
        if slope > ZERO:
            t = wp.clamp(t - quartic_at(q, t) / slope, real(0.9) * t, real(1.1) * t)
    return t


@wp.func
def dsouza(leg: Leg) -> Guided:
    """The start of the linear profile over the time to go of least cost."""
    guided = Guided()
    t = least_cost_time_to_go(leg)
    need = need_of(leg, t)
    guided.time_to_go = t
    guided.acceleration = need.way * (real(6.0) / (t * t)) - need.velocity * (TWO / t)
    return guided
