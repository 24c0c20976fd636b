"""The flight software: measurements in, commands and telemetry out, once a control tick; beliefs of its own and never the truth.

`Avionics` composes what the mission file says of it. `fly_tick` is the whole cycle: navigation, sequencer, guidance, control, publication.

Assumptions and limitations: the cycle takes no time (commands act in the tick in which they are computed); one computer, no overload; thrust is
asked of the assist engines as a mean duty beside the main engine, which is on or off.
"""

import warp as wp

from perilune.avionics.belief import (
    MOON_RADIUS,
    BeliefChoice,
    BeliefParams,
    OnBoard,
    believed_gravity,
    believed_map_radius,
    me_from_mci_at,
    site_axes,
)
from perilune.avionics.control import Control, ControlParams, attitude_error, attitude_torque, believed_inertia
from perilune.avionics.guidance.legs import (
    Engines,
    Guidance,
    GuidanceParams,
    brake_freely,
    braking_leg,
    descend,
    first_time_to_go,
    limit_tilt,
    limit_with_vertical_priority,
    settle,
    solve_time_to_go,
)
from perilune.avionics.navigation import (
    Navigation,
    NavigationParams,
    NavigationState,
    close_tick,
    height_variance,
    propagate_covariance,
    start_navigation,
    start_sensing,
    use_range,
    use_star_tracker,
)
from perilune.avionics.sequencer import BRAKING, COAST, LANDED, PITCH_UP, TERMINAL, VERTICAL, Sequence, SequenceParams, Situation, next_mode
from perilune.avionics.touchdown import Touchdown, TouchdownParams, contact_time
from perilune.base.parameters import Parameters
from perilune.base.vector import (
    HALF,
    ONE,
    STANDARD_GRAVITY,
    TWO,
    ZERO,
    perpendicular_to,
    quat,
    quat_from_axes,
    real,
    unit_or,
    vec3,
)
from perilune.environment.orientation import moon_rate_mci
from perilune.messages.actuation import Actuation
from perilune.messages.measurements import Measurements
from perilune.messages.telemetry import Telemetry

COAST_COVARIANCE_PERIOD = wp.constant(real(1.0))  # s; its error against 0.1 s is part of the filter's tests


class Avionics(Parameters):
    """The mission file's `[avionics]`."""

    belief: BeliefChoice
    navigation: Navigation
    guidance: Guidance
    control: Control
    sequence: Sequence
    touchdown: Touchdown


@wp.struct
class AvionicsParams:
    """The same in SI; one for all runs of a campaign, whatever is dispersed."""

    belief: BeliefParams
    navigation: NavigationParams
    guidance: GuidanceParams
    control: ControlParams
    sequence: SequenceParams
    touchdown: TouchdownParams


@wp.struct
class AvionicsState:
    """The computer's memory."""

    navigation: NavigationState
    mode: wp.int32
    time_to_go: real
    range_given_up: wp.bool  # braking no longer steers for the site
    main_left: real  # kg as believed
    rcs_left: real  # kg as believed
    held_torque: vec3
    contact_for: real
    touchdown: wp.bool
    thrust_direction_mci: vec3
    last: Actuation


@wp.func
def start_avionics(p: wp.ref[AvionicsParams]) -> AvionicsState:
    """The computer at the end of the descent burn."""
    s = AvionicsState()
    s.navigation = start_navigation(p.navigation, p.belief)
    s.main_left = p.belief.main_loaded
    s.rcs_left = p.belief.rcs_loaded
    return s


@wp.func
def believed_mass(b: wp.ref[BeliefParams], s: wp.ref[AvionicsState]) -> real:
    """Mass [kg] by the computer's own propellant account."""
    return b.dry_mass + s.main_left + s.rcs_left


@wp.func
def account_propellant(b: wp.ref[BeliefParams], s: wp.ref[AvionicsState], dt: real):
    """Charge what the last command used."""
    flow = s.last.main_engine * b.main_thrust / (b.main_isp * STANDARD_GRAVITY)
    flow += s.last.assist_duty * b.assist_thrust / (b.assist_isp * STANDARD_GRAVITY)
    torque = s.last.torque_body
    rcs = (wp.abs(torque[0]) + wp.abs(torque[1]) + wp.abs(torque[2])) / (b.rcs_arm * b.rcs_isp * STANDARD_GRAVITY)
    s.main_left = wp.max(s.main_left - flow * dt, ZERO)
    s.rcs_left = wp.max(s.rcs_left - rcs * dt, ZERO)


@wp.func
def wanted_attitude(thrust_mci: vec3, along_mci: vec3) -> quat:
    """Thrust along +z; +x as near as may be to `along_mci`, which keeps the canted beam on the ground."""
    z = unit_or(thrust_mci, vec3(0.0, 0.0, 1.0))
    x = perpendicular_to(z, along_mci)
    return quat_from_axes(x, wp.cross(z, x), z)


@wp.func
def engine_commands(b: wp.ref[BeliefParams], thrust: real, main_on: wp.bool) -> Actuation:
    """Share a thrust [N] between the main engine and the assist engines."""
    a = Actuation()
    asked = thrust
    if main_on:
        a.main_engine = ONE
        asked = thrust - b.main_thrust
    a.assist_duty = wp.clamp(asked / b.assist_thrust, ZERO, ONE)
    return a


@wp.func
def fly_tick(
    law: wp.Function, p: wp.ref[AvionicsParams], on_board: wp.ref[OnBoard], s: wp.ref[AvionicsState], m: Measurements, time: real, tick: real
) -> tuple[Actuation, Telemetry]:
    """One cycle at `time` [s past the epoch]; `tick` is the control period [s]."""
    b = p.belief
    g = p.guidance
    n_dt = s.navigation.gathered_dt
    account_propellant(b, s, n_dt)
    share = (s.main_left + s.rcs_left) / wp.max(b.main_loaded + b.rcs_loaded, real(1.0))
    cg_height = b.cg_height_dry + (b.cg_height_full - b.cg_height_dry) * wp.clamp(share, ZERO, ONE)

    # navigation
    s.navigation.since_covariance += n_dt
    s.navigation.gathered_dt = ZERO
    close_tick(s.navigation)
    me = me_from_mci_at(on_board, time)
    rate_mci = moon_rate_mci(on_board.orientation, time)
    r_me = wp.quat_rotate(me, s.navigation.position_mci)
    v_ground = s.navigation.velocity_mci - wp.cross(rate_mci, s.navigation.position_mci)
    if s.navigation.sensing or s.navigation.since_covariance >= COAST_COVARIANCE_PERIOD - HALF * tick:
        propagate_covariance(p.navigation, s.navigation, on_board.harmonics.gm)
    s.navigation.range_used = False
    if m.star_tracker.valid:
        use_star_tracker(p.navigation, s.navigation, m.star_tracker, time, tick)
    if m.range_finder.valid:
        use_range(p.navigation, b, on_board, s.navigation, m.range_finder, cg_height, time, tick)
    if m.star_tracker.valid or m.range_finder.valid:
        r_me = wp.quat_rotate(me, s.navigation.position_mci)
        v_ground = s.navigation.velocity_mci - wp.cross(rate_mci, s.navigation.position_mci)

    # the situation in the site frame
    axes = site_axes(b)
    r_site = axes * (r_me - b.site_position_me)
    v_site = axes * wp.quat_rotate(me, v_ground)
    up_me = wp.normalize(r_me)
    v_me = wp.quat_rotate(me, v_ground)
    sink = -wp.dot(v_me, up_me)
    level = wp.length(v_me + up_me * sink)
    radius = wp.length(r_me)
    height = radius - believed_map_radius(on_board, r_me) - s.navigation.nadir_share * s.navigation.map_error - cg_height
    site_radius = wp.length(b.site_position_me)
    g_now = s.navigation.gravity  # of the middle of the last tick: 50 ms old
    apparent_mci = g_now - wp.cross(rate_mci, v_ground * TWO) - wp.cross(rate_mci, wp.cross(rate_mci, s.navigation.position_mci))
    g_site = axes * wp.quat_rotate(me, apparent_mci)
    gravity = wp.length(g_now)
    site_gravity = on_board.harmonics.gm / (site_radius * site_radius)

    # sequencer
    now = Situation()
    now.ground_range = site_radius * wp.acos(wp.clamp(wp.dot(up_me, b.site_position_me / site_radius), -ONE, ONE))
    now.height = height
    now.sink = sink
    now.horizontal_speed = level
    now.time_to_go = s.time_to_go
    mass = believed_mass(b, s)
    if s.mode == TERMINAL:
        expected = (s.last.main_engine * b.main_thrust + s.last.assist_duty * b.assist_thrust) / mass
        s.contact_for = contact_time(p.touchdown, height, wp.length(s.navigation.force_body), expected, s.contact_for, tick)
    now.contact_for = s.contact_for
    before = s.mode
    s.mode = next_mode(
        s.mode, now, p.sequence.ignition_range, g.gate_lead, g.gate_forward, g.vertical_height, g.terminal_height, p.touchdown.patience
    )
    if s.mode == BRAKING and before == COAST:
        start_sensing(p.navigation, s.navigation)
    if s.mode == LANDED:
        s.touchdown = True

    # guidance
    engines = Engines()
    engines.mass = mass
    engines.largest = b.main_thrust + b.assist_thrust
    engines.exhaust_speed = STANDARD_GRAVITY * engines.largest / (b.main_thrust / b.main_isp + b.assist_thrust / b.assist_isp)
    local_up = axes * up_me
    demand = vec3(0.0, 0.0, 0.0)
    thrust = ZERO
    main_on = True
    if s.mode == COAST:
        demand = -unit_or(v_site, local_up)
    elif s.mode == BRAKING:
        nominal = g.nominal_thrust * engines.largest
        if s.time_to_go < g.range_free or s.navigation.first_range_time >= ZERO:
            s.range_given_up = True
        if before == COAST:
            s.range_given_up = False
        if s.range_given_up:
            free = brake_freely(g, height, sink, v_site, gravity, engines)
            demand = limit_with_vertical_priority(free.acceleration, engines.largest / mass)
            s.time_to_go = free.time_to_go
        else:
            leg = braking_leg(g, b.heading, r_site, v_site, g_site, site_gravity)
            if before == COAST:
                s.time_to_go = first_time_to_go(leg, engines, nominal)
                for _ in range(5):
                    s.time_to_go = solve_time_to_go(law, leg, engines, nominal, s.time_to_go)
            else:
                s.time_to_go = solve_time_to_go(law, leg, engines, nominal, wp.max(s.time_to_go - tick, ONE))
            demand = limit_with_vertical_priority(law(leg, s.time_to_go).start, engines.largest / mass)
        thrust = wp.clamp(wp.length(demand) * mass, g.least_braking_thrust * engines.largest, engines.largest)
    elif s.mode == PITCH_UP or s.mode == VERTICAL:
        drift_time = g.drift_time
        if s.mode == PITCH_UP:
            drift_time = wp.clamp(HALF * s.time_to_go, g.drift_time, TWO * g.drift_time)
        wanted = descend(g, height, sink, v_site, gravity, drift_time)
        s.time_to_go = wanted.time_to_go
        demand = wanted.acceleration
        if s.mode == VERTICAL:
            demand = limit_tilt(demand, g.vertical_tilt)
        demand = limit_with_vertical_priority(demand, engines.largest / mass)
        thrust = wp.max(wp.length(demand) * mass, b.main_thrust)
    elif s.mode == TERMINAL:
        main_on = False
        s.time_to_go = wp.max(height, ZERO) / g.final_sink
        level_demand = limit_tilt(settle(g, height, sink, v_site, gravity), g.terminal_tilt)
        demand = limit_with_vertical_priority(level_demand, b.assist_thrust / mass)
        thrust = wp.length(demand) * mass
    else:
        main_on = False
        demand = local_up

    # control
    forward = vec3(wp.sin(b.heading), wp.cos(b.heading), ZERO)
    to_mci = wp.quat_inverse(me)
    along_mci = wp.quat_rotate(to_mci, wp.transpose(axes) * wp.normalize(forward + local_up))
    direction_mci = wp.quat_rotate(to_mci, wp.transpose(axes) * unit_or(demand, local_up))
    s.thrust_direction_mci = direction_mci
    command = Actuation()
    if s.mode != LANDED:
        if s.mode != COAST:
            command = engine_commands(b, thrust, main_on)
        inertia = believed_inertia(b.inertia_full, b.inertia_dry, share)
        error = attitude_error(wanted_attitude(direction_mci, along_mci), s.navigation.attitude)
        torque, held = attitude_torque(p.control, inertia, error, s.navigation.rate_body, b.torque_limit, s.held_torque, s.mode != COAST, tick)
        command.torque_body = torque
        s.held_torque = held
    s.last = command
    middle = s.navigation.position_mci + s.navigation.velocity_mci * (HALF * tick)
    s.navigation.gravity = believed_gravity(on_board, middle, time + HALF * tick)

    # publication
    t = Telemetry()
    t.time = time
    t.mode = s.mode
    t.position_mci = s.navigation.position_mci
    t.velocity_mci = s.navigation.velocity_mci
    t.attitude_mci_from_body = s.navigation.attitude
    t.rate_body = s.navigation.rate_body
    t.position_site = r_site
    t.velocity_site = v_site
    t.altitude = radius - MOON_RADIUS - cg_height
    t.height = height
    t.height_sigma = wp.sqrt(wp.max(height_variance(p.navigation, s.navigation, wp.quat_rotate(to_mci, up_me)), ZERO))
    t.vertical_speed = sink
    t.horizontal_speed = level
    t.range = s.navigation.last_range
    t.range_valid = s.navigation.range_used
    t.range_rejections = s.navigation.rejections
    t.time_to_go = s.time_to_go
    t.thrust_command = thrust
    t.main_engine = command.main_engine
    t.assist_duty = command.assist_duty
    t.torque_body = command.torque_body
    t.mass = mass
    t.propellant = s.main_left
    t.specific_force_body = s.navigation.force_body
    t.touchdown = s.touchdown
    return command, t
