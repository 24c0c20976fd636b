"""Laser range finder: the slant range along its beam to the ground, once the ground has been near enough to answer for a while.

Assumptions and limitations: a point beam; a return is lost beyond `reach_m` or above `incidence_limit_deg`, sharply; noise is white; scale and bias
are fixed; dropouts and outliers strike single samples, independently, and do not break the lock, whereas a lost return does; the ground's albedo
is constant. A sample that falls due before the last one has arrived is left out. At most one sample a control tick.
Source of the reach of Resilience: ispace's statement of 24 June 2025, as quoted by SpaceNews (3 km asked, first valid below 900 m); all else assumed.
"""

from typing import Annotated

import warp as wp
from pydantic import Field, model_validator

from perilune.base.parameters import Parameters
from perilune.base.random import normal2, uniform2
from perilune.base.vector import ONE, TWO, ZERO, real, u32, vec3
from perilune.lander.faults import FaultsNow, any_fault, fault_code, fault_on, fault_size
from perilune.lander.sensors.channels import RANGE_DROPOUT_OUTLIER, RANGE_NOISE, RANGE_OUTLIER_SIZE
from perilune.lander.sensors.range_faults import RangeFaultState, faulty_range
from perilune.lander.sensors.sampling import check_latency, sample_due
from perilune.messages.measurements import RangeMeasurement

LATE, SHORT_REACH, DROPOUT, BIAS, SCALE, STUCK, SPIKE, FALSE_RETURN = (
    wp.constant(fault_code(f"range_finder.{kind}")) for kind in ("late", "short_reach", "dropout", "bias", "scale", "stuck", "spike", "false_return")
)


class RangeFinder(Parameters):
    """What the mission file says of the range finder, in the file's units."""

    reach_m: Annotated[float, Field(ge=0, le=1e6, description="longest slant range that returns, 0 for a dead sensor; source: the mission's")]
    incidence_limit_deg: Annotated[float, Field(gt=0, le=90, description="largest angle between beam and ground normal; assumed")]
    cant_deg: Annotated[float, Field(ge=-90, le=90, description="tilt of the beam from body -z towards -x; assumed")]
    noise_m: Annotated[float, Field(ge=0, le=1000, description="white noise, 1 sigma; assumed: 0.3")]
    scale_percent: Annotated[float, Field(gt=-50, lt=50, description="error proportional to the range; assumed, mean 0")]
    bias_m: Annotated[float, Field(ge=-1000, le=1000, description="fixed error; assumed, mean 0")]
    rate_hz: Annotated[float, Field(gt=0, le=100, description="samples a second; assumed")]
    latency_s: Annotated[float, Field(ge=0, le=10, description="from sample to arrival at the computer; assumed")]
    acquisition_s: Annotated[float, Field(ge=0, le=60, description="unbroken return needed before the first valid range; assumed")]
    dropout_probability: Annotated[float, Field(ge=0, le=1, description="share of samples lost at random; assumed")]
    outlier_probability: Annotated[float, Field(ge=0, le=1, description="share of samples that are outliers; assumed")]
    outlier_m: Annotated[float, Field(ge=0, le=1e6, description="outliers are uniform within this about the true range; assumed")]

    @model_validator(mode="after")
    def _can_be(self) -> "RangeFinder":
        check_latency(self.rate_hz, self.latency_s)
        return self


@wp.struct
class RangeFinderParams:
    """The same in SI and radians, one element a flight."""

    present: wp.bool
    reach: real
    incidence_limit: real
    cant: real
    noise: real
    scale: real
    bias: real
    rate: real  # Hz
    latency: real
    acquisition: real
    dropout_probability: real
    outlier_probability: real
    outlier: real


@wp.struct
class RangeFinderState:
    """The measurement on its way, since when the ground has answered, and what a fault has to remember."""

    pending: RangeMeasurement
    is_pending: wp.bool
    has_return: wp.bool
    return_since: real  # s past the flight's epoch
    faults: RangeFaultState


@wp.func
def beam_body(params: RangeFinderParams) -> vec3:
    """Unit vector of the beam in body axes."""
    return vec3(-wp.sin(params.cant), ZERO, -wp.cos(params.cant))


@wp.func
def range_due(params: RangeFinderParams, tick: wp.int32, tick_length: real) -> wp.bool:
    """Whether a sample is taken in this control tick, so that the ray has to be cast (as far as `reach`)."""
    return sample_due(params.rate, tick, tick_length)


@wp.func
def range_sample(params: RangeFinderParams, seed: wp.uint64, run: wp.uint32, tick: wp.int32, time: real, true_range: real) -> RangeMeasurement:
    """One sample with its errors of a return from `true_range` [m]; not valid when it drops out."""
    sample = RangeMeasurement()
    sample.time = time
    chance = uniform2(seed, run, RANGE_DROPOUT_OUTLIER, u32(tick))
    if chance[0] >= params.dropout_probability:
        noise = normal2(seed, run, RANGE_NOISE, u32(tick))
        sample.range = true_range * (ONE + params.scale) + params.bias + params.noise * noise[0]
        if chance[1] < params.outlier_probability:
            size = uniform2(seed, run, RANGE_OUTLIER_SIZE, u32(tick))
            sample.range = true_range + params.outlier * (TWO * size[0] - ONE)
        sample.range = wp.max(sample.range, ZERO)
        sample.valid = True
    return sample


@wp.func
def measure_range(
    params: RangeFinderParams,
    state: wp.ref[RangeFinderState],
    seed: wp.uint64,
    run: wp.uint32,
    tick: wp.int32,
    tick_length: real,
    time: real,
    true_range: real,
    cos_incidence: real,
    now: wp.ref[FaultsNow],
) -> RangeMeasurement:
    """What arrives in this control tick; to be called once in every tick.

    `true_range` [m] along the beam, negative where no ground was found, and `cos_incidence` (between beam and inward ground normal) are looked at
    only in ticks in which `range_due`. `time` [s] is that of the tick; an arrival carries the time of its sample.
    """
    arrival = RangeMeasurement()
    margin = real(1.0e-6) * tick_length
    late = params.latency + fault_size(now, LATE)
    if state.is_pending and time + margin >= state.pending.time + late:
        arrival = state.pending
        state.is_pending = False
    if range_due(params, tick, tick_length):
        returned = true_range >= ZERO and true_range <= params.reach and cos_incidence >= wp.cos(params.incidence_limit)
        if fault_on(now, SHORT_REACH):
            returned = returned and true_range <= fault_size(now, SHORT_REACH)
        if returned and not state.has_return:
            state.return_since = time
        state.has_return = returned
        seen = true_range
        locked = returned and time + margin >= state.return_since + params.acquisition
        if fault_on(now, FALSE_RETURN):
            seen = fault_size(now, FALSE_RETURN)
            locked = True
        if locked and not state.is_pending:
            taken = range_sample(params, seed, run, tick, time, seen)
            if taken.valid:
                taken.range = faulty_range(now, state.faults, BIAS, SCALE, STUCK, SPIKE, taken.range)
            if any_fault(now) and fault_on(now, DROPOUT):
                taken = RangeMeasurement()
            if late <= margin:
                arrival = taken
            elif taken.valid:
                state.pending = taken
                state.is_pending = True
    return arrival
