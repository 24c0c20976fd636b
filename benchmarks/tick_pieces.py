"""The pieces of a control tick, each as a function of the same arguments, so that each can be run alone many times over and timed.

What a piece would carry away from a likely state (position, propellant, mode) is put back after each call; what depends on the count `j` keeps the
compiler from doing the work once.
"""

import warp as wp

from perilune.avionics.arrivals import range_finder_model
from perilune.avionics.belief import OnBoard, believed_gravity, believed_map_radius, me_from_mci_at
from perilune.avionics.computer import AvionicsParams
from perilune.avionics.covariance import height_variance, propagate_covariance
from perilune.avionics.cycle import fly_tick
from perilune.avionics.guidance.e_guidance import e_guidance
from perilune.avionics.navigation import integrate_imu
from perilune.avionics.updates import use_range, use_star_tracker
from perilune.base.vector import ONE, ZERO, quat_from_rotation_vector, real, rotation_vector_from_quat, vec3
from perilune.environment.orientation import moon_rate_mci
from perilune.flight.dynamics import fall, perturbation
from perilune.flight.events import EventRow
from perilune.flight.plant import fly_plant, kinematics, masses, pad_clearance
from perilune.flight.propulsion import Drive, burn, command_engines, drive_of, thrust_on
from perilune.flight.sensing import range_finder_sees
from perilune.flight.state import STEP, STEPS, TICK, FlightPack, FlightState, World
from perilune.lander.attitude_thrusters import fire, push_over
from perilune.lander.propellant import MassNow
from perilune.lander.sensors.imu import measure_imu
from perilune.lander.sensors.range_finder import measure_range
from perilune.lander.sensors.star_tracker import measure_star_tracker
from perilune.messages.measurements import ImuMeasurement, Measurements, RangeMeasurement, StarTrackerMeasurement


@wp.struct
class Bench:
    """What a piece is given beside the flight."""

    height: real
    increments: wp.array2d(dtype=ImuMeasurement)
    events: wp.array2d(dtype=EventRow)
    drive: Drive


@wp.func
def nothing(world: wp.ref[World], o: wp.ref[OnBoard], p: wp.ref[AvionicsParams], pack: wp.ref[FlightPack], s: wp.ref[FlightState], b: Bench, j: int):
    """The loop itself."""
    s.time += real(1.0e-6)


@wp.func
def plant(world: wp.ref[World], o: wp.ref[OnBoard], p: wp.ref[AvionicsParams], pack: wp.ref[FlightPack], s: wp.ref[FlightState], b: Bench, j: int):
    """The truth over one tick, its inertial increments included."""
    body = s.body
    fuel = s.lander.fuel.left
    oxidiser = s.lander.oxidiser.left
    s.tick += 1
    fly_plant(world, pack, s, s.avionics.last, wp.max(b.height, real(100.0)), b.events, b.increments, 0, 0)
    s.body = body
    s.lander.fuel.left = fuel
    s.lander.oxidiser.left = oxidiser


@wp.func
def step(world: wp.ref[World], o: wp.ref[OnBoard], p: wp.ref[AvionicsParams], pack: wp.ref[FlightPack], s: wp.ref[FlightState], b: Bench, j: int):
    """One truth step under power, liquids swinging where the lander has slosh."""
    gm = world.harmonics.gm
    whole = MassNow()
    whole.inertia = vec3(300.0, 310.0, 200.0)
    torque = vec3(real(0.1), ZERO, real(-0.1)) * real(1 - 2 * (j % 2))  # this way and back, so that the lander never spins up
    moved, felt = thrust_on(gm, s, b.drive, whole, real(500.0), ONE, vec3(1.0, 0.5, 1400.0), torque, vec3(0.0, 0.0, 0.0), STEP)
    s.body = moved
    s.dry_time += felt[0] * real(1.0e-12)


@wp.func
def prepare(world: wp.ref[World], o: wp.ref[OnBoard], p: wp.ref[AvionicsParams], pack: wp.ref[FlightPack], s: wp.ref[FlightState], b: Bench, j: int):
    """What a tick is told and made of: commands latched, thrust per level, hub and pendulums."""
    s.lander.fuel.left -= real(1.0e-9)
    whole = masses(pack, s)
    command_engines(pack, s, s.avionics.last, True)
    drive = drive_of(pack, s, whole)
    s.dry_time += (drive.hub.mass + drive.main.force[0]) * real(1.0e-12)


@wp.func
def engines(world: wp.ref[World], o: wp.ref[OnBoard], p: wp.ref[AvionicsParams], pack: wp.ref[FlightPack], s: wp.ref[FlightState], b: Bench, j: int):
    """Both groups of engines and the tanks over one truth step."""
    thrust = burn(pack, s, b.drive, STEP * real(j % 5), STEP)
    s.dry_time += (thrust.flow + thrust.torque[0]) * real(1.0e-12)


@wp.func
def thrusters(
    world: wp.ref[World], o: wp.ref[OnBoard], p: wp.ref[AvionicsParams], pack: wp.ref[FlightPack], s: wp.ref[FlightState], b: Bench, j: int
):
    """The attitude thrusters' pulses of a tick, and what they push in each of its truth steps."""
    cg = vec3(ZERO, ZERO, ONE + real(j) * real(1.0e-6))
    pulses = fire(pack.lander.attitude_thrusters, s.lander.attitude_thrusters, s.avionics.last.thruster_on, cg, TICK, s.active)
    steps = int(STEPS)
    for i in range(steps):
        push = push_over(pulses, STEP * real(i), STEP * real(i + 1), s.lander.rcs_left)
        s.dry_time += (push.flow + push.torque[0]) * real(1.0e-12)


@wp.func
def imu(world: wp.ref[World], o: wp.ref[OnBoard], p: wp.ref[AvionicsParams], pack: wp.ref[FlightPack], s: wp.ref[FlightState], b: Bench, j: int):
    """One inertial increment as measured."""
    turn = rotation_vector_from_quat(wp.quat_inverse(s.body.attitude) * s.avionics.navigation.attitude)
    at = s.time + STEP * real(j)
    m = measure_imu(pack.lander.imu, s.lander.imu, pack.seed, pack.run, s.tick * 5 + j, at, STEP, turn, vec3(ZERO, ZERO, real(0.05)), s.active)
    s.avionics.held_torque += m.delta_angle + m.delta_velocity


@wp.func
def integrate(
    world: wp.ref[World], o: wp.ref[OnBoard], p: wp.ref[AvionicsParams], pack: wp.ref[FlightPack], s: wp.ref[FlightState], b: Bench, j: int
):
    """One inertial increment as the computer takes it."""
    m = ImuMeasurement()
    m.delta_angle = vec3(real(1.0e-3), real(1.0e-4), real(j) * real(1.0e-9))
    m.delta_velocity = vec3(ZERO, ZERO, real(0.05))
    integrate_imu(s.avionics.navigation, m, STEP)


@wp.func
def field(world: wp.ref[World], o: wp.ref[OnBoard], p: wp.ref[AvionicsParams], pack: wp.ref[FlightPack], s: wp.ref[FlightState], b: Bench, j: int):
    """The field's residual, Earth and Sun."""
    s.avionics.held_torque += perturbation(world, s.body.position + vec3(real(j) * real(0.01), ZERO, ZERO), s.time + real(j) * real(1.0e-4))


@wp.func
def free(world: wp.ref[World], o: wp.ref[OnBoard], p: wp.ref[AvionicsParams], pack: wp.ref[FlightPack], s: wp.ref[FlightState], b: Bench, j: int):
    """The fall of an idle lander over a tick, worked out in every tick."""
    s.body = fall(world.harmonics.gm, s.body, vec3(ZERO, ZERO, ZERO), real(1.0e-3))


@wp.func
def truth(world: wp.ref[World], o: wp.ref[OnBoard], p: wp.ref[AvionicsParams], pack: wp.ref[FlightPack], s: wp.ref[FlightState], b: Bench, j: int):
    """True height, speeds and tilt, looked at once a tick."""
    s.body.position += s.body.velocity * TICK  # on over the relief, whose tiles must be fetched as in the flight
    k = kinematics(world, pack, s.body, vec3(ZERO, ZERO, ONE), s.time + real(j) * real(1.0e-4))
    s.dry_time += k.height * real(1.0e-12)


@wp.func
def pads(world: wp.ref[World], o: wp.ref[OnBoard], p: wp.ref[AvionicsParams], pack: wp.ref[FlightPack], s: wp.ref[FlightState], b: Bench, j: int):
    """The four pads over the ground, near it once a step."""
    s.dry_time += pad_clearance(world, pack, s.body, vec3(ZERO, ZERO, ONE), s.time + real(j) * real(1.0e-4)) * real(1.0e-12)


@wp.func
def mass(world: wp.ref[World], o: wp.ref[OnBoard], p: wp.ref[AvionicsParams], pack: wp.ref[FlightPack], s: wp.ref[FlightState], b: Bench, j: int):
    """Mass, centre of mass and inertia."""
    s.dry_time += masses(pack, s).inertia[0] * real(1.0e-12)


@wp.func
def no_sample(
    world: wp.ref[World], o: wp.ref[OnBoard], p: wp.ref[AvionicsParams], pack: wp.ref[FlightPack], s: wp.ref[FlightState], b: Bench, j: int
):
    """Star tracker and range finder, noise of their samples included."""
    tracker = pack.lander.star_tracker
    ranger = pack.lander.range_finder
    a = measure_star_tracker(tracker, s.lander.star_tracker, pack.seed, pack.run, j, TICK, TICK * real(j), s.body.attitude, s.body.rate, s.active)
    c = measure_range(ranger, s.lander.range_finder, pack.seed, pack.run, j, TICK, TICK * real(j), -ONE, ZERO, s.active)
    s.dry_time += (a.time + c.time) * real(1.0e-12)


@wp.func
def beam(world: wp.ref[World], o: wp.ref[OnBoard], p: wp.ref[AvionicsParams], pack: wp.ref[FlightPack], s: wp.ref[FlightState], b: Bench, j: int):
    """The true slant range."""
    s.body.position += s.body.velocity * real(1.0e-3)
    s.dry_time += range_finder_sees(world, pack, s, vec3(ZERO, ZERO, ONE), b.height)[0] * real(1.0e-12)


@wp.func
def cycle(world: wp.ref[World], o: wp.ref[OnBoard], p: wp.ref[AvionicsParams], pack: wp.ref[FlightPack], s: wp.ref[FlightState], b: Bench, j: int):
    """The computer's whole cycle without measurements."""
    mode = s.avionics.mode
    left = s.avionics.main_left
    to_go = s.avionics.time_to_go
    s.avionics.navigation.gathered_dt = TICK
    measured = Measurements()
    command, sent = fly_tick(e_guidance, p, o, s.avionics, measured, s.time + real(j) * real(1.0e-4), TICK, False)
    s.dry_time += (command.assist_duty + sent.height_sigma) * real(1.0e-12)
    s.avionics.mode = mode
    s.avionics.main_left = left
    s.avionics.time_to_go = to_go


@wp.func
def covariance(
    world: wp.ref[World], o: wp.ref[OnBoard], p: wp.ref[AvionicsParams], pack: wp.ref[FlightPack], s: wp.ref[FlightState], b: Bench, j: int
):
    """The covariance over one tick."""
    s.avionics.navigation.since_covariance = TICK
    propagate_covariance(p.navigation, s.avionics.navigation, o.harmonics.gm)


@wp.func
def sigma(world: wp.ref[World], o: wp.ref[OnBoard], p: wp.ref[AvionicsParams], pack: wp.ref[FlightPack], s: wp.ref[FlightState], b: Bench, j: int):
    """The variance of the believed height."""
    up = vec3(real(j) * real(1.0e-6), ZERO, ONE)
    s.dry_time += height_variance(p.navigation, s.avionics.navigation, up) * real(1.0e-12)


@wp.func
def gravity(world: wp.ref[World], o: wp.ref[OnBoard], p: wp.ref[AvionicsParams], pack: wp.ref[FlightPack], s: wp.ref[FlightState], b: Bench, j: int):
    """The on-board field."""
    s.avionics.held_torque += believed_gravity(o, s.body.position + vec3(real(j) * real(0.01), ZERO, ZERO), s.time + real(j) * real(1.0e-4))


@wp.func
def frames(world: wp.ref[World], o: wp.ref[OnBoard], p: wp.ref[AvionicsParams], pack: wp.ref[FlightPack], s: wp.ref[FlightState], b: Bench, j: int):
    """The on-board orientation."""
    t = s.time + real(j) * real(1.0e-4)
    s.avionics.held_torque += wp.quat_rotate(me_from_mci_at(o, t), moon_rate_mci(o.orientation, t))


@wp.func
def onboard_map(
    world: wp.ref[World], o: wp.ref[OnBoard], p: wp.ref[AvionicsParams], pack: wp.ref[FlightPack], s: wp.ref[FlightState], b: Bench, j: int
):
    """The on-board map."""
    s.body.position += s.body.velocity * TICK
    s.dry_time += believed_map_radius(o, s.body.position) * real(1.0e-12)


@wp.func
def stars(world: wp.ref[World], o: wp.ref[OnBoard], p: wp.ref[AvionicsParams], pack: wp.ref[FlightPack], s: wp.ref[FlightState], b: Bench, j: int):
    """Star tracker update."""
    m = StarTrackerMeasurement()
    m.time = s.time - TICK
    m.attitude = s.avionics.navigation.attitude * quat_from_rotation_vector(vec3(real(1.0e-5), ZERO, ZERO))
    use_star_tracker(p.navigation, s.avionics.navigation, m, s.time, TICK)


@wp.func
def ranged(world: wp.ref[World], o: wp.ref[OnBoard], p: wp.ref[AvionicsParams], pack: wp.ref[FlightPack], s: wp.ref[FlightState], b: Bench, j: int):
    """Range update."""
    m = RangeMeasurement()
    m.time = s.time
    m.range = s.avionics.navigation.last_range
    use_range(p.navigation, range_finder_model(p.navigation, p.belief), o, s.avionics.navigation, m, ONE, s.time, TICK)
