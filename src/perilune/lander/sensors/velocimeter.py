"""Doppler velocimeter: the lander's speed along each of up to four beams on a cone, from the shift of what the ground sends back.

Beams lean by `cant` off the cone's axis and stand at equal angles about it, the first at `azimuth`; the axis leans by `tilt` from body -z towards
-x. Azimuths count from the side of -x about z. A speed is that of the lander relative to the turning ground along the beam, positive towards it.

Assumptions and limitations: beams are lines; each has a lock of its own, lost beyond `reach` or the incidence limit, sharply; noise is white and
independent, scale and bias are fixed and common to the beams (a mounting error is a dispersion of tilt, cant and azimuth); no speckle,
no ambiguity of sign or of multiples, no dust. It sits at the middle of the footpad plane. A sample that falls due before the last one has arrived is
left out; at most one sample a control tick. In a fault of bias, spike or false return the velocity is that of body axes, seen along the beams.
Source of the form: three fixed beams, line-of-sight speeds by FMCW, a few cm/s from above 5 km: Amzajerdian et al. on NASA's Navigation Doppler
Lidar, as quoted in the abstracts at SPIE (2016) and NTRS 20160010177; its figures here are assumed.
"""

from typing import Annotated

import warp as wp
from pydantic import Field, model_validator

from perilune.base.parameters import Parameters
from perilune.base.random import normal2, uniform2
from perilune.base.vector import ONE, TWO_PI, ZERO, real, u32, vec3, vec4
from perilune.lander.faults import FaultsNow, any_fault, fault_code, fault_on, fault_size, fault_vector
from perilune.lander.sensors.channels import VELOCIMETER_DROPOUT_1_2, VELOCIMETER_DROPOUT_3_4, VELOCIMETER_SPEED_1_2, VELOCIMETER_SPEED_3_4
from perilune.lander.sensors.lock import Locks, beam_locked
from perilune.lander.sensors.sampling import check_latency, sample_due
from perilune.messages.measurements import VelocimeterMeasurement

LATE, SHORT_REACH, DROPOUT, BIAS, SCALE, STUCK, SPIKE, FALSE_RETURN = (
    wp.constant(fault_code(f"velocimeter.{kind}")) for kind in ("late", "short_reach", "dropout", "bias", "scale", "stuck", "spike", "false_return")
)


class Velocimeter(Parameters):
    """What the mission file says of the velocimeter, in the file's units."""

    beams: Annotated[int, Field(ge=1, le=4, description="number of beams; NASA's NDL: 3")]
    cant_deg: Annotated[float, Field(ge=0, lt=90, description="angle between each beam and the cone's axis; assumed: 22.5")]
    azimuth_deg: Annotated[float, Field(ge=-360, le=360, description="azimuth of the first beam about the axis, from the side of -x; assumed")]
    tilt_deg: Annotated[float, Field(ge=-90, le=90, description="lean of the cone's axis from body -z towards -x; assumed")]
    reach_m: Annotated[float, Field(ge=0, le=1e6, description="longest slant range at which a beam returns; assumed: 5 000")]
    incidence_limit_deg: Annotated[float, Field(gt=0, le=90, description="largest angle between a beam and the ground's normal; assumed")]
    noise_m_s: Annotated[float, Field(ge=0, le=100, description="white noise of each speed, 1 sigma; assumed: 0.02")]
    scale_percent: Annotated[float, Field(gt=-50, lt=50, description="error proportional to the speed; assumed, mean 0")]
    bias_m_s: Annotated[float, Field(ge=-100, le=100, description="fixed error of every speed; assumed, mean 0")]
    rate_hz: Annotated[float, Field(gt=0, le=100, description="samples a second; assumed")]
    latency_s: Annotated[float, Field(ge=0, le=10, description="from sample to arrival at the computer; assumed")]
    acquisition_s: Annotated[float, Field(ge=0, le=60, description="unbroken return that a beam needs before its first speed; assumed")]
    dropout_probability: Annotated[float, Field(ge=0, le=1, description="share of each beam's samples lost at random; assumed")]

    @model_validator(mode="after")
    def _can_be(self) -> "Velocimeter":
        check_latency(self.rate_hz, self.latency_s)
        return self


@wp.struct
class VelocimeterParams:
    """The same in SI and radians, one element a flight."""

    present: wp.bool
    beams: wp.int32
    cant: real
    azimuth: real
    tilt: real
    reach: real
    incidence_limit: real
    noise: real  # m/s
    scale: real
    bias: real  # m/s
    rate: real  # Hz
    latency: real
    acquisition: real
    dropout_probability: real


@wp.struct
class VelocimeterState:
    """Which beams are locked, the measurement on its way, and what a fault has to remember."""

    locks: Locks
    pending: VelocimeterMeasurement
    is_pending: wp.bool
    held: vec4  # m/s, at which the speeds are stuck
    holds: wp.bool
    has_jumped: wp.bool


@wp.func
def velocimeter_beam(params: VelocimeterParams, beam: wp.int32) -> vec3:
    """Unit vector of beam 0 to `beams` - 1 in body axes."""
    azimuth = params.azimuth + TWO_PI * real(beam) / real(params.beams)
    x = -wp.sin(params.cant) * wp.cos(azimuth)
    y = -wp.sin(params.cant) * wp.sin(azimuth)
    z = -wp.cos(params.cant)
    return vec3(x * wp.cos(params.tilt) + z * wp.sin(params.tilt), y, z * wp.cos(params.tilt) - x * wp.sin(params.tilt))


@wp.func
def velocimeter_due(params: VelocimeterParams, tick: wp.int32, tick_length: real) -> wp.bool:
    """Whether a sample is taken in this control tick, so that the beams' rays have to be cast (as far as `reach`)."""
    return sample_due(params.rate, tick, tick_length)


@wp.func
def along_beams(params: VelocimeterParams, velocity_body: vec3) -> vec4:
    """A velocity [m/s] in body axes as the beams see it."""
    speeds = vec4(ZERO, ZERO, ZERO, ZERO)
    for i in range(params.beams):
        speeds[i] = wp.dot(velocimeter_beam(params, i), velocity_body)
    return speeds


@wp.func
def velocimeter_locks(
    params: VelocimeterParams, state: wp.ref[VelocimeterState], time: real, margin: real, ranges: vec4, cosines: vec4, now: wp.ref[FaultsNow]
) -> wp.int32:
    """A bit for each beam that is locked at `time` [s]."""
    reach = params.reach
    if fault_on(now, SHORT_REACH):
        reach = wp.min(reach, fault_size(now, SHORT_REACH))
    locked = wp.int32(0)
    for i in range(params.beams):
        returned = ranges[i] >= ZERO and ranges[i] <= reach and cosines[i] >= wp.cos(params.incidence_limit)
        if beam_locked(state.locks, i, returned, time, params.acquisition, margin):
            locked = locked | (1 << i)
    return locked


@wp.func
def velocimeter_sample(
    params: VelocimeterParams, seed: wp.uint64, run: wp.uint32, tick: wp.int32, time: real, locked: wp.int32, speeds: vec4
) -> VelocimeterMeasurement:
    """One sample with its errors along the `locked` beams, less those that drop out."""
    sample = VelocimeterMeasurement()
    sample.time = time
    a = normal2(seed, run, VELOCIMETER_SPEED_1_2, u32(tick))
    b = normal2(seed, run, VELOCIMETER_SPEED_3_4, u32(tick))
    c = uniform2(seed, run, VELOCIMETER_DROPOUT_1_2, u32(tick))
    d = uniform2(seed, run, VELOCIMETER_DROPOUT_3_4, u32(tick))
    noise = vec4(a[0], a[1], b[0], b[1])
    chance = vec4(c[0], c[1], d[0], d[1])
    for i in range(params.beams):
        if ((locked >> i) & 1) != 0 and chance[i] >= params.dropout_probability:
            sample.speed[i] = speeds[i] * (ONE + params.scale) + params.bias + params.noise * noise[i]
            sample.beams = sample.beams | (1 << i)
    return sample


@wp.func
def faulty_speeds(params: VelocimeterParams, state: wp.ref[VelocimeterState], m: wp.ref[VelocimeterMeasurement], now: wp.ref[FaultsNow]):
    """A sample as the faults leave it."""
    if not any_fault(now):
        state.holds = False
        state.has_jumped = False
        return
    out = m.speed * (ONE + fault_size(now, SCALE)) + along_beams(params, fault_vector(now, BIAS))
    jumps = fault_on(now, SPIKE)
    if jumps and not state.has_jumped:
        out += along_beams(params, fault_vector(now, SPIKE))
    state.has_jumped = jumps
    sticks = fault_on(now, STUCK)
    if sticks and not state.holds:
        state.held = out
    if sticks:
        out = state.held
    state.holds = sticks
    for i in range(4):
        m.speed[i] = wp.where(((m.beams >> i) & 1) != 0, out[i], ZERO)
    if fault_on(now, DROPOUT):
        m.beams = 0


@wp.func
def measure_velocimeter(
    params: VelocimeterParams,
    state: wp.ref[VelocimeterState],
    seed: wp.uint64,
    run: wp.uint32,
    tick: wp.int32,
    tick_length: real,
    time: real,
    ranges: vec4,
    cosines: vec4,
    speeds: vec4,
    now: wp.ref[FaultsNow],
) -> VelocimeterMeasurement:
    """What arrives in this control tick; to be called once in every tick.

    Of each beam: `ranges` [m], negative where no ground was found; `cosines` of incidence (between beam and inward ground normal); `speeds` [m/s] of
    the lander relative to the ground along the beam. They are looked at only in ticks in which `velocimeter_due`. `time` [s] is that of the tick; an
    arrival carries the time of its sample.
    """
    arrival = VelocimeterMeasurement()
    margin = real(1.0e-6) * tick_length
    late = params.latency + fault_size(now, LATE)
    if state.is_pending and time + margin >= state.pending.time + late:
        arrival = state.pending
        state.is_pending = False
    if velocimeter_due(params, tick, tick_length):
        locked = velocimeter_locks(params, state, time, margin, ranges, cosines, now)
        seen = speeds
        if fault_on(now, FALSE_RETURN):
            seen = along_beams(params, fault_vector(now, FALSE_RETURN))
            locked = (1 << params.beams) - 1
        if locked != 0 and not state.is_pending:
            taken = velocimeter_sample(params, seed, run, tick, time, locked, seen)
            faulty_speeds(params, state, taken, now)
            if taken.beams != 0 and late <= margin:
                arrival = taken
            elif taken.beams != 0:
                state.pending = taken
                state.is_pending = True
    return arrival
