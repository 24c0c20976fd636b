"""Engines: a group of equal engines that answers a command with a first-order lag and pushes, slightly askew, along body z.

The group acts as one: `count` engines of one thrust, one Isp and one misalignment. A command is a level between 0 (off) and 1 (full thrust); for an
engine that is only ever on or off the avionics send 0 or 1, for engines driven by pulses the level is the duty, averaged.

Assumptions and limitations: the resultant passes through the body axis at `height_m`; thrust and Isp do not depend on level, tank pressure or
temperature; no minimum impulse bit, no ignition transient beyond the lag, no shift between single engines; mass flow follows the thrust at once.
Source of the form: Sutton and Biblarz, Rocket Propulsion Elements, F = mdot Isp g0; the lag is the usual first-order one.
"""

from typing import Annotated

import warp as wp
from pydantic import Field

from perilune.base.parameters import Parameters
from perilune.base.vector import HALF, ONE, STANDARD_GRAVITY, ZERO, real, vec2, vec3


class Engine(Parameters):
    """What the mission file says of one group of engines, in the file's units."""

    count: Annotated[int, Field(ge=1, le=64, description="engines in the group")]
    thrust_n: Annotated[float, Field(gt=0, le=1e7, description="full thrust of one engine in vacuum; source: the mission's")]
    isp_s: Annotated[float, Field(gt=50, lt=1000, description="specific impulse in vacuum; source: the mission's, else assumed")]
    lag_s: Annotated[float, Field(ge=0, le=10, description="time constant of the first-order lag from command to thrust; assumed")]
    misalignment_x_deg: Annotated[float, Field(ge=-10, le=10, description="tilt of the thrust about body x, right-handed; assumed, mean 0")]
    misalignment_y_deg: Annotated[float, Field(ge=-10, le=10, description="tilt of the thrust about body y, right-handed; assumed, mean 0")]
    height_m: Annotated[float, Field(ge=-5, le=50, description="point of application above the plane of the footpads; assumed")]
    minimum_level: Annotated[float, Field(ge=0, le=1, description="lowest level when lit, 0 for engines that pulse; assumed")] = 0.0


@wp.struct
class EngineParams:
    """The same in SI and radians, one element a flight."""

    count: real
    thrust: real  # N, one engine
    isp: real
    lag: real
    misalignment_x: real
    misalignment_y: real
    height: real
    minimum_level: real


@wp.func
def engine_level(params: EngineParams, level: real, command: real, dt: real) -> vec2:
    """Level at the end of `dt` [s] and exact mean level over it, from `level` at its start, under a `command` held constant.

    A command between 0 and `minimum_level` is answered with `minimum_level`; one above 1 with 1. Closed form of lag dl/dt = c - l.
    A command that is not a number comes back as it is: min and max would turn it into full thrust.
    """
    if not wp.isfinite(command):
        return vec2(command, command)
    target = wp.min(command, ONE)
    if target <= ZERO:
        target = ZERO
    else:
        target = wp.max(target, params.minimum_level)
    if params.lag <= real(1.0e-9):
        return vec2(target, target)
    x = dt / params.lag
    decay = wp.exp(-x)
    mean_decay = ONE - HALF * x + x * x / real(6.0)  # series of (1 - exp(-x)) / x: no cancellation, no division by zero
    if x > real(1.0e-4):
        mean_decay = (ONE - decay) / x
    return vec2(target + (level - target) * decay, target + (level - target) * mean_decay)


@wp.func
def engine_direction(params: EngineParams) -> vec3:
    """Unit vector of the thrust in body axes: body z tilted about x, then about y."""
    cos_x = wp.cos(params.misalignment_x)
    return vec3(wp.sin(params.misalignment_y) * cos_x, -wp.sin(params.misalignment_x), wp.cos(params.misalignment_y) * cos_x)


@wp.func
def engine_thrust_body(params: EngineParams, mean_level: real) -> vec3:
    """Thrust [N] of the whole group in body axes."""
    return engine_direction(params) * (params.count * params.thrust * mean_level)


@wp.func
def engine_mass_flow(params: EngineParams, mean_level: real) -> real:
    """Propellant that leaves the tanks [kg/s], positive."""
    return params.count * params.thrust * mean_level / (params.isp * STANDARD_GRAVITY)


@wp.func
def engine_torque_body(params: EngineParams, thrust_body: vec3, cg: vec3) -> vec3:
    """Torque [N m] of `thrust_body` [N] about the centre of mass `cg` [m, body]."""
    return wp.cross(vec3(ZERO, ZERO, params.height) - cg, thrust_body)
