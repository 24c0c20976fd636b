"""Attitude thrusters: the torque that is asked of them, up to a limit on each axis, as long as they have propellant.

Assumptions and limitations: torque comes as pure couples (opposed thrusters at one lever arm), so it never pushes the lander; it is averaged over the
control tick: no pulses, no minimum impulse bit, no lag, no misalignment, no allocation to single thrusters; the axes do not share a limit.
Source of the mass flow: T = F arm and F = mdot Isp g0, summed over the axes.
"""

from typing import Annotated

import warp as wp
from pydantic import Field, model_validator

from perilune.base.parameters import Parameters, Vector3
from perilune.base.vector import STANDARD_GRAVITY, ZERO, real, vec3


class AttitudeThrusters(Parameters):
    """What the mission file says of the attitude thrusters, in the file's units."""

    torque_limit_n_m: Annotated[Vector3, Field(description="largest torque about each body axis; assumed")]
    arm_m: Annotated[float, Field(gt=0, le=20, description="lever arm of the thrusters about the centre of mass; assumed")]
    isp_s: Annotated[float, Field(gt=20, lt=1000, description="specific impulse in vacuum; assumed: hydrazine, 220 s")]

    @model_validator(mode="after")
    def _can_be(self) -> "AttitudeThrusters":
        if min(self.torque_limit_n_m) < 0:
            raise ValueError("torque_limit_n_m is a magnitude about each axis: no component may be negative")
        return self


@wp.struct
class AttitudeThrustersParams:
    """The same in SI, one element a flight."""

    torque_limit: vec3
    arm: real
    isp: real


@wp.func
def torque_given(params: AttitudeThrustersParams, command: vec3, rcs_left: real) -> vec3:
    """Torque [N m, body axes] given for a `command` [N m]: clipped on each axis, zero once `rcs_left` [kg] is used up.

    A command that is not a number comes back as it is: min and max would turn it into full torque.
    """
    if not wp.isfinite(command):
        return command
    if rcs_left <= ZERO:
        return vec3(0.0, 0.0, 0.0)
    return wp.max(wp.min(command, params.torque_limit), -params.torque_limit)


@wp.func
def attitude_mass_flow(params: AttitudeThrustersParams, torque: vec3) -> real:
    """Propellant that leaves the tank [kg/s], positive, while `torque` [N m, body axes] is given."""
    return (wp.abs(torque[0]) + wp.abs(torque[1]) + wp.abs(torque[2])) / (params.arm * params.isp * STANDARD_GRAVITY)
