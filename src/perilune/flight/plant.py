"""The plant over one control tick: engines, tanks and field move the lander, its inertial unit feels it, and the ground stops it.

Assumptions and limitations: in a coast what force the attitude thrusters leave over acts as a kick in the middle of each truth step; from the first
touch of a pad on a lander that is not broken moves on its legs (`flight.ground_contact`); until then the ground under the pads is the relief at the
four pads' places.
"""

import warp as wp

from perilune.base.vector import HALF, ONE, ZERO, mat33, quat_from_rotation_vector, real, rotation_vector_from_quat, vec3
from perilune.environment.orientation import moon_rate_mci, quat_me_from_pa, quat_pa_from_mci
from perilune.environment.relief import ground_height, height_above_ground
from perilune.flight.dynamics import fall, perturbation, tumble
from perilune.flight.events import ATTITUDE_DRY, CONTACT, DRY, EventRow, Kinematics, note
from perilune.flight.ground_contact import move_on_ground, touch_down
from perilune.flight.propulsion import burn, command_engines, drive_of, is_fed, masses, thrust_on
from perilune.flight.state import STATUS_DESTROYED, STEP, STEPS, TICK, Body, Contact, FlightPack, FlightState, World
from perilune.lander.attitude_thrusters import Push, fire, push_over, rcs_left_after
from perilune.lander.legs import pad_body
from perilune.lander.sensors.imu import measure_imu
from perilune.messages.actuation import Actuation
from perilune.messages.measurements import IMU_SAMPLES, ImuMeasurement

RADIUS = wp.constant(real(1737400.0))
SAMPLES = wp.constant(IMU_SAMPLES)
NEAR = wp.constant(real(12.0))  # m; below this height the pads are looked at in every step


@wp.func
def kinematics(world: wp.ref[World], pack: wp.ref[FlightPack], b: Body, cg: vec3, t: real) -> Kinematics:
    """True altitude, height, speeds over the ground and tilt, of the middle of the footpad plane."""
    me = quat_me_from_pa(world.orientation) * quat_pa_from_mci(world.orientation, t)
    r_me = wp.quat_rotate(me, b.position - wp.quat_rotate(b.attitude, cg))
    up = wp.normalize(b.position)
    v = b.velocity - wp.cross(moon_rate_mci(world.orientation, t), b.position)
    k = Kinematics()
    k.altitude = wp.length(r_me) - RADIUS
    k.height = k.altitude - ground_height(world.relief, pack.environment, r_me)
    k.vertical_speed = -wp.dot(v, up)
    k.horizontal_speed = wp.length(v + up * k.vertical_speed)
    k.tilt = wp.acos(wp.clamp(wp.dot(wp.quat_rotate(b.attitude, vec3(0.0, 0.0, 1.0)), up), -ONE, ONE))
    return k


@wp.func
def pad_clearance(world: wp.ref[World], pack: wp.ref[FlightPack], b: Body, cg: vec3, t: real) -> real:
    """Height [m] of the lowest footpad above the ground below it."""
    me = quat_me_from_pa(world.orientation) * quat_pa_from_mci(world.orientation, t)
    lowest = real(1.0e9)
    for i in range(4):
        pad = b.position + wp.quat_rotate(b.attitude, pad_body(pack.lander.legs, i) - cg)
        lowest = wp.min(lowest, height_above_ground(world.relief, pack.environment, wp.quat_rotate(me, pad)))
    return lowest


@wp.func
def contact_state(world: wp.ref[World], pack: wp.ref[FlightPack], s: wp.ref[FlightState], b: Body, cg: vec3, t: real, k: Kinematics) -> Contact:
    """What the verdict is made from: speeds, tilt and slope at first touch."""
    me = quat_me_from_pa(world.orientation) * quat_pa_from_mci(world.orientation, t)
    ground = mat33(0.0)
    last = vec3(0.0, 0.0, 0.0)
    for i in range(4):
        pad_me = wp.quat_rotate(me, b.position + wp.quat_rotate(b.attitude, pad_body(pack.lander.legs, i) - cg))
        under = wp.normalize(pad_me) * (RADIUS + ground_height(world.relief, pack.environment, pad_me))
        if i < 3:
            for j in range(3):
                ground[i, j] = under[j]
        else:
            last = under
    g0 = vec3(ground[0, 0], ground[0, 1], ground[0, 2])
    g1 = vec3(ground[1, 0], ground[1, 1], ground[1, 2])
    g2 = vec3(ground[2, 0], ground[2, 1], ground[2, 2])
    normal = wp.normalize(wp.cross(g0 - g2, g1 - last))
    up = wp.normalize(g0 + g1 + g2 + last)
    c = s.contact
    c.time = t
    c.position_me = wp.quat_rotate(me, b.position - wp.quat_rotate(b.attitude, cg))
    c.vertical_speed = k.vertical_speed
    c.horizontal_speed = k.horizontal_speed
    c.tilt = k.tilt
    c.slope = wp.acos(wp.min(wp.abs(wp.dot(normal, up)), ONE))  # the pads of a lander upside down turn the plane over
    c.main_left = s.lander.fuel.left + s.lander.oxidiser.left
    c.rcs_left = s.lander.rcs_left
    return c


@wp.func
def feel(
    s: wp.ref[FlightState],
    pack: wp.ref[FlightPack],
    step: int,
    before: Body,
    after: Body,
    dv_body: vec3,
    increments: wp.array2d(dtype=ImuMeasurement),
    run: int,
    first: int,
):
    """Gather one inertial increment for the computer; record it where there is room (`first`: column of this tick's first).

    The unit has IMU_SAMPLES increments a tick to give: with finer truth steps, several make one.
    """
    turn = rotation_vector_from_quat(wp.quat_inverse(before.attitude) * after.attitude)
    index = s.tick * STEPS + step
    time = s.time + STEP * real(step + 1)
    m = measure_imu(pack.lander.imu, s.lander.imu, pack.seed, pack.run, index, time, STEP, turn, dv_body, s.active)
    together = STEPS // SAMPLES
    row = step // together
    angles = s.felt.delta_angle  # values of their own: each element read through the state would copy the whole matrix
    velocities = s.felt.delta_velocity
    if row * together == step:
        s.felt.dt = STEP * real(together)
        s.felt.count = row + 1
        for j in range(3):
            angles[row, j] = ZERO
            velocities[row, j] = ZERO
    for j in range(3):
        angles[row, j] = angles[row, j] + m.delta_angle[j]
        velocities[row, j] = velocities[row, j] + m.delta_velocity[j]
    s.felt.delta_angle = angles
    s.felt.delta_velocity = velocities
    if first + step < increments.shape[1]:
        increments[run, first + step] = m


@wp.func
def touch(world: wp.ref[World], pack: wp.ref[FlightPack], before: Body, after: Body, cg: vec3, t: real, above: real, below: real) -> real:
    """The fraction of the step at which the first pad touches, by regula falsi on the interpolated step (error below a micrometre)."""
    lo = ZERO
    hi = ONE
    c_lo = above
    c_hi = below
    f = ONE
    for _ in range(12):
        f = lo + (hi - lo) * wp.clamp(c_lo / (c_lo - c_hi), real(0.02), real(0.98))
        c = pad_clearance(world, pack, between(before, after, f), cg, t + STEP * f)
        if c > ZERO:
            lo = f
            c_lo = c
        else:
            hi = f
            c_hi = c
        if wp.abs(c) < real(1.0e-7):
            break
    return f


@wp.func
def between(a: Body, b: Body, f: real) -> Body:
    """The body at the fraction `f` of a step: cubic Hermite in position, linear in the rest."""
    f2 = f * f
    f3 = f2 * f
    out = Body()
    out.position = (
        a.position * (real(2.0) * f3 - real(3.0) * f2 + ONE)
        + a.velocity * ((f3 - real(2.0) * f2 + f) * STEP)
        + b.position * (real(3.0) * f2 - real(2.0) * f3)
        + b.velocity * ((f3 - f2) * STEP)
    )
    out.velocity = a.velocity + (b.velocity - a.velocity) * f
    out.attitude = wp.normalize(a.attitude + (b.attitude - a.attitude) * f)
    out.rate = a.rate + (b.rate - a.rate) * f
    return out


@wp.func
def nudge(b: wp.ref[Body], push: wp.ref[Push], mass: real, inertia: vec3):
    """How much farther a push that comes early in the step has moved and turned the body by its end than its mean would; gyroscopic torque too."""
    turn = wp.cw_div(push.early_torque, inertia)
    b.position += wp.quat_rotate(b.attitude, push.early_force) / mass
    b.attitude = b.attitude * quat_from_rotation_vector(turn)
    b.rate -= wp.cw_div(wp.cross(turn, wp.cw_mul(inertia, b.rate)) + wp.cross(b.rate, push.early_torque), inertia)


@wp.func
def kick(landing: wp.ref[Body], before: Body, after: Body, push: wp.ref[Push], mass: real, left: real):
    """What a push in a coast adds to where the tick lands, `left` [s] before its end; attitude that of the middle of the step."""
    middle = wp.normalize(before.attitude + after.attitude)
    landing.velocity += wp.quat_rotate(middle, push.force) * (STEP / mass)
    landing.position += wp.quat_rotate(middle, push.force * (STEP * left) + push.early_force) / mass


@wp.func
def fly_plant(
    world: wp.ref[World],
    pack: wp.ref[FlightPack],
    s: wp.ref[FlightState],
    command: Actuation,
    height: real,
    events: wp.array2d(dtype=EventRow),
    increments: wp.array2d(dtype=ImuMeasurement),
    run: int,
    first: int,
):
    """The truth over one tick under `command`; `height` [m] is the true height at its start."""
    now = masses(pack, s)
    middle = s.body.position + s.body.velocity * (HALF * TICK)
    held = perturbation(world, middle, s.time + HALF * TICK)
    gm = world.harmonics.gm
    pulses = fire(pack.lander.attitude_thrusters, s.lander.attitude_thrusters, command.thruster_on, now.cg, TICK, s.active)
    fed = is_fed(pack, s)
    if not fed and s.dry_time < ZERO and (command.main_engine > ZERO or command.assist_duty > ZERO):
        s.dry_time = s.time
        note(events, run, DRY, s.time, kinematics(world, pack, s.body, now.cg, s.time))
    if s.lander.rcs_left <= ZERO and pulses.count > 0:
        note(events, run, ATTITUDE_DRY, s.time, kinematics(world, pack, s.body, now.cg, s.time))
    command_engines(pack, s, command, fed)
    drive = drive_of(pack, s, now)
    on_ground = s.contact.time >= ZERO
    near = not on_ground and height < NEAR + real(0.2) * wp.abs(wp.dot(s.body.velocity, wp.normalize(s.body.position)))
    clearance = ZERO
    if near:
        clearance = pad_clearance(world, pack, s.body, now.cg, s.time)
    still = drive.idle and not drive.swings and not near and not on_ground
    landing = fall(gm, s.body, held, TICK)
    steps = int(STEPS)  # a loop that stays one: unrolled, it would quintuple the code
    for i in range(steps):
        before = s.body
        dv = vec3(0.0, 0.0, 0.0)
        push = push_over(pulses, STEP * real(i), STEP * real(i + 1), s.lander.rcs_left)
        mass = pack.lander.mass.dry_mass + s.lander.fuel.left + s.lander.oxidiser.left + s.lander.rcs_left
        if still:
            s.body = tumble(s.body, push.torque, now.inertia, STEP)
            if wp.length_sq(push.force) > ZERO:
                kick(landing, before, s.body, push, mass, TICK - STEP * (real(i) + HALF))
                dv = push.force * (STEP / mass)
        else:
            thrust = burn(pack, s, drive, STEP * real(i), STEP)
            force = thrust.force + push.force
            torque = thrust.torque + push.torque
            if not on_ground:
                moved, felt = thrust_on(gm, s, drive, now, mass, thrust.flow + push.flow, force, torque, held, STEP)
                s.body = moved
                dv = felt
                push.early_force += thrust.early_force
                push.early_torque += thrust.early_torque
        if not on_ground and (pulses.count > 0 or wp.length_sq(push.early_force) > ZERO):
            nudge(s.body, push, mass, now.inertia)
        s.lander.rcs_left = rcs_left_after(s.lander.rcs_left, push.flow, STEP)
        t = s.time + STEP * real(i)
        if near:
            below = pad_clearance(world, pack, s.body, now.cg, t + STEP)
            if below <= ZERO:
                f = touch(world, pack, before, s.body, now.cg, t, wp.max(clearance, real(1.0e-9)), below)
                s.body = between(before, s.body, f)
                at = t + STEP * f
                k = kinematics(world, pack, s.body, now.cg, at)
                s.contact = contact_state(world, pack, s, s.body, now.cg, at, k)
                note(events, run, CONTACT, at, k)
                if wp.sqrt(k.vertical_speed * k.vertical_speed + k.horizontal_speed * k.horizontal_speed) > pack.structural_speed:
                    s.status = STATUS_DESTROYED
                    s.time = at
                    return
                touch_down(world, pack, s, now, at)
                dv *= f
                on_ground = True
                near = False
                t = at
            clearance = below
        if on_ground:
            dv += move_on_ground(world, pack, s, force, torque, t, s.time + STEP * real(i + 1) - t)
        feel(s, pack, i, before, s.body, dv, increments, run, first)
    if still:
        s.body.position = landing.position
        s.body.velocity = landing.velocity
