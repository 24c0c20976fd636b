"""The filter's covariance: carried over a tick block by block, and read for what it says of height and sink rate.

Assumptions and limitations: the transition is first order in the step, its square kept in the covariance; gravity gradient of the central field.
"""

import warp as wp

from perilune.avionics.navigation import NavigationParams, NavigationState, mat16, mat163
from perilune.base.vector import ONE, TWO, ZERO, mat33, real, vec3


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
    if n.considers:
        carry_fix_error(p, n, gradient, force, turn, dt)
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
def rows_of(c: mat163, first: int) -> mat33:
    """Three rows of a matrix of three columns."""
    return mat33(
        c[first, 0],
        c[first, 1],
        c[first, 2],
        c[first + 1, 0],
        c[first + 1, 1],
        c[first + 1, 2],
        c[first + 2, 0],
        c[first + 2, 1],
        c[first + 2, 2],
    )


@wp.func
def carry_fix_error(p: wp.ref[NavigationParams], n: wp.ref[NavigationState], gradient: mat33, force: mat33, turn: mat33, dt: real):
    """C = Phi C, with the Phi of `propagate_covariance`, for what the states share with the slow error of position fixes, which itself fades."""
    c = n.fix_error
    r, v, a = rows_of(c, 0), rows_of(c, 3), rows_of(c, 6)
    dv = gradient * r + force * a
    if n.sensing:
        dv += turn * rows_of(c, 12)
    da = turn * rows_of(c, 9)
    keep = wp.exp(-dt / p.position_fix.slow_correlation)
    for i in range(3):
        for j in range(3):
            c[i, j] = c[i, j] + v[i, j] * dt
            c[3 + i, j] = c[3 + i, j] + dv[i, j] * dt
            c[6 + i, j] = c[6 + i, j] + da[i, j] * dt
    n.fix_error = c * keep


@wp.func
def height_variance(p: wp.ref[NavigationParams], n: wp.ref[NavigationState], up_mci: vec3) -> real:
    """Variance [m²] of the believed height above the sloped map below, less the map's error there."""
    across = up_mci
    if wp.length(n.ground_normal_mci) > ZERO:
        across = n.ground_normal_mci / wp.dot(n.ground_normal_mci, up_mci)
    share = n.nadir_share
    pm = n.covariance  # a value of its own: each element read through the state would copy the whole matrix
    variance = p.map_error * p.map_error * (ONE - share * share) + share * share * pm[15, 15]
    for i in range(3):
        variance -= TWO * share * across[i] * pm[i, 15]
        for j in range(3):
            variance += across[i] * pm[i, j] * across[j]
    return variance


@wp.func
def sink_sigma(n: wp.ref[NavigationState], up_mci: vec3) -> real:
    """1 sigma [m/s] of the believed vertical speed."""
    pm = n.covariance  # a value of its own: each element read through the state would copy the whole matrix
    return wp.sqrt(wp.max(wp.dot(up_mci, block(pm, 3, 3) * up_mci), ZERO))
