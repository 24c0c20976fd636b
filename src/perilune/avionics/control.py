"""Attitude control: quaternion feedback with a rate limit and an integral that learns the steady torque of an offset centre of mass.

An integral of the error goes on growing while the lander slews, since it then trails what is wanted, and keeps its torque when the thrust changes
that made the torque. An integral of the torque demanded gathers, over a slew, what sets the lander turning and what stops it, which is nothing, and
is kept in proportion to the thrust commanded: dh/dt = (demand for turning) / T, so that h tends to minus the steady torque with the time constant T.

Assumptions and limitations: a rigid lander with a diagonal inertia that is interpolated in the believed propellant; torque is commanded per axis
and clipped; no structural filter.
Source: quaternion feedback after Wie, "Space Vehicle Dynamics and Control", 2nd ed. 2008, section 7.3 (eigenaxis rotation under slew rate limit).
"""

from typing import ClassVar, Literal

import warp as wp
from pydantic import Field

from perilune.base.parameters import Parameters
from perilune.base.vector import ONE, TWO, ZERO, quat, real, vec3

OF_ERROR, OF_TORQUE = wp.constant(0), wp.constant(1)


class Control(Parameters):
    """Bandwidth and limits of the attitude loop."""

    CODES: ClassVar = {"integral_of": {"error": 0, "torque": 1}}

    frequency_per_s: float = Field(gt=0, le=3, description="natural frequency of the loop, rad/s")
    damping: float = Field(gt=0, le=3, description="damping ratio")
    rate_limit_deg_s: float = Field(gt=0, description="largest commanded body rate")
    integral_time_s: float = Field(gt=0, description="time constant of the torque integral")
    integral_limit_n_m: float = Field(ge=0, description="largest torque that the integral may hold, each axis")
    integral_of: Literal["error", "torque"] = Field("error", description="what the integral gathers; of the torque it does not wind up in slews")
    coast_band_deg: float = Field(0.5, ge=0, le=20, description="error of each axis that a coast leaves alone; assumed")
    coast_rate_band_deg_s: float = Field(0.1, ge=0, le=5, description="body rate of each axis that a coast leaves alone; assumed")


@wp.struct
class ControlParams:
    """The same in SI and radians."""

    frequency: real
    damping: real
    rate_limit: real
    integral_time: real
    integral_limit: real
    integral_of: wp.int32
    coast_band: real
    coast_rate_band: real


@wp.func
def clamp3(v: vec3, limit: vec3) -> vec3:
    """Each component within ± its limit."""
    return vec3(wp.clamp(v[0], -limit[0], limit[0]), wp.clamp(v[1], -limit[1], limit[1]), wp.clamp(v[2], -limit[2], limit[2]))


@wp.func
def beyond(v: vec3, band: real) -> vec3:
    """What of each component lies beyond ± `band`."""
    return v - clamp3(v, vec3(band, band, band))


@wp.func
def attitude_error(wanted: quat, attitude: quat) -> vec3:
    """Rotation [rad, body axes, shortest way] from the present attitude to the wanted one; both mci from body."""
    e = wp.quat_inverse(attitude) * wanted
    s = TWO
    if e[3] < ZERO:
        s = -TWO
    return vec3(e[0], e[1], e[2]) * s


@wp.func
def attitude_torque(
    p: ControlParams, inertia: vec3, error: vec3, rate_body: vec3, limit: vec3, held: vec3, steady: wp.bool, dt: real
) -> tuple[vec3, vec3]:
    """The torque command [N m] and the integral after this tick; the integral rests while the loop slews or saturates."""
    w = p.frequency
    reach = TWO * p.damping * p.rate_limit / w
    clipped = error
    size = wp.length(error)
    if size > reach:
        clipped = error * (reach / size)
    acceleration = clipped * (w * w) - rate_body * (TWO * p.damping * w)
    demand = wp.cw_mul(inertia, acceleration) + wp.cross(rate_body, wp.cw_mul(inertia, rate_body))
    total = demand + held
    torque = clamp3(total, limit)
    after = held
    if steady and size < reach and wp.length(total - torque) < real(1.0e-9):
        learnt = wp.cw_mul(inertia, clipped) * (w * w * dt / p.integral_time)
        if p.integral_of == OF_TORQUE:
            learnt = wp.cw_mul(inertia, acceleration) * (dt / p.integral_time)
        after = clamp3(held + learnt, vec3(p.integral_limit, p.integral_limit, p.integral_limit))
    return torque, after


@wp.func
def believed_inertia(full: vec3, dry: vec3, share: real) -> vec3:
    """Inertia [kg m²] between dry (0) and full (1)."""
    s = wp.clamp(share, ZERO, ONE)
    return dry + (full - dry) * s
