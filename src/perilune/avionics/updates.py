"""Measurement updates of the filter: the star tracker's attitude, and a range against the on-board map behind its gate.

Assumptions and limitations: one scalar at a time; a range is predicted along the beam over the map, whose slope there is taken over 4 km; what is
finer is noise in proportion to the range; the map's error forgets as the beam's footprint moves, the less the nearer the ground is. A range whose
beam would graze the map or miss it within 60 km is left unused and counts as no rejection. A lander with range finder and landing radar has one gate
for the ranges of both, which counts their refusals together, and one state for the map's error, at the footprint looked at last. Left out of the
partial derivatives: the velocity over the latency, and the attitude over the height of the centre of mass.
Source: gate on the normalised innovation after Bar-Shalom, Li and Kirubarajan, "Estimation with applications to tracking and navigation", 2001, 5.4.
"""

import warp as wp

from perilune.avionics.belief import OnBoard, believed_map_radius, me_from_mci_at
from perilune.avionics.navigation import (
    POLICY_DISTRUST,
    POLICY_REJECT,
    NavigationParams,
    NavigationState,
    attitude_before,
    ticks_ago,
    vec16,
)
from perilune.base.vector import ONE, TWO, ZERO, quat_from_rotation_vector, real, rotation_vector_from_quat, vec3
from perilune.environment.beam import map_range_along_beam
from perilune.messages.measurements import RangeMeasurement, StarTrackerMeasurement


@wp.func
def update_by(n: wp.ref[NavigationState], h: vec16, ph: vec16, s: real, innovation: real, correction: wp.ref[vec16]):
    """One scalar measurement: `ph` (P h) is its covariance with the states, `s` its innovation's variance; `correction` gathers the state correction.

    The innovation already counts what was gathered before.
    """
    if n.considers:
        n.fix_error -= wp.outer(ph / s, h * n.fix_error)  # what the states share with the fixes' slow error, which is no state itself
    gain = ph / s
    correction += gain * innovation
    pm = n.covariance
    for i in range(16):
        for j in range(16):
            pm[i, j] = pm[i, j] - gain[i] * ph[j]
    n.covariance = pm


@wp.func
def apply_correction(n: wp.ref[NavigationState], x: vec16):
    """Fold a correction into the nominal state."""
    n.position_mci += vec3(x[0], x[1], x[2])
    n.velocity_mci += vec3(x[3], x[4], x[5])
    n.attitude = wp.normalize(quat_from_rotation_vector(vec3(x[6], x[7], x[8])) * n.attitude)
    n.gyro_bias += vec3(x[9], x[10], x[11])
    n.accel_bias += vec3(x[12], x[13], x[14])
    n.map_error += x[15]


@wp.func
def use_star_tracker(p: wp.ref[NavigationParams], n: wp.ref[NavigationState], m: StarTrackerMeasurement, time: real, tick_length: real):
    """Attitude update, three scalars in mci; then the floor that stands for the mounting error, which the filter cannot see."""
    q_then = attitude_before(n, ticks_ago(time, m.time, tick_length))
    residual = rotation_vector_from_quat(m.attitude * wp.quat_inverse(q_then))
    variance = p.star_tracker_noise * p.star_tracker_noise
    x = vec16(0.0)
    for i in range(3):
        pm = n.covariance
        h = vec16(0.0)
        h[6 + i] = ONE
        ph = vec16(0.0)
        for j in range(16):
            ph[j] = pm[j, 6 + i]
        update_by(n, h, ph, ph[6 + i] + variance, residual[i] - x[6 + i], x)
    apply_correction(n, x)
    floor = p.attitude_floor * p.attitude_floor
    after = n.covariance  # a value of its own: each element read through the state would copy the whole matrix
    for i in range(3):
        if after[6 + i, 6 + i] < floor:
            n.covariance[6 + i, 6 + i] = floor


@wp.struct
class RangeModel:
    """What the filter takes of one sensor's ranges."""

    beam_body: vec3
    noise: real  # m
    scale: real  # share of the range
    roughness: real  # share of the range
    gate_sigma: real


@wp.func
def use_range(
    p: wp.ref[NavigationParams],
    model: RangeModel,
    on_board: wp.ref[OnBoard],
    n: wp.ref[NavigationState],
    m: RangeMeasurement,
    cg_height: real,
    time: real,
    tick_length: real,
):
    """Range update along the beam against the on-board map, behind the gate."""
    n.last_range = m.range
    if n.distrusted:
        return
    age = time - m.time
    q = attitude_before(n, ticks_ago(time, m.time, tick_length))
    me = me_from_mci_at(on_board, m.time)
    origin = n.position_mci - n.velocity_mci * age - wp.quat_rotate(q, vec3(ZERO, ZERO, cg_height))
    beam_mci = wp.quat_rotate(q, model.beam_body)
    origin_me = wp.quat_rotate(me, origin)
    beam = wp.quat_rotate(me, beam_mci)
    up = wp.normalize(origin_me)
    # the beam is traced from where the map error is already allowed for, so that the map is met where the ground is believed to be
    predicted = map_range_along_beam(on_board.relief, origin_me - up * n.map_error, beam, real(60000.0))
    if predicted < ZERO:
        return
    hit = origin_me - up * n.map_error + beam * predicted
    normal = map_normal(on_board, hit)
    down = wp.dot(normal, beam)
    if down > real(-0.05):
        return
    up_mci = wp.quat_rotate_inv(me, up)
    normal_mci = wp.quat_rotate_inv(me, normal)
    by_position = normal_mci * (-ONE / down)
    by_attitude = wp.cross(beam_mci, normal_mci) * (-predicted / down)
    h = vec16(0.0)
    for i in range(3):
        h[i] = by_position[i]
        h[6 + i] = by_attitude[i]
    h[15] = wp.dot(normal_mci, up_mci) / down
    scale = model.scale * predicted
    rough = model.roughness * predicted
    variance = model.noise * model.noise + scale * scale + rough * rough
    roughness = wp.min(predicted / p.map_smooth_range, ONE)  # relief is smooth at the scale that a low lander sees
    if wp.length(n.footprint_me) > ZERO:
        predicted += h[15] * walk_over_map(p, n, wp.length(hit - n.footprint_me) * roughness)
    n.footprint_me = hit
    n.ground_normal_mci = normal_mci
    n.nadir_share = wp.exp(-wp.length(wp.cross(up, hit)) * roughness / p.map_correlation)
    innovation = m.range - predicted
    ph = n.covariance * h
    s = wp.dot(h, ph) + variance
    n.last_innovation = innovation
    n.last_innovation_sigma = wp.sqrt(s)
    if innovation * innovation > model.gate_sigma * model.gate_sigma * s:
        n.rejections += 1
        n.rejections_in_row += 1
        if n.rejections_in_row < p.gate_patience or p.gate_policy == POLICY_REJECT:
            return
        if p.gate_policy == POLICY_DISTRUST:
            n.distrusted = True
            return
        # inflate: a persistent contradiction is a height error not foreseen, so it is allowed for
        extra = innovation * innovation * down * down
        add_position_variance(n, up_mci, extra)
        ph = n.covariance * h
        s = wp.dot(h, ph) + variance
    n.rejections_in_row = 0
    x = vec16(0.0)
    update_by(n, h, ph, s, innovation, x)
    apply_correction(n, x)
    n.range_used = True
    if n.first_range_time < ZERO:
        n.first_range_time = time


@wp.func
def walk_over_map(p: wp.ref[NavigationParams], n: wp.ref[NavigationState], travel: real) -> real:
    """Let the map's error forget what it knew as the beam's footprint moves by `travel` [m]; the change of its estimate [m]."""
    keep = wp.exp(-travel / p.map_correlation)
    pm = n.covariance  # a value of its own: each element read through the state would copy the whole matrix
    for i in range(15):
        pm[i, 15] = pm[i, 15] * keep
        pm[15, i] = pm[15, i] * keep
    pm[15, 15] = pm[15, 15] * keep * keep + p.map_error * p.map_error * (ONE - keep * keep)
    n.covariance = pm
    if n.considers:
        shared = n.fix_error
        for i in range(3):
            shared[15, i] = shared[15, i] * keep
        n.fix_error = shared
    change = n.map_error * (keep - ONE)
    n.map_error += change
    return change


@wp.func
def add_position_variance(n: wp.ref[NavigationState], direction: vec3, variance: real):
    """Enlarge the position uncertainty along one direction."""
    for i in range(3):
        for j in range(3):
            n.covariance[i, j] = n.covariance[i, j] + variance * direction[i] * direction[j]


@wp.func
def map_normal(on_board: wp.ref[OnBoard], hit_me: vec3) -> vec3:
    """Outward normal (ME) of the on-board map over a baseline of some 4 km, its own resolution."""
    up = wp.normalize(hit_me)
    east = wp.normalize(wp.cross(vec3(0.0, 0.0, 1.0), up))
    north = wp.cross(up, east)
    step = real(2000.0)
    de = believed_map_radius(on_board, hit_me + east * step) - believed_map_radius(on_board, hit_me - east * step)
    dn = believed_map_radius(on_board, hit_me + north * step) - believed_map_radius(on_board, hit_me - north * step)
    return wp.normalize(up - east * (de / (TWO * step)) - north * (dn / (TWO * step)))
