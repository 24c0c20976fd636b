"""Sensing: what the sensors of the lander are given of the truth in a tick, and what they make of it for the computer.

Rays are cast and directions looked up only in ticks in which a device that the lander has takes a sample; a device that it lacks costs nothing.

Assumptions and limitations: all beams begin at the middle of the footpad plane; the ground's slope at a beam's foot is taken over 10 m; terrain is
lit where the Sun stands above the horizon of the smooth sphere; the Sun is hidden by that sphere alone.
"""

import warp as wp

from perilune.base.vector import ONE, ZERO, quat, real, vec3, vec4
from perilune.environment.beam import range_along_beam
from perilune.environment.ephemeris import sun_position
from perilune.environment.orientation import moon_rate_mci, quat_me_from_pa, quat_pa_from_mci
from perilune.environment.relief import ground_normal, height_above_ground
from perilune.flight.events import FIRST_RANGE, EventRow, Kinematics, note
from perilune.flight.state import TICK, FlightPack, FlightState, World
from perilune.lander.legs import pad_body
from perilune.lander.sensors.contact_probes import feel_probe
from perilune.lander.sensors.landing_radar import measure_landing_radar, radar_beam, radar_due
from perilune.lander.sensors.position_fix import fix_due, measure_position_fix
from perilune.lander.sensors.range_finder import beam_body, measure_range, range_due
from perilune.lander.sensors.star_tracker import measure_star_tracker
from perilune.lander.sensors.sun_sensor import measure_sun_sensor, sun_due
from perilune.lander.sensors.velocimeter import measure_velocimeter, velocimeter_beam, velocimeter_due
from perilune.messages.measurements import Measurements, ProbesMeasurement

INCIDENCE_BASELINE = wp.constant(real(10.0))  # m, over which the slope that a beam meets is taken
SPHERE = wp.constant(real(1737400.0))  # m
PROBES_NEAR = wp.constant(real(15.0))  # m above the tips' length, below which the probes are looked at


@wp.struct
class Vantage:
    """Where the sensors look from, in Moon-fixed axes."""

    origin_me: vec3  # m, the middle of the footpad plane
    velocity_me: vec3  # m/s, its velocity over the turning ground
    me_from_body: quat


@wp.struct
class SeenBeams:
    """Up to four beams as they meet the ground."""

    ranges: vec4  # m, below zero where there is no ground within reach
    cosines: vec4  # of the incidence
    speeds: vec4  # m/s of the sensor along each beam, over the ground


@wp.struct
class TrueRanges:
    """Ranges [m] along the beams in this tick, below zero where none was looked for or found."""

    range_finder: real
    landing_radar: real


@wp.func
def is_worth_a_ray(height: real, reach: real) -> wp.bool:
    """Whether the ground can be within reach at all from this height [m]."""
    return height <= reach * real(1.2) + real(4000.0)


@wp.func
def true_range(world: wp.ref[World], pack: wp.ref[FlightPack], origin: vec3, beam: vec3, reach: real) -> wp.vec2d:
    """Range [m] along a unit vector in me (below zero: none) and the cosine of incidence."""
    length = range_along_beam(world.relief, pack.environment, origin, beam, reach * real(1.05))
    if length < ZERO:
        return wp.vec2d(-ONE, ZERO)
    normal = ground_normal(world.relief, pack.environment, origin + beam * length, INCIDENCE_BASELINE)
    return wp.vec2d(length, -wp.dot(beam, normal))


@wp.func
def range_finder_sees(world: wp.ref[World], pack: wp.ref[FlightPack], s: wp.ref[FlightState], cg: vec3, height: real) -> wp.vec2d:
    """Range [m] along the range finder's beam (below zero: none) and the cosine of incidence; not looked for where it is out of reach anyway."""
    reach = pack.lander.range_finder.reach
    if not is_worth_a_ray(height, reach):
        return wp.vec2d(-ONE, ZERO)
    me = quat_me_from_pa(world.orientation) * quat_pa_from_mci(world.orientation, s.time)
    origin = wp.quat_rotate(me, s.body.position - wp.quat_rotate(s.body.attitude, cg))
    beam = wp.quat_rotate(me, wp.quat_rotate(s.body.attitude, beam_body(pack.lander.range_finder)))
    return true_range(world, pack, origin, beam, reach)


@wp.func
def vantage(world: wp.ref[World], s: wp.ref[FlightState], cg: vec3) -> Vantage:
    """The vantage in this tick; `cg` [m] is the centre of mass in body axes."""
    me = quat_me_from_pa(world.orientation) * quat_pa_from_mci(world.orientation, s.time)
    origin = s.body.position - wp.quat_rotate(s.body.attitude, cg)
    swing = wp.quat_rotate(s.body.attitude, wp.cross(s.body.rate, -cg))
    v = Vantage()
    v.origin_me = wp.quat_rotate(me, origin)
    v.velocity_me = wp.quat_rotate(me, s.body.velocity + swing - wp.cross(moon_rate_mci(world.orientation, s.time), origin))
    v.me_from_body = me * s.body.attitude
    return v


@wp.func
def look_along(
    world: wp.ref[World], pack: wp.ref[FlightPack], v: wp.ref[Vantage], seen: wp.ref[SeenBeams], i: wp.int32, beam: vec3, height: real, reach: real
):
    """Add beam `i`, a unit vector in body axes."""
    beam_me = wp.quat_rotate(v.me_from_body, beam)
    found = wp.vec2d(-ONE, ZERO)
    if is_worth_a_ray(height, reach):
        found = true_range(world, pack, v.origin_me, beam_me, reach)
    seen.ranges[i] = found[0]
    seen.cosines[i] = found[1]
    seen.speeds[i] = wp.dot(beam_me, v.velocity_me)


@wp.func
def sense_radar(world: wp.ref[World], pack: wp.ref[FlightPack], s: wp.ref[FlightState], m: wp.ref[Measurements], cg: vec3, height: real) -> real:
    """What the landing radar says; the true range [m] along its range beam where it was looked for."""
    seen = SeenBeams()
    seen.ranges = vec4(-ONE, -ONE, -ONE, -ONE)
    radar = pack.lander.landing_radar
    speed = ZERO
    if radar_due(radar, s.lander.landing_radar, s.tick, TICK, s.time):
        v = vantage(world, s, cg)
        speed = wp.length(v.velocity_me)
        for i in range(4):
            reach = radar.range_reach
            if i > 0:
                reach = radar.velocity_reach
            look_along(world, pack, v, seen, i, radar_beam(radar, s.lander.landing_radar.position, i), height, reach)
    m.landing_radar = measure_landing_radar(
        radar, s.lander.landing_radar, pack.seed, pack.run, s.tick, TICK, s.time, seen.ranges, seen.cosines, seen.speeds, speed, s.active
    )
    return seen.ranges[0]


@wp.func
def sense_velocimeter(world: wp.ref[World], pack: wp.ref[FlightPack], s: wp.ref[FlightState], m: wp.ref[Measurements], cg: vec3, height: real):
    """What the velocimeter says."""
    seen = SeenBeams()
    device = pack.lander.velocimeter
    if velocimeter_due(device, s.tick, TICK):
        v = vantage(world, s, cg)
        for i in range(device.beams):
            look_along(world, pack, v, seen, i, velocimeter_beam(device, i), height, device.reach)
    m.velocimeter = measure_velocimeter(
        device, s.lander.velocimeter, pack.seed, pack.run, s.tick, TICK, s.time, seen.ranges, seen.cosines, seen.speeds, s.active
    )


@wp.func
def sense_position(world: wp.ref[World], pack: wp.ref[FlightPack], s: wp.ref[FlightState], m: wp.ref[Measurements], cg: vec3, height: real):
    """What the camera makes of the terrain below."""
    place = vec3(0.0, 0.0, 0.0)
    elevation = ZERO
    if fix_due(pack.lander.position_fix, s.tick, TICK):
        place = vantage(world, s, cg).origin_me
        elevation = sun_elevation(world, s.body.position, s.time)
    m.position_fix = measure_position_fix(
        pack.lander.position_fix, s.lander.position_fix, pack.seed, pack.run, s.tick, TICK, s.time, place, height, elevation, s.active
    )


@wp.func
def sun_elevation(world: wp.ref[World], position_mci: vec3, time: real) -> real:
    """Elevation [rad] of the Sun over the smooth sphere below a position."""
    way = wp.normalize(sun_position(world.bodies, time) - position_mci)
    return wp.asin(wp.clamp(wp.dot(way, wp.normalize(position_mci)), -ONE, ONE))


@wp.func
def sun_in_sight(position_mci: vec3, way: vec3) -> wp.bool:
    """Whether the line along the unit vector `way` to the Sun passes the Moon's sphere."""
    along = wp.dot(position_mci, way)
    return along >= ZERO or wp.length(position_mci - way * along) > SPHERE


@wp.func
def sense_sun(world: wp.ref[World], pack: wp.ref[FlightPack], s: wp.ref[FlightState], m: wp.ref[Measurements]):
    """What the Sun sensor says."""
    direction = vec3(0.0, 0.0, 1.0)
    is_lit = wp.bool(False)
    if sun_due(pack.lander.sun_sensor, s.tick, TICK):
        way = wp.normalize(sun_position(world.bodies, s.time) - s.body.position)
        is_lit = sun_in_sight(s.body.position, way)
        direction = wp.quat_rotate_inv(s.body.attitude, way)
    m.sun_sensor = measure_sun_sensor(
        pack.lander.sun_sensor, s.lander.sun_sensor, pack.seed, pack.run, s.tick, TICK, s.time, direction, is_lit, s.active
    )


@wp.func
def sense_probes(world: wp.ref[World], pack: wp.ref[FlightPack], s: wp.ref[FlightState], cg: vec3, height: real) -> ProbesMeasurement:
    """Which contact probes touch the ground; high above it only a fault can say so."""
    m = ProbesMeasurement()
    length = pack.lander.contact_probes.length
    me = quat_me_from_pa(world.orientation) * quat_pa_from_mci(world.orientation, s.time)
    for i in range(4):
        above = ONE
        if height < length + PROBES_NEAR:
            tip = s.body.position + wp.quat_rotate(s.body.attitude, pad_body(pack.lander.legs, i) - vec3(ZERO, ZERO, length) - cg)
            above = height_above_ground(world.relief, pack.environment, wp.quat_rotate(me, tip))
        feel_probe(m, i, above, s.active)
    return m


@wp.func
def sense(
    world: wp.ref[World], pack: wp.ref[FlightPack], s: wp.ref[FlightState], before: Kinematics, cg: vec3, events: wp.array2d(dtype=EventRow), i: int
) -> tuple[Measurements, TrueRanges]:
    """All that the sensors hand to the computer in this tick, and the true ranges along the beams where they were looked for."""
    truth = TrueRanges()
    truth.landing_radar = -ONE
    ranged = wp.vec2d(-ONE, ZERO)
    if pack.lander.range_finder.present and range_due(pack.lander.range_finder, s.tick, TICK):
        ranged = range_finder_sees(world, pack, s, cg, before.height)
    truth.range_finder = ranged[0]
    m = Measurements()
    m.imu = s.felt
    if pack.lander.star_tracker.present:
        m.star_tracker = measure_star_tracker(
            pack.lander.star_tracker, s.lander.star_tracker, pack.seed, pack.run, s.tick, TICK, s.time, s.body.attitude, s.body.rate, s.active
        )
    if pack.lander.range_finder.present:
        m.range_finder = measure_range(
            pack.lander.range_finder, s.lander.range_finder, pack.seed, pack.run, s.tick, TICK, s.time, ranged[0], ranged[1], s.active
        )
    if pack.lander.landing_radar.present:
        truth.landing_radar = sense_radar(world, pack, s, m, cg, before.height)
    if pack.lander.velocimeter.present:
        sense_velocimeter(world, pack, s, m, cg, before.height)
    if pack.lander.position_fix.present:
        sense_position(world, pack, s, m, cg, before.height)
    if pack.lander.sun_sensor.present:
        sense_sun(world, pack, s, m)
    if pack.lander.contact_probes.present:
        m.contact_probes = sense_probes(world, pack, s, cg, before.height)
    if m.range_finder.valid or m.landing_radar.range_valid:
        note(events, i, FIRST_RANGE, s.time, before)
    return m, truth
