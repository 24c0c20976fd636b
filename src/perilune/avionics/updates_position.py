"""Measurement update of the filter from a position fix: where over the Moon the lander was, along two horizontal axes and the vertical.

The slow error of the fixes is considered, not estimated: the filter carries what its states share with it (C), and with z = h x + b + white,

    s = h P h' + 2 h C + B + R,   K = (P h' + C) / s,   P -= K s K',   C -= K (h C + B)

so that fixes without end teach the position no better than the slow error allows, however much they teach of the velocity.

Assumptions and limitations: one scalar an axis, all of them behind one gate; the fix is of the middle of the footpad plane; left out of the partial
derivatives: the attitude over the height of the centre of mass. The share of the height is taken of the height over the on-board map. The slow
error is taken as fixed to east, north and up while the lander moves over the ground.
Source: Schmidt's consider filter, as in Tapley, Schutz and Born, "Statistical orbit determination", 2004, section 6.4 (recalled, unsourced here).
"""

import warp as wp

from perilune.avionics.belief import OnBoard, believed_map_radius, me_from_mci_at
from perilune.avionics.gate import INFLATED, REFUSED, add_variance, ask_gate
from perilune.avionics.navigation import NavigationParams, NavigationState, attitude_before, position_before, ticks_ago, vec16
from perilune.avionics.updates import apply_correction, update_by
from perilune.base.vector import ZERO, mat33, perpendicular_to, real, vec3
from perilune.messages.measurements import PositionMeasurement


@wp.func
def fix_axes(up: vec3) -> mat33:
    """Rows: east, north and up at a direction from the Moon's centre, all in me."""
    east = perpendicular_to(up, vec3(-up[1], up[0], ZERO))
    north = wp.cross(up, east)
    return mat33(east[0], east[1], east[2], north[0], north[1], north[2], up[0], up[1], up[2])


@wp.func
def fix_variance(p: wp.ref[NavigationParams], axis: wp.int32, sigma: real) -> real:
    """Variance [m²] along one of the axes of an error that is `sigma` [m] along the horizontal ones."""
    if axis == 2:
        return sigma * sigma * p.position_fix.vertical_factor * p.position_fix.vertical_factor
    return sigma * sigma


@wp.func
def along_axis(n: wp.ref[NavigationState], axes: mat33, i: wp.int32) -> tuple[vec16, vec16, vec16]:
    """For one axis the row of the measurement, what it shares with the states, and what the states share with the slow error along it."""
    h = vec16(0.0)
    shared = vec16(0.0)
    for j in range(3):
        h[j] = axes[i, j]
    for j in range(16):
        shared[j] = n.fix_error[j, i]
    return h, n.covariance * h + shared, shared


@wp.func
def fix_innovation(p: wp.ref[NavigationParams], n: wp.ref[NavigationState], axes: mat33, i: wp.int32, sigma: real) -> real:
    """Variance [m²] of the innovation along one axis: of the estimate, the slow error, what they share, and the white error."""
    h, ph, shared = along_axis(n, axes, i)
    return wp.dot(h, ph) + wp.dot(h, shared) + fix_variance(p, i, p.position_fix.slow_error) + fix_variance(p, i, sigma)


@wp.func
def learn_along(p: wp.ref[NavigationParams], n: wp.ref[NavigationState], axes: mat33, i: wp.int32, sigma: real, apart: vec3, x: wp.ref[vec16]):
    """One of the three scalars: a fix that is `apart` [m] from the estimate."""
    variance = fix_innovation(p, n, axes, i, sigma)
    h, ph, _ = along_axis(n, axes, i)
    off = axes[i, 0] * apart[0] + axes[i, 1] * apart[1] + axes[i, 2] * apart[2]
    update_by(n, h, ph, variance, off - wp.dot(h, x), x)
    slow = fix_variance(p, i, p.position_fix.slow_error)
    for j in range(16):
        n.fix_error[j, i] = n.fix_error[j, i] - ph[j] / variance * slow


@wp.func
def use_position_fix(
    p: wp.ref[NavigationParams],
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
    then_me = wp.quat_rotate(me, then)
    axes = fix_axes(wp.normalize(then_me)) * wp.quat_to_matrix(me)
    height = wp.max(wp.length(then_me) - believed_map_radius(on_board, then_me), ZERO)
    sigma = wp.max(p.position_fix.noise, p.position_fix.noise_share * height)
    worst = ZERO  # squared innovation over its variance, of the axis that fits least
    innovation = ZERO  # along that axis
    variance = real(1.0)
    along = vec3(0.0, 0.0, 0.0)
    for i in range(3):
        axis = vec3(axes[i, 0], axes[i, 1], axes[i, 2])
        total = fix_innovation(p, n, axes, i, sigma)
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
    n.considers = True
    x = vec16(0.0)
    for i in range(3):
        learn_along(p, n, axes, i, sigma, apart, x)
    apply_correction(n, x)
    n.fix_used = True
