"""Faults of the inertial unit: bias, scale, saturation, dead and stuck axes, one increment that jumps; on what the unit would have said.

A saturated axis is held before a bias or a dead axis changes it: saturation is the sensing element's, the rest that of what follows.

Assumptions and limitations: faults strike whole increments from the tick in which they begin; a stuck unit gives both triads of its first increment
again.
"""

import warp as wp

from perilune.base.vector import ZERO, real, vec3
from perilune.lander.faults import FaultsNow, any_fault, fault_code, fault_on, fault_on_axis, fault_size_on, fault_vector
from perilune.messages.measurements import ImuMeasurement

GYRO_BIAS, GYRO_SCALE, GYRO_SATURATION, GYRO_DEAD = (
    wp.constant(fault_code(f"imu.{kind}")) for kind in ("gyro_bias", "gyro_scale", "saturation", "gyro_axis_dead")
)
ACCEL_BIAS, ACCEL_SCALE, ACCEL_SATURATION, ACCEL_DEAD = (
    wp.constant(fault_code(f"imu.{kind}")) for kind in ("accel_bias", "accel_scale", "accel_saturation", "accel_axis_dead")
)
STUCK, SPIKE = (wp.constant(fault_code(f"imu.{kind}")) for kind in ("stuck", "spike"))


@wp.struct
class ImuFaultState:
    """What a fault has to remember."""

    is_touched: wp.bool  # something below is to be forgotten when the faults end
    holds: wp.bool
    held_angle: vec3  # rad
    held_velocity: vec3  # m/s
    has_jumped: wp.bool


@wp.func
def faulty_triad(now: wp.ref[FaultsNow], increment: vec3, dt: real, bias: wp.int32, scale: wp.int32, saturation: wp.int32, dead: wp.int32) -> vec3:
    """One triad's increment over `dt` [s] as the faults with these codes leave it."""
    out = increment + wp.cw_mul(increment, fault_vector(now, scale))
    for i in range(3):
        if fault_on_axis(now, saturation, i):
            most = fault_size_on(now, saturation, i) * dt
            out[i] = wp.clamp(out[i], -most, most)
        out[i] = out[i] + fault_size_on(now, bias, i) * dt
        if fault_on_axis(now, dead, i):
            out[i] = ZERO
    return out


@wp.func
def faulty_increment(now: wp.ref[FaultsNow], state: wp.ref[ImuFaultState], m: wp.ref[ImuMeasurement], dt: real):
    """An increment over `dt` [s] as the faults leave it; to be called once more after the last fault has ended."""
    state.is_touched = any_fault(now)
    m.delta_angle = faulty_triad(now, m.delta_angle, dt, GYRO_BIAS, GYRO_SCALE, GYRO_SATURATION, GYRO_DEAD)
    m.delta_velocity = faulty_triad(now, m.delta_velocity, dt, ACCEL_BIAS, ACCEL_SCALE, ACCEL_SATURATION, ACCEL_DEAD)
    jumps = fault_on(now, SPIKE)
    if jumps and not state.has_jumped:
        m.delta_velocity += fault_vector(now, SPIKE)
    state.has_jumped = jumps
    sticks = fault_on(now, STUCK)
    if sticks and not state.holds:
        state.held_angle = m.delta_angle
        state.held_velocity = m.delta_velocity
    if sticks:
        m.delta_angle = state.held_angle
        m.delta_velocity = state.held_velocity
    state.holds = sticks
