"""Navigation: an error-state Kalman filter of 16 states carries position, velocity, attitude, the inertial unit's biases and its map's error.

States (errors, truth minus estimate): position and velocity in mci, attitude as a small rotation in mci, gyro bias and accelerometer bias in
body axes, and the height error of the on-board map where the beam meets it, a first-order Markov process in the distance that the beam's
footprint has moved; below the lander it counts as far as it is correlated over the distance from the footprint. The inertial increments drive the
nominal state at 50 Hz; the covariance is carried once a control tick under power and once a second in a coast. Measurements are refused outside a
gate; what happens when one is refused again and again is the mission's policy.

Assumptions and limitations: in a coast the accelerometers are not integrated (their bias would outgrow the orbit's error); scale factor and
misalignment of the accelerometers are no states, they enter as a larger bias uncertainty at ignition; the tracker's mounting error enters as
a floor under the attitude uncertainty and likewise at ignition; measurement latency is at most three ticks; no gravity error state.
Source: error-state form after Sola, "Quaternion kinematics for the error-state Kalman filter", 2017, section 5 (global angular error, section 7);
gate on the normalised innovation after Bar-Shalom, Li and Kirubarajan, "Estimation with applications to tracking and navigation", 2001, section 5.4.
"""

from typing import ClassVar, Literal

import warp as wp
from pydantic import Field

from perilune.avionics.belief import BeliefParams, OnBoard, believed_map_radius, me_from_mci_at
from perilune.base.parameters import Parameters
from perilune.base.vector import HALF, ONE, TWO, ZERO, mat33, quat, quat_from_rotation_vector, real, rotation_vector_from_quat, vec3
from perilune.environment.beam import map_range_along_beam
from perilune.environment.orientation import moon_rate_mci
from perilune.messages.measurements import ImuMeasurement, RangeMeasurement, StarTrackerMeasurement

mat16 = wp.types.matrix(shape=(16, 16), dtype=real)
vec16 = wp.types.vector(length=16, dtype=real)
MAP = wp.constant(15)  # index of the map's height error
POLICY_REJECT, POLICY_DISTRUST, POLICY_INFLATE = wp.constant(0), wp.constant(1), wp.constant(2)


class Navigation(Parameters):
    """What the filter is told of its own errors, and how it treats measurements that do not fit (file units, 1 sigma)."""

    CODES: ClassVar = {"gate_policy": {"reject": 0, "distrust": 1, "inflate": 2}}

    position_along_track_m: float = Field(ge=0, description="initial position uncertainty along track")
    position_radial_m: float = Field(ge=0, description="initial position uncertainty, radial")
    position_normal_m: float = Field(ge=0, description="initial position uncertainty, normal to the orbit")
    velocity_along_track_m_s: float = Field(ge=0, description="initial velocity uncertainty along track")
    velocity_radial_m_s: float = Field(ge=0, description="initial velocity uncertainty, radial")
    velocity_normal_m_s: float = Field(ge=0, description="initial velocity uncertainty, normal to the orbit")
    attitude_arcsec: float = Field(gt=0, description="initial attitude uncertainty, each axis")
    gyro_bias_deg_h: float = Field(gt=0, description="gyro bias uncertainty, each axis")
    gyro_instability_deg_h: float = Field(ge=0, description="in-run drift of the gyro bias")
    gyro_correlation_s: float = Field(gt=0, description="correlation time of that drift")
    angle_random_walk_deg_rt_h: float = Field(ge=0, description="gyro white noise as carried by the filter")
    accel_bias_ug: float = Field(gt=0, description="accelerometer bias uncertainty, each axis")
    accel_instability_ug: float = Field(ge=0, description="in-run drift of the accelerometer bias")
    accel_correlation_s: float = Field(gt=0, description="correlation time of that drift")
    velocity_random_walk_m_s_rt_h: float = Field(ge=0, description="accelerometer white noise as carried by the filter")
    accel_scale_at_ignition_ug: float = Field(ge=0, description="bias uncertainty added at ignition: scale, misalignment, tracker mounting")
    gravity_error_m_s_rt_s: float = Field(ge=0, description="velocity noise for what the on-board field lacks")
    star_tracker_noise_arcsec: float = Field(gt=0, description="tracker noise as the filter has it, each axis")
    attitude_floor_arcsec: float = Field(ge=0, description="attitude uncertainty never falls below this (the tracker's mounting error)")
    range_noise_m: float = Field(gt=0, description="range noise as the filter has it")
    range_scale_percent: float = Field(ge=0, description="range error proportional to range as the filter has it")
    range_roughness_percent: float = Field(ge=0, description="range error for relief finer than the map's error state, share of the range")
    map_error_m: float = Field(gt=0, description="height error of the on-board map")
    map_correlation_km: float = Field(gt=0, description="distance over which that error decorrelates to 1/e")
    map_smooth_range_m: float = Field(gt=0, description="below this range the map's error varies the less over a distance the nearer the ground is")
    gate_sigma: float = Field(gt=0, description="measurements farther from the prediction than this many sigma are refused")
    gate_policy: Literal["reject", "distrust", "inflate"] = Field(
        description="on persistent rejection: reject on, distrust for good, or inflate the uncertainty"
    )
    gate_patience: int = Field(ge=1, description="rejections in a row that count as persistent")


@wp.struct
class NavigationParams:
    """The same in SI and radians."""

    position_along_track: real
    position_radial: real
    position_normal: real
    velocity_along_track: real
    velocity_radial: real
    velocity_normal: real
    attitude: real
    gyro_bias: real
    gyro_instability: real
    gyro_correlation: real
    angle_random_walk: real
    accel_bias: real
    accel_instability: real
    accel_correlation: real
    velocity_random_walk: real
    accel_scale_at_ignition: real
    gravity_error: real
    star_tracker_noise: real
    attitude_floor: real
    range_noise: real
    range_scale: real
    range_roughness: real
    map_error: real
    map_correlation: real
    map_smooth_range: real
    gate_sigma: real
    gate_policy: wp.int32
    gate_patience: wp.int32


@wp.struct
class NavigationState:
    """The filter's memory: nominal state, covariance, and what the inertial increments have gathered since the last tick."""

    position_mci: vec3
    velocity_mci: vec3
    attitude: quat  # mci from body
    gyro_bias: vec3
    accel_bias: vec3
    map_error: real
    covariance: mat16
    gravity: vec3  # m/s² mci, at the middle of the present tick
    sensing: wp.bool  # accelerometers are integrated
    turn: quat  # rotation since the last tick, body at the tick from body now
    turn_1: quat  # rotations of the ticks before, newest first
    turn_2: quat
    gathered_dv: vec3  # m/s mci, since the last tick
    gathered_dt: real
    rate_body: vec3
    force_body: vec3  # m/s², mean specific force over the last tick, as measured
    since_covariance: real
    rejections: wp.int32
    rejections_in_row: wp.int32
    distrusted: wp.bool
    footprint_me: vec3  # m, where the last range met the ground
    ground_normal_mci: vec3  # of the on-board map there; zero before the first range
    nadir_share: real  # correlation of the map's error there with that below the lander
    last_range: real
    last_range_time: real
    first_range_time: real  # below zero until a range was used
    range_used: wp.bool  # in the present tick
    last_innovation: real
    last_innovation_sigma: real


@wp.func
def integrate_imu(n: wp.ref[NavigationState], m: ImuMeasurement, dt: real):
    """Carry attitude, velocity and position over one inertial increment (attitude at mid-increment turns the velocity increment)."""
    d_angle = m.delta_angle - n.gyro_bias * dt
    half_turn = quat_from_rotation_vector(d_angle * HALF)
    middle = n.attitude * half_turn
    dv = n.gravity * dt
    if n.sensing:
        sensed = wp.quat_rotate(middle, m.delta_velocity - n.accel_bias * dt)
        dv += sensed
        n.gathered_dv += sensed
    n.position_mci += (n.velocity_mci + dv * HALF) * dt
    n.velocity_mci += dv
    whole = half_turn * half_turn
    n.attitude = wp.normalize(n.attitude * whole)
    n.turn = n.turn * whole
    n.gathered_dt += dt
    n.rate_body = d_angle / dt
    n.force_body = m.delta_velocity / dt


@wp.func
def close_tick(n: wp.ref[NavigationState]):
    """Shift the ring of past rotations by one tick."""
    n.turn_2 = n.turn_1
    n.turn_1 = wp.normalize(n.turn)
    n.turn = quat(0.0, 0.0, 0.0, 1.0)


@wp.func
def attitude_before(n: wp.ref[NavigationState], ticks: wp.int32) -> quat:
    """The estimated attitude so many ticks ago (0 to 2), from today's estimate and the gyro's rotations since."""
    q = n.attitude
    if ticks >= 1:
        q = q * wp.quat_inverse(n.turn_1)
    if ticks >= 2:
        q = q * wp.quat_inverse(n.turn_2)
    return q


@wp.func
def gravity_gradient(position: vec3, mu: real) -> mat33:
    """Gradient [1/s²] of the central field."""
    d = wp.length(position)
    u = position / d
    return (wp.outer(u, u) * real(3.0) - wp.identity(n=3, dtype=real)) * (mu / (d * d * d))


@wp.func
def block(p: mat16, row: int, column: int) -> mat33:
    """The 3 by 3 block of a covariance that starts at a row and a column."""
    return mat33(
        p[row, column],
        p[row, column + 1],
        p[row, column + 2],
        p[row + 1, column],
        p[row + 1, column + 1],
        p[row + 1, column + 2],
        p[row + 2, column],
        p[row + 2, column + 1],
        p[row + 2, column + 2],
    )


@wp.func
def put_block(p: wp.ref[mat16], row: int, column: int, b: mat33):
    """Write a block and its mirror image."""
    for i in range(3):
        for j in range(3):
            p[row + i, column + j] = b[i, j]
            p[column + j, row + i] = b[i, j]


@wp.func
def propagate_covariance(p: wp.ref[NavigationParams], n: wp.ref[NavigationState], mu: real):
    """P = Phi P Phi' + Q over the time gathered, with Phi = 1 + A dt, block by block (r, v, a: position, velocity, attitude; g, b: biases).

    A couples v into r; gravity gradient, specific force and accelerometer bias into v; gyro bias into a. Terms in dt² are kept.
    """
    dt = n.since_covariance
    if dt <= ZERO:
        return
    gradient = gravity_gradient(n.position_mci, mu)
    turn = wp.quat_to_matrix(n.attitude) * (-ONE)
    f = n.gathered_dv / dt
    force = mat33(0.0)
    if n.sensing:
        # the error of a force turned by a small angle: angle x f = -[f x] angle
        force = mat33(ZERO, f[2], -f[1], -f[2], ZERO, f[0], f[1], -f[0], ZERO)
    pm = n.covariance
    rr, rv, ra, rg, rb = block(pm, 0, 0), block(pm, 0, 3), block(pm, 0, 6), block(pm, 0, 9), block(pm, 0, 12)
    vv, va, vg, vb = block(pm, 3, 3), block(pm, 3, 6), block(pm, 3, 9), block(pm, 3, 12)
    aa, ag, ab = block(pm, 6, 6), block(pm, 6, 9), block(pm, 6, 12)
    gg, gb = block(pm, 9, 9), block(pm, 9, 12)
    vr = wp.transpose(rv)
    m_vr = gradient * rr + force * wp.transpose(ra)
    m_vv = gradient * rv + force * wp.transpose(va)
    m_va = gradient * ra + force * aa
    m_vg = gradient * rg + force * ag
    m_vb = gradient * rb + force * ab
    if n.sensing:
        m_vr += turn * wp.transpose(rb)
        m_vv += turn * wp.transpose(vb)
        m_va += turn * wp.transpose(ab)
        m_vg += turn * wp.transpose(gb)
        m_vb += turn * block(pm, 12, 12)
    m_ar = turn * wp.transpose(rg)
    m_av = turn * wp.transpose(vg)
    m_aa = turn * wp.transpose(ag)
    m_ag = turn * gg
    m_ab = turn * gb
    dt2 = dt * dt
    second_vv = m_vr * gradient + m_va * wp.transpose(force)
    if n.sensing:
        second_vv += m_vb * wp.transpose(turn)
    put_block(pm, 0, 0, rr + (vr + rv) * dt + vv * dt2)
    put_block(pm, 0, 3, rv + (vv + wp.transpose(m_vr)) * dt + wp.transpose(m_vv) * dt2)
    put_block(pm, 0, 6, ra + (va + wp.transpose(m_ar)) * dt + wp.transpose(m_av) * dt2)
    put_block(pm, 0, 9, rg + vg * dt)
    put_block(pm, 0, 12, rb + vb * dt)
    put_block(pm, 3, 3, vv + (m_vv + wp.transpose(m_vv)) * dt + second_vv * dt2)
    put_block(pm, 3, 6, va + (m_va + wp.transpose(m_av)) * dt + m_vg * wp.transpose(turn) * dt2)
    put_block(pm, 3, 9, vg + m_vg * dt)
    put_block(pm, 3, 12, vb + m_vb * dt)
    put_block(pm, 6, 6, aa + (m_aa + wp.transpose(m_aa)) * dt + m_ag * wp.transpose(turn) * dt2)
    put_block(pm, 6, 9, ag + m_ag * dt)
    put_block(pm, 6, 12, ab + m_ab * dt)
    rm = vec3(pm[0, 15], pm[1, 15], pm[2, 15])
    vm = vec3(pm[3, 15], pm[4, 15], pm[5, 15])
    am = vec3(pm[6, 15], pm[7, 15], pm[8, 15])
    gm = vec3(pm[9, 15], pm[10, 15], pm[11, 15])
    bm = vec3(pm[12, 15], pm[13, 15], pm[14, 15])
    dm = gradient * rm + force * am
    if n.sensing:
        dm += turn * bm
    rm_new = rm + vm * dt
    vm_new = vm + dm * dt
    am_new = am + turn * gm * dt
    for i in range(3):
        pm[i, 15] = rm_new[i]
        pm[15, i] = rm_new[i]
        pm[3 + i, 15] = vm_new[i]
        pm[15, 3 + i] = vm_new[i]
        pm[6 + i, 15] = am_new[i]
        pm[15, 6 + i] = am_new[i]
    velocity_noise = p.gravity_error * p.gravity_error * dt
    if n.sensing:
        velocity_noise += p.velocity_random_walk * p.velocity_random_walk * dt
    attitude_noise = p.angle_random_walk * p.angle_random_walk * dt
    gyro_noise = TWO * p.gyro_instability * p.gyro_instability / p.gyro_correlation * dt
    accel_noise = TWO * p.accel_instability * p.accel_instability / p.accel_correlation * dt
    for i in range(3):
        pm[3 + i, 3 + i] += velocity_noise
        pm[6 + i, 6 + i] += attitude_noise
        pm[9 + i, 9 + i] += gyro_noise
        pm[12 + i, 12 + i] += accel_noise
    n.covariance = pm
    n.gathered_dv = vec3(0.0, 0.0, 0.0)
    n.since_covariance = ZERO


@wp.func
def update_scalar(n: wp.ref[NavigationState], h: vec16, innovation: real, variance: real, correction: wp.ref[vec16]):
    """One scalar measurement; `correction` gathers the state correction, the innovation already counts what was gathered before."""
    ph = n.covariance * h
    s = wp.dot(h, ph) + variance
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
def ticks_ago(time: real, measured: real, tick_length: real) -> wp.int32:
    """How many whole ticks a measurement is old."""
    return wp.int32(wp.floor((time - measured) / tick_length + HALF))


@wp.func
def use_star_tracker(p: wp.ref[NavigationParams], n: wp.ref[NavigationState], m: StarTrackerMeasurement, time: real, tick_length: real):
    """Attitude update, three scalars in mci; then the floor that stands for the mounting error, which the filter cannot see."""
    q_then = attitude_before(n, ticks_ago(time, m.time, tick_length))
    residual = rotation_vector_from_quat(m.attitude * wp.quat_inverse(q_then))
    variance = p.star_tracker_noise * p.star_tracker_noise
    x = vec16(0.0)
    for i in range(3):
        h = vec16(0.0)
        h[6 + i] = ONE
        update_scalar(n, h, residual[i] - x[6 + i], variance, x)
    apply_correction(n, x)
    floor = p.attitude_floor * p.attitude_floor
    for i in range(3):
        if n.covariance[6 + i, 6 + i] < floor:
            n.covariance[6 + i, 6 + i] = floor


@wp.func
def use_range(
    p: wp.ref[NavigationParams],
    b: wp.ref[BeliefParams],
    on_board: wp.ref[OnBoard],
    n: wp.ref[NavigationState],
    m: RangeMeasurement,
    cg_height: real,
    time: real,
    tick_length: real,
):
    """Range update along the beam against the on-board map, behind the gate."""
    n.last_range = m.range
    n.last_range_time = m.time
    if n.distrusted:
        return
    age = time - m.time
    q = attitude_before(n, ticks_ago(time, m.time, tick_length))
    me = me_from_mci_at(on_board, m.time)
    origin = n.position_mci - n.velocity_mci * age - wp.quat_rotate(q, vec3(ZERO, ZERO, cg_height))
    beam_mci = wp.quat_rotate(q, b.beam_body)
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
    scale = p.range_scale * predicted
    rough = p.range_roughness * predicted
    variance = p.range_noise * p.range_noise + scale * scale + rough * rough
    roughness = wp.min(predicted / p.map_smooth_range, ONE)  # relief is smooth at the scale that a low lander sees
    if wp.length(n.footprint_me) > ZERO:
        predicted += h[15] * walk_over_map(p, n, wp.length(hit - n.footprint_me) * roughness)
    n.footprint_me = hit
    n.ground_normal_mci = normal_mci
    n.nadir_share = wp.exp(-wp.length(wp.cross(up, hit)) * roughness / p.map_correlation)
    innovation = m.range - predicted
    s = wp.dot(h, n.covariance * h) + variance
    n.last_innovation = innovation
    n.last_innovation_sigma = wp.sqrt(s)
    if innovation * innovation > p.gate_sigma * p.gate_sigma * s:
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
    n.rejections_in_row = 0
    x = vec16(0.0)
    update_scalar(n, h, innovation, variance, x)
    apply_correction(n, x)
    n.range_used = True
    if n.first_range_time < ZERO:
        n.first_range_time = time


@wp.func
def walk_over_map(p: wp.ref[NavigationParams], n: wp.ref[NavigationState], travel: real) -> real:
    """Let the map's error forget what it knew as the beam's footprint moves by `travel` [m]; the change of its estimate [m]."""
    keep = wp.exp(-travel / p.map_correlation)
    for i in range(15):
        n.covariance[i, 15] = n.covariance[i, 15] * keep
        n.covariance[15, i] = n.covariance[15, i] * keep
    n.covariance[15, 15] = n.covariance[15, 15] * keep * keep + p.map_error * p.map_error * (ONE - keep * keep)
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


@wp.func
def height_variance(p: wp.ref[NavigationParams], n: wp.ref[NavigationState], up_mci: vec3) -> real:
    """Variance [m²] of the believed height above the sloped map below, less the map's error there."""
    across = up_mci
    if wp.length(n.ground_normal_mci) > ZERO:
        across = n.ground_normal_mci / wp.dot(n.ground_normal_mci, up_mci)
    share = n.nadir_share
    variance = p.map_error * p.map_error * (ONE - share * share) + share * share * n.covariance[15, 15]
    for i in range(3):
        variance -= TWO * share * across[i] * n.covariance[i, 15]
        for j in range(3):
            variance += across[i] * n.covariance[i, j] * across[j]
    return variance


@wp.func
def sink_sigma(n: wp.ref[NavigationState], up_mci: vec3) -> real:
    """1 sigma [m/s] of the believed vertical speed."""
    variance = ZERO
    for i in range(3):
        for j in range(3):
            variance += up_mci[i] * n.covariance[3 + i, 3 + j] * up_mci[j]
    return wp.sqrt(wp.max(variance, ZERO))


@wp.func
def start_navigation(p: wp.ref[NavigationParams], b: wp.ref[BeliefParams]) -> NavigationState:
    """The filter at the end of the descent burn: what it believes, and how well."""
    n = NavigationState()
    n.position_mci = b.start_position_mci
    n.velocity_mci = b.start_velocity_mci
    n.attitude = b.start_attitude_mci_from_body
    n.turn = quat(0.0, 0.0, 0.0, 1.0)
    n.turn_1 = quat(0.0, 0.0, 0.0, 1.0)
    n.turn_2 = quat(0.0, 0.0, 0.0, 1.0)
    n.first_range_time = real(-1.0)
    n.nadir_share = ONE
    radial = wp.normalize(b.start_position_mci)
    normal = wp.normalize(wp.cross(b.start_position_mci, b.start_velocity_mci))
    along = wp.cross(normal, radial)
    r = wp.outer(radial, radial) * (p.position_radial * p.position_radial)
    r += wp.outer(along, along) * (p.position_along_track * p.position_along_track)
    r += wp.outer(normal, normal) * (p.position_normal * p.position_normal)
    v = wp.outer(radial, radial) * (p.velocity_radial * p.velocity_radial)
    v += wp.outer(along, along) * (p.velocity_along_track * p.velocity_along_track)
    v += wp.outer(normal, normal) * (p.velocity_normal * p.velocity_normal)
    pm = mat16(0.0)
    for i in range(3):
        for j in range(3):
            pm[i, j] = r[i, j]
            pm[3 + i, 3 + j] = v[i, j]
        pm[6 + i, 6 + i] = p.attitude * p.attitude
        pm[9 + i, 9 + i] = p.gyro_bias * p.gyro_bias
        pm[12 + i, 12 + i] = p.accel_bias * p.accel_bias
    pm[15, 15] = p.map_error * p.map_error
    n.covariance = pm
    return n


@wp.func
def start_sensing(p: wp.ref[NavigationParams], n: wp.ref[NavigationState]):
    """At ignition: from here the accelerometers count, and with them what their bias states cannot tell apart."""
    n.sensing = True
    extra = p.accel_scale_at_ignition * p.accel_scale_at_ignition
    for i in range(3):
        n.covariance[12 + i, 12 + i] = n.covariance[12 + i, 12 + i] + extra


@wp.func
def ground_velocity_mci(on_board: wp.ref[OnBoard], n: wp.ref[NavigationState], t: real) -> vec3:
    """Estimated velocity [m/s] relative to the rotating ground, in mci axes."""
    return n.velocity_mci - wp.cross(moon_rate_mci(on_board.orientation, t), n.position_mci)
