"""Steering: what thrust each mode asks for, and the commands that engines and attitude thrusters get for it.

Assumptions and limitations: thrust is asked of the assist engines as a mean duty beside the main engine, which is then on or off; +x of the body is
kept toward forward and up, so that the canted beam meets the ground ahead in braking and below in the vertical legs.
"""

import warp as wp

from perilune.avionics.allocation import allot
from perilune.avionics.belief import BeliefParams
from perilune.avionics.computer import AvionicsParams, AvionicsState, propellant_share
from perilune.avionics.control import OF_TORQUE, attitude_error, attitude_torque, believed_inertia, beyond
from perilune.avionics.demand import ThrustDemand, believed_engines
from perilune.avionics.follow_targets import follow_targets
from perilune.avionics.guidance.leg import is_answer
from perilune.avionics.guidance.legs import (
    Engines,
    brake_freely,
    braking_leg,
    descend,
    homing_velocity,
    limit_tilt,
    limit_with_vertical_priority,
    settle,
)
from perilune.avionics.outlook import Outlook
from perilune.avionics.sequencer import BRAKING, COAST, LANDED, PITCH_UP, TERMINAL, VERTICAL
from perilune.base.vector import HALF, ONE, TWO, ZERO, perpendicular_to, quat, quat_from_axes, real, unit_or, vec3
from perilune.messages.actuation import Actuation


@wp.func
def ask_braking(
    law: wp.Function, p: wp.ref[AvionicsParams], s: wp.ref[AvionicsState], o: wp.ref[Outlook], e: Engines, ignition: wp.bool, tick: real
) -> ThrustDemand:
    """Braking: the law toward the gate, until the site is given up for the height."""
    g = p.guidance
    d = ThrustDemand()
    d.main_engine = True
    near = g.range_free
    if s.navigation.first_range_time >= ZERO:
        near = g.range_free_after_range
    s.range_given_up = not ignition and (s.range_given_up or s.time_to_go < near)
    if s.range_given_up:
        free = brake_freely(p.guidance, o.height, o.sink, o.velocity_site, o.gravity, e)
        s.time_to_go = free.time_to_go
        d.acceleration = free.acceleration
    else:
        leg = braking_leg(p.guidance, e, p.belief.heading, o.position_site, o.velocity_site, o.gravity_site, o.target_gravity)
        leg.tick = tick
        if not ignition:
            leg.time_to_go = wp.max(s.time_to_go - tick, ONE)
        guided = law(leg)
        s.law_broke = s.law_broke or not is_answer(guided)
        s.time_to_go = guided.time_to_go
        d.acceleration = guided.acceleration
    d.acceleration = limit_with_vertical_priority(d.acceleration, e.largest / e.mass)
    d.thrust = wp.clamp(wp.length(d.acceleration) * e.mass, g.least_braking_thrust * e.largest, e.largest)
    return d


@wp.func
def hold_height(s: wp.ref[AvionicsState], wanted: vec3, upward: real, tick: real) -> vec3:
    """The demand in a tick of a commanded hold: `upward` [m/s²], which ends the sinking, in place of the upward part of what the leg wants."""
    s.hold_left = wp.max(s.hold_left - tick, ZERO)
    return vec3(wanted[0], wanted[1], upward)


@wp.func
def ask_descent(p: wp.ref[AvionicsParams], s: wp.ref[AvionicsState], o: wp.ref[Outlook], e: Engines, tick: real) -> ThrustDemand:
    """Pitch-up and vertical: the sink profile, the drift taken out."""
    g = p.guidance
    d = ThrustDemand()
    drift_time = g.drift_time
    if s.mode == PITCH_UP:
        drift_time = wp.clamp(HALF * s.time_to_go, g.drift_time, TWO * g.drift_time)
    drift = o.velocity_site - homing_velocity(p.guidance, o.height, o.position_site, s.divert)
    wanted = descend(p.guidance, o.height, o.sink, drift, o.gravity, drift_time)
    s.time_to_go = wanted.time_to_go
    d.acceleration = wanted.acceleration
    if s.mode == VERTICAL and s.hold_left > ZERO:
        d.acceleration = hold_height(s, d.acceleration, o.gravity + g.sink_gain * o.sink, tick)
    if s.mode == VERTICAL:
        d.acceleration = limit_tilt(d.acceleration, g.vertical_tilt)
    d.main_engine = s.mode == PITCH_UP or g.main_engine_when_vertical
    if d.main_engine:
        d.acceleration = limit_with_vertical_priority(d.acceleration, e.largest / e.mass)
        d.thrust = wp.max(wp.length(d.acceleration) * e.mass, p.belief.main_thrust)
    else:
        d.acceleration = limit_with_vertical_priority(d.acceleration, p.belief.assist_thrust / e.mass)
        d.thrust = wp.length(d.acceleration) * e.mass
    return d


@wp.func
def ask_settling(p: wp.ref[AvionicsParams], s: wp.ref[AvionicsState], o: wp.ref[Outlook], e: Engines, tick: real) -> ThrustDemand:
    """Terminal: the assist engines hold the sink rate."""
    d = ThrustDemand()
    s.time_to_go = wp.max(o.height, ZERO) / p.guidance.final_sink
    drift = o.velocity_site - homing_velocity(p.guidance, o.height, o.position_site, s.divert)
    wanted = settle(p.guidance, o.height, o.sink, drift, o.gravity)
    if s.hold_left > ZERO:
        wanted = hold_height(s, wanted, o.gravity + p.guidance.sink_gain * o.sink, tick)
    level = limit_tilt(wanted, p.guidance.terminal_tilt)
    d.acceleration = limit_with_vertical_priority(level, p.belief.assist_thrust / e.mass)
    d.thrust = wp.length(d.acceleration) * e.mass
    return d


@wp.func
def ask_thrust(
    law: wp.Function, p: wp.ref[AvionicsParams], s: wp.ref[AvionicsState], o: wp.ref[Outlook], mass: real, begins: wp.bool, tick: real
) -> ThrustDemand:
    """What the present mode, which `begins` in this tick or not, asks; a coast only turns the lander against its velocity, a landed one nothing."""
    e = believed_engines(p.belief, mass)
    if p.targets.present and s.mode != COAST and s.mode != LANDED:
        return follow_targets(law, p, s, o, e, begins, tick)
    if s.mode == BRAKING:
        return ask_braking(law, p, s, o, e, begins, tick)
    if s.mode == PITCH_UP or s.mode == VERTICAL:
        return ask_descent(p, s, o, e, tick)
    if s.mode == TERMINAL:
        return ask_settling(p, s, o, e, tick)
    d = ThrustDemand()
    d.acceleration = o.up_site
    if s.mode == COAST:
        d.acceleration = -unit_or(o.velocity_site, o.up_site)
    return d


@wp.func
def wanted_attitude(thrust_mci: vec3, along_mci: vec3) -> quat:
    """Thrust along +z; +x as near as may be to `along_mci`, which keeps the canted beam on the ground."""
    z = unit_or(thrust_mci, vec3(0.0, 0.0, 1.0))
    x = perpendicular_to(z, along_mci)
    return quat_from_axes(x, wp.cross(z, x), z)


@wp.func
def engine_commands(b: wp.ref[BeliefParams], thrust: real, main_on: wp.bool) -> Actuation:
    """Share a thrust [N] between the main engine and the assist engines; a main engine that is alone is throttled."""
    a = Actuation()
    if b.assist_thrust <= ZERO:
        a.main_engine = wp.clamp(thrust / b.main_thrust, ZERO, ONE)
        return a
    asked = thrust
    if main_on:
        a.main_engine = ONE
        asked = thrust - b.main_thrust
    a.assist_duty = wp.clamp(asked / b.assist_thrust, ZERO, ONE)
    return a


@wp.func
def thrust_ratio(b: wp.ref[BeliefParams], before: Actuation, now: Actuation) -> real:
    """Thrust commanded now over that of the last cycle, with which the torque of an offset centre of mass goes; 1 where either has none."""
    last = before.main_engine * b.main_thrust + before.assist_duty * b.assist_thrust
    this = now.main_engine * b.main_thrust + now.assist_duty * b.assist_thrust
    return wp.where(last > ZERO and this > ZERO, this / wp.max(last, ONE), ONE)


@wp.func
def steer(p: wp.ref[AvionicsParams], s: wp.ref[AvionicsState], o: wp.ref[Outlook], d: ThrustDemand, tick: real) -> Actuation:
    """Engine and torque commands for a demand; all off once landed."""
    command = Actuation()
    if s.mode == LANDED:
        return command
    if s.mode != COAST:
        command = engine_commands(p.belief, d.thrust, d.main_engine)
        if s.mode != BRAKING:
            command.radar_position = 1
    forward = vec3(wp.sin(p.belief.heading), wp.cos(p.belief.heading), ZERO)
    to_mci = wp.quat_inverse(o.me_from_mci)
    me_from_site = wp.transpose(o.site_from_me)
    along = wp.quat_rotate(to_mci, me_from_site * wp.normalize(forward + o.up_site))
    direction = wp.quat_rotate(to_mci, me_from_site * unit_or(d.acceleration, o.up_site))
    error = attitude_error(wanted_attitude(direction, along), s.navigation.attitude)
    inertia = believed_inertia(p.belief.inertia_full, p.belief.inertia_dry, propellant_share(p.belief, s))
    rate = s.navigation.rate_body
    if s.mode == COAST:
        error = beyond(error, p.control.coast_band)
        rate = beyond(rate, p.control.coast_rate_band)
    if p.control.integral_of == OF_TORQUE:
        s.held_torque = s.held_torque * thrust_ratio(p.belief, s.last, command)
    torque, held = attitude_torque(p.control, inertia, error, rate, p.belief.torque_limit, s.held_torque, s.mode != COAST, tick)
    allotted = allot(p.allocation, s.allocation, torque, tick)
    command.thruster_on = allotted.on
    command.torque_body = allotted.torque
    if not allotted.saturated:
        s.held_torque = held
    return command
