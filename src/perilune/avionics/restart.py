"""Restart: the computer comes back from an outage with what its recorder kept, carried forward to the present.

Nothing else is known: the last record is carried along a ballistic path through the on-board field for as long as it is old by the computer's own
clock, the attitude on at the recorded rate, and the filter begins anew with an uncertainty that covers what it did not see. Valves close without the
computer, so what thrust did after the record lasted at most one recorder period T: dv = a T, a being the largest believed thrust over the mass.

    rr = sigma_r²,   rv = 0,   vv = sigma_v² + dv²   at the record;   P = Phi P Phi'   in each step h of the path,
    Phi_rr = Phi_vv = 1 + G h²/2,   Phi_rv = h,   Phi_vr = G h,   G the gravity gradient

Over seconds that is rr + vv age²; over a good part of an orbit an error along the track grows three times as fast.

Assumptions and limitations: the clock runs on through the outage; the attitude drifts by an assumed rate; the map's error is believed as before, with
the uncertainty of before the flight; biases keep their uncertainty; the gravity gradient is that of the central field; what errors of position and
velocity had in common at the record is forgotten; guidance resumes the recorded mode, its integral torque and pulses forgotten. A lander that was
turned or pushed harder than this allows for is lost as a real one would be.
Source of the growth: the linearised motion about the path, to second order in the step; the rest assumed.
"""

import warp as wp

from perilune.avionics.belief import OnBoard, believed_gravity
from perilune.avionics.computer import AvionicsParams, AvionicsState, believed_mass, start_avionics
from perilune.avionics.covariance import gravity_gradient, put_block
from perilune.avionics.navigation import mat16
from perilune.avionics.recorder import Record
from perilune.base.vector import HALF, ONE, ZERO, mat33, quat_from_rotation_vector, real, vec3

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


@wp.struct
class Unseen:
    """Covariances of position [m] and velocity [m/s] on the way from the record to the present."""

    rr: mat33
    rv: mat33
    vv: mat33


@wp.func
def uncertainty_at_record(p: wp.ref[AvionicsParams], s: wp.ref[AvionicsState]) -> Unseen:
    """What the record says of position and velocity, with what thrust may have done after it."""
    recorded = s.record.variance
    unseen = ZERO
    if s.record.sensing:
        unseen = (p.belief.main_thrust + p.belief.assist_thrust) / believed_mass(p.belief, s) * p.recorder.period
    u = Unseen()
    u.rr = wp.diag(vec3(recorded[0], recorded[1], recorded[2]))
    u.vv = wp.diag(vec3(recorded[3] + unseen * unseen, recorded[4] + unseen * unseen, recorded[5] + unseen * unseen))
    return u


@wp.func
def carry_uncertainty(u: wp.ref[Unseen], gradient: mat33, h: real):
    """Phi P Phi' over a step of `h` [s] in free fall."""
    same = wp.identity(n=3, dtype=real) + gradient * (HALF * h * h)
    pull = gradient * h
    vr = wp.transpose(u.rv)
    a_rr = same * u.rr + vr * h
    a_rv = same * u.rv + u.vv * h
    a_vr = pull * u.rr + same * vr
    a_vv = pull * u.rv + same * u.vv
    u.rr = a_rr * same + a_rv * h
    u.rv = a_rr * pull + a_rv * same
    u.vv = a_vr * pull + a_vv * same


@wp.func
def covariance_after(p: wp.ref[AvionicsParams], s: wp.ref[AvionicsState], u: wp.ref[Unseen], age: real) -> mat16:
    """The filter's covariance from the record's variances, position's and velocity's as carried here, the attitude's grown over `age` [s]."""
    recorded = s.record.variance
    turned = p.recorder.tumble * age
    pm = mat16(0.0)
    put_block(pm, 0, 0, u.rr)
    put_block(pm, 0, 3, u.rv)
    put_block(pm, 3, 3, u.vv)
    for i in range(3):
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
    unseen = uncertainty_at_record(p, fresh)
    for i in range(steps):
        carry_uncertainty(unseen, gravity_gradient(position + velocity * (HALF * h), on_board.harmonics.gm), h)
        pull = believed_gravity(on_board, position + velocity * (HALF * h), r.time + h * (real(i) + HALF))
        position += (velocity + pull * (HALF * h)) * h
        velocity += pull * h
    fresh.navigation.position_mci = position
    fresh.navigation.velocity_mci = velocity
    fresh.navigation.covariance = covariance_after(p, fresh, unseen, age)
    return fresh
