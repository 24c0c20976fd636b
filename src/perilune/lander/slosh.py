"""Slosh: the liquid of each main tank that swings as a spherical pendulum in it while the engines push, and pulls at the lander.

A pressure on a sphere passes through its centre, so the hinge is the tank's centre and what does not swing sits there too. The pendulum's length is R
/ k, k being the first eigenvalue of lateral slosh (frequency² = k a / R under an acceleration a), its mass m d k / R, which puts the centre of mass
of the whole at the liquid's centroid, d below the hinge: the higher modes (at most 0.9 % of the liquid) swing with the first. The bob is a point on a
massless rod; hub and bobs move freely together, coupled by the tensions alone, at any angle. Gravity pulls alike at both and drops out.

Assumptions and limitations: one mode a tank, linear theory of the free surface carried to any angle; a potential flow, its surface flat when at rest
(Bond number large: no surface tension); a force that pushes the liquid off its bottom is answered by the rod, not by a splash; liquid that does not
swing turns with the tank (see `tanks`). Damping is a ratio of the critical, the same at all fill levels, as a force between bob and wall: it takes
energy only. In the coast before the first ignition the liquid stands still in the tank; at ignition it starts from rest there. In a lander that
tumbles (above 3 rad/s, assumed) it is flung to the wall and turns with the tank; what it had of a swing is dropped there.
Source: k by our own Ritz solution of the linear problem (a test repeats it), which agrees with the values of McIver, J. Fluid Mech. 201 (1989), as
recalled: 1.0723, 1.5602 and 2.6864 at depths of 0.2, 1 and 1.6 radii; the form of the mechanical model: Abramson (ed.), NASA SP-106 (1966), chapter
6; Dodge, The New "Dynamic Behavior of Liquids in Moving Containers", SwRI (2000), chapter 3.
"""

from typing import Annotated

import warp as wp
from pydantic import Field

from perilune.base.parameters import Parameters
from perilune.base.vector import ONE, TWO, ZERO, quat, real, vec3
from perilune.lander.propellant import MassNow, point_inertia
from perilune.lander.tanks import Liquid, TankParams

SQRT_HALF = wp.constant(real(0.7071067811865476))
LENGTH_1, LENGTH_2, LENGTH_3, LENGTH_4 = (
    wp.constant(real(x)) for x in (-0.05502846030761918, -0.022104284844882673, 0.01871819734395893, -0.007744085121210685)
)
LEAST_MASS = wp.constant(real(1.0e-9))  # kg; a lighter bob is still followed, so that nothing divides by zero


class Slosh(Parameters):
    """What the mission file says of slosh; a lander without it carries rigid liquids."""

    swinging_percent: Annotated[float, Field(ge=0, le=100, description="share of the pendulum's mass that swings; 100 is a smooth tank")] = 100.0
    damping_percent: Annotated[float, Field(ge=0, le=100, description="damping, of the critical; bare walls below 1, vanes or baffles some per cent")]


@wp.struct
class SloshParams:
    """The same in SI, one element a flight."""

    present: wp.bool
    swinging: real
    damping: real


@wp.struct
class Pendulum:
    """Where a bob is, in mci axes."""

    along: vec3  # unit vector from the hinge to the bob
    swing: vec3  # 1/s, its rate of change
    bend: vec3  # 1/s², that of the swing in the last step


@wp.struct
class SloshState:
    """The two bobs; they hang still in the body until `free`."""

    free: wp.bool
    turn: vec3  # rad/s², angular acceleration of the body in the last step, body axes
    fuel: Pendulum
    oxidiser: Pendulum


@wp.struct
class Bob:
    """A pendulum's constants over one control tick."""

    mass: real  # kg
    inverse_mass: real  # 1/kg
    length: real  # m
    inverse_length: real  # 1/m
    hinge: vec3  # m, from the hub's centre of mass
    drag: real  # kg m/s, force of the wall per rate [1/s] at which the rod turns past it


@wp.struct
class Hub:
    """The lander without its bobs, over one control tick; the body's own point is the centre of mass of the whole with the bobs at rest."""

    mass: real  # kg, at the start of the tick
    offset: vec3  # m, from the body's own point to the hub's centre of mass
    inertia: vec3  # kg m², about the hub's centre of mass
    inverse_inertia: vec3  # its components' inverses
    fuel: Bob
    oxidiser: Bob


@wp.struct
class Motion:
    """Accelerations of hub and bobs, all in body axes."""

    linear: vec3  # m/s², of the body's own point, gravity left out
    angular: vec3  # rad/s²
    fuel: vec3  # 1/s², second derivative of the unit vector along the fuel's rod, as seen from the stars
    oxidiser: vec3


@wp.func
def pendulum_length(surface: real) -> real:
    """Length in radii, 1/k, of the pendulum of a liquid whose surface is at `surface` [radii above the centre].

    A fit to the Ritz solution, within 0.1 % up to 0.8, 0.2 % up to 0.88; at -1 it is exact.
    """
    x = ONE + surface
    return wp.sqrt(wp.max(ONE - surface, ZERO)) * (SQRT_HALF + x * (LENGTH_1 + x * (LENGTH_2 + x * (LENGTH_3 + x * LENGTH_4))))


@wp.func
def bob_of(tank: TankParams, liquid: Liquid, slosh: SloshParams, acceleration: real) -> Bob:
    """The pendulum of a tank under a thrust acceleration [m/s²]; its hinge is still the tank's centre [m, body]."""
    bob = Bob()
    bob.length = tank.radius * pendulum_length(liquid.surface)
    bob.mass = wp.max(slosh.swinging * liquid.left * liquid.depth / bob.length, LEAST_MASS)
    bob.inverse_mass = ONE / bob.mass
    bob.inverse_length = ONE / bob.length
    bob.hinge = tank.position
    bob.drag = TWO * slosh.damping * bob.mass * wp.sqrt(acceleration * bob.length)
    return bob


@wp.func
def at_rest(bob: Bob, cg: vec3) -> vec3:
    """Where a bob hangs [m, from `cg`] when it is at rest and its hinge is still in body axes."""
    return bob.hinge - vec3(ZERO, ZERO, bob.length) - cg


@wp.func
def split_hub(whole: MassNow, fuel: Bob, oxidiser: Bob) -> Hub:
    """The hub that together with the bobs at rest has the mass, centre of mass and inertia of the whole."""
    hub = Hub()
    fuel_at = at_rest(fuel, whole.cg)
    oxidiser_at = at_rest(oxidiser, whole.cg)
    hub.mass = whole.mass - fuel.mass - oxidiser.mass
    hub.offset = (fuel_at * fuel.mass + oxidiser_at * oxidiser.mass) * (-ONE / hub.mass)
    hub.inertia = whole.inertia - point_inertia(fuel.mass, fuel_at) - point_inertia(oxidiser.mass, oxidiser_at) - point_inertia(hub.mass, hub.offset)
    hub.inverse_inertia = vec3(ONE / hub.inertia[0], ONE / hub.inertia[1], ONE / hub.inertia[2])
    hub.fuel = fuel
    hub.oxidiser = oxidiser
    centre = whole.cg + hub.offset
    hub.fuel.hinge = fuel.hinge - centre
    hub.oxidiser.hinge = oxidiser.hinge - centre
    return hub


@wp.func
def let_go(s: wp.ref[SloshState], attitude: quat, rate: vec3):
    """The bobs as they begin to swing: hanging along body -z, turning with the body at `rate` [rad/s, body]; `attitude` mci from body."""
    down = vec3(0.0, 0.0, -1.0)
    s.free = True
    s.turn = vec3(0.0, 0.0, 0.0)
    s.fuel.along = wp.quat_rotate(attitude, down)
    s.fuel.swing = wp.quat_rotate(attitude, wp.cross(rate, down))
    s.fuel.bend = vec3(0.0, 0.0, 0.0)
    s.oxidiser = s.fuel


@wp.func
def hub_motion(hub: wp.ref[Hub], mass: real, force: vec3, torque: vec3, rate: vec3, n1: vec3, swing1: vec3, n2: vec3, swing2: vec3) -> Motion:
    """Accelerations under `force` [N] and `torque` [N m, about the hub's centre of mass], all in body axes; `mass` [kg] is the hub's now.

    `n1`, `n2`: unit vectors along the rods of fuel and oxidiser; `swing1`, `swing2` [1/s] their rates as seen from the stars.
    The tensions T make both rods keep their length: with p = hinge x n, T_i / m_i + sum_j T_j (n_i·n_j / M + p_i·I⁻¹ p_j) = what the bobs,
    left alone, would stretch their rods by. Each tension and each wall force acts on hub and bob with opposite signs at one point.
    """
    one_over = ONE / mass
    spin2 = wp.dot(rate, rate)
    d1 = hub.fuel.hinge
    d2 = hub.oxidiser.hinge
    slip1 = swing1 - wp.cross(rate, n1)
    slip2 = swing2 - wp.cross(rate, n2)
    wall1 = slip1 * (-hub.fuel.drag)
    wall2 = slip2 * (-hub.oxidiser.drag)
    moment = torque - wp.cross(rate, wp.cw_mul(hub.inertia, rate))
    moment -= wp.cross(d1 + n1 * hub.fuel.length, wall1) + wp.cross(d2 + n2 * hub.oxidiser.length, wall2)
    free_linear = (force - wall1 - wall2) * one_over
    free_angular = wp.cw_mul(moment, hub.inverse_inertia)
    p1 = wp.cross(d1, n1)
    p2 = wp.cross(d2, n2)
    along1 = wp.dot(rate, d1)
    along2 = wp.dot(rate, d2)
    stretch1 = hub.fuel.length * wp.dot(swing1, swing1) + wp.dot(n1, d1 * spin2 - rate * along1 - free_linear) - wp.dot(p1, free_angular)
    stretch2 = hub.oxidiser.length * wp.dot(swing2, swing2)
    stretch2 += wp.dot(n2, d2 * spin2 - rate * along2 - free_linear) - wp.dot(p2, free_angular)
    turn1 = wp.cw_mul(p1, hub.inverse_inertia)
    turn2 = wp.cw_mul(p2, hub.inverse_inertia)
    a11 = hub.fuel.inverse_mass + one_over + wp.dot(p1, turn1)
    a22 = hub.oxidiser.inverse_mass + one_over + wp.dot(p2, turn2)
    a12 = wp.dot(n1, n2) * one_over + wp.dot(p1, turn2)
    scale = ONE / (a11 * a22 - a12 * a12)
    tension1 = (stretch1 * a22 - stretch2 * a12) * scale
    tension2 = (stretch2 * a11 - stretch1 * a12) * scale
    linear = free_linear + n1 * (tension1 * one_over) + n2 * (tension2 * one_over)
    angular = free_angular + turn1 * tension1 + turn2 * tension2
    hinge1 = linear + wp.cross(angular, d1) + rate * along1 - d1 * spin2
    hinge2 = linear + wp.cross(angular, d2) + rate * along2 - d2 * spin2
    m = Motion()
    m.angular = angular
    m.linear = linear - wp.cross(angular, hub.offset) - rate * wp.dot(rate, hub.offset) + hub.offset * spin2
    m.fuel = ((wall1 - n1 * tension1) * hub.fuel.inverse_mass - hinge1) * hub.fuel.inverse_length
    m.oxidiser = ((wall2 - n2 * tension2) * hub.oxidiser.inverse_mass - hinge2) * hub.oxidiser.inverse_length
    return m
