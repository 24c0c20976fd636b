"""Measurement update of the filter from a Sun sensor: the direction to the Sun, which tells the attitude but for the turn about it.

    e · (s - C m) = angle · (s × e)   for the axes e across the direction s; C the attitude, m what the sensor says

Assumptions and limitations: the Sun's direction comes from the on-board ephemeris, without aberration (20"), as the sensor's truth does; two scalars,
both behind one gate.
"""

import warp as wp

from perilune.avionics.belief import OnBoard
from perilune.avionics.gate import INFLATED, REFUSED, add_variance, ask_gate, noise_with_slow
from perilune.avionics.navigation import NavigationParams, NavigationState, attitude_before, ticks_ago, vec16
from perilune.avionics.updates import apply_correction, update_by
from perilune.base.vector import ZERO, perpendicular_to, real, vec3
from perilune.environment.ephemeris import sun_position
from perilune.messages.measurements import SunMeasurement


@wp.func
def attitude_row(direction: vec3) -> vec16:
    """The row of a measurement of the attitude's error about one axis."""
    h = vec16(0.0)
    for i in range(3):
        h[6 + i] = direction[i]
    return h


@wp.func
def use_sun_sensor(
    p: wp.ref[NavigationParams], on_board: wp.ref[OnBoard], n: wp.ref[NavigationState], m: SunMeasurement, time: real, tick_length: real
):
    """Attitude update across the direction to the Sun."""
    sun = wp.normalize(sun_position(on_board.bodies, m.time) - n.position_mci)
    seen = wp.quat_rotate(attitude_before(n, ticks_ago(time, m.time, tick_length)), m.direction_body)
    noise = p.sun_sensor.noise * p.sun_sensor.noise
    slow = p.sun_sensor.slow * p.sun_sensor.slow
    first = perpendicular_to(sun, vec3(1.0, 0.0, 0.0))
    second = wp.cross(sun, first)
    about_1 = wp.cross(sun, first)
    about_2 = wp.cross(sun, second)
    off_1 = wp.dot(first, sun - seen)
    off_2 = wp.dot(second, sun - seen)
    h_1 = attitude_row(about_1)
    h_2 = attitude_row(about_2)
    known_1 = wp.dot(h_1, n.covariance * h_1)
    known_2 = wp.dot(h_2, n.covariance * h_2)
    off = off_1
    known = known_1
    about = about_1
    if off_2 * off_2 * (known_1 + noise + slow) > off_1 * off_1 * (known_2 + noise + slow):
        off = off_2
        known = known_2
        about = about_2
    answer = ask_gate(p, n.sun_gate, off, known + noise + slow, p.sun_sensor.gate_sigma)
    if answer == REFUSED:
        return
    if answer == INFLATED:
        add_variance(n, 6, about, off * off)
    n.sun_gate.in_row = 0
    x = vec16(0.0)
    learn_about(n, h_1, off_1, noise, slow, x)
    learn_about(n, h_2, off_2, noise, slow, x)
    apply_correction(n, x)


@wp.func
def learn_about(n: wp.ref[NavigationState], h: vec16, off: real, noise: real, slow: real, x: wp.ref[vec16]):
    """One of the two scalars."""
    ph = n.covariance * h
    known = wp.dot(h, ph)
    variance = noise_with_slow(known, noise, slow)
    if variance > ZERO:
        update_by(n, h, ph, known + variance, off - wp.dot(h, x), x)
