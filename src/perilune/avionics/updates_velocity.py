"""Measurement updates of the filter from Doppler speeds: what a velocimeter or a landing radar says along each of its beams.

    speed = b · (v - ω × r + C (rate × lever)),   b = C b_body

with v and r the lander's velocity and position in mci, ω the Moon's rate, C the attitude, and the lever from the centre of mass to the sensor.

Assumptions and limitations: one scalar a beam, each behind the gate; past attitude and velocity from the increments since; the body rate is that of
today; the sensor sits at the middle of the footpad plane; left out of the partial derivatives: the gyro bias over the lever.
Source: partial derivatives of the equation above for the error state of Sola 2017, section 7.
"""

import warp as wp

from perilune.avionics.belief import BeliefParams, OnBoard, believed_radar_beams, mat43
from perilune.avionics.gate import INFLATED, REFUSED, add_variance, ask_gate, noise_with_slow
from perilune.avionics.navigation import Gate, NavigationParams, NavigationState, attitude_before, position_before, ticks_ago, vec16, velocity_before
from perilune.avionics.updates import apply_correction, update_by
from perilune.base.vector import ZERO, quat, real, vec3, vec4
from perilune.environment.orientation import moon_rate_mci
from perilune.messages.measurements import LandingRadarMeasurement, VelocimeterMeasurement


@wp.struct
class SpeedModel:
    """What the filter takes of one sensor's speeds."""

    noise: real  # m/s
    noise_share: real
    slow: real  # share of the speed over ground
    gate_sigma: real


@wp.struct
class Motion:
    """The lander's motion when a sample was taken, as estimated."""

    attitude: quat  # mci from body
    velocity: vec3  # m/s mci, of the centre of mass over the turning ground
    swing: vec3  # m/s mci, of the sensor about the centre of mass
    moon_rate: vec3  # rad/s


@wp.func
def motion_then(on_board: wp.ref[OnBoard], n: wp.ref[NavigationState], measured: real, cg_height: real, time: real, tick_length: real) -> Motion:
    """The estimated motion at the time `measured` [s], at most two ticks ago."""
    ago = ticks_ago(time, measured, tick_length)
    m = Motion()
    m.attitude = attitude_before(n, ago)
    m.moon_rate = moon_rate_mci(on_board.orientation, measured)
    m.velocity = velocity_before(n, ago) - wp.cross(m.moon_rate, position_before(n, ago, tick_length))
    m.swing = wp.quat_rotate(m.attitude, wp.cross(n.rate_body, vec3(ZERO, ZERO, -cg_height)))
    return m


@wp.func
def speed_rows(m: wp.ref[Motion], beam_mci: vec3) -> vec16:
    """How the speed along a beam changes with the states."""
    h = vec16(0.0)
    by_position = wp.cross(m.moon_rate, beam_mci)
    by_attitude = wp.cross(beam_mci, m.velocity)
    for i in range(3):
        h[i] = by_position[i]
        h[3 + i] = beam_mci[i]
        h[6 + i] = by_attitude[i]
    return h


@wp.func
def use_speeds(
    p: wp.ref[NavigationParams],
    n: wp.ref[NavigationState],
    gate: wp.ref[Gate],
    model: SpeedModel,
    motion: wp.ref[Motion],
    beams_body: mat43,
    first: wp.int32,
    count: wp.int32,
    answered: wp.int32,
    speeds: vec4,
):
    """Update with the speeds along `count` beams whose directions begin at row `first`; a bit of `answered` for each that is valid."""
    x = vec16(0.0)
    slow = model.slow * wp.length(motion.velocity)
    refused = gate.refused
    for i in range(count):
        if ((answered >> i) & 1) != 0:
            k = first + i
            beam = wp.quat_rotate(motion.attitude, vec3(beams_body[k, 0], beams_body[k, 1], beams_body[k, 2]))
            h = speed_rows(motion, beam)
            predicted = wp.dot(beam, motion.velocity + motion.swing)
            innovation = speeds[i] - predicted - wp.dot(h, x)
            sigma = wp.max(model.noise, model.noise_share * wp.abs(predicted))
            ph = n.covariance * h
            known = wp.dot(h, ph)
            answer = ask_gate(p, gate, innovation, known + sigma * sigma + slow * slow, model.gate_sigma)
            if answer == INFLATED:
                add_variance(n, 3, beam, innovation * innovation)
                ph = n.covariance * h
                known = wp.dot(h, ph)
            if answer != REFUSED:
                variance = noise_with_slow(known, sigma * sigma, slow * slow)
                if variance > ZERO:
                    update_by(n, h, ph, known + variance, innovation, x)
                    n.speeds_used += 1
    if gate.refused == refused:
        gate.in_row = 0
    apply_correction(n, x)


@wp.func
def use_velocimeter(
    p: wp.ref[NavigationParams],
    b: wp.ref[BeliefParams],
    on_board: wp.ref[OnBoard],
    n: wp.ref[NavigationState],
    m: VelocimeterMeasurement,
    cg_height: real,
    time: real,
    tick_length: real,
):
    """Velocity update by a velocimeter's beams."""
    model = SpeedModel()
    model.noise = p.velocimeter.noise
    model.noise_share = p.velocimeter.noise_share
    model.slow = p.velocimeter.slow
    model.gate_sigma = p.velocimeter.gate_sigma
    motion = motion_then(on_board, n, m.time, cg_height, time, tick_length)
    use_speeds(p, n, n.velocimeter_gate, model, motion, b.velocimeter_beams, 0, 4, m.beams, m.speed)


@wp.func
def use_radar_speeds(
    p: wp.ref[NavigationParams],
    b: wp.ref[BeliefParams],
    on_board: wp.ref[OnBoard],
    n: wp.ref[NavigationState],
    m: LandingRadarMeasurement,
    cg_height: real,
    time: real,
    tick_length: real,
):
    """Velocity update by a landing radar's velocity beams, from the antenna position that the sample tells of."""
    model = SpeedModel()
    model.noise = p.landing_radar.velocity_noise
    model.noise_share = p.landing_radar.velocity_noise_share
    model.slow = p.landing_radar.velocity_slow
    model.gate_sigma = p.landing_radar.velocity_gate_sigma
    motion = motion_then(on_board, n, m.time, cg_height, time, tick_length)
    beams = believed_radar_beams(b, m.position)
    use_speeds(p, n, n.radar_gate, model, motion, beams, 1, 3, m.beams, vec4(m.speed[0], m.speed[1], m.speed[2], ZERO))
