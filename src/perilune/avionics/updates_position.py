"""Measurement update of the filter from a position fix: where over the Moon the lander was, along two horizontal axes and the vertical.

Assumptions and limitations: one scalar an axis, all of them behind one gate; the fix is of the middle of the footpad plane; left out of the partial
derivatives: the attitude over the height of the centre of mass. The share of the height is taken of the height over the on-board map.
"""

import warp as wp

from perilune.avionics.belief import BeliefParams, OnBoard, believed_map_radius, me_from_mci_at
from perilune.avionics.gate import INFLATED, REFUSED, add_variance, ask_gate, noise_with_slow
from perilune.avionics.navigation import NavigationParams, NavigationState, attitude_before, position_before, ticks_ago, vec16
from perilune.avionics.updates import apply_correction, update_by
from perilune.base.vector import ZERO, mat33, perpendicular_to, real, vec3
from perilune.messages.measurements import PositionMeasurement


@wp.func
def fix_axes(up: vec3) -> mat33:
    """Rows: two horizontal axes and the vertical."""
    east = perpendicular_to(up, vec3(-up[1], up[0], ZERO))
    north = wp.cross(up, east)
    return mat33(east[0], east[1], east[2], north[0], north[1], north[2], up[0], up[1], up[2])


@wp.func
def use_position_fix(
    p: wp.ref[NavigationParams],
    b: wp.ref[BeliefParams],
    on_board: wp.ref[OnBoard],
    n: wp.ref[NavigationState],
    m: PositionMeasurement,
    cg_height: real,
    time: real,
    tick_length: real,
):
    """Position update; the whole fix is refused where it does not fit along one axis."""
    ago = ticks_ago(time, m.time, tick_length)
    me = me_from_mci_at(on_board, m.time)
    then = position_before(n, ago, tick_length) - wp.quat_rotate(attitude_before(n, ago), vec3(ZERO, ZERO, cg_height))
    apart = wp.quat_rotate_inv(me, m.position_me) - then
    axes = fix_axes(wp.normalize(then))
    then_me = wp.quat_rotate(me, then)
    height = wp.max(wp.length(then_me) - believed_map_radius(on_board, then_me), ZERO)
    sigma = wp.max(p.position_fix.noise, p.position_fix.noise_share * height)
    pm = n.covariance
    worst = ZERO  # squared innovation over its variance, of the axis that fits least
    innovation = ZERO  # along that axis
    variance = real(1.0)
    along = vec3(0.0, 0.0, 0.0)
    for i in range(3):
        axis = vec3(axes[i, 0], axes[i, 1], axes[i, 2])
        total = fix_variance(p, i, sigma) + fix_slow(p, i)
        for j in range(3):
            for k in range(3):
                total += axis[j] * pm[j, k] * axis[k]
        off = wp.dot(axis, apart)
        if off * off / total >= worst:
            worst = off * off / total
            innovation = off
            variance = total
            along = axis
    answer = ask_gate(p, n.fix_gate, innovation, variance, p.position_fix.gate_sigma)
    if answer == REFUSED:
        return
    if answer == INFLATED:
        add_variance(n, 0, along, innovation * innovation)
    n.fix_gate.in_row = 0
    x = vec16(0.0)
    for i in range(3):
        h = vec16(0.0)
        for j in range(3):
            h[j] = axes[i, j]
        ph = n.covariance * h
        known = wp.dot(h, ph)
        noise = noise_with_slow(known, fix_variance(p, i, sigma), fix_slow(p, i))
        if noise > ZERO:
            off = axes[i, 0] * apart[0] + axes[i, 1] * apart[1] + axes[i, 2] * apart[2]
            update_by(n, ph, known + noise, off - wp.dot(h, x), x)
    apply_correction(n, x)
    n.fix_used = True


@wp.func
def fix_variance(p: wp.ref[NavigationParams], axis: wp.int32, sigma: real) -> real:
    """White variance [m²] along one of the axes, `sigma` [m] being that along the horizontal ones."""
    if axis == 2:
        return sigma * sigma * p.position_fix.vertical_factor * p.position_fix.vertical_factor
    return sigma * sigma


@wp.func
def fix_slow(p: wp.ref[NavigationParams], axis: wp.int32) -> real:
    """Slow variance [m²] along one of the axes."""
    return fix_variance(p, axis, p.position_fix.slow_error)
