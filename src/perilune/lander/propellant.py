"""Propellant and mass properties: mass, centre of mass and inertia of the lander as its tanks run empty, whole and without what swings.

Assumptions and limitations: the attitude thrusters' propellant is a point on the body axis; the main liquids are rigid segments of spheres (`tanks`);
inertia stays diagonal in body axes, so products of inertia that an off-axis centre of mass would make are neglected (an offset of 5 mm at 400 kg
makes 0.01 kg m²). The hub, that is the lander without its pendulums, bears what they leave of each moment.
Source of the form: the parallel-axis theorem.
"""

from typing import Annotated

import warp as wp
from pydantic import Field, model_validator

from perilune.base.parameters import Parameters, Vector3
from perilune.base.vector import ZERO, real, vec3
from perilune.lander.tanks import Liquid, TankParams, TanksParams, fuel_share, shape_liquid


class MassProperties(Parameters):
    """What the mission file says of mass, in the file's units; body origin at the centre of the plane of the footpads."""

    dry_mass_kg: Annotated[float, Field(gt=0, le=1e6, description="mass without any propellant; source: the mission's")]
    dry_cg_m: Annotated[Vector3, Field(description="centre of mass without propellant, body axes; assumed")]
    dry_inertia_kg_m2: Annotated[Vector3, Field(description="moments of inertia about the dry centre of mass, body axes; assumed")]
    main_loaded_kg: Annotated[float, Field(ge=0, le=1e6, description="fuel and oxidiser at the start of the flight, unusable included; assumed")]
    main_unusable_kg: Annotated[float, Field(ge=0, le=1e5, description="fuel and oxidiser that cannot leave the tanks; assumed")]
    rcs_loaded_kg: Annotated[float, Field(ge=0, le=1e5, description="propellant of the attitude thrusters at the start; assumed")]
    rcs_tank_height_m: Annotated[float, Field(ge=0, le=50, description="the attitude thrusters' propellant above the footpads; assumed")]

    @model_validator(mode="after")
    def _can_be(self) -> "MassProperties":
        if self.main_unusable_kg > self.main_loaded_kg:
            raise ValueError(f"main_unusable_kg ({self.main_unusable_kg:g}) is more than main_loaded_kg ({self.main_loaded_kg:g})")
        x, y, z = self.dry_inertia_kg_m2
        if min(x, y, z) <= 0 or max(x, y, z) > sum((x, y, z)) - max(x, y, z):
            raise ValueError("dry_inertia_kg_m2 belongs to no body: each moment must be positive and no larger than the sum of the other two")
        if self.dry_cg_m[2] <= 0:
            raise ValueError("dry_cg_m lies in or below the plane of the footpads: its third component must be positive")
        return self


@wp.struct
class MassParams:
    """The same in SI, one element a flight."""

    dry_mass: real
    dry_cg: vec3
    dry_inertia: vec3
    main_loaded: real
    main_unusable: real
    rcs_loaded: real
    rcs_tank_height: real


@wp.struct
class MassNow:
    """Mass properties at one instant."""

    mass: real  # kg
    cg: vec3  # m, body axes
    inertia: vec3  # kg m², about the cg, diagonal in body axes


@wp.func
def point_inertia(mass: real, offset: vec3) -> vec3:
    """Diagonal inertia [kg m²] of a point mass [kg] at `offset` [m]."""
    x2 = offset[0] * offset[0]
    y2 = offset[1] * offset[1]
    z2 = offset[2] * offset[2]
    return vec3(y2 + z2, x2 + z2, x2 + y2) * mass


@wp.func
def centroid(tank: TankParams, liquid: Liquid) -> vec3:
    """Where the liquid's centre of mass is [m, body]."""
    return tank.position - vec3(ZERO, ZERO, liquid.depth)


@wp.func
def liquid_inertia(liquid: Liquid, at: vec3) -> vec3:
    """Inertia [kg m²] of a liquid whose centroid is at `at` [m] from the point asked about."""
    lost = liquid.left * liquid.depth * liquid.depth
    return vec3(liquid.transverse - lost, liquid.transverse - lost, liquid.axial) + point_inertia(liquid.left, at)


@wp.func
def mass_now(params: MassParams, tanks: TanksParams, fuel: Liquid, oxidiser: Liquid, rcs_left: real) -> MassNow:
    """Mass, centre of mass and inertia with these liquids, their shapes known, and `rcs_left` [kg] on board."""
    now = MassNow()
    fuel_at = centroid(tanks.fuel, fuel)
    oxidiser_at = centroid(tanks.oxidiser, oxidiser)
    rcs_at = vec3(ZERO, ZERO, params.rcs_tank_height)
    now.mass = params.dry_mass + fuel.left + oxidiser.left + rcs_left
    now.cg = (params.dry_cg * params.dry_mass + fuel_at * fuel.left + oxidiser_at * oxidiser.left + rcs_at * rcs_left) / now.mass
    now.inertia = (
        params.dry_inertia
        + point_inertia(params.dry_mass, params.dry_cg - now.cg)
        + liquid_inertia(fuel, fuel_at - now.cg)
        + liquid_inertia(oxidiser, oxidiser_at - now.cg)
        + point_inertia(rcs_left, rcs_at - now.cg)
    )
    return now


@wp.func
def masses_loaded(params: MassParams, tanks: TanksParams, main: real, rcs: real) -> MassNow:
    """Mass properties with `main` [kg] of fuel and oxidiser, shared as they are loaded, and `rcs` [kg]; callable from Python."""
    fuel = Liquid()
    oxidiser = Liquid()
    fuel.left = main * fuel_share(tanks)
    oxidiser.left = main - fuel.left
    shape_liquid(tanks.fuel, fuel)
    shape_liquid(tanks.oxidiser, oxidiser)
    return mass_now(params, tanks, fuel, oxidiser, rcs)
