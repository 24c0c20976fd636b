"""Tanks: how fuel and oxidiser lie in their spheres while the engines push, and how much of them can leave.

Assumptions and limitations: each main propellant has one spherical tank, or several equal ones at equal angles on a ring, which drain alike and whose
liquids move alike, so that they count as one at the middle of the ring but for their moment of inertia (that of a pair about x and y is taken at its
mean; what swings around the ring is not modelled); the liquid is settled at the lower end (towards body -z), its surface flat and square to body z,
under power and in a coast alike; it turns with the tank as a rigid body (vanes make it so; a smooth sphere would slip about its liquid); density is
constant; no pressurant, no surface tension, no vapour; what cannot leave stays at the bottom, and is shared between the tanks as the load is. The
lines between tank and engine hold nothing.
Source of the form: volume, centroid and second moments of a spherical segment, integrated by hand over discs; fill level from the cubic y³ - 3y + 4f
- 2 = 0 with y = 2 sin(asin(2f - 1) / 3), f the share of the volume, y the height of the surface above the centre in radii.
"""

import math
from typing import Annotated

import numpy as np
import warp as wp
from pydantic import Field

from perilune.base.parameters import Parameters, Vector3
from perilune.base.vector import HALF, ONE, PI, TWO, ZERO, real, vec3

LOWEST_FILL = wp.constant(real(1.0e-6))  # of the volume, below which the shape is held: no difference of equal numbers
HIGHEST_FILL = wp.constant(real(0.9999))  # above which a tank is as good as full, and its surface too small for a pendulum
TWO_THIRDS = wp.constant(real(2.0 / 3.0))
THIRD = wp.constant(real(1.0 / 3.0))


class Tank(Parameters):
    """What the mission file says of the tank (or the ring of equal tanks) of one main propellant, in the file's units."""

    count: Annotated[int, Field(ge=1, le=16, description="equal tanks; assumed")] = 1
    ring_radius_m: Annotated[float, Field(ge=0, le=20, description="distance of the centre of each from the middle; assumed")] = 0.0
    density_kg_m3: Annotated[float, Field(gt=10, lt=5000, description="density of the liquid; source: the propellant's")]
    radius_m: Annotated[float, Field(gt=0.01, le=20, description="inner radius of each sphere; assumed")]
    position_m: Annotated[Vector3, Field(description="centre of the sphere, or of the ring, body axes; assumed")]

    @property
    def room_kg(self) -> float:
        """What it holds."""
        return self.count * 4.0 / 3.0 * math.pi * self.radius_m**3 * self.density_kg_m3


class Tanks(Parameters):
    """The main tanks, and how what is loaded (and what cannot leave) is shared between them."""

    loaded_ratio: Annotated[float, Field(gt=0.05, lt=20, description="oxidiser over fuel as loaded, by mass; the same of the unusable rest; assumed")]
    fuel: Annotated[Tank, Field(description="the fuel's")]
    oxidiser: Annotated[Tank, Field(description="the oxidiser's")]


@wp.struct
class TankParams:
    """The same in SI, one element a flight."""

    count: real
    ring_radius: real
    density: real
    radius: real
    position: vec3


@wp.struct
class TanksParams:
    """The same in SI, one element a flight."""

    loaded_ratio: real
    fuel: TankParams
    oxidiser: TankParams


@wp.struct
class Liquid:
    """What is in a tank, and how it lies there; the shape is that of `shaped_for`."""

    left: real  # kg
    shaped_for: real  # kg, the mass for which the rest was worked out
    surface: real  # height of the surface above the centre, in radii, -1 to 1
    depth: real  # m, of the liquid's centroid below the centre
    transverse: real  # kg m², moment of inertia about a diameter in the surface's plane through the centre
    axial: real  # kg m², about body z through the centre


@wp.func
def surface_height(fill: real) -> real:
    """Height of the surface above the centre, in radii, of a sphere filled to the share `fill` of its volume."""
    return TWO * wp.sin(wp.asin(wp.clamp(TWO * fill - ONE, -ONE, ONE)) * THIRD)


@wp.func
def shape_liquid(tank: TankParams, liquid: wp.ref[Liquid]):
    """Work out how the liquid lies; nothing where that is known already."""
    if liquid.left == liquid.shaped_for:
        return
    liquid.shaped_for = liquid.left
    r = tank.radius
    fill = liquid.left / (tank.count * real(4.0) * THIRD * PI * r * r * r * tank.density)
    y = surface_height(wp.clamp(fill, LOWEST_FILL, HIGHEST_FILL))
    y2 = y * y
    volume = TWO_THIRDS + y - y * y2 * THIRD  # over pi r³
    moment = real(0.25) * (ONE - y2) * (ONE - y2)  # below the centre, over pi r⁴
    along = (real(2.0) / real(15.0)) + y * y2 * (THIRD - y2 * real(0.2))  # of the heights' squares, over pi r⁵
    axial = HALF * (real(8.0) / real(15.0) + y * (ONE - y2 * (TWO_THIRDS - y2 * real(0.2))))
    scale = wp.max(liquid.left, ZERO) * r * r / volume
    liquid.surface = y
    liquid.depth = r * moment / volume
    ring = liquid.left * tank.ring_radius * tank.ring_radius
    liquid.axial = axial * scale + ring
    liquid.transverse = (HALF * axial + along) * scale + HALF * ring


@wp.func
def drain(liquid: wp.ref[Liquid], amount: real):
    """Take `amount` [kg] out; never more than there is."""
    liquid.left = wp.max(liquid.left - amount, ZERO)


@wp.func
def fuel_share(tanks: TanksParams) -> real:
    """The fuel's share of what is loaded."""
    return ONE / (ONE + tanks.loaded_ratio)


def load_tanks(states: np.ndarray, packs: np.ndarray, main_kg: np.ndarray | float) -> None:
    """Fill the tanks of lander states with `main_kg` [kg] in all, shared as the landers' packs say; of one lander or of an array of them."""
    ratio = packs["tanks"]["loaded_ratio"]
    states["fuel"]["left"] = main_kg / (1.0 + ratio)
    states["oxidiser"]["left"] = main_kg * ratio / (1.0 + ratio)


def main_left_kg(states: np.ndarray) -> np.ndarray:
    """Main propellant [kg] in the tanks, what cannot leave included, of lander states."""
    return np.asarray(states["fuel"]["left"] + states["oxidiser"]["left"])
