"""Inertial measurement unit: increments of angle and velocity with bias, slow drift, random walk, scale and mounting errors.

    measured = (1 + scale) (true - misalignment x true) + (bias + drift) dt + random_walk sqrt(dt) n

Assumptions and limitations: the triads are orthogonal and turned by a small fixed angle; scale errors are linear; no g-sensitivity, quantisation,
saturation, vibration, size effect or temperature; the unit sits at the centre of mass. Drift is a first-order Gauss–Markov process, exact
at its own instants (at most one a second), held between them. Its first value is drawn from its stationary distribution.
Source of the form: IEEE Std 952-1997 (gyro error terms); Groves, Principles of GNSS, Inertial and Multisensor Integrated Navigation Systems, ch. 4.

Figures of two classes (1 sigma); `q` quoted from a data sheet by the source named, `a` assumed:

| key                               | navigation grade | tactical grade |
|-----------------------------------|------------------|----------------|
| `gyro_bias_deg_h` (dispersed)     | 0.0035 q         | 1 q            |
| `gyro_instability_deg_h`          | 0.0035 a         | 0.3 a          |
| `gyro_correlation_s`              | 3600 a           | 1000 a         |
| `angle_random_walk_deg_rt_h`      | 0.002 q          | 0.07 q         |
| `gyro_scale_ppm` (dispersed)      | 5 q              | 100 a          |
| `gyro_misalignment_arcsec`        | 20 a             | 60 a           |
| `accel_bias_ug` (dispersed)       | 25 q             | 300 q          |
| `accel_instability_ug`            | 10 a             | 50 a           |
| `accel_correlation_s`             | 3600 a           | 1000 a         |
| `velocity_random_walk_ug_rt_hz`   | 5 a              | 35 q           |
| `accel_scale_ppm` (dispersed)     | 100 q            | 300 a          |
| `accel_misalignment_arcsec`       | 20 a             | 60 a           |

Navigation grade: Honeywell HG9900, its brochure as quoted by NavToolkit, `hg9900_model` (random walk of velocity not listed there).
Tactical grade: Northrop Grumman LN-200S, its product page as quoted by LuPNT, `lupnt/devices/imu.cc`.
"""

from typing import Annotated

import warp as wp
from pydantic import Field

from perilune.base.parameters import Parameters, Vector3
from perilune.base.random import normal2
from perilune.base.vector import HALF, ONE, ZERO, real, u32, vec3
from perilune.lander.faults import FaultsNow, any_fault
from perilune.lander.sensors.channels import (
    ACCEL_DRIFT_YZ,
    ACCEL_WHITE_YZ,
    GYRO_DRIFT_XY,
    GYRO_DRIFT_Z_ACCEL_DRIFT_X,
    GYRO_WHITE_XY,
    GYRO_WHITE_Z_ACCEL_WHITE_X,
)
from perilune.lander.sensors.imu_faults import ImuFaultState, faulty_increment
from perilune.messages.measurements import ImuMeasurement


class Imu(Parameters):
    """What the mission file says of the inertial unit, in the file's units; what has mean 0 is there to be dispersed."""

    grade: Annotated[str, Field(min_length=1, description="name of the class of unit, for the reader")]
    gyro_bias_deg_h: Annotated[Vector3, Field(description="turn-on bias, fixed for a flight; mean 0")]
    gyro_instability_deg_h: Annotated[float, Field(ge=0, le=1e4, description="1 sigma of the slow drift; source: the class's")]
    gyro_correlation_s: Annotated[float, Field(gt=0, le=1e7, description="correlation time of the slow drift; assumed")]
    angle_random_walk_deg_rt_h: Annotated[float, Field(ge=0, le=100, description="white noise of rate; source: the class's")]
    gyro_scale_ppm: Annotated[Vector3, Field(description="scale error of each axis; mean 0")]
    gyro_misalignment_arcsec: Annotated[Vector3, Field(description="rotation of the triad about the body axes; mean 0")]
    accel_bias_ug: Annotated[Vector3, Field(description="turn-on bias, fixed for a flight; mean 0")]
    accel_instability_ug: Annotated[float, Field(ge=0, le=1e6, description="1 sigma of the slow drift; source: the class's")]
    accel_correlation_s: Annotated[float, Field(gt=0, le=1e7, description="correlation time of the slow drift; assumed")]
    velocity_random_walk_ug_rt_hz: Annotated[float, Field(ge=0, le=1e6, description="white noise of specific force; source: the class's")]
    accel_scale_ppm: Annotated[Vector3, Field(description="scale error of each axis; mean 0")]
    accel_misalignment_arcsec: Annotated[Vector3, Field(description="rotation of the triad about the body axes; mean 0")]


@wp.struct
class ImuParams:
    """The same in SI and radians, one element a flight."""

    gyro_bias: vec3  # rad/s
    gyro_instability: real  # rad/s
    gyro_correlation: real
    angle_random_walk: real  # rad/√s
    gyro_scale: vec3
    gyro_misalignment: vec3
    accel_bias: vec3  # m/s²
    accel_instability: real  # m/s²
    accel_correlation: real
    velocity_random_walk: real  # m/s/√s
    accel_scale: vec3
    accel_misalignment: vec3


@wp.struct
class ImuState:
    """The slow drifts, when they last moved, and what a fault has to remember."""

    gyro_drift: vec3  # rad/s
    accel_drift: vec3  # m/s²
    drift_time: real  # s past the flight's epoch
    is_drawn: wp.bool
    faults: ImuFaultState


@wp.func
def drift_imu(params: ImuParams, state: wp.ref[ImuState], seed: wp.uint64, run: wp.uint32, tick: wp.int32, time: real):
    """Move both drifts to `time` [s], exactly, whatever time has passed."""
    keep_gyro = ZERO
    keep_accel = ZERO
    if state.is_drawn:
        keep_gyro = wp.exp((state.drift_time - time) / params.gyro_correlation)
        keep_accel = wp.exp((state.drift_time - time) / params.accel_correlation)
    a = normal2(seed, run, GYRO_DRIFT_XY, u32(tick))
    b = normal2(seed, run, GYRO_DRIFT_Z_ACCEL_DRIFT_X, u32(tick))
    c = normal2(seed, run, ACCEL_DRIFT_YZ, u32(tick))
    fresh_gyro = params.gyro_instability * wp.sqrt(ONE - keep_gyro * keep_gyro)
    fresh_accel = params.accel_instability * wp.sqrt(ONE - keep_accel * keep_accel)
    state.gyro_drift = state.gyro_drift * keep_gyro + vec3(a[0], a[1], b[0]) * fresh_gyro
    state.accel_drift = state.accel_drift * keep_accel + vec3(b[1], c[0], c[1]) * fresh_accel
    state.drift_time = time
    state.is_drawn = True


@wp.func
def measure_imu(
    params: ImuParams,
    state: wp.ref[ImuState],
    seed: wp.uint64,
    run: wp.uint32,
    tick: wp.int32,
    time: real,
    dt: real,
    delta_angle: vec3,
    delta_velocity: vec3,
    now: wp.ref[FaultsNow],
) -> ImuMeasurement:
    """The unit's increments over the `dt` [s] that end at `time` [s].

    `delta_angle` [rad] and `delta_velocity` [m/s, without gravity] are the true increments in body axes; `tick` counts the unit's own samples
    and indexes its draws, so that it must never repeat within a flight.
    """
    if not state.is_drawn or time - state.drift_time + HALF * dt >= ONE:
        drift_imu(params, state, seed, run, tick, time)
    a = normal2(seed, run, GYRO_WHITE_XY, u32(tick))
    b = normal2(seed, run, GYRO_WHITE_Z_ACCEL_WHITE_X, u32(tick))
    c = normal2(seed, run, ACCEL_WHITE_YZ, u32(tick))
    root = wp.sqrt(dt)
    angle = delta_angle - wp.cross(params.gyro_misalignment, delta_angle)
    velocity = delta_velocity - wp.cross(params.accel_misalignment, delta_velocity)
    out = ImuMeasurement()
    out.time = time
    out.delta_angle = (
        angle
        + wp.cw_mul(params.gyro_scale, angle)
        + (params.gyro_bias + state.gyro_drift) * dt
        + vec3(a[0], a[1], b[0]) * (params.angle_random_walk * root)
    )
    out.delta_velocity = (
        velocity
        + wp.cw_mul(params.accel_scale, velocity)
        + (params.accel_bias + state.accel_drift) * dt
        + vec3(b[1], c[0], c[1]) * (params.velocity_random_walk * root)
    )
    if any_fault(now) or state.faults.is_touched:
        faulty_increment(now, state.faults, out, dt)
    return out
