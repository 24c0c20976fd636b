"""What one flight is made of in the kernel: its constant pack, its changing state, the world it flies in, and its clocks."""

import warp as wp

from perilune.avionics.command_decoder import DecoderState
from perilune.avionics.computer import AvionicsState
from perilune.base.vector import quat, real, vec3, vec4
from perilune.environment.ephemeris import ThirdBodies
from perilune.environment.gravity import Harmonics
from perilune.environment.gravity_corridor import GravityCorridor
from perilune.environment.orientation import Orientation
from perilune.environment.relief import Relief, ReliefDraw
from perilune.lander.faults import FaultSlots, FaultsNow, FaultState
from perilune.lander.lander import LanderParams, LanderState
from perilune.lander.on_legs import OnLegs
from perilune.messages.measurements import IMU_SAMPLES, ImuTick
from perilune.messages.telemetry import Telemetry
from perilune.messages.uplink import UplinkPacket

TICK_S, STEPS_PER_TICK = 0.1, IMU_SAMPLES
TICK = wp.constant(real(0.1))  # s, control period
STEPS = wp.constant(5)  # truth steps and inertial increments a tick
STEP = wp.constant(real(0.02))  # s

LOST_SIGMA = 5.0  # an estimate that is farther off than this many of its own sigmas is wrong and does not know it
REST_FOR_S = 2.0  # below 1 mm/s and 0.01°/s for so long is at rest

FLYING, STANDING, DESTROYED, INVALID, FALLEN = 0, 1, 2, 3, 4
STATUS_FLYING, STATUS_STANDING, STATUS_DESTROYED, STATUS_INVALID, STATUS_FALLEN = (wp.constant(i) for i in range(5))
STAYING = 5  # of no flight: what stands or lies there after the flight's end goes on so (`flight.staying`)
STATUS_STAYING = wp.constant(STAYING)


@wp.struct
class World:
    """The truth that all runs share: orientation, Earth and Sun, field, relief."""

    orientation: Orientation
    bodies: ThirdBodies
    harmonics: Harmonics
    corridor: GravityCorridor
    relief: Relief
    third_bodies: wp.bool
    direct_field: wp.bool  # the harmonics themselves everywhere, no corridor table
    marks: wp.array(dtype=real)  # heights [m] above ground whose passing is an event
    uplinks: wp.array(dtype=UplinkPacket)  # what reaches the receiver, in the order of its ticks


@wp.struct
class FlightPack:
    """One run's constants: its key for the random draws, its lander, its relief, its faults, and the contact speed that breaks it."""

    seed: wp.uint64
    run: wp.uint32
    lander: LanderParams
    environment: ReliefDraw
    faults: FaultSlots
    structural_speed: real  # m/s
    passive: wp.bool  # no avionics: the lander coasts on, for checks of the field and the integrator
    passive_step: real  # s, truth step of such a coast


@wp.struct
class Body:
    """The lander's rigid-body state; position and velocity of its centre of mass."""

    position: vec3  # m, mci
    velocity: vec3  # m/s, mci
    attitude: quat  # mci from body
    rate: vec3  # rad/s, body


@wp.struct
class Account:
    """The energy [J] of a landing since the first touch: what it had, what came in, what took it, what is left."""

    start: real  # of motion, at the first touch
    gravity: real  # work
    engines: real  # work, of the attitude thrusters too
    crush: real  # taken
    damping: real  # taken
    friction: real  # taken
    stored: real  # in springs and anchors, now
    kinetic: real  # now


@wp.struct
class Ground:
    """The lander on its legs in a level frame that is fixed to the Moon where the first pad touched; its z is up."""

    legs: OnLegs
    origin_me: vec3  # m, the middle of the pads' plane at the first touch
    me_from_level: quat
    gravity: vec3  # m/s², apparent, level


@wp.struct
class Contact:
    """The state at the first touch of a pad, and what has come of it since."""

    time: real  # s past the epoch, below zero before contact
    position_me: vec3  # m, of the middle of the footpad plane
    vertical_speed: real  # m/s, positive down
    horizontal_speed: real  # m/s
    tilt: real  # rad, body z from the vertical
    slope: real  # rad, of the plane through the ground under the pads
    main_left: real  # kg
    rcs_left: real  # kg
    height_error: real  # m, true minus believed height above the ground in the last tick before contact
    height_sigma: real  # m, the filter's own 1 sigma of it
    vertical_speed_error: real  # m/s, true minus believed
    vertical_speed_sigma: real  # m/s
    still_for: real  # s, for how long the lander has been at rest
    rest_after: real  # s from the first touch to the beginning of that rest
    rest_tilt: real  # rad, body z from the vertical, now
    most_tilt: real  # rad, the most it has been since the first touch, as each tick ends
    slide: real  # m, from the first touch to where the middle of the pads is now, along the ground
    strokes: vec4  # m, lost for good by each leg
    energy: Account


@wp.struct
class Watch:
    """What is watched of the estimate from ignition to the first touch, for what a campaign tells of a run; nothing reads it in flight."""

    worst: real  # largest error of height or sink rate over the filter's own 1 sigma
    worst_time: real  # s past the epoch
    beyond_time: real  # s past the epoch, the first time that it exceeds LOST_SIGMA; zero while it has not
    distrusted_time: real  # s past the epoch, when ranges were refused for good; zero while they are not


@wp.struct
class FlightState:
    """Everything that must survive a pause."""

    body: Body
    lander: LanderState
    felt: ImuTick  # what the inertial unit has gathered since the last tick
    faults: FaultState
    active: FaultsNow  # in the present tick
    avionics: AvionicsState
    decoder: DecoderState
    next_uplink: wp.int32  # how many packets of the uplink were taken
    said: Telemetry  # what the avionics published last, kept where it is recorded or a fault is planned
    said_by: wp.int32  # the tick after the one in which they did
    mode: wp.int32  # of the avionics, as last published
    contact: Contact
    watch: Watch
    ground: Ground
    tick: wp.int32
    time: real  # s past the epoch, of the present tick
    status: wp.int32
    dry_time: real  # s past the epoch, below zero until the main tanks are dry
