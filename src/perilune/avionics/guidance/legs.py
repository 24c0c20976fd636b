"""The legs of the descent and what each asks of thrust: braking, pitch-up, vertical, terminal; all in the site frame (east, north, up).

Braking flies the chosen law to a gate above and short of the site. Near its end, or once a range has corrected the height, the horizontal
position is given up (without a position fix it is known to kilometres only): then, as in pitch-up and vertical, the vertical meets a height, a
sink rate and a net deceleration, with the time to go in closed form, and what thrust is left takes out the drift.

Assumptions and limitations: where thrust does not suffice, the vertical has priority.
"""

from typing import Literal

import warp as wp
from pydantic import Field

from perilune.avionics.guidance.leg import Leg
from perilune.avionics.guidance.tuning import Tuning, TuningParams
from perilune.base.parameters import Parameters, Vector3
from perilune.base.vector import ONE, TWO, ZERO, real, vec3


class Guidance(Parameters):
    """Gates and gains of the descent."""

    plan: Literal["sink-profile", "targets"] = Field(default="sink-profile", description="how the descent is cut into legs")
    law: str = Field(description="guidance law of the braking leg, by name")
    nominal_thrust_percent: float = Field(gt=0, le=100, description="share of full thrust that braking is planned with")
    least_braking_thrust_percent: float = Field(ge=0, le=100, description="braking never commands less of full thrust")
    range_free_s: float = Field(ge=0, description="time to go of braking below which the horizontal position is given up")
    range_free_after_range_s: float = Field(ge=0, description="the same once a range has been used, which knows the height better than the map")
    gate_height_m: float = Field(gt=0, description="height above the site at which braking ends")
    gate_sink_m_s: float = Field(gt=0, description="sink rate there")
    gate_forward_m_s: float = Field(ge=0, description="forward speed there")
    gate_behind_m: float = Field(ge=0, description="distance short of the site there")
    gate_deceleration_m_s2: float = Field(gt=0, description="net deceleration at the gate")
    gate_braking_m_s2: float = Field(default=3.2, ge=0, description="forward deceleration there, for laws that meet one (assumed)")
    gate_jerk_m_s3: float = Field(default=-0.003, le=0, description="its rate of change, from which klumpp has its time to go (assumed)")
    lead_time_s: float = Field(default=0.0, ge=0, le=5, description="from a cycle to the thrust that it commands, for laws that look ahead")
    gate_lead_s: float = Field(gt=0, description="braking ends this long before the gate, ahead of the law's singularity")
    reserve_height_m: float = Field(ge=0, description="height that must be left when the drift of braking is gone")
    vertical_height_m: float = Field(gt=0, description="height at which the lander is to be vertical")
    vertical_sink_m_s: float = Field(gt=0, description="sink rate there")
    net_deceleration_m_s2: float = Field(gt=0, description="net deceleration that pitch-up and vertical legs end with")
    terminal_height_m: float = Field(gt=0, description="height at which the main engine goes off")
    terminal_sink_m_s: float = Field(gt=0, description="sink rate there")
    final_height_m: float = Field(gt=0, description="height below which the final sink rate is held")
    final_sink_m_s: float = Field(gt=0, description="final sink rate")
    sink_gain_per_s: float = Field(gt=0, description="gain of the terminal sink-rate loop")
    drift_time_s: float = Field(gt=0, description="time constant with which the horizontal velocity is taken out below braking")
    vertical_tilt_deg: float = Field(gt=0, le=80, description="largest commanded tilt of the vertical leg")
    terminal_tilt_deg: float = Field(gt=0, le=45, description="largest commanded tilt of the terminal leg")
    main_engine_when_vertical: bool = Field(
        default=True, description="whether the main engine burns in the vertical leg; else it goes off with the pitch-up"
    )
    homing_time_s: float = Field(default=0.0, ge=0, description="below the gate, the site is steered for with this time constant; 0: not at all")
    homing_speed_m_s: float = Field(default=0.0, ge=0, description="largest horizontal speed of that")
    divert_height_m: Vector3 = Field(default=(0.0, 0.0, 0.0), description="heights at which another target is chosen, falling; 0: none")
    divert_east_m: Vector3 = Field(default=(0.0, 0.0, 0.0), description="that target's distance east of the site")
    divert_north_m: Vector3 = Field(default=(0.0, 0.0, 0.0), description="that target's distance north of the site")
    tuning: Tuning = Field(default_factory=Tuning, description="what the laws of the braking leg are tuned by")


@wp.struct
class GuidanceParams:
    """The same in SI and radians."""

    nominal_thrust: real
    least_braking_thrust: real
    range_free: real
    range_free_after_range: real
    gate_height: real
    gate_sink: real
    gate_forward: real
    gate_behind: real
    gate_deceleration: real
    gate_braking: real
    gate_jerk: real
    lead_time: real
    gate_lead: real
    reserve_height: real
    vertical_height: real
    vertical_sink: real
    net_deceleration: real
    terminal_height: real
    terminal_sink: real
    final_height: real
    final_sink: real
    sink_gain: real
    drift_time: real
    vertical_tilt: real
    terminal_tilt: real
    main_engine_when_vertical: wp.bool
    homing_time: real
    homing_speed: real
    divert_height: vec3
    divert_east: vec3
    divert_north: vec3
    tuning: TuningParams


@wp.struct
class Engines:
    """What thrust the avionics believe they have now."""

    mass: real  # kg
    largest: real  # N, all engines
    exhaust_speed: real  # m/s, of all engines together at full thrust


@wp.func
def limit_with_vertical_priority(demand: vec3, largest: real) -> vec3:
    """Shorten a demand [m/s²] to `largest` by giving up horizontal acceleration first (east, north, up components)."""
    if wp.length(demand) <= largest:
        return demand
    up = wp.clamp(demand[2], ZERO, largest * real(0.98))
    level = wp.sqrt(largest * largest - up * up)
    across = wp.sqrt(demand[0] * demand[0] + demand[1] * demand[1])
    share = level / wp.max(across, real(1.0e-9))
    share = wp.min(share, ONE)
    return vec3(demand[0] * share, demand[1] * share, up)


@wp.func
def limit_tilt(demand: vec3, tilt: real) -> vec3:
    """Keep the demand within `tilt` [rad] of the vertical by giving up horizontal acceleration."""
    up = wp.max(demand[2], real(0.05))
    across = wp.sqrt(demand[0] * demand[0] + demand[1] * demand[1])
    most = up * wp.tan(tilt)
    share = wp.min(ONE, most / wp.max(across, real(1.0e-9)))
    return vec3(demand[0] * share, demand[1] * share, up)


@wp.struct
class SinkTarget:
    """The next point of the sink profile: a height above the ground, the sink rate there and the net deceleration it is met with."""

    height: real
    sink: real
    deceleration: real


@wp.func
def sink_target(g: wp.ref[GuidanceParams], height: real, sink: real) -> SinkTarget:
    """The gate from above it, then the vertical height, then the terminal height; each is left two seconds early, ahead of its singularity."""
    ahead = height - TWO * sink
    t = SinkTarget()
    t.height = g.terminal_height
    t.sink = g.terminal_sink
    t.deceleration = g.net_deceleration
    if ahead > g.gate_height:
        t.height = g.gate_height
        t.sink = g.gate_sink
        t.deceleration = g.gate_deceleration
    elif ahead > g.vertical_height:
        t.height = g.vertical_height
        t.sink = g.vertical_sink
    return t


@wp.func
def sink_time_to_go(fall: real, sink: real, end_sink: real, deceleration: real) -> real:
    """Time [s] of the linear deceleration profile over `fall` metres from `sink` to `end_sink` that ends with `deceleration`."""
    b = sink + TWO * end_sink
    root = wp.sqrt(wp.max(b * b + real(6.0) * deceleration * wp.max(fall, ZERO), ZERO))
    return wp.max((root - b) / deceleration, real(1.5))


@wp.func
def sink_deceleration(sink: real, end_sink: real, deceleration: real, t: real) -> real:
    """Present net upward acceleration [m/s²] of that profile."""
    return TWO * (sink - end_sink) / t - deceleration


@wp.func
def braking_leg(g: wp.ref[GuidanceParams], e: Engines, heading: real, position: vec3, velocity: vec3, gravity: vec3, site_gravity: real) -> Leg:
    """The braking problem: from here to the gate short of the site; without the times of the cycle."""
    leg = Leg()
    forward = vec3(wp.sin(heading), wp.cos(heading), ZERO)
    up = vec3(0.0, 0.0, 1.0)
    leg.position = position
    leg.velocity = velocity
    leg.target_position = up * g.gate_height - forward * g.gate_behind
    leg.target_velocity = forward * g.gate_forward - up * g.gate_sink
    leg.gravity = gravity
    leg.target_gravity = vec3(ZERO, ZERO, -site_gravity)
    leg.target_acceleration = up * g.gate_deceleration - forward * g.gate_braking
    leg.target_jerk = forward * g.gate_jerk
    leg.mass = e.mass
    leg.nominal = g.nominal_thrust * e.largest
    leg.least = g.least_braking_thrust * e.largest
    leg.largest = e.largest
    leg.exhaust_speed = e.exhaust_speed
    leg.lead_time = g.lead_time
    leg.tuning = g.tuning
    return leg


@wp.struct
class Demand:
    """What a leg asks: thrust acceleration [m/s², east north up] and the time [s] that it will go on for."""

    acceleration: vec3
    time_to_go: real


@wp.func
def follow_sink_profile(g: wp.ref[GuidanceParams], height: real, sink: real, gravity: real) -> wp.vec2d:
    """Upward thrust acceleration [m/s²] of the sink profile at this height, and its time to go [s]."""
    target = sink_target(g, height, sink)
    t = sink_time_to_go(height - target.height, sink, target.sink, target.deceleration)
    up = gravity + sink_deceleration(sink, target.sink, target.deceleration, t)
    return wp.vec2d(wp.max(up, real(0.3) * gravity), t)


@wp.func
def brake_freely(g: wp.ref[GuidanceParams], height: real, sink: real, velocity: vec3, gravity: real, e: Engines) -> Demand:
    """The end of braking: the sink profile upward, all other thrust against the drift.

    Where the drift would outlast the height, the sink rate is held to what leaves time for it, at full thrust.
    """
    speed = wp.sqrt(velocity[0] * velocity[0] + velocity[1] * velocity[1])
    nominal = g.nominal_thrust * e.largest / e.mass
    up = follow_sink_profile(g, height, sink, gravity)[0]
    level = wp.sqrt(wp.max(nominal * nominal - up * up, nominal * nominal * real(0.05)))
    needed = speed / level
    allowed = wp.max(height - g.reserve_height, ZERO) / wp.max(needed, ONE)
    if sink > allowed:
        up = wp.max(up, gravity + g.sink_gain * (sink - allowed))
        most = e.largest / e.mass
        up = wp.min(up, most * real(0.95))
        level = wp.sqrt(most * most - up * up)
    d = Demand()
    against = level / wp.max(speed, real(1.0e-6))
    d.acceleration = vec3(-velocity[0] * against, -velocity[1] * against, up)
    d.time_to_go = (speed - g.gate_forward) / level
    return d


@wp.func
def descend(g: wp.ref[GuidanceParams], height: real, sink: real, velocity: vec3, gravity: real, drift_time: real) -> Demand:
    """Pitch-up and vertical legs: the sink profile upward, the drift taken out sideways."""
    profile = follow_sink_profile(g, height, sink, gravity)
    d = Demand()
    d.acceleration = vec3(-velocity[0] / drift_time, -velocity[1] / drift_time, profile[0])
    d.time_to_go = profile[1]
    return d


@wp.func
def chosen_divert(g: wp.ref[GuidanceParams], height: real, chosen: vec3) -> vec3:
    """The target [m, from the site] at this height; the one chosen so far where no other comes into force."""
    out = chosen
    for k in range(3):
        if g.divert_height[k] > ZERO and height <= g.divert_height[k]:
            out = vec3(g.divert_east[k], g.divert_north[k], ZERO)
    return out


@wp.func
def homing_velocity(g: wp.ref[GuidanceParams], height: real, position: vec3, target: vec3) -> vec3:
    """Horizontal velocity [m/s] wanted toward the target; none in the last metres, nor where the site is not steered for."""
    if g.homing_time <= ZERO or height < g.final_height:
        return vec3(0.0, 0.0, 0.0)
    way = vec3(target[0] - position[0], target[1] - position[1], ZERO)
    speed = wp.length(way) / g.homing_time
    return way * (wp.min(speed, g.homing_speed) / wp.max(wp.length(way), real(1.0e-9)))


@wp.func
def settle(g: wp.ref[GuidanceParams], height: real, sink: real, velocity: vec3, gravity: real) -> vec3:
    """Thrust acceleration [m/s²] of the terminal leg: hold the sink rate, which falls to its final value at `final_height`."""
    share = wp.clamp((height - g.final_height) / g.final_height, ZERO, ONE)
    wanted = g.final_sink + (g.terminal_sink - g.final_sink) * share
    return vec3(-velocity[0] / g.drift_time, -velocity[1] / g.drift_time, gravity + g.sink_gain * (sink - wanted))
