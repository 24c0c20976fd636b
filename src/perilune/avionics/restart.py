"""Restart: the computer comes back from an outage with what its recorder kept, carried forward to the present.

Nothing else is known: the last record is carried along a ballistic path through the on-board field for as long as it is old by the computer's own
clock, the attitude on at the recorded rate, and the filter begins anew with an uncertainty that covers what it did not see. Valves close without the
computer, so what thrust did after the record lasted at most one recorder period T: dv = a T, a being the largest believed thrust over the mass.

    vv = sigma_v² + dv² (a velocity error that is then carried),   rr = sigma_r² + vv age²,   rv = vv age

Assumptions and limitations: the clock runs on through the outage; the attitude drifts by an assumed rate; the map's error is believed as before, with
the uncertainty of before the flight; biases keep their uncertainty; the gravity gradient over the outage is left out of the covariance; guidance
resumes the recorded mode, its integral torque and pulses forgotten. A lander that was turned or pushed harder than this allows for is lost
as a real one would be.
Source of the growth: x = x0 + v age with independent x0 and v; the rest assumed.
"""

import warp as wp

from perilune.avionics.belief import OnBoard, believed_gravity
from perilune.avionics.computer import AvionicsParams, AvionicsState, believed_mass, start_avionics
from perilune.avionics.navigation import mat16
from perilune.avionics.recorder import Record
from perilune.base.vector import HALF, ONE, ZERO, quat_from_rotation_vector, real

CARRY_STEP = wp.constant(real(1.0))  # s; midpoint steps, below a centimetre over ten minutes of a low orbit


@wp.func
def keep_record(p: wp.ref[AvionicsParams], s: wp.ref[AvionicsState], time: real, tick: real):
    """Overwrite the record once a period; `time` [s] by the computer's clock."""
    period = p.recorder.period
    if not s.navigation.sensing:
        period = p.recorder.coast_period
    if wp.abs(time - s.record.time) >= period - HALF * tick:
        write_record(s, time)


@wp.func
def write_record(s: wp.ref[AvionicsState], time: real):
    """The record of this moment, in a function of its own: a function sets all its variables to zero at each call, the covariance among them."""
    pm = s.navigation.covariance  # a value of its own: each element read through the state would copy the whole matrix
    for i in range(16):
        s.record.variance[i] = pm[i, i]
    s.record.time = time
    s.record.position_mci = s.navigation.position_mci
    s.record.velocity_mci = s.navigation.velocity_mci
    s.record.attitude = s.navigation.attitude
    s.record.rate_body = s.navigation.rate_body
    s.record.gyro_bias = s.navigation.gyro_bias
    s.record.accel_bias = s.navigation.accel_bias
    s.record.map_error = s.navigation.map_error
    s.record.sensing = s.navigation.sensing
    s.record.distrusted = s.navigation.distrusted
    s.record.first_range_time = s.navigation.first_range_time
    s.record.mode = s.mode
    s.record.divert = s.divert
    s.record.time_to_go = s.time_to_go
    s.record.range_given_up = s.range_given_up
    s.record.touchdown = s.touchdown
    s.record.main_left = s.main_left
    s.record.rcs_left = s.rcs_left


@wp.func
def covariance_after(p: wp.ref[AvionicsParams], s: wp.ref[AvionicsState], age: real) -> mat16:
    """The filter's covariance from the record's variances, grown over `age` [s]."""
    recorded = s.record.variance
    unseen = ZERO
    if s.record.sensing:
        unseen = (p.belief.main_thrust + p.belief.assist_thrust) / believed_mass(p.belief, s) * p.recorder.period
    turned = p.recorder.tumble * age
    pm = mat16(0.0)
    for i in range(3):
        velocity = recorded[3 + i] + unseen * unseen
        pm[i, i] = recorded[i] + velocity * age * age
        pm[i, 3 + i] = velocity * age
        pm[3 + i, i] = velocity * age
        pm[3 + i, 3 + i] = velocity
        pm[6 + i, 6 + i] = recorded[6 + i] + turned * turned
        pm[9 + i, 9 + i] = recorded[9 + i]
        pm[12 + i, 12 + i] = recorded[12 + i]
    pm[15, 15] = p.navigation.map_error * p.navigation.map_error
    return pm


@wp.func
def resume(p: wp.ref[AvionicsParams], on_board: wp.ref[OnBoard], r: Record, time: real) -> AvionicsState:
    """The memory with which the computer starts again at `time` [s] of its clock, from the record alone; whatever else stood in memory is gone."""
    fresh = start_avionics(p)
    fresh.record = r
    fresh.mode = r.mode
    fresh.settings = r.settings
    fresh.navigation.left_out = r.settings.left_out
    fresh.divert = r.divert
    fresh.touchdown = r.touchdown
    fresh.range_given_up = r.range_given_up
    fresh.main_left = r.main_left
    fresh.rcs_left = r.rcs_left
    age = wp.max(time - r.time, ZERO)
    fresh.time_to_go = wp.max(r.time_to_go - age, ZERO)
    fresh.navigation.sensing = r.sensing
    fresh.navigation.distrusted = r.distrusted
    fresh.navigation.first_range_time = r.first_range_time
    fresh.navigation.gyro_bias = r.gyro_bias
    fresh.navigation.accel_bias = r.accel_bias
    fresh.navigation.map_error = r.map_error
    fresh.navigation.rate_body = r.rate_body
    fresh.navigation.attitude = wp.normalize(r.attitude * quat_from_rotation_vector(r.rate_body * age))
    steps = wp.int32(wp.ceil(age / CARRY_STEP))
    h = age / wp.max(real(steps), ONE)
    position = r.position_mci
    velocity = r.velocity_mci
    for i in range(steps):
        pull = believed_gravity(on_board, position + velocity * (HALF * h), r.time + h * (real(i) + HALF))
        position += (velocity + pull * (HALF * h)) * h
        velocity += pull * h
    fresh.navigation.position_mci = position
    fresh.navigation.velocity_mci = velocity
    fresh.navigation.covariance = covariance_after(p, fresh, age)
    return fresh
