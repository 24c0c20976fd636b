"""The lander on its legs: a rigid body that bounces, slides, tips and comes to rest on ground that is a plane under each pad.

The frame is level and fixed to the ground (z up at the point of first contact); gravity in it is constant and apparent, that is, the Moon's
turning included. One step is velocity Verlet (kick, drift, kick) with the pads' forces taken once, at its end.

Assumptions and limitations: over a contact the ground is a plane under each pad, gravity is constant (100 m aside it turns by 0.003°) and Coriolis'
force (5e-6 m/s² at 1 m/s) is left out; mass, centre of mass and inertia are those of the first contact and the inertia is diagonal; damping
forces follow the velocity of the half step before them.
Source: velocity Verlet after Swope et al. 1982, J. Chem. Phys. 76, 637, doi 10.1063/1.442716 (recalled); Euler's equations.
"""

import warp as wp

from perilune.base.vector import HALF, ONE, ZERO, quat, quat_from_rotation_vector, real, vec3
from perilune.lander.legs import LegsParams, LegWork, Pad, compress, drag, pad_body, stored_energy

FINEST_PHASE = wp.constant(real(0.25))  # rad of the fastest oscillation of body on legs in one step
LONGEST_STEP = wp.constant(real(1.0e-3))  # s
MOST_STEPS = wp.constant(real(400.0))  # in one truth step


@wp.struct
class OnLegs:
    """The lander and its four legs in the level frame; kept from the first contact on."""

    mass: real  # kg
    cg: vec3  # m, body axes
    inertia: vec3  # kg m², about the centre of mass, diagonal in body axes
    position: vec3  # m, of the centre of mass
    velocity: vec3  # m/s over the ground
    attitude: quat  # level from body
    rate: vec3  # rad/s over the ground, body axes
    push: vec3  # N, of all pads together
    twist: vec3  # N m about the centre of mass, of all pads together, body axes
    pad0: Pad
    pad1: Pad
    pad2: Pad
    pad3: Pad
    work: LegWork
    engine_work: real  # J, of engines and attitude thrusters
    gravity_work: real  # J


@wp.func
def is_pressed(pad: wp.ref[Pad]) -> wp.bool:
    """Whether a leg gives a force or holds energy."""
    return pad.load > ZERO or pad.clearance < ZERO


@wp.func
def gather(pad: wp.ref[Pad], b: wp.ref[OnLegs]):
    """Add a pad's force to the body's `push` and `twist` [both level]."""
    force = pad.ground_normal * pad.load + pad.hold
    b.push += force
    b.twist += wp.cross(pad.place - pad.ground_normal * (pad.clearance - pad.stroke) - b.position, force)


@wp.func
def bear(legs: LegsParams, pad: wp.ref[Pad], b: wp.ref[OnLegs], i: int, turn: vec3, h: real):
    """Move pad `i` with the body, turned by `turn` [rad, level] in this step of `h` [s], and add its force to `push` and `twist` [both level]."""
    place = b.position + wp.quat_rotate(b.attitude, pad_body(legs, i) - b.cg)
    moved = place - pad.place
    pad.place = place
    n = pad.ground_normal
    above = wp.dot(place - pad.ground_point, n)
    clearance = above + pad.stroke
    if clearance >= ZERO and not is_pressed(pad):
        pad.clearance = clearance
        return
    compress(legs, pad, b.work, clearance, h)
    way = moved - wp.cross(turn, n) * above
    drag(legs, pad, b.work, way - n * wp.dot(way, n), h)
    gather(pad, b)


@wp.func
def spin_up(inertia: vec3, torque: vec3, rate: vec3) -> vec3:
    """Euler's equations with a diagonal inertia: angular acceleration [rad/s²] in body axes."""
    return wp.cw_div(torque - wp.cross(rate, wp.cw_mul(inertia, rate)), inertia)


@wp.func
def move_on_legs(legs: LegsParams, b: wp.ref[OnLegs], gravity: vec3, force: vec3, torque: vec3, h: real) -> vec3:
    """One step of `h` [s] with `force` [N] and `torque` [N m] of engines and thrusters in body axes; `gravity` [m/s², level].

    Returns the velocity increment [m/s, body axes] that an inertial unit at the centre of mass feels.
    """
    half = HALF * h
    thrust = wp.quat_rotate(b.attitude, force)
    felt = wp.quat_rotate_inv(b.attitude, b.push) + force
    b.velocity += (gravity + (thrust + b.push) / b.mass) * half
    b.rate += spin_up(b.inertia, torque + b.twist, b.rate) * half
    way = b.velocity * h
    angle = b.rate * h
    turn = wp.quat_rotate(b.attitude, angle)
    b.position += way
    b.attitude = wp.normalize(b.attitude * quat_from_rotation_vector(angle))

    b.push = vec3(0.0, 0.0, 0.0)
    b.twist = vec3(0.0, 0.0, 0.0)
    bear(legs, b.pad0, b, 0, turn, h)
    bear(legs, b.pad1, b, 1, turn, h)
    bear(legs, b.pad2, b, 2, turn, h)
    bear(legs, b.pad3, b, 3, turn, h)
    b.twist = wp.quat_rotate_inv(b.attitude, b.twist)

    after = wp.quat_rotate(b.attitude, force)
    felt += wp.quat_rotate_inv(b.attitude, b.push) + force
    b.velocity += (gravity + (after + b.push) / b.mass) * half
    b.rate += spin_up(b.inertia, torque + b.twist, b.rate) * half
    b.engine_work += HALF * wp.dot(thrust + after, way) + wp.dot(torque, angle)
    b.gravity_work += b.mass * wp.dot(gravity, way)
    return felt * (half / b.mass)


@wp.func
def steps_on_legs(legs: LegsParams, b: wp.ref[OnLegs], span: real) -> int:
    """How many equal steps over `span` [s] follow the fastest oscillation of the body on its legs and its anchors."""
    least = wp.min(b.inertia[0], wp.min(b.inertia[1], b.inertia[2]))
    light = wp.min(b.mass, real(2.0) * least / (legs.radius * legs.radius))
    stiffest = real(4.0) * wp.max(legs.stiffness + legs.stop_stiffness, legs.side_stiffness)
    dampest = real(4.0) * wp.max(legs.damping, legs.side_damping)
    fastest = wp.max(wp.sqrt(stiffest / light), dampest / light)
    h = wp.min(LONGEST_STEP, FINEST_PHASE / fastest)
    return int(wp.clamp(wp.ceil(span / h - real(1.0e-9)), ONE, MOST_STEPS))


@wp.func
def set_pad(legs: LegsParams, pad: wp.ref[Pad], b: wp.ref[OnLegs], i: int):
    """Put pad `i`, unloaded, where the body has it; its plane is still to be looked up."""
    pad.place = b.position + wp.quat_rotate(b.attitude, pad_body(legs, i) - b.cg)


@wp.func
def set_pads(legs: LegsParams, b: wp.ref[OnLegs]):
    """Put all four pads, unloaded, where the body has them."""
    set_pad(legs, b.pad0, b, 0)
    set_pad(legs, b.pad1, b, 1)
    set_pad(legs, b.pad2, b, 2)
    set_pad(legs, b.pad3, b, 3)


@wp.func
def lay_ground(pad: wp.ref[Pad], point: vec3, normal: vec3):
    """Give an unloaded pad the plane through `point` [m, level] with the unit `normal`; a pad that would be in it stands on it."""
    pad.ground_normal = normal
    pad.looked_at = pad.place
    pad.clearance = wp.max(wp.dot(pad.place - point, normal) + pad.stroke, ZERO)
    pad.ground_point = pad.place - normal * (pad.clearance - pad.stroke)


@wp.func
def laid_along(v: vec3, normal: vec3) -> vec3:
    """`v` turned into the plane with that unit normal, as long as it was."""
    along = v - normal * wp.dot(v, normal)
    return wp.normalize(along) * wp.length(v)


@wp.func
def bend_ground(pad: wp.ref[Pad], normal: vec3):
    """Turn the plane under a loaded pad to the unit `normal`, its depth as it was, so that no work is done by looking again."""
    pad.ground_point = pad.place - normal * (pad.clearance - pad.stroke)
    pad.ground_normal = normal
    pad.looked_at = pad.place
    pad.shear = laid_along(pad.shear, normal)
    pad.hold = laid_along(pad.hold, normal)


@wp.func
def gather_all(b: wp.ref[OnLegs]):
    """The forces of all pads anew, after planes have been bent."""
    b.push = vec3(0.0, 0.0, 0.0)
    b.twist = vec3(0.0, 0.0, 0.0)
    gather(b.pad0, b)
    gather(b.pad1, b)
    gather(b.pad2, b)
    gather(b.pad3, b)
    b.twist = wp.quat_rotate_inv(b.attitude, b.twist)


@wp.func
def stored(legs: LegsParams, b: wp.ref[OnLegs]) -> real:
    """What all springs hold [J]."""
    return stored_energy(legs, b.pad0) + stored_energy(legs, b.pad1) + stored_energy(legs, b.pad2) + stored_energy(legs, b.pad3)


@wp.func
def kinetic(b: wp.ref[OnLegs]) -> real:
    """Energy of motion over the ground [J]."""
    return HALF * (b.mass * wp.dot(b.velocity, b.velocity) + wp.dot(b.rate, wp.cw_mul(b.inertia, b.rate)))
