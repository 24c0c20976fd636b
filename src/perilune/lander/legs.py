"""Legs: what each of the four pads gives back when the ground is pressed into it, sprung or crushed, sticking or sliding.

Along the normal of the ground a leg is a spring and a dashpot in series with a crushable core, beside a stop:

    load = min(stiffness e + damping de/dt, crush_force) + stop_stiffness max(e + stroke - stroke_limit, 0),  load >= 0

where `e` is the elastic compression and `stroke` what the core has lost for good (at most `stroke_limit`), so that e + stroke is the pad's depth
in the ground. A leg without a crush force is sprung: its core never yields. Along the ground the pad hangs on an elastic anchor (`side_stiffness`,
`side_damping`) that holds still up to `friction` times the load and is dragged along beyond it: sticking is true, and nothing creeps. Each step of
the law is a backward Euler return to the crush force and to the friction cone, so that it holds at any step and with any damping.

Assumptions and limitations: four massless pads on the diagonals of body x and y, in one plane; the ground is rigid and, under each pad, a plane; a
pad's depth and stroke are measured along that plane's normal, its force acts where the normal through the pad meets the plane; crushing does not
depend on the side load; friction is Coulomb's with one coefficient, sticking and sliding alike; the stop is undamped; nothing but the pads touches
the ground (engine bells and the body do not).
Source of the form: an elastic, perfectly plastic core, as in the honeycomb struts of the Apollo lunar module (Rogers, NASA TN D-6850, 1972,
recalled); the elastic anchor after Cundall and Strack 1979, Géotechnique 29, 47, doi 10.1680/geot.1979.29.1.47 (recalled); return mapping as in
Simo and Hughes, Computational Inelasticity, 1998 (recalled).
"""

from typing import Annotated, Literal

import warp as wp
from pydantic import Field

from perilune.base.parameters import Parameters
from perilune.base.vector import HALF, ZERO, real, vec3

SQRT_HALF = wp.constant(real(0.7071067811865476))


class Legs(Parameters):
    """What the mission file says of the legs, in the file's units."""

    radius_m: Annotated[float, Field(gt=0, le=50, description="distance of each pad from the body axis; assumed unless published")]
    count: Annotated[Literal[4], Field(description="legs, on the diagonals of body x and y; only four are modelled")] = 4
    pad_diameter_m: Annotated[float, Field(gt=0, le=5, description="across one pad: the slope under it is taken over this length; assumed")]
    stiffness_n_per_m: Annotated[float, Field(gt=0, le=1e9, description="elastic, of one leg, along the normal of the ground; assumed")]
    damping_n_s_per_m: Annotated[float, Field(ge=0, le=1e7, description="of one leg, in line with its spring; assumed")]
    crush_force_n: Annotated[float, Field(ge=0, le=1e8, description="load at which the core of one leg crushes; 0 for a sprung leg; assumed")]
    stroke_limit_m: Annotated[float, Field(gt=0, le=5, description="compression at which a leg meets its stop; assumed")]
    stop_stiffness_n_per_m: Annotated[float, Field(ge=0, le=1e9, description="of that stop, beside the spring; assumed")]
    friction: Annotated[float, Field(ge=0, le=100, description="coefficient of a pad on the ground; assumed")]
    side_stiffness_n_per_m: Annotated[float, Field(gt=0, le=1e9, description="of one pad along the ground while it sticks; assumed")]
    side_damping_n_s_per_m: Annotated[float, Field(ge=0, le=1e7, description="of one pad along the ground while it sticks; assumed")]

    def fastest_per_s(self, mass_kg: float, least_inertia_kg_m2: float) -> float:
        """Rate [rad/s] of the fastest oscillation or decay of a body on these legs and their anchors."""
        light = min(mass_kg, 2.0 * least_inertia_kg_m2 / self.radius_m**2)
        stiffest = 4.0 * max(self.stiffness_n_per_m + self.stop_stiffness_n_per_m, self.side_stiffness_n_per_m)
        return max((stiffest / light) ** 0.5, 4.0 * max(self.damping_n_s_per_m, self.side_damping_n_s_per_m) / light)


@wp.struct
class LegsParams:
    """The same in SI, one element a flight."""

    radius: real
    pad_diameter: real
    stiffness: real
    damping: real
    crush_force: real
    stroke_limit: real
    stop_stiffness: real
    friction: real
    side_stiffness: real
    side_damping: real


@wp.struct
class Pad:
    """One leg in the ground's level frame: the plane under its pad, what it has lost, what it holds."""

    place: vec3  # m, of the pad as if the leg were whole
    ground_point: vec3  # m, a point of the plane under it
    ground_normal: vec3  # unit vector
    looked_at: vec3  # m, where the pad was when that plane was taken
    clearance: real  # m along the normal, of the shortened pad above the plane; below zero: minus the elastic compression
    stroke: real  # m, lost for good
    core: real  # N along the normal, of spring and dashpot
    load: real  # N along the normal, the stop included
    shear: vec3  # m, of the pad from its anchor, along the plane
    hold: vec3  # N, what the anchor gives


@wp.struct
class LegWork:
    """Work [J] that the legs have taken since the first contact, by what became of it; none of the three can shrink but by rounding."""

    crush: real
    damping: real
    friction: real


@wp.func
def pad_body(params: LegsParams, i: int) -> vec3:
    """Centre of pad `i` (0 to 3, counted from +x +y towards -x +y) in body axes [m]."""
    half = params.radius * SQRT_HALF
    x = half
    y = half
    if i == 1 or i == 2:
        x = -half
    if i >= 2:
        y = -half
    return vec3(x, y, ZERO)


@wp.func
def stop_load(params: LegsParams, clearance: real, stroke: real) -> real:
    """What the stop gives [N]."""
    if clearance >= ZERO:
        return ZERO
    return params.stop_stiffness * wp.max(stroke - clearance - params.stroke_limit, ZERO)


@wp.func
def pressed_energy(params: LegsParams, clearance: real, stroke: real) -> real:
    """What spring and stop hold [J]."""
    e = wp.min(clearance, ZERO)
    energy = params.stiffness * e * e
    beyond = stroke - clearance - params.stroke_limit
    if clearance < ZERO and beyond > ZERO:
        energy += params.stop_stiffness * beyond * beyond
    return HALF * energy


@wp.func
def compress(params: LegsParams, pad: wp.ref[Pad], work: wp.ref[LegWork], clearance: real, h: real):
    """Let the leg follow its pad, now `clearance` [m] above the plane were nothing crushed in this step of `h` [s].

    Work is the mean of the forces before and after times the way between: the trapezoidal rule, as the motion itself is integrated. What is neither
    crushing nor kept by spring and stop counts as damping.
    """
    closing = pad.clearance - clearance
    core = ZERO
    crushed = ZERO
    stop = stop_load(params, clearance, pad.stroke)
    if clearance < ZERO:
        viscous = params.damping / h
        core = wp.max(viscous * closing - params.stiffness * clearance, -stop)
        if params.crush_force > ZERO and core > params.crush_force and pad.stroke < params.stroke_limit:
            if pad.clearance > ZERO:
                viscous *= closing / (closing - pad.clearance)  # it touched within the step
            eased = (params.crush_force + viscous * wp.max(-pad.clearance, ZERO)) / (params.stiffness + viscous)
            crushed = wp.clamp(-clearance - eased, ZERO, params.stroke_limit - pad.stroke)
            core = params.crush_force
    by_core = HALF * (pad.core + core) * crushed
    kept = pressed_energy(params, clearance + crushed, pad.stroke + crushed) - pressed_energy(params, pad.clearance, pad.stroke)
    work.crush += by_core
    work.damping += HALF * (pad.load + core + stop) * closing - by_core - kept
    pad.stroke += crushed
    pad.clearance = clearance + crushed
    pad.core = core
    pad.load = core + stop


@wp.func
def drag(params: LegsParams, pad: wp.ref[Pad], work: wp.ref[LegWork], way: vec3, h: real):
    """Let the anchor follow its pad, moved by `way` [m] along the plane in this step of `h` [s]; after `compress`."""
    if pad.load <= ZERO:
        work.damping += HALF * (params.side_stiffness * wp.dot(pad.shear, pad.shear) - wp.dot(pad.hold, way))
        pad.shear = vec3(0.0, 0.0, 0.0)
        pad.hold = vec3(0.0, 0.0, 0.0)
        return
    before = pad.shear
    viscous = params.side_damping / h
    pull = (before + way) * params.side_stiffness + way * viscous
    bound = params.friction * pad.load
    size = wp.length(pull)
    stretch = way
    if size > bound:
        pull *= bound / size
        stretch = (pull + before * viscous) / (params.side_stiffness + viscous) - before
    after = before + stretch
    holds = pad.hold - pull
    work.friction -= HALF * wp.dot(holds, way - stretch)
    work.damping -= HALF * wp.dot(holds + (before + after) * params.side_stiffness, stretch)
    pad.shear = after
    pad.hold = -pull


@wp.func
def stored_energy(params: LegsParams, pad: wp.ref[Pad]) -> real:
    """What spring, stop and anchor of a leg hold and can give back [J]."""
    return pressed_energy(params, pad.clearance, pad.stroke) + HALF * params.side_stiffness * wp.dot(pad.shear, pad.shear)
