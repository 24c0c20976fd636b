"""The record of a flight: one row a control tick with the truth, the estimate and its uncertainty, the commands and the measurements."""

from typing import Any

import numpy as np
import warp as wp

from perilune.avionics.belief import BeliefParams, site_axes
from perilune.base.vector import quat, real, rotation_vector_from_quat, vec3, vec4
from perilune.environment.orientation import moon_rate_mci, quat_me_from_pa, quat_pa_from_mci
from perilune.flight.events import Kinematics
from perilune.flight.sensing import TrueRanges
from perilune.flight.state import TICK, FlightState, World
from perilune.lander.transmitter import is_transmitting
from perilune.messages.actuation import Actuation, vec16
from perilune.messages.measurements import Measurements
from perilune.messages.telemetry import Telemetry


@wp.struct
class HistoryRow:
    """One tick; SI and radians. Truth bears no prefix, the avionics' belief `estimated`, truth minus belief `error`, its 1 sigma `sigma`."""

    time: real
    published: wp.bool  # whether the avionics did in this tick: one row of telemetry, whatever time it bears
    mode: wp.int32
    position_mci: vec3
    velocity_mci: vec3
    attitude_mci_from_body: quat
    rate_body: vec3
    position_site: vec3
    velocity_site: vec3
    altitude: real
    height: real
    vertical_speed: real
    horizontal_speed: real
    tilt: real
    mass: real
    main_propellant: real
    fuel: real
    oxidiser: real
    rcs_propellant: real
    main_level: real  # mean over the tick before
    assist_level: real
    fuel_swing: real  # of the pendulum from body -z
    oxidiser_swing: real
    estimated_position_mci: vec3
    estimated_velocity_mci: vec3
    estimated_attitude_mci_from_body: quat
    estimated_gyro_bias: vec3
    estimated_accel_bias: vec3
    estimated_map_error: real
    estimated_height: real
    error_position_site: vec3
    sigma_position_site: vec3
    error_velocity_site: vec3
    sigma_velocity_site: vec3
    error_attitude: vec3
    sigma_attitude: vec3
    error_height: real
    sigma_height: real
    sigma_gyro_bias: vec3
    sigma_accel_bias: vec3
    sigma_map_error: real
    command_main_engine: real
    command_assist_duty: real
    command_torque_body: vec3
    command_thruster_on: vec16
    command_thrust: real
    measured_specific_force_body: vec3
    measured_range: real
    measured_range_valid: wp.bool
    true_range: real
    measured_radar_range: real
    measured_radar_range_valid: wp.bool
    measured_radar_beams: wp.int32
    measured_radar_speed: vec3
    true_radar_range: real
    measured_velocimeter_beams: wp.int32
    measured_velocimeter_speed: vec4
    measured_position_fix_me: vec3
    measured_position_fix_valid: wp.bool
    measured_sun_valid: wp.bool
    contact_probes: wp.int32
    measured_star_tracker_valid: wp.bool
    range_innovation: real
    range_innovation_sigma: real
    range_rejections: wp.int32
    antenna: wp.int32  # switched to: 0 the one that serves best, n + 1 antenna n
    transmitting: wp.bool


UNITS = {
    "time": "s", "position_mci": "m", "velocity_mci": "m_s", "rate_body": "rad_s", "position_site": "m", "velocity_site": "m_s", "altitude": "m",
    "height": "m", "vertical_speed": "m_s", "horizontal_speed": "m_s", "tilt": "rad", "mass": "kg", "main_propellant": "kg", "rcs_propellant": "kg",
    "fuel": "kg", "oxidiser": "kg", "fuel_swing": "rad", "oxidiser_swing": "rad",
    "estimated_position_mci": "m", "estimated_velocity_mci": "m_s", "estimated_gyro_bias": "rad_s", "estimated_accel_bias": "m_s2",
    "estimated_map_error": "m", "estimated_height": "m", "error_position_site": "m", "sigma_position_site": "m", "error_velocity_site": "m_s",
    "sigma_velocity_site": "m_s", "error_attitude": "rad", "sigma_attitude": "rad", "error_height": "m", "sigma_height": "m",
    "sigma_gyro_bias": "rad_s", "sigma_accel_bias": "m_s2", "sigma_map_error": "m", "command_torque_body": "n_m", "command_thruster_on": "s",
    "command_thrust": "n",
    "measured_specific_force_body": "m_s2", "measured_range": "m", "true_range": "m", "measured_radar_range": "m", "measured_radar_speed": "m_s",
    "true_radar_range": "m", "measured_velocimeter_speed": "m_s", "measured_position_fix_me": "m",
    "range_innovation": "m", "range_innovation_sigma": "m",
    "height_sigma": "m", "range": "m", "time_to_go": "s", "thrust_command": "n", "torque_body": "n_m", "propellant": "kg",
    "specific_force_body": "m_s2", "vertical_speed_sigma": "m_s", "gyro_bias": "rad_s", "accel_bias": "m_s2", "map_error": "m",
    "position_sigma_site": "m", "velocity_sigma_site": "m_s", "attitude_sigma": "rad", "gyro_bias_sigma": "rad_s", "accel_bias_sigma": "m_s2",
    "map_error_sigma": "m", "site_offset_east": "m", "site_offset_north": "m", "hold_left": "s",
}  # fmt: skip
"""Unit of each recorded field; a field not named here is a pure number or a flag."""

AXES = {"site": ("east", "north", "up"), "speed": ("1", "2", "3", "4")}  # of a site, of beams


@wp.func
def swing_angle(attitude: quat, along_mci: vec3) -> real:
    """Angle [rad] of a pendulum from body -z; 0 for one that has not begun to swing."""
    along = wp.quat_rotate_inv(attitude, along_mci)
    return wp.atan2(wp.sqrt(along[0] * along[0] + along[1] * along[1]), -along[2])


@wp.func
def history_row(
    world: wp.ref[World],
    belief: wp.ref[BeliefParams],
    s: wp.ref[FlightState],
    k: Kinematics,
    cg: vec3,
    mass: real,
    m: Measurements,
    true_ranges: TrueRanges,
    command: Actuation,
    t: Telemetry,
) -> HistoryRow:
    """The row of this tick: the truth before the command acts, what was measured, and what the avionics made of it."""
    row = HistoryRow()
    me = quat_me_from_pa(world.orientation) * quat_pa_from_mci(world.orientation, s.time)
    axes = site_axes(belief) * wp.quat_to_matrix(me)
    rate = moon_rate_mci(world.orientation, s.time)
    site_mci = wp.quat_rotate_inv(me, belief.site_position_me - s.avionics.settings.site_shift_me)  # the planned one
    row.time = s.time
    row.published = s.said_by == s.tick + 1
    row.mode = t.mode
    row.position_mci = s.body.position
    row.velocity_mci = s.body.velocity
    row.attitude_mci_from_body = s.body.attitude
    row.rate_body = s.body.rate
    row.position_site = axes * (s.body.position - wp.quat_rotate(s.body.attitude, cg) - site_mci)
    row.velocity_site = axes * (s.body.velocity - wp.cross(rate, s.body.position))
    row.altitude = k.altitude
    row.height = k.height
    row.vertical_speed = k.vertical_speed
    row.horizontal_speed = k.horizontal_speed
    row.tilt = k.tilt
    row.mass = mass
    row.main_propellant = s.lander.fuel.left + s.lander.oxidiser.left
    row.fuel = s.lander.fuel.left
    row.oxidiser = s.lander.oxidiser.left
    row.rcs_propellant = s.lander.rcs_left
    row.main_level = s.lander.main_engine.given / TICK
    row.assist_level = s.lander.assist_engines.given / TICK
    row.fuel_swing = swing_angle(s.body.attitude, s.lander.slosh.fuel.along)
    row.oxidiser_swing = swing_angle(s.body.attitude, s.lander.slosh.oxidiser.along)
    row.estimated_position_mci = t.position_mci
    row.estimated_velocity_mci = t.velocity_mci
    row.estimated_attitude_mci_from_body = t.attitude_mci_from_body
    row.estimated_gyro_bias = t.gyro_bias
    row.estimated_accel_bias = t.accel_bias
    row.estimated_map_error = t.map_error
    row.estimated_height = t.height
    row.error_position_site = axes * (s.body.position - t.position_mci)
    row.error_velocity_site = axes * (s.body.velocity - t.velocity_mci)
    row.error_attitude = rotation_vector_from_quat(s.body.attitude * wp.quat_inverse(t.attitude_mci_from_body))
    row.error_height = k.height - t.height
    row.sigma_position_site = t.position_sigma_site
    row.sigma_velocity_site = t.velocity_sigma_site
    row.sigma_attitude = t.attitude_sigma
    row.sigma_gyro_bias = t.gyro_bias_sigma
    row.sigma_accel_bias = t.accel_bias_sigma
    row.sigma_map_error = t.map_error_sigma
    row.sigma_height = t.height_sigma
    row.command_main_engine = command.main_engine
    row.command_assist_duty = command.assist_duty
    row.command_torque_body = command.torque_body
    row.command_thruster_on = command.thruster_on
    row.command_thrust = t.thrust_command
    row.measured_specific_force_body = t.specific_force_body
    row.measured_range = m.range_finder.range
    row.measured_range_valid = m.range_finder.valid
    row.true_range = true_ranges.range_finder
    row.measured_radar_range = m.landing_radar.range
    row.measured_radar_range_valid = m.landing_radar.range_valid
    row.measured_radar_beams = m.landing_radar.beams
    row.measured_radar_speed = m.landing_radar.speed
    row.true_radar_range = true_ranges.landing_radar
    row.measured_velocimeter_beams = m.velocimeter.beams
    row.measured_velocimeter_speed = m.velocimeter.speed
    row.measured_position_fix_me = m.position_fix.position_me
    row.measured_position_fix_valid = m.position_fix.valid
    row.measured_sun_valid = m.sun_sensor.valid
    row.contact_probes = m.contact_probes.touching
    row.measured_star_tracker_valid = m.star_tracker.valid
    row.range_innovation = t.range_innovation
    row.range_innovation_sigma = t.range_innovation_sigma
    row.range_rejections = t.range_rejections
    row.antenna = s.avionics.settings.antenna
    row.transmitting = is_transmitting(s.lander.transmitter, s.active, s.time)
    return row


def columns(rows: np.ndarray) -> dict[str, np.ndarray]:
    """A structured array of rows as named columns with their units: `position_site_east_m`, `height_m`, `attitude_mci_from_body_w` …"""
    out: dict[str, np.ndarray] = {}
    for name in rows.dtype.names or ():
        values: Any = rows[name]
        unit = UNITS.get(name)
        tail = f"_{unit}" if unit else ""
        if values.ndim == 1:
            out[f"{name}{tail}"] = np.ascontiguousarray(values)
        else:
            axes = AXES.get(name.rsplit("_", 1)[-1], ("x", "y", "z", "w") if values.shape[1] <= 4 else tuple(map(str, range(values.shape[1]))))
            for j in range(values.shape[1]):
                out[f"{name}_{axes[j]}{tail}"] = np.ascontiguousarray(values[:, j])
    return out
