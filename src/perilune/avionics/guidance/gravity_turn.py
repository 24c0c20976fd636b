"""Gravity turn: thrust against the velocity, its size such that the velocity is gone with the height that is left.

Under constant thrust and gravity, with the thrust n times the weight and the path at an angle ψ from straight down, the lander stops after falling

    z = V² / (8 g) ((1 + cos ψ)² / (n - 1) - (1 - cos ψ)² / (n + 1))

in the time V / (2 g) ((1 + cos ψ) / (n - 1) + (1 - cos ψ) / (n + 1)); the law solves the first for n each cycle and reports the second.

Assumptions and limitations: the target's horizontal position is not steered for; gravity is the present one less what the present speed along
the ground needs to stay on a circle, so that from orbit the first cycles ask too little and later ones more; height over a sphere of the mean radius;
the target speed is met by stopping below the target, at the nominal thrust. From an orbit this law needs far more height than the explicit ones:
braking from 1 700 m/s at 3 m/s² falls 70 km (own integration), so that a descent of 20 km asks for more thrust than such engines give.
Source: Citron, Dunin and Meissinger, "A terminal guidance technique for lunar landing", AIAA Journal 2(3), 1964 (the law, recalled); the height and
time above are worked out here from its equations of motion.
"""

import warp as wp

from perilune.avionics.guidance.leg import Guided, Leg
from perilune.base.vector import HALF, ONE, TWO, real, unit_or

MEAN_RADIUS = wp.constant(real(1737400.0))  # m
LEAST_HEIGHT = wp.constant(real(1.0))  # m, keeps the law finite at its end


@wp.func
def height_left(leg: Leg) -> real:
    """Height [m] over the sphere through the target, plus what is fallen from the target's speed to rest."""
    up = -unit_or(leg.target_gravity, leg.gravity)
    way = leg.position - leg.target_position
    rise = wp.dot(way, up)
    across = wp.length(way - up * rise)
    height = wp.sqrt((MEAN_RADIUS + rise) * (MEAN_RADIUS + rise) + across * across) - MEAN_RADIUS
    net = wp.max(leg.nominal / leg.mass - wp.length(leg.target_gravity), real(0.1))
    return wp.max(height + HALF * wp.dot(leg.target_velocity, leg.target_velocity) / net, LEAST_HEIGHT)


@wp.func
def thrust_over_weight(fall: real, cosine: real) -> real:
    """n of the gravity turn that stops after falling `fall`, in units of V² / (8 g)."""
    straight = TWO * cosine
    return (straight + wp.sqrt(straight * straight + fall * (fall + TWO * (ONE + cosine * cosine)))) / fall


@wp.func
def gravity_turn(leg: Leg) -> Guided:
    """Thrust straight against the velocity."""
    down = unit_or(leg.gravity, leg.target_gravity)
    speed = wp.max(wp.length(leg.velocity), real(1.0e-3))
    cosine = wp.dot(leg.velocity, down) / speed
    level = speed * speed * (ONE - cosine * cosine)
    g = wp.max(wp.length(leg.gravity) - level / MEAN_RADIUS, real(0.05))
    n = thrust_over_weight(height_left(leg) * real(8.0) * g / (speed * speed), cosine)
    guided = Guided()
    guided.acceleration = leg.velocity * (-n * g / speed)
    guided.time_to_go = speed / (TWO * g) * ((ONE + cosine) / (n - ONE) + (ONE - cosine) / (n + ONE))
    return guided
