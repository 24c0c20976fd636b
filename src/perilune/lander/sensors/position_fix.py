"""Terrain-relative position fix: where over the Moon the lander is, as a camera and a map tell it, at the level of the measurement.

No image is made: a fix is the true place with a white error (the match of one image) and a slow one (the map's registration, the camera's mounting),
and comes only where an image could be matched.

Assumptions and limitations: errors are isotropic in the horizontal plane, `vertical_factor` times as large along the vertical; the white one is
the larger of an absolute part and a share of the height; the slow one is a first-order Gauss-Markov process drawn from its stationary
distribution, exact at the fixes; terrain counts as lit where the Sun stands above `sun_elevation_limit` on the smooth sphere below the lander (no
shadow of relief); the camera sees the ground in any attitude; a match fails at random, independently. A sample that falls due before
the last one has arrived is left out; at most one a control tick. The place is that of the middle of the footpad plane.
Source of the form: the error sources of Johnson and Montgomery, "Overview of terrain relative navigation approaches for precise lunar landing", IEEE
Aerospace Conference 2008 (recalled, unsourced here); all figures are assumed.
"""

from typing import Annotated

import warp as wp
from pydantic import Field, model_validator

from perilune.base.parameters import Parameters
from perilune.base.random import normal2, uniform2
from perilune.base.vector import ONE, ZERO, perpendicular_to, real, u32, vec3
from perilune.lander.faults import FaultsNow, any_fault, fault_code, fault_on, fault_size, fault_vector
from perilune.lander.sensors.channels import POSITION_FIX_ACROSS, POSITION_FIX_MATCH, POSITION_FIX_SLOW_ACROSS, POSITION_FIX_UP_SLOW_UP
from perilune.lander.sensors.sampling import check_latency, sample_due
from perilune.messages.measurements import PositionMeasurement

DROPOUT, BIAS, LATE, STUCK, FALSE_MATCH = (
    wp.constant(fault_code(f"position_fix.{kind}")) for kind in ("dropout", "bias", "late", "stuck", "false_match")
)


class PositionFix(Parameters):
    """What the mission file says of the position fix, in the file's units."""

    noise_m: Annotated[float, Field(ge=0, le=1e5, description="white error of a fix, 1 sigma an axis, at least this; assumed")]
    noise_share_percent: Annotated[float, Field(ge=0, le=100, description="and at least this share of the height above ground; assumed")]
    slow_error_m: Annotated[float, Field(ge=0, le=1e5, description="slow error, 1 sigma an axis; assumed")]
    slow_correlation_s: Annotated[float, Field(gt=0, le=1e7, description="its correlation time; long: one error a flight; assumed")]
    vertical_factor: Annotated[float, Field(gt=0, le=100, description="vertical errors over horizontal ones; assumed")]
    least_height_m: Annotated[float, Field(ge=0, le=1e6, description="no fix below this height above ground; assumed")]
    largest_height_m: Annotated[float, Field(ge=0, le=1e6, description="no fix above this height above ground; assumed")]
    sun_elevation_limit_deg: Annotated[float, Field(ge=-90, lt=90, description="no fix where the Sun is lower over the ground below; assumed")]
    match_probability: Annotated[float, Field(ge=0, le=1, description="share of images that are matched; assumed")]
    rate_hz: Annotated[float, Field(gt=0, le=100, description="images a second; assumed")]
    latency_s: Annotated[float, Field(ge=0, le=10, description="from image to arrival at the computer; assumed")]

    @model_validator(mode="after")
    def _can_be(self) -> "PositionFix":
        check_latency(self.rate_hz, self.latency_s)
        if self.least_height_m >= self.largest_height_m:
            raise ValueError(f"least_height_m ({self.least_height_m:g}) is not below largest_height_m ({self.largest_height_m:g}); no fix could come")
        return self


@wp.struct
class PositionFixParams:
    """The same in SI and radians, one element a flight."""

    present: wp.bool
    noise: real  # m
    noise_share: real
    slow_error: real  # m
    slow_correlation: real
    vertical_factor: real
    least_height: real
    largest_height: real
    sun_elevation_limit: real
    match_probability: real
    rate: real  # Hz
    latency: real


@wp.struct
class PositionFixState:
    """The slow error in units of its sigma, the fix on its way, and what a fault has to remember."""

    slow: vec3  # two horizontal axes and up
    slow_time: real  # s past the flight's epoch, when it last moved
    is_drawn: wp.bool
    pending: PositionMeasurement
    is_pending: wp.bool
    held: vec3  # m, me, at which the fix is stuck
    holds: wp.bool
    has_jumped: wp.bool


@wp.func
def fix_due(params: PositionFixParams, tick: wp.int32, tick_length: real) -> wp.bool:
    """Whether an image is taken in this control tick, so that the Sun and the height have to be known."""
    return sample_due(params.rate, tick, tick_length)


@wp.func
def drift_fix(
    params: PositionFixParams, state: wp.ref[PositionFixState], seed: wp.uint64, run: wp.uint32, tick: wp.int32, time: real, fresh_up: real
):
    """Move the slow error to `time` [s], exactly, whatever time has passed; `fresh_up` is the draw of its vertical part."""
    keep = ZERO
    if state.is_drawn:
        keep = wp.exp((state.slow_time - time) / params.slow_correlation)
    fresh = normal2(seed, run, POSITION_FIX_SLOW_ACROSS, u32(tick))
    state.slow = state.slow * keep + vec3(fresh[0], fresh[1], fresh_up) * wp.sqrt(ONE - keep * keep)
    state.slow_time = time
    state.is_drawn = True


@wp.func
def fix_sample(
    params: PositionFixParams,
    state: wp.ref[PositionFixState],
    seed: wp.uint64,
    run: wp.uint32,
    tick: wp.int32,
    time: real,
    position_me: vec3,
    height: real,
) -> PositionMeasurement:
    """One matched image with its errors."""
    across = normal2(seed, run, POSITION_FIX_ACROSS, u32(tick))
    along = normal2(seed, run, POSITION_FIX_UP_SLOW_UP, u32(tick))
    drift_fix(params, state, seed, run, tick, time, along[1])
    sigma = wp.max(params.noise, params.noise_share * height)
    error = vec3(across[0], across[1], along[0]) * sigma + state.slow * params.slow_error
    up = wp.normalize(position_me)
    east = perpendicular_to(up, vec3(-position_me[1], position_me[0], ZERO))
    sample = PositionMeasurement()
    sample.time = time
    sample.position_me = position_me + east * error[0] + wp.cross(up, east) * error[1] + up * (params.vertical_factor * error[2])
    sample.valid = True
    return sample


@wp.func
def in_local_axes(position_me: vec3, v: vec3) -> vec3:
    """A vector of east, north and up at a position, in me."""
    up = wp.normalize(position_me)
    east = perpendicular_to(up, vec3(-position_me[1], position_me[0], ZERO))
    return east * v[0] + wp.cross(up, east) * v[1] + up * v[2]


@wp.func
def faulty_fix(state: wp.ref[PositionFixState], m: wp.ref[PositionMeasurement], now: wp.ref[FaultsNow]):
    """A fix as the faults leave it."""
    if not any_fault(now):
        state.holds = False
        state.has_jumped = False
        return
    off = fault_vector(now, BIAS)
    jumps = fault_on(now, FALSE_MATCH)
    if jumps and not state.has_jumped:
        off += fault_vector(now, FALSE_MATCH)
    state.has_jumped = jumps
    m.position_me += in_local_axes(m.position_me, off)
    sticks = fault_on(now, STUCK)
    if sticks and not state.holds:
        state.held = m.position_me
    if sticks:
        m.position_me = state.held
    state.holds = sticks
    m.valid = not fault_on(now, DROPOUT)


@wp.func
def measure_position_fix(
    params: PositionFixParams,
    state: wp.ref[PositionFixState],
    seed: wp.uint64,
    run: wp.uint32,
    tick: wp.int32,
    tick_length: real,
    time: real,
    position_me: vec3,
    height: real,
    sun_elevation: real,
    now: wp.ref[FaultsNow],
) -> PositionMeasurement:
    """What arrives in this control tick; to be called once in every tick.

    The true `position_me` [m] of the middle of the footpad plane, its `height` [m] above ground and the `sun_elevation` [rad] there are looked at
    only in ticks in which `fix_due`. `time` [s] is that of the tick; an arrival carries the time of its image.
    """
    arrival = PositionMeasurement()
    margin = real(1.0e-6) * tick_length
    late = params.latency + fault_size(now, LATE)
    if state.is_pending and time + margin >= state.pending.time + late:
        arrival = state.pending
        state.is_pending = False
    if fix_due(params, tick, tick_length) and not state.is_pending:
        seen = height >= params.least_height and height <= params.largest_height and sun_elevation >= params.sun_elevation_limit
        if seen and uniform2(seed, run, POSITION_FIX_MATCH, u32(tick))[0] < params.match_probability:
            taken = fix_sample(params, state, seed, run, tick, time, position_me, height)
            faulty_fix(state, taken, now)
            if taken.valid and late <= margin:
                arrival = taken
            elif taken.valid:
                state.pending = taken
                state.is_pending = True
    return arrival
