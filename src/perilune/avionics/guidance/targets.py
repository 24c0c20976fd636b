"""The plan of descent that Apollo flew: braking and approach each toward a target of position, velocity and acceleration, then straight down.

Braking follows the chosen law to a target beyond high gate and leaves it `end_s` before it is reached, approach follows the same law to a target near
the ground and leaves it likewise; the vertical leg takes out the drift and holds a sink rate until contact. One engine that throttles does it all: it
stays at full thrust until less than `recover_thrust_n` is asked for, and goes back to full when more than `full_thrust_n` is. Guidance runs every
`period_s`; thrust direction and force are held in between.

Targets stand in the guidance frame of the site: up, and downrange along the heading; what is across is zero.

Assumptions and limitations: the guidance frame does not yaw with the lander's track; the lead time stands for the computer's delay; no pilot.
Source: the phases and logic of LUMINARY 099, as quoted by the public listing of that program; Klumpp, MIT CSDL R-695, 1971.
"""

from typing import Annotated, Literal

import warp as wp
from pydantic import Field

from perilune.avionics.guidance.leg import Leg
from perilune.avionics.guidance.legs import Engines
from perilune.avionics.guidance.tuning import Tuning, TuningParams
from perilune.base.parameters import Parameters
from perilune.base.vector import ONE, ZERO, real, vec3


class Target(Parameters):
    """Where a leg aims: position, velocity, acceleration and jerk at the end of its time to go."""

    up_m: Annotated[float, Field(description="height above the site")]
    downrange_m: Annotated[float, Field(description="distance beyond the site along the heading, negative short of it")]
    up_speed_m_s: Annotated[float, Field(description="vertical velocity, negative down")]
    downrange_speed_m_s: Annotated[float, Field(description="velocity along the heading")]
    up_acceleration_m_s2: Annotated[float, Field(description="vertical acceleration, gravity included")]
    downrange_acceleration_m_s2: Annotated[float, Field(description="acceleration along the heading")]
    downrange_jerk_m_s3: Annotated[float, Field(description="rate of change of that acceleration, which fixes the time to go")]
    end_s: Annotated[float, Field(ge=0, description="the leg is left this long before the target")]


class TargetGuidance(Parameters):
    """The mission file's `[avionics.guidance]` of a descent by targets."""

    plan: Annotated[Literal["sink-profile", "targets"], Field(description="how the descent is cut into legs")]
    law: Annotated[str, Field(description="guidance law of braking and approach, by name")]
    braking: Target
    approach: Target
    nominal_thrust_percent: Annotated[float, Field(gt=0, le=100, description="share of full thrust that the law may plan with")]
    recover_thrust_n: Annotated[float, Field(ge=0, description="at full thrust, the engine is throttled when less than this is asked for")]
    full_thrust_n: Annotated[float, Field(ge=0, description="throttled, the engine goes to full thrust when more than this is asked for")]
    least_thrust_n: Annotated[float, Field(ge=0, description="no less is commanded while the engine burns")]
    lead_time_s: Annotated[float, Field(ge=0, le=10, description="from a guidance cycle to the thrust that it commands")]
    period_s: Annotated[float, Field(gt=0, le=10, description="between two guidance cycles")]
    final_sink_m_s: Annotated[float, Field(gt=0, description="sink rate of the vertical leg")]
    sink_gain_per_s: Annotated[float, Field(gt=0, description="gain of its sink-rate loop")]
    drift_time_s: Annotated[float, Field(gt=0, description="time constant with which it takes out the horizontal velocity")]
    vertical_tilt_deg: Annotated[float, Field(gt=0, le=80, description="largest commanded tilt of the vertical leg")]
    tuning: Annotated[Tuning, Field(default_factory=Tuning, description="what the laws are tuned by")]


@wp.struct
class TargetParams:
    """A target in SI."""

    up: real
    downrange: real
    up_speed: real
    downrange_speed: real
    up_acceleration: real
    downrange_acceleration: real
    downrange_jerk: real
    end: real


@wp.struct
class TargetGuidanceParams:
    """The plan in SI and radians; not `present` where the mission flies another."""

    present: wp.bool
    braking: TargetParams
    approach: TargetParams
    nominal_thrust: real
    recover_thrust: real
    full_thrust: real
    least_thrust: real
    lead_time: real
    period: real
    final_sink: real
    sink_gain: real
    drift_time: real
    vertical_tilt: real
    tuning: TuningParams


@wp.func
def target_leg(g: wp.ref[TargetGuidanceParams], t: TargetParams, e: Engines, heading: real, position: vec3, velocity: vec3, gravity: vec3) -> Leg:
    """The problem from here to a target (east, north, up of the site)."""
    forward = vec3(wp.sin(heading), wp.cos(heading), ZERO)
    up = vec3(0.0, 0.0, 1.0)
    leg = Leg()
    leg.position = position
    leg.velocity = velocity
    leg.target_position = up * t.up + forward * t.downrange
    leg.target_velocity = up * t.up_speed + forward * t.downrange_speed
    leg.target_acceleration = up * t.up_acceleration + forward * t.downrange_acceleration
    leg.target_jerk = forward * t.downrange_jerk
    leg.gravity = gravity
    leg.target_gravity = up * (-wp.length(gravity))
    leg.mass = e.mass
    leg.nominal = g.nominal_thrust * e.largest
    leg.least = g.least_thrust
    leg.largest = e.largest
    leg.exhaust_speed = e.exhaust_speed
    leg.lead_time = g.lead_time
    leg.tuning = g.tuning
    return leg


@wp.func
def throttled(g: wp.ref[TargetGuidanceParams], largest: real, asked: real, at_full: wp.bool) -> tuple[real, wp.bool]:
    """Thrust [N] to command for what is asked, and whether the engine then runs at full thrust."""
    full = asked > g.full_thrust
    if at_full:
        full = asked >= g.recover_thrust
    if full:
        return largest, True
    return wp.clamp(asked, g.least_thrust, largest), False


@wp.func
def sink_straight(g: wp.ref[TargetGuidanceParams], sink: real, velocity: vec3, gravity: real) -> vec3:
    """Thrust acceleration [m/s², east north up] of the vertical leg."""
    up = wp.max(gravity + g.sink_gain * (sink - g.final_sink), real(0.1) * gravity)
    across = vec3(-velocity[0] / g.drift_time, -velocity[1] / g.drift_time, ZERO)
    most = up * wp.tan(g.vertical_tilt)
    share = wp.min(ONE, most / wp.max(wp.length(across), real(1.0e-9)))
    return across * share + vec3(ZERO, ZERO, up)
