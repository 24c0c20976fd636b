"""Navigation: an error-state Kalman filter of 16 states carries position, velocity, attitude, the inertial unit's biases and its map's error.

States (errors, truth minus estimate): position and velocity in mci, attitude as a small rotation in mci, gyro bias and accelerometer bias in
body axes, and the height error of the on-board map where the beam meets it, a first-order Markov process in the distance that the beam's
footprint has moved; below the lander it counts as far as it is correlated over the distance from the footprint. The inertial increments drive the
nominal state at 50 Hz; the covariance is carried once a control tick under power and once a second in a coast. Measurements are refused outside a
gate; what happens when one is refused again and again is the mission's policy.

Assumptions and limitations: in a coast the accelerometers are not integrated (their bias would outgrow the orbit's error); scale factor and
misalignment of the accelerometers are no states, they enter as a larger bias uncertainty at ignition; the tracker's mounting error enters as
a floor under the attitude uncertainty and likewise at ignition; measurement latency is at most two ticks; no gravity error state.
Source: error-state form after Sola, "Quaternion kinematics for the error-state Kalman filter", 2017, section 5 (global angular error, section 7);
gate on the normalised innovation after Bar-Shalom, Li and Kirubarajan, "Estimation with applications to tracking and navigation", 2001, section 5.4.
"""

from typing import ClassVar, Literal

import warp as wp
from pydantic import Field

from perilune.avionics.belief import BeliefParams
from perilune.avionics.sensor_tuning import (
    LandingRadarTuning,
    LandingRadarTuningParams,
    PositionFixTuning,
    PositionFixTuningParams,
    SunSensorTuning,
    SunSensorTuningParams,
    VelocimeterTuning,
    VelocimeterTuningParams,
)
from perilune.base.parameters import Parameters
from perilune.base.vector import HALF, ONE, ZERO, quat, quat_from_rotation_vector, real, vec3
from perilune.messages.measurements import ImuMeasurement, ImuTick

mat16 = wp.types.matrix(shape=(16, 16), dtype=real)
vec16 = wp.types.vector(length=16, dtype=real)
mat163 = wp.types.matrix(shape=(16, 3), dtype=real)
MAP = wp.constant(15)  # index of the map's height error
LOOK_BACK = wp.constant(2)  # ticks, over which past attitude and velocity are kept
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
    landing_radar: LandingRadarTuning | None = Field(None, description="how the filter listens to the landing radar; left out: not at all")
    velocimeter: VelocimeterTuning | None = Field(None, description="how the filter listens to the velocimeter; left out: not at all")
    position_fix: PositionFixTuning | None = Field(None, description="how the filter listens to position fixes; left out: not at all")
    sun_sensor: SunSensorTuning | None = Field(None, description="how the filter listens to the Sun sensor; left out: not at all")


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
    landing_radar: LandingRadarTuningParams
    velocimeter: VelocimeterTuningParams
    position_fix: PositionFixTuningParams
    sun_sensor: SunSensorTuningParams


@wp.struct
class Gate:
    """What a sensor's gate has refused."""

    refused: wp.int32
    in_row: wp.int32
    distrusted: wp.bool


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
    gathered_force: vec3  # m/s body, since the last tick, as measured
    gathered_dt: real
    rate_body: vec3  # rad/s, of the last increment
    force_body: vec3  # m/s², mean specific force over the last tick, as measured
    since_covariance: real
    left_out: wp.int32  # a bit for each of `messages.commands.SENSORS` that does not count, by command
    rejections: wp.int32
    rejections_in_row: wp.int32
    distrusted: wp.bool
    footprint_me: vec3  # m, where the last range met the ground
    ground_normal_mci: vec3  # of the on-board map there; zero before the first range
    nadir_share: real  # correlation of the map's error there with that below the lander
    last_range: real
    first_range_time: real  # below zero until a range was used
    range_used: wp.bool  # in the present tick
    last_innovation: real
    last_innovation_sigma: real
    gained_1: vec3  # m/s mci, of velocity in the last tick
    gained_2: vec3  # in the one before
    radar_gate: Gate  # of the landing radar's speeds; its ranges share the range finder's
    velocimeter_gate: Gate
    fix_gate: Gate
    sun_gate: Gate
    speeds_used: wp.int32  # in the present tick, of velocimeter and landing radar
    fix_used: wp.bool  # in the present tick
    considers: wp.bool  # a position fix was used, so that its slow error is among the errors of the estimate
    fix_error: mat163  # covariance of the states with the slow error of position fixes: two horizontal axes and up


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
    n.gathered_force += m.delta_velocity


@wp.func
def integrate_tick(n: wp.ref[NavigationState], m: ImuTick):
    """Carry the state over all increments of a tick."""
    count = m.count
    before = n.velocity_mci
    for i in range(count):
        one = ImuMeasurement()
        one.delta_angle = vec3(m.delta_angle[i, 0], m.delta_angle[i, 1], m.delta_angle[i, 2])
        one.delta_velocity = vec3(m.delta_velocity[i, 0], m.delta_velocity[i, 1], m.delta_velocity[i, 2])
        integrate_imu(n, one, m.dt)
    n.gained_2 = n.gained_1
    n.gained_1 = n.velocity_mci - before


@wp.func
def close_tick(n: wp.ref[NavigationState]):
    """Take the mean specific force of the tick, and shift the ring of past rotations by one."""
    if n.gathered_dt > ZERO:
        n.force_body = n.gathered_force / n.gathered_dt
    n.gathered_force = vec3(0.0, 0.0, 0.0)
    n.gathered_dt = ZERO
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
def velocity_before(n: wp.ref[NavigationState], ticks: wp.int32) -> vec3:
    """The estimated velocity so many ticks ago (0 to 2), from today's estimate and what was gained since."""
    v = n.velocity_mci
    if ticks >= 1:
        v = v - n.gained_1
    if ticks >= 2:
        v = v - n.gained_2
    return v


@wp.func
def position_before(n: wp.ref[NavigationState], ticks: wp.int32, tick_length: real) -> vec3:
    """The estimated position so many ticks ago (0 to 2), the velocity taken as linear over a tick."""
    r = n.position_mci
    if ticks >= 1:
        r = r - (n.velocity_mci - n.gained_1 * HALF) * tick_length
    if ticks >= 2:
        r = r - (n.velocity_mci - n.gained_1 - n.gained_2 * HALF) * tick_length
    return r


@wp.func
def ticks_ago(time: real, measured: real, tick_length: real) -> wp.int32:
    """How many whole ticks a measurement is old."""
    return wp.int32(wp.floor((time - measured) / tick_length + HALF))


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
