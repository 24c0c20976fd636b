"""What one flight is made of in the kernel: its constant pack, its changing state, the world it flies in, and its clocks."""

import warp as wp

from perilune.avionics.computer import AvionicsState
from perilune.base.vector import quat, real, vec3
from perilune.environment.ephemeris import ThirdBodies
from perilune.environment.gravity import Harmonics
from perilune.environment.gravity_corridor import GravityCorridor
from perilune.environment.orientation import Orientation
from perilune.environment.relief import Relief, ReliefDraw
from perilune.lander.faults import FaultSlots, FaultsNow, FaultState
from perilune.lander.lander import LanderParams, LanderState
from perilune.messages.measurements import IMU_SAMPLES, ImuTick
from perilune.messages.telemetry import Telemetry

TICK_S, STEPS_PER_TICK = 0.1, IMU_SAMPLES
TICK = wp.constant(real(0.1))  # s, control period
STEPS = wp.constant(5)  # truth steps and inertial increments a tick
STEP = wp.constant(real(0.02))  # s

FLYING, STANDING, DESTROYED, INVALID = 0, 1, 2, 3
STATUS_FLYING, STATUS_STANDING, STATUS_DESTROYED, STATUS_INVALID = (wp.constant(i) for i in range(4))


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
class Contact:
    """The state at the first touch of a footpad."""

    time: real  # s past the epoch, below zero before contact
    position_me: vec3  # m, of the middle of the footpad plane
    vertical_speed: real  # m/s, positive down
    horizontal_speed: real  # m/s
    tilt: real  # rad, body z from the vertical
    slope: real  # rad, of the plane through the ground under the pads
    tips: wp.bool
    main_left: real  # kg
    rcs_left: real  # kg
    height_error: real  # m, true minus believed height above the ground in the last tick before contact
    height_sigma: real  # m, the filter's own 1 sigma of it
    vertical_speed_error: real  # m/s, true minus believed
    vertical_speed_sigma: real  # m/s
    attitude_me: quat  # me from body


@wp.struct
class FlightState:
    """Everything that must survive a pause."""

    body: Body
    lander: LanderState
    felt: ImuTick  # what the inertial unit has gathered since the last tick
    faults: FaultState
    active: FaultsNow  # in the present tick
    avionics: AvionicsState
    said: Telemetry  # what the avionics published last, kept where it is recorded or a fault is planned
    mode: wp.int32  # of the avionics, as last published
    contact: Contact
    tick: wp.int32
    time: real  # s past the epoch, of the present tick
    status: wp.int32
    dry_time: real  # s past the epoch, below zero until the main tanks are dry
