"""On the ground: from the first touch of a pad the lander moves on its legs over the true relief, until it rests or has fallen.

The motion is that of `lander.on_legs` in a level frame fixed to the Moon, at 1 ms or less; here it meets the relief: the plane under a pad goes
through the ground below its middle and has the slope of the ground over the pad's size, and it is taken anew where the pad has moved by a tenth of
that size. Under a loaded pad only the slope is taken anew (so that looking does no work), bent so that it leads back to the true height.

Assumptions and limitations: those of `lander.legs` and `lander.on_legs`; liquids stand still from the first touch on, what they had of a swing is
dropped, and propellant burned after it leaves the tanks but not the mass that moves; the ground does not give; the lander counts as fallen beyond
75° of tilt.
"""

import warp as wp

from perilune.base.vector import HALF, ONE, ZERO, perpendicular_to, quat_from_axes, real, vec3, vec4
from perilune.environment.gravity import central_acceleration
from perilune.environment.orientation import moon_rate_mci, quat_me_from_pa, quat_pa_from_mci
from perilune.environment.relief import ground_height, height_above_ground
from perilune.flight.dynamics import perturbation
from perilune.flight.state import STATUS_FALLEN, STATUS_FLYING, STATUS_STANDING, FlightPack, FlightState, Ground, World
from perilune.lander.legs import Pad
from perilune.lander.on_legs import bend_ground, gather_all, is_pressed, kinetic, lay_ground, move_on_legs, set_pads, steps_on_legs, stored
from perilune.lander.propellant import MassNow

LOOK_AGAIN = wp.constant(real(0.1))  # pad diameters
STEEPEST_CORRECTION = wp.constant(real(0.3))
REST_SPEED = wp.constant(real(1.0e-3))  # m/s
REST_RATE = wp.constant(real(1.7453292519943296e-4))  # rad/s, 0.01°/s
REST_FOR = wp.constant(real(2.0))  # s
LISTEN_FOR = wp.constant(real(5.0))  # s after the first touch, in which the avionics may detect it
LONGEST = wp.constant(real(60.0))  # s after the first touch, the end of what never rests
FALLEN_TILT = wp.constant(real(1.3089969389957472))  # rad, 75°


@wp.func
def touch_down(world: wp.ref[World], pack: wp.ref[FlightPack], s: wp.ref[FlightState], now: MassNow, t: real):
    """Put the body of time `t` [s past the epoch], whose first pad touches, on its legs."""
    me = quat_me_from_pa(world.orientation) * quat_pa_from_mci(world.orientation, t)
    g = s.ground
    g.origin_me = wp.quat_rotate(me, s.body.position - wp.quat_rotate(s.body.attitude, now.cg))
    up = wp.normalize(g.origin_me)
    east = perpendicular_to(up, world.relief.east)
    g.me_from_level = quat_from_axes(east, wp.cross(up, east), up)
    level = wp.quat_inverse(g.me_from_level) * me
    turn = moon_rate_mci(world.orientation, t)
    pull = central_acceleration(world.harmonics.gm, s.body.position) + perturbation(world, s.body.position, t)
    g.gravity = wp.quat_rotate(level, pull - wp.cross(turn, wp.cross(turn, s.body.position)))
    g.legs.mass = now.mass
    g.legs.cg = now.cg
    g.legs.inertia = now.inertia
    g.legs.attitude = wp.normalize(level * s.body.attitude)
    g.legs.position = wp.quat_rotate(g.legs.attitude, now.cg)
    g.legs.velocity = wp.quat_rotate(level, s.body.velocity - wp.cross(turn, s.body.position))
    g.legs.rate = s.body.rate - wp.quat_rotate_inv(s.body.attitude, turn)
    set_pads(pack.lander.legs, g.legs)
    look_under(world, pack, g, g.legs.pad0)
    look_under(world, pack, g, g.legs.pad1)
    look_under(world, pack, g, g.legs.pad2)
    look_under(world, pack, g, g.legs.pad3)
    s.contact.energy.start = kinetic(g.legs)
    s.ground = g
    s.lander.slosh.free = False


@wp.func
def in_me(g: wp.ref[Ground], level: vec3) -> vec3:
    """A place of the level frame in the mean-Earth frame [m]."""
    return g.origin_me + wp.quat_rotate(g.me_from_level, level)


@wp.func
def rise(world: wp.ref[World], pack: wp.ref[FlightPack], g: wp.ref[Ground], place: vec3, way: vec3) -> real:
    """How much higher the ground is `way` [m, level] ahead of a place than behind it [m]."""
    ahead = ground_height(world.relief, pack.environment, in_me(g, place + way))
    return ahead - ground_height(world.relief, pack.environment, in_me(g, place - way))


@wp.func
def look_under(world: wp.ref[World], pack: wp.ref[FlightPack], g: wp.ref[Ground], pad: wp.ref[Pad]):
    """Take the plane under a pad anew."""
    width = pack.lander.legs.pad_diameter
    height = height_above_ground(world.relief, pack.environment, in_me(g, pad.place))
    slope_x = rise(world, pack, g, pad.place, vec3(HALF * width, ZERO, ZERO)) / width
    slope_y = rise(world, pack, g, pad.place, vec3(ZERO, HALF * width, ZERO)) / width
    if is_pressed(pad):
        moved = vec3(pad.place[0] - pad.looked_at[0], pad.place[1] - pad.looked_at[1], ZERO)
        missing = (pad.clearance - pad.stroke) / pad.ground_normal[2] - height
        steer = wp.normalize(moved) * wp.clamp(missing / (HALF * width), -STEEPEST_CORRECTION, STEEPEST_CORRECTION)
        bend_ground(pad, wp.normalize(vec3(-slope_x - steer[0], -slope_y - steer[1], ONE)))
    else:
        lay_ground(pad, pad.place - vec3(ZERO, ZERO, height), wp.normalize(vec3(-slope_x, -slope_y, ONE)))


@wp.func
def look_again(world: wp.ref[World], pack: wp.ref[FlightPack], g: wp.ref[Ground], pad: wp.ref[Pad]) -> wp.bool:
    """Take the plane under a pad anew if the pad has moved over the ground; whether it was loaded."""
    moved = pad.place - pad.looked_at
    far = pack.lander.legs.pad_diameter * LOOK_AGAIN
    if moved[0] * moved[0] + moved[1] * moved[1] < far * far:
        return False
    look_under(world, pack, g, pad)
    return is_pressed(pad)


@wp.func
def move_on_ground(world: wp.ref[World], pack: wp.ref[FlightPack], s: wp.ref[FlightState], force: vec3, torque: vec3, t: real, span: real) -> vec3:
    """Move the lander on its legs from `t` [s past the epoch] over `span` [s] under `force` [N] and `torque` [N m], body axes, both constant.

    Returns the velocity increment that the inertial unit feels [m/s, body axes].
    """
    legs = pack.lander.legs
    b = s.ground.legs
    bent = look_again(world, pack, s.ground, b.pad0)
    bent = look_again(world, pack, s.ground, b.pad1) or bent
    bent = look_again(world, pack, s.ground, b.pad2) or bent
    bent = look_again(world, pack, s.ground, b.pad3) or bent
    if bent:
        gather_all(b)
    steps = steps_on_legs(legs, b, span)
    h = span / real(steps)
    felt = vec3(0.0, 0.0, 0.0)
    for _ in range(steps):
        felt += move_on_legs(legs, b, s.ground.gravity, force, torque, h)
    s.ground.legs = b
    follow(world, s, t + span)
    if wp.length(b.velocity) < REST_SPEED and wp.length(b.rate) < REST_RATE:
        s.contact.still_for += span
    else:
        s.contact.still_for = ZERO
    return felt


@wp.func
def follow(world: wp.ref[World], s: wp.ref[FlightState], t: real):
    """The body in mci at `t` [s past the epoch] from where it is on its legs."""
    mci = wp.quat_inverse(quat_me_from_pa(world.orientation) * quat_pa_from_mci(world.orientation, t))
    level = mci * s.ground.me_from_level
    turn = moon_rate_mci(world.orientation, t)
    s.body.position = wp.quat_rotate(mci, in_me(s.ground, s.ground.legs.position))
    s.body.velocity = wp.quat_rotate(level, s.ground.legs.velocity) + wp.cross(turn, s.body.position)
    s.body.attitude = wp.normalize(level * s.ground.legs.attitude)
    s.body.rate = s.ground.legs.rate + wp.quat_rotate_inv(s.body.attitude, turn)


@wp.func
def close_account(pack: wp.ref[FlightPack], s: wp.ref[FlightState]):
    """Where the lander is now over its first touch, and where its energy has gone."""
    b = s.ground.legs
    axis = wp.quat_rotate(b.attitude, vec3(0.0, 0.0, 1.0))
    middle = b.position - wp.quat_rotate(b.attitude, b.cg)
    s.contact.rest_after = s.time - s.contact.time - s.contact.still_for
    s.contact.rest_tilt = wp.acos(wp.clamp(axis[2], -ONE, ONE))
    s.contact.most_tilt = wp.max(s.contact.most_tilt, s.contact.rest_tilt)
    s.contact.slide = wp.sqrt(middle[0] * middle[0] + middle[1] * middle[1])
    s.contact.strokes = vec4(b.pad0.stroke, b.pad1.stroke, b.pad2.stroke, b.pad3.stroke)
    s.contact.energy.gravity = b.gravity_work
    s.contact.energy.engines = b.engine_work
    s.contact.energy.crush = b.work.crush
    s.contact.energy.damping = b.work.damping
    s.contact.energy.friction = b.work.friction
    s.contact.energy.stored = stored(pack.lander.legs, b)
    s.contact.energy.kinetic = kinetic(b)


@wp.func
def status_on_ground(pack: wp.ref[FlightPack], s: wp.ref[FlightState]) -> wp.int32:
    """How the flight stands after a tick on the ground; `s.time` is its end."""
    close_account(pack, s)
    if s.contact.rest_tilt > FALLEN_TILT:
        return STATUS_FALLEN
    since = s.time - s.contact.time
    if since > LONGEST or (since > LISTEN_FOR and s.contact.still_for >= REST_FOR - real(1.0e-9)):
        return STATUS_STANDING
    return STATUS_FLYING
