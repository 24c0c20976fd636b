"""Faults: what can break on the lander, when each planned fault begins and ends in a flight, and how a device learns of its own.

A fault fills one of a few generic slots of a run: what it is (`device.kind`), what sets it off, for how long, how large, on which axis. Once a
control tick `faults_now` looks at what sets them off; the devices then ask `fault_on`, `fault_size`, `fault_axis` for their own codes and change
what they measure or do. Faults are the truth's: the avionics see what their sensors then say, and nothing else.

Assumptions and limitations: a fault begins and ends at the start of a control tick and begins once; where two slots of one fault and axis are active
at once, `fault_size` is that of the first, sums are taken by `fault_size_on` and `fault_vector` alone.
Source: the list is ours, after what is told of flown landers and of their sensors' and engines' tests; no probability is claimed for any of them.
"""

from dataclasses import dataclass
from math import inf
from typing import Literal

import warp as wp

from perilune.base.vector import ZERO, real, vec3

SLOTS = 6
vec6 = wp.types.vector(length=SLOTS, dtype=real)
vec6i = wp.types.vector(length=SLOTS, dtype=wp.int32)


@dataclass(frozen=True)
class Fault:
    """One thing that can break.

    `unit` is that of its size (None: it has none), between `least` and `most` in that unit; `strikes` says whether it may be told to strike one
    `axis` (x, y, z) or one `unit` (an engine, a thruster, a probe, counted from 0) alone, and `names_one` that it has to be told; None: it strikes
    the device as a whole.
    """

    name: str
    unit: str | None
    strikes: Literal["axis", "unit", None]
    description: str
    least: float = -inf
    most: float = inf
    names_one: bool = False

    @property
    def device(self) -> str:
        """Key of the device in the lander (or `tanks`, `computer`)."""
        return self.name.partition(".")[0]

    @property
    def kind(self) -> str:
        """What happens to it."""
        return self.name.partition(".")[2]


def _ranging(device: str) -> tuple[Fault, ...]:
    return (
        Fault(f"{device}.late", "s", None, "measurements arrive this much later", 0.0, 60.0),
        Fault(f"{device}.short_reach", "m", None, "nothing returns from farther than this", 0.0),
        Fault(f"{device}.dropout", None, None, "no measurement arrives"),
        Fault(f"{device}.bias", "m", None, "every range is longer by this (negative: shorter)"),
        Fault(f"{device}.scale", "percent", None, "every range is longer by this share of it", -100.0, 1000.0),
        Fault(f"{device}.stuck", None, None, "the range of the first sample in the fault comes again and again, with new times"),
        Fault(f"{device}.spike", "m", None, "the first sample in the fault is longer by this"),
        Fault(f"{device}.false_return", "m", None, "a return from this range, valid, whatever the ground does", 0.0),
    )


def _engine(device: str) -> tuple[Fault, ...]:
    return (
        Fault(f"{device}.shortfall", "percent", None, "thrust lacks this share, at the flow of the level commanded", 0.0, 100.0),
        Fault(f"{device}.early_shutdown", None, None, "the engine goes off, whatever is commanded"),
        Fault(f"{device}.hard_start", "s", None, "an ignition asked for in the fault comes this much later", 0.0, 60.0),
        Fault(f"{device}.nozzle_loss", None, "unit", "one engine of the group gives no thrust", names_one=True),
        Fault(f"{device}.stuck_open", None, None, "the engine burns on at full level, whatever is commanded"),
        Fault(f"{device}.stuck_closed", None, None, "the valves do not open: no thrust and no flow"),
    )


# Append only: a code is a place in this list, and recorded states hold codes.
FAULTS: tuple[Fault, ...] = (
    *_ranging("range_finder"),
    *_ranging("landing_radar"),
    Fault("velocimeter.late", "s", None, "measurements arrive this much later", 0.0, 60.0),
    Fault("velocimeter.short_reach", "m", None, "nothing returns from farther than this", 0.0),
    Fault("velocimeter.dropout", None, None, "no measurement arrives"),
    Fault("velocimeter.bias", "m_s", "axis", "every velocity is larger by this"),
    Fault("velocimeter.scale", "percent", None, "every velocity is larger by this share of it", -100.0, 1000.0),
    Fault("velocimeter.stuck", None, None, "the velocity of the first sample in the fault comes again and again, with new times"),
    Fault("velocimeter.spike", "m_s", "axis", "the first sample in the fault is larger by this"),
    Fault("velocimeter.false_return", "m_s", "axis", "this velocity, valid, whatever the lander does"),
    Fault("star_tracker.late", "s", None, "attitudes arrive this much later", 0.0, 60.0),
    Fault("star_tracker.dropout", None, None, "no attitude arrives"),
    Fault("star_tracker.bias", "arcsec", "axis", "every attitude is turned by this about a body axis"),
    Fault("star_tracker.stuck", None, None, "the attitude of the first sample in the fault comes again and again, with new times"),
    Fault("imu.gyro_bias", "deg_s", "axis", "every rate is larger by this"),
    Fault("imu.accel_bias", "m_s2", "axis", "every specific force is larger by this"),
    Fault("imu.gyro_scale", "percent", "axis", "every rate is larger by this share of it", -100.0, 1000.0),
    Fault("imu.accel_scale", "percent", "axis", "every specific force is larger by this share of it", -100.0, 1000.0),
    Fault("imu.stuck", None, None, "the increments of the first sample in the fault come again and again"),
    Fault("imu.saturation", "deg_s", "axis", "rates beyond this, either way, read as this", 0.0),
    Fault("imu.accel_saturation", "m_s2", "axis", "specific forces beyond this, either way, read as this", 0.0),
    Fault("imu.gyro_axis_dead", None, "axis", "the gyro reads zero"),
    Fault("imu.accel_axis_dead", None, "axis", "the accelerometer reads zero"),
    Fault("imu.spike", "m_s", "axis", "the first velocity increment in the fault is larger by this"),
    Fault("sun_sensor.dropout", None, None, "no measurement arrives"),
    Fault("sun_sensor.bias", "deg", "axis", "every direction is turned by this about a body axis"),
    Fault("sun_sensor.stuck", None, None, "the direction of the first sample in the fault comes again and again, with new times"),
    Fault("position_fix.dropout", None, None, "no fix arrives"),
    Fault("position_fix.bias", "m", "axis", "every fix is off by this along an axis of the site: east, north, up"),
    Fault("position_fix.late", "s", None, "fixes arrive this much later", 0.0, 60.0),
    Fault("position_fix.stuck", None, None, "the position of the first fix in the fault comes again and again, with new times"),
    Fault("position_fix.false_match", "m", "axis", "the first fix in the fault is off by this along an axis of the site"),
    Fault("contact_probes.stuck_open", None, "unit", "a probe never tells of contact"),
    Fault("contact_probes.stuck_closed", None, "unit", "a probe tells of contact all the time"),
    *_engine("main_engine"),
    *_engine("assist_engines"),
    Fault("attitude_thrusters.stuck_open", None, "unit", "a thruster fires all the time"),
    Fault("attitude_thrusters.stuck_closed", None, "unit", "a thruster gives nothing"),
    Fault("attitude_thrusters.shortfall", "percent", "unit", "thrust lacks this share", 0.0, 100.0),
    Fault("attitude_thrusters.leak", "kg_s", None, "propellant leaves the attitude tanks, without thrust", 0.0),
    Fault("tanks.leak", "kg_s", None, "propellant leaves the main tanks, without thrust", 0.0),
    Fault("computer.overload", "percent", None, "this share of the cycles is lost; the last commands hold meanwhile", 0.0, 100.0),
    Fault("computer.restart", None, None, "the computer is away for the duration; valves close; it comes back with what its recorder kept"),
    Fault("computer.clock_jump", "s", None, "the computer's clock is ahead by this (negative: behind)", -600.0, 3600.0),
    Fault("computer.latency", "s", None, "commands act this much later, in whole ticks of 0.1 s", 0.0, 0.5),
    Fault("computer.hang", None, None, "the computer is away until it is restarted by command, or for the duration"),
    Fault("transmitter.fails", None, None, "nothing is sent until the transmitter is restarted by command, or for the duration"),
)

_CODES = {fault.name: i + 1 for i, fault in enumerate(FAULTS)}


def fault_code(name: str) -> int:
    """The number of a fault `device.kind` in the slots, from 1; 0 is an empty slot. Raises KeyError for a name not in FAULTS."""
    return _CODES[name]


FROM_START, AT_TIME, AT_HEIGHT, IN_MODE, AFTER_EVENT, BEFORE_TOUCHDOWN = range(6)
TRIGGER_TIME, TRIGGER_HEIGHT, TRIGGER_MODE, TRIGGER_EVENT, TRIGGER_BEFORE_TOUCHDOWN = (wp.constant(i) for i in range(1, 6))
MARGIN = wp.constant(real(1.0e-6))  # s; a tick that should fall on the instant does, whatever its rounding


@wp.struct
class FaultSlots:
    """One run's planned faults, in SI; `count` slots are filled, from the first. Filled by the mission's fault schedule."""

    count: wp.int32
    code: vec6i
    trigger: vec6i  # FROM_START, AT_TIME, AT_HEIGHT, IN_MODE, AFTER_EVENT, BEFORE_TOUCHDOWN
    trigger_value: vec6  # s past the flight's epoch, m above ground, number of the mode or of the event, s before the planned touchdown
    planned_touchdown: real  # s past the flight's epoch
    duration: vec6  # s; below zero: for good
    size: vec6
    axis: vec6i  # -1: all


@wp.struct
class FaultState:
    """Which slots have begun and ended (a bit each), and when they began."""

    begun: wp.int32
    ended: wp.int32
    cleared: wp.int32  # what a restart has put right
    began: vec6  # s past the flight's epoch


@wp.struct
class FaultsNow:
    """The faults that are active in this tick: the first `count` entries."""

    count: wp.int32
    code: vec6i
    size: vec6
    axis: vec6i
    since: vec6  # s since each began


@wp.func
def sets_off(slots: wp.ref[FaultSlots], i: int, time: real, height: real, mode: wp.int32, events: wp.int32) -> wp.bool:
    """Whether what slot `i` waits for is there."""
    kind = slots.trigger[i]
    value = slots.trigger_value[i]
    if kind == TRIGGER_TIME:
        return time + MARGIN >= value
    if kind == TRIGGER_HEIGHT:
        return height <= value
    if kind == TRIGGER_MODE:
        return mode == wp.int32(value)
    if kind == TRIGGER_EVENT:
        return ((events >> wp.int32(value)) & 1) != 0
    if kind == TRIGGER_BEFORE_TOUCHDOWN:
        return time + MARGIN >= slots.planned_touchdown - value
    return True


@wp.func
def faults_now(slots: wp.ref[FaultSlots], state: wp.ref[FaultState], time: real, height: real, mode: wp.int32, events: wp.int32) -> FaultsNow:
    """The faults of the tick that starts at `time` [s past the epoch]; to be called once in every tick.

    `height` [m] is the true height above ground, `mode` the avionics' mode, `events` has a bit set for each event that has happened.
    """
    now = FaultsNow()
    if slots.count == 0:
        return now
    for i in range(slots.count):
        bit = 1 << i
        if (state.begun & bit) == 0 and sets_off(slots, i, time, height, mode, events):
            state.begun = state.begun | bit
            state.began[i] = time
        if (state.begun & bit) != 0:
            since = time - state.began[i]
            lasts = slots.duration[i] < ZERO or since + MARGIN < slots.duration[i]
            if lasts and (state.cleared & bit) == 0:
                k = now.count
                now.code[k] = slots.code[i]
                now.size[k] = slots.size[i]
                now.axis[k] = slots.axis[i]
                now.since[k] = since
                now.count = k + 1
            else:
                state.ended = state.ended | bit
    return now


@wp.func
def clear_fault(slots: wp.ref[FaultSlots], state: wp.ref[FaultState], code: wp.int32):
    """Put right what has begun of a fault, from the next look at the faults on."""
    for i in range(slots.count):
        if slots.code[i] == code and (state.begun & (1 << i)) != 0:
            state.cleared = state.cleared | (1 << i)


@wp.func
def any_fault(now: wp.ref[FaultsNow]) -> wp.bool:
    """Whether anything at all is wrong in this tick: one comparison, to be asked before a device asks for each of its kinds."""
    return now.count > 0


@wp.func
def fault_slot(now: wp.ref[FaultsNow], code: wp.int32) -> wp.int32:
    """The first active entry of a fault, -1 when it is not active."""
    for k in range(now.count):
        if now.code[k] == code:
            return k
    return -1


@wp.func
def fault_on(now: wp.ref[FaultsNow], code: wp.int32) -> wp.bool:
    """Whether a fault is active in this tick, on whatever axis."""
    return fault_slot(now, code) >= 0


@wp.func
def fault_size(now: wp.ref[FaultsNow], code: wp.int32) -> real:
    """Its size in SI (percent as a share); 0 when it is not active."""
    k = fault_slot(now, code)
    if k < 0:
        return ZERO
    return now.size[k]


@wp.func
def fault_axis(now: wp.ref[FaultsNow], code: wp.int32) -> wp.int32:
    """Its axis, or the number of the unit that it strikes, from 0; -1: all, or not active."""
    k = fault_slot(now, code)
    if k < 0:
        return -1
    return now.axis[k]


@wp.func
def fault_since(now: wp.ref[FaultsNow], code: wp.int32) -> real:
    """Time [s] since it began: 0 in its first tick, -1 when it is not active."""
    k = fault_slot(now, code)
    if k < 0:
        return real(-1.0)
    return now.since[k]


@wp.func
def fault_on_axis(now: wp.ref[FaultsNow], code: wp.int32, axis: wp.int32) -> wp.bool:
    """Whether a fault is active on one axis or unit (several slots may strike several)."""
    for k in range(now.count):
        if now.code[k] == code and (now.axis[k] < 0 or now.axis[k] == axis):
            return True
    return False


@wp.func
def fault_size_on(now: wp.ref[FaultsNow], code: wp.int32, axis: wp.int32) -> real:
    """The sum of the sizes of all active slots of a fault that strike one axis or unit, in SI."""
    total = real(0.0)
    for k in range(now.count):
        if now.code[k] == code and (now.axis[k] < 0 or now.axis[k] == axis):
            total += now.size[k]
    return total


@wp.func
def fault_vector(now: wp.ref[FaultsNow], code: wp.int32) -> vec3:
    """`fault_size_on` each of the three axes."""
    return vec3(fault_size_on(now, code, 0), fault_size_on(now, code, 1), fault_size_on(now, code, 2))
