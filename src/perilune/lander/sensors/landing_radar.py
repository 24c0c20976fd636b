"""Landing radar: slant range along one beam and the speeds along three others, from an antenna that has two positions.

Antenna axes are the body's, turned first about y by `beta` (the beams go from body -z towards -x), then about z by `alpha`. In them the range
beam leans by `range_beam` towards -x; the velocity beams lean by `velocity_beam`, at azimuths counted from -x about z. A speed is that
of the antenna relative to the turning ground along the beam, positive towards the ground.

Assumptions and limitations: beams are lines; each has a lock of its own, lost beyond its reach or incidence limit or, for the velocity beams, above
`speed_limit`, all sharply; noise is white, its 1 sigma the larger of an absolute and a proportional part; scale and bias are fixed (a mounting
error is a dispersion of alpha and beta); no side lobes, no cross-lock on the lander's own structure, no least range. While the antenna travels
it is silent, and it locks anew. The antenna sits at the middle of the footpad plane. A sample that falls due before the last one has arrived is left
out; at most one sample a control tick.
Sources, Apollo: alpha and beta of both positions, range below 50 000 ft and velocities below 2 000 ft/s from the flown pad load (LRALPHA, LRBETA1,
LRALPHA2, LRBETA2, LRHMAX, LRVMAX: indy91/AGCPadloadGenerator, Flown Apollo 11 LGC Padload). Range beam 20.38° from HBEAMANT of Luminary 099
(CONTROLLED_CONSTANTS, page 41: (-0.4687018041, 0, -0.1741224271) of half a unit). Velocity beams derived from the same page's scale factors
(0.644, 1.212, 0.8668 ft/s a bit along X, Y, Z), which go as 1 over the beams' cosines, the sum of two beams counting twice: 24.55° off the axis at
35.57° either side of the range beam and opposite; which of the corners are occupied is assumed. All else is assumed.
"""

from typing import Annotated

import warp as wp
from pydantic import Field, model_validator

from perilune.base.parameters import Parameters, Vector3
from perilune.base.random import normal2, uniform2
from perilune.base.vector import ONE, ZERO, real, u32, vec3, vec4
from perilune.lander.faults import FaultsNow, any_fault, fault_code, fault_on, fault_size
from perilune.lander.sensors.channels import LANDING_RADAR_DROPOUT, LANDING_RADAR_RANGE_SPEED_1, LANDING_RADAR_SPEED_2_3
from perilune.lander.sensors.lock import Locks, beam_locked
from perilune.lander.sensors.range_faults import RangeFaultState, faulty_range
from perilune.lander.sensors.sampling import check_latency, sample_due
from perilune.messages.measurements import LandingRadarMeasurement

LATE, SHORT_REACH, DROPOUT, BIAS, SCALE, STUCK, SPIKE, FALSE_RETURN = (
    wp.constant(fault_code(f"landing_radar.{kind}")) for kind in ("late", "short_reach", "dropout", "bias", "scale", "stuck", "spike", "false_return")
)


class LandingRadar(Parameters):
    """What the mission file says of the landing radar, in the file's units."""

    alpha_1_deg: Annotated[float, Field(ge=-180, le=180, description="turn of the antenna about body z, first position; Apollo 11: 6 (LRALPHA)")]
    beta_1_deg: Annotated[float, Field(ge=-90, le=90, description="its tilt from body -z towards -x there; Apollo 11: 24 (LRBETA1)")]
    alpha_2_deg: Annotated[float, Field(ge=-180, le=180, description="turn in the second position; Apollo 11: 6 (LRALPHA2)")]
    beta_2_deg: Annotated[float, Field(ge=-90, le=90, description="tilt in the second position; Apollo 11: 0 (LRBETA2)")]
    travel_s: Annotated[float, Field(ge=0, le=60, description="time from one position to the other, without measurements; assumed")]
    range_beam_deg: Annotated[float, Field(ge=-90, le=90, description="range beam off the antenna's axis towards -x; Apollo: 20.38 (HBEAMANT)")]
    velocity_beam_deg: Annotated[float, Field(gt=0, lt=90, description="velocity beams off the axis; Apollo: 24.55, from VXSCAL to VZSCAL")]
    velocity_azimuths_deg: Annotated[Vector3, Field(description="velocity beams about the axis, from -x; Apollo: 35.57, -35.57, 215.57 or mirrored")]
    range_reach_m: Annotated[float, Field(ge=0, le=1e6, description="longest slant range that returns; Apollo 11: 15 240 (LRHMAX)")]
    velocity_reach_m: Annotated[float, Field(ge=0, le=1e6, description="longest slant range at which a velocity beam returns; assumed")]
    speed_limit_m_s: Annotated[float, Field(gt=0, le=1e4, description="speed over ground above which none is measured; Apollo 11: 609.6 (LRVMAX)")]
    incidence_limit_deg: Annotated[float, Field(gt=0, le=90, description="largest angle between a beam and the ground's normal; assumed")]
    range_noise_m: Annotated[float, Field(ge=0, le=1000, description="white noise of range, 1 sigma, at least this; assumed")]
    range_noise_share_percent: Annotated[float, Field(ge=0, le=50, description="and at least this share of the range; assumed")]
    range_scale_percent: Annotated[float, Field(gt=-50, lt=50, description="error proportional to the range; assumed, mean 0")]
    range_bias_m: Annotated[float, Field(ge=-1000, le=1000, description="fixed error of range; assumed, mean 0")]
    velocity_noise_m_s: Annotated[float, Field(ge=0, le=100, description="white noise of a speed, 1 sigma, at least this; assumed")]
    velocity_noise_share_percent: Annotated[float, Field(ge=0, le=50, description="and at least this share of the speed; assumed")]
    velocity_scale_percent: Annotated[float, Field(gt=-50, lt=50, description="error proportional to the speed; assumed, mean 0")]
    velocity_bias_m_s: Annotated[float, Field(ge=-100, le=100, description="fixed error of every speed; assumed, mean 0")]
    rate_hz: Annotated[float, Field(gt=0, le=100, description="samples a second; assumed")]
    latency_s: Annotated[float, Field(ge=0, le=10, description="from sample to arrival at the computer; assumed")]
    acquisition_s: Annotated[float, Field(ge=0, le=60, description="unbroken return that a beam needs before its first measurement; assumed")]
    dropout_probability: Annotated[float, Field(ge=0, le=1, description="share of ranges, and of triples of speeds, lost at random; assumed")]

    @model_validator(mode="after")
    def _can_be(self) -> "LandingRadar":
        check_latency(self.rate_hz, self.latency_s)
        return self


@wp.struct
class LandingRadarParams:
    """The same in SI and radians, one element a flight."""

    present: wp.bool
    alpha_1: real
    beta_1: real
    alpha_2: real
    beta_2: real
    travel: real
    range_beam: real
    velocity_beam: real
    velocity_azimuths: vec3
    range_reach: real
    velocity_reach: real
    speed_limit: real  # m/s
    incidence_limit: real
    range_noise: real
    range_noise_share: real
    range_scale: real
    range_bias: real
    velocity_noise: real
    velocity_noise_share: real
    velocity_scale: real
    velocity_bias: real
    rate: real  # Hz
    latency: real
    acquisition: real
    dropout_probability: real


@wp.struct
class LandingRadarState:
    """Where the antenna is, which beams are locked, and the measurement on its way."""

    position: wp.int32  # 0: first, 1: second
    ready_at: real  # s past the flight's epoch, when the antenna's travel ends
    locks: Locks  # of the range beam and the three velocity beams
    pending: LandingRadarMeasurement
    is_pending: wp.bool
    faults: RangeFaultState


@wp.func
def radar_beam(params: LandingRadarParams, position: wp.int32, beam: wp.int32) -> vec3:
    """Unit vector in body axes of the range beam (`beam` 0) or a velocity beam (1 to 3) with the antenna in `position` 0 or 1."""
    lean = params.range_beam
    azimuth = ZERO
    if beam > 0:
        lean = params.velocity_beam
        azimuth = params.velocity_azimuths[beam - 1]
    alpha = params.alpha_1
    beta = params.beta_1
    if position == 1:
        alpha = params.alpha_2
        beta = params.beta_2
    across = -wp.sin(lean) * wp.cos(azimuth)
    y = -wp.sin(lean) * wp.sin(azimuth)
    z = -wp.cos(lean)
    x = across * wp.cos(beta) + z * wp.sin(beta)
    return vec3(x * wp.cos(alpha) - y * wp.sin(alpha), x * wp.sin(alpha) + y * wp.cos(alpha), z * wp.cos(beta) - across * wp.sin(beta))


@wp.func
def point_radar(params: LandingRadarParams, state: wp.ref[LandingRadarState], asked: wp.int32, time: real):
    """Let the antenna go to the position asked for (1: second, anything else: first); to be called in every tick, before `radar_due`."""
    wanted = wp.where(asked == 1, 1, 0)
    if state.position != wanted:
        state.position = wanted
        state.ready_at = time + params.travel
        state.locks.returning = 0


@wp.func
def radar_due(params: LandingRadarParams, state: wp.ref[LandingRadarState], tick: wp.int32, tick_length: real, time: real) -> wp.bool:
    """Whether a sample is taken in this control tick, so that the beams' rays have to be cast (as far as the reaches)."""
    return sample_due(params.rate, tick, tick_length) and time + real(1.0e-6) * tick_length >= state.ready_at


@wp.func
def radar_returns(params: LandingRadarParams, beam: wp.int32, true_range: real, cos_incidence: real, speed: real, short: real) -> wp.bool:
    """Whether a beam has a return; `short` [m] is the reach that a fault leaves it."""
    reach = params.range_reach
    if beam > 0:
        reach = params.velocity_reach
    seen = true_range >= ZERO and true_range <= wp.min(reach, short) and cos_incidence >= wp.cos(params.incidence_limit)
    return seen and (beam == 0 or speed <= params.speed_limit)


@wp.func
def radar_sample(
    params: LandingRadarParams, seed: wp.uint64, run: wp.uint32, tick: wp.int32, time: real, true_range: real, speeds: vec3
) -> LandingRadarMeasurement:
    """One sample with its errors as if every beam had returned; a range or speeds that drop out are marked as not valid."""
    sample = LandingRadarMeasurement()
    sample.time = time
    a = normal2(seed, run, LANDING_RADAR_RANGE_SPEED_1, u32(tick))
    b = normal2(seed, run, LANDING_RADAR_SPEED_2_3, u32(tick))
    chance = uniform2(seed, run, LANDING_RADAR_DROPOUT, u32(tick))
    sigma = wp.max(params.range_noise, params.range_noise_share * true_range)
    sample.range = wp.max(true_range * (ONE + params.range_scale) + params.range_bias + sigma * a[0], ZERO)
    noise = vec3(a[1], b[0], b[1])
    for i in range(3):
        sigma_i = wp.max(params.velocity_noise, params.velocity_noise_share * wp.abs(speeds[i]))
        sample.speed[i] = speeds[i] * (ONE + params.velocity_scale) + params.velocity_bias + sigma_i * noise[i]
    sample.range_valid = chance[0] >= params.dropout_probability
    sample.beams = wp.where(chance[1] >= params.dropout_probability, 7, 0)
    return sample


@wp.func
def measure_landing_radar(
    params: LandingRadarParams,
    state: wp.ref[LandingRadarState],
    seed: wp.uint64,
    run: wp.uint32,
    tick: wp.int32,
    tick_length: real,
    time: real,
    ranges: vec4,
    cosines: vec4,
    speeds: vec4,
    ground_speed: real,
    now: wp.ref[FaultsNow],
) -> LandingRadarMeasurement:
    """What arrives in this control tick; to be called once in every tick.

    Of the range beam and the three velocity beams: `ranges` [m], negative where no ground was found; `cosines` of incidence (between beam and inward
    ground normal); `speeds` [m/s] of the lander relative to the ground along the beam. `ground_speed` [m/s] is the magnitude of that velocity.
    They are looked at only in ticks in which `radar_due`. `time` [s] is that of the tick; an arrival carries the time of its sample.
    """
    arrival = LandingRadarMeasurement()
    margin = real(1.0e-6) * tick_length
    if state.is_pending and time + margin >= state.pending.time + params.latency + fault_size(now, LATE):
        arrival = state.pending
        state.is_pending = False
    if radar_due(params, state, tick, tick_length, time):
        short = real(1.0e9)
        if fault_on(now, SHORT_REACH):
            short = fault_size(now, SHORT_REACH)
        locked = wp.int32(0)
        for i in range(4):
            returned = radar_returns(params, i, ranges[i], cosines[i], ground_speed, short)
            if beam_locked(state.locks, i, returned, time, params.acquisition, margin):
                locked = locked | (1 << i)
        true_range = ranges[0]
        if fault_on(now, FALSE_RETURN):
            true_range = fault_size(now, FALSE_RETURN)
            locked = locked | 1
        if locked != 0 and not state.is_pending:
            taken = radar_sample(params, seed, run, tick, time, true_range, vec3(speeds[1], speeds[2], speeds[3]))
            taken.position = state.position
            taken.beams = taken.beams & (locked >> 1)
            taken.range_valid = taken.range_valid and (locked & 1) != 0
            if taken.range_valid:
                taken.range = faulty_range(now, state.faults, BIAS, SCALE, STUCK, SPIKE, taken.range)
            if any_fault(now) and fault_on(now, DROPOUT):
                taken.range_valid = False
                taken.beams = 0
            hide_silent_beams(taken)
            if taken.range_valid or taken.beams != 0:
                if params.latency + fault_size(now, LATE) <= margin:
                    arrival = taken
                else:
                    state.pending = taken
                    state.is_pending = True
    return arrival


@wp.func
def hide_silent_beams(m: wp.ref[LandingRadarMeasurement]):
    """A beam that is not valid says nothing, not even the truth."""
    if not m.range_valid:
        m.range = ZERO
    for i in range(3):
        if ((m.beams >> i) & 1) == 0:
            m.speed[i] = ZERO
