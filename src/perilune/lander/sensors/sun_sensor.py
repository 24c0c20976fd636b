"""Sun sensor: the direction to the Sun in body axes, as long as it shines into the sensor's field of view.

Assumptions and limitations: a cone of view about the boresight with a sharp edge; noise is white and equal across the direction; the mounting
error is fixed; no light reflected from Moon, Earth or lander; whether the Moon hides the Sun is told by its sphere alone, the Sun as a point. A
sample that falls due before the last one has arrived is left out; at most one sample a control tick.
Source of the form: Markley and Crassidis, Fundamentals of Spacecraft Attitude Determination and Control (2014), section 4.3 (recalled, unsourced
here); all figures are assumed.
"""

from typing import Annotated

import warp as wp
from pydantic import Field, model_validator

from perilune.base.parameters import Parameters, Vector3
from perilune.base.random import normal2
from perilune.base.vector import perpendicular_to, quat_from_rotation_vector, real, u32, vec3
from perilune.lander.faults import FaultsNow, any_fault, fault_code, fault_on, fault_vector
from perilune.lander.sensors.channels import SUN_SENSOR
from perilune.lander.sensors.sampling import check_latency, sample_due
from perilune.messages.measurements import SunMeasurement

DROPOUT, BIAS, STUCK = (wp.constant(fault_code(f"sun_sensor.{kind}")) for kind in ("dropout", "bias", "stuck"))


class SunSensor(Parameters):
    """What the mission file says of the Sun sensor, in the file's units."""

    boresight_body: Annotated[Vector3, Field(description="direction of the field of view's middle, any length; assumed")]
    half_angle_deg: Annotated[float, Field(gt=0, le=180, description="from the boresight to the edge of the field of view; assumed")]
    noise_arcsec: Annotated[float, Field(ge=0, le=36000, description="white noise across the direction, 1 sigma an axis; assumed: 180")]
    misalignment_arcsec: Annotated[Vector3, Field(description="fixed mounting error, a rotation about the body axes; assumed, mean 0")]
    rate_hz: Annotated[float, Field(gt=0, le=100, description="samples a second; assumed")]
    latency_s: Annotated[float, Field(ge=0, le=10, description="from sample to arrival at the computer; assumed")]

    @model_validator(mode="after")
    def _can_be(self) -> "SunSensor":
        check_latency(self.rate_hz, self.latency_s)
        if not any(self.boresight_body):
            raise ValueError("boresight_body is zero; give a direction in body axes")
        return self


@wp.struct
class SunSensorParams:
    """The same in SI and radians, one element a flight."""

    present: wp.bool
    boresight_body: vec3
    half_angle: real
    noise: real  # rad
    misalignment: vec3  # rad
    rate: real  # Hz
    latency: real


@wp.struct
class SunSensorState:
    """The measurement that is on its way, and what a fault has to remember."""

    pending: SunMeasurement
    is_pending: wp.bool
    held: vec3  # direction at which it is stuck
    holds: wp.bool


@wp.func
def sun_due(params: SunSensorParams, tick: wp.int32, tick_length: real) -> wp.bool:
    """Whether a sample is taken in this control tick, so that the Sun's direction has to be known."""
    return sample_due(params.rate, tick, tick_length)


@wp.func
def sun_sample(params: SunSensorParams, seed: wp.uint64, run: wp.uint32, tick: wp.int32, time: real, direction_body: vec3) -> SunMeasurement:
    """One sample of a Sun in view, with its errors."""
    noise = normal2(seed, run, SUN_SENSOR, u32(tick)) * params.noise
    across = perpendicular_to(direction_body, vec3(1.0, 0.0, 0.0))
    error = across * noise[0] + wp.cross(direction_body, across) * noise[1] - params.misalignment
    sample = SunMeasurement()
    sample.time = time
    sample.direction_body = wp.quat_rotate(quat_from_rotation_vector(error), direction_body)
    sample.valid = True
    return sample


@wp.func
def faulty_sun(state: wp.ref[SunSensorState], m: wp.ref[SunMeasurement], now: wp.ref[FaultsNow]):
    """A sample as the faults leave it."""
    if not any_fault(now):
        state.holds = False
        return
    m.direction_body = wp.quat_rotate(quat_from_rotation_vector(fault_vector(now, BIAS)), m.direction_body)
    sticks = fault_on(now, STUCK)
    if sticks and not state.holds:
        state.held = m.direction_body
    if sticks:
        m.direction_body = state.held
    state.holds = sticks
    m.valid = not fault_on(now, DROPOUT)


@wp.func
def measure_sun_sensor(
    params: SunSensorParams,
    state: wp.ref[SunSensorState],
    seed: wp.uint64,
    run: wp.uint32,
    tick: wp.int32,
    tick_length: real,
    time: real,
    direction_body: vec3,
    is_lit: wp.bool,
    now: wp.ref[FaultsNow],
) -> SunMeasurement:
    """What arrives in this control tick; to be called once in every tick.

    The true unit vector `direction_body` to the Sun, and `is_lit`, whether the Moon leaves it in sight, are looked at only in ticks in which
    `sun_due`. `time` [s] is that of the tick; an arrival carries the time of its sample.
    """
    arrival = SunMeasurement()
    margin = real(1.0e-6) * tick_length
    if state.is_pending and time + margin >= state.pending.time + params.latency:
        arrival = state.pending
        state.is_pending = False
    if sun_due(params, tick, tick_length) and not state.is_pending:
        if is_lit and wp.dot(direction_body, wp.normalize(params.boresight_body)) >= wp.cos(params.half_angle):
            taken = sun_sample(params, seed, run, tick, time, direction_body)
            faulty_sun(state, taken, now)
            if taken.valid and params.latency <= margin:
                arrival = taken
            elif taken.valid:
                state.pending = taken
                state.is_pending = True
    return arrival
