"""Star tracker: the attitude against the stars, some times a second, late by its latency, and none while the body turns too fast.

Assumptions and limitations: noise is white and equal on all three axes (real trackers are several times worse about the boresight); the mounting
error is fixed; Sun, Moon and dust never blind it; aberration is corrected; no lost-in-space time after a fast turn. One measurement is
on its way at a time: a sample that falls due before the last one has arrived is left out. At most one sample a control tick.
Source of the form: Markley and Crassidis, Fundamentals of Spacecraft Attitude Determination and Control (2014), small-angle error model.
"""

from typing import Annotated

import warp as wp
from pydantic import Field, model_validator

from perilune.base.parameters import Parameters, Vector3
from perilune.base.random import normal2
from perilune.base.vector import quat, quat_from_rotation_vector, real, u32, vec3
from perilune.lander.faults import FaultsNow, any_fault, fault_code, fault_on, fault_size, fault_vector
from perilune.lander.sensors.channels import STAR_TRACKER_XY, STAR_TRACKER_Z
from perilune.lander.sensors.sampling import check_latency, sample_due
from perilune.messages.measurements import StarTrackerMeasurement

LATE, DROPOUT, BIAS, STUCK = (wp.constant(fault_code(f"star_tracker.{kind}")) for kind in ("late", "dropout", "bias", "stuck"))


class StarTracker(Parameters):
    """What the mission file says of the star tracker, in the file's units."""

    noise_arcsec: Annotated[float, Field(ge=0, le=3600, description="white noise a body axis, 1 sigma; assumed: 20")]
    misalignment_arcsec: Annotated[Vector3, Field(description="fixed mounting error, a rotation about the body axes; assumed, mean 0")]
    rate_hz: Annotated[float, Field(gt=0, le=100, description="solutions a second; assumed")]
    latency_s: Annotated[float, Field(ge=0, le=10, description="from exposure to arrival at the computer; assumed")]
    rate_limit_deg_s: Annotated[float, Field(gt=0, le=360, description="body rate above which there is no solution; assumed")]

    @model_validator(mode="after")
    def _can_be(self) -> "StarTracker":
        check_latency(self.rate_hz, self.latency_s)
        return self


@wp.struct
class StarTrackerParams:
    """The same in SI and radians, one element a flight."""

    present: wp.bool
    noise: real
    misalignment: vec3
    rate: real  # Hz
    latency: real
    rate_limit: real  # rad/s


@wp.struct
class StarTrackerState:
    """The measurement that is on its way, and what a fault has to remember."""

    pending: StarTrackerMeasurement
    is_pending: wp.bool
    held: quat  # attitude at which it is stuck
    holds: wp.bool


@wp.func
def faulty_attitude(state: wp.ref[StarTrackerState], m: wp.ref[StarTrackerMeasurement], now: wp.ref[FaultsNow]):
    """A sample as the faults leave it."""
    if not any_fault(now):
        state.holds = False
        return
    m.attitude = m.attitude * quat_from_rotation_vector(fault_vector(now, BIAS))
    sticks = fault_on(now, STUCK)
    if sticks and not state.holds:
        state.held = m.attitude
    if sticks:
        m.attitude = state.held
    state.holds = sticks
    m.valid = not fault_on(now, DROPOUT)


@wp.func
def measure_star_tracker(
    params: StarTrackerParams,
    state: wp.ref[StarTrackerState],
    seed: wp.uint64,
    run: wp.uint32,
    tick: wp.int32,
    tick_length: real,
    time: real,
    attitude_mci_from_body: quat,
    rate_body: vec3,
    now: wp.ref[FaultsNow],
) -> StarTrackerMeasurement:
    """What arrives in this control tick; to be called once in every tick with the true attitude and body rate [rad/s].

    The error is a rotation in body axes applied before the attitude. `time` [s] is that of the tick; an arrival carries the time of its exposure.
    """
    arrival = StarTrackerMeasurement()
    margin = real(1.0e-6) * tick_length
    late = params.latency + fault_size(now, LATE)
    if state.is_pending and time + margin >= state.pending.time + late:
        arrival = state.pending
        state.is_pending = False
    if sample_due(params.rate, tick, tick_length) and not state.is_pending and wp.length(rate_body) <= params.rate_limit:
        xy = normal2(seed, run, STAR_TRACKER_XY, u32(tick))
        z = normal2(seed, run, STAR_TRACKER_Z, u32(tick))
        error = params.misalignment + vec3(xy[0], xy[1], z[0]) * params.noise
        taken = StarTrackerMeasurement()
        taken.time = time
        taken.attitude = attitude_mci_from_body * quat_from_rotation_vector(error)
        taken.valid = True
        faulty_attitude(state, taken, now)
        if taken.valid and late <= margin:
            arrival = taken
        elif taken.valid:
            state.pending = taken
            state.is_pending = True
    return arrival
