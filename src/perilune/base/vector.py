"""The number types of the compiled kernel and the small linear algebra that everything else is written in.

Importing this module configures Warp (no adjoint code, quiet log) before any other kernel code is imported.
Conventions: SI and radians; a quaternion `q_b_from_a` is (x, y, z, w) and `wp.quat_rotate(q_b_from_a, v_a)` gives `v_b`.
"""

from typing import TypeAlias

import warp as wp

wp.config.enable_backward = False
wp.config.log_level = wp.LOG_WARNING

real: TypeAlias = wp.float64
vec2: TypeAlias = wp.vec2d
vec3: TypeAlias = wp.vec3d
vec4: TypeAlias = wp.vec4d
quat: TypeAlias = wp.quatd
mat33: TypeAlias = wp.mat33d
u32: TypeAlias = wp.uint32
u64: TypeAlias = wp.uint64

ZERO = wp.constant(real(0.0))
HALF = wp.constant(real(0.5))
ONE = wp.constant(real(1.0))
TWO = wp.constant(real(2.0))
PI = wp.constant(real(3.141592653589793))
TWO_PI = wp.constant(real(6.283185307179586))
STANDARD_GRAVITY = wp.constant(real(9.80665))  # m/s², defines specific impulse


@wp.func
def quat_from_rotation_vector(phi: vec3) -> quat:
    """The quaternion of a rotation by the vector `phi` [rad]; below half a radian by the series, which is exact to rounding there."""
    y = wp.dot(phi, phi) * real(0.25)
    if y < real(0.0625):
        s = HALF * (
            ONE
            - y
            / real(6.0)
            * (ONE - y / real(20.0) * (ONE - y / real(42.0) * (ONE - y / real(72.0) * (ONE - y / real(110.0) * (ONE - y / real(156.0))))))
        )
        c = ONE - y / real(2.0) * (
            ONE - y / real(12.0) * (ONE - y / real(30.0) * (ONE - y / real(56.0) * (ONE - y / real(90.0) * (ONE - y / real(132.0)))))
        )
        return quat(phi[0] * s, phi[1] * s, phi[2] * s, c)
    half = wp.sqrt(y)
    sine = HALF * wp.sin(half) / half
    return quat(phi[0] * sine, phi[1] * sine, phi[2] * sine, wp.cos(half))


@wp.func
def rotation_vector_from_quat(q: quat) -> vec3:
    """The shortest rotation vector [rad] of the unit quaternion `q`; small ones by the series of the arc sine."""
    v = vec3(q[0], q[1], q[2])
    w = q[3]
    if w < ZERO:
        v = -v
        w = -w
    s2 = wp.dot(v, v)
    if s2 < real(1.0e-4):
        return v * (
            TWO + s2 * (real(1.0) / real(3.0) + s2 * (real(3.0) / real(20.0) + s2 * (real(5.0) / real(56.0) + s2 * real(35.0) / real(576.0))))
        )
    sine = wp.sqrt(s2)
    return v * (TWO * wp.atan2(sine, w) / sine)


@wp.func
def quat_derivative(q_mci_from_body: quat, rate_body: vec3) -> quat:
    """Time derivative of an attitude quaternion under the body rate [rad/s]."""
    return (q_mci_from_body * quat(rate_body[0], rate_body[1], rate_body[2], ZERO)) * HALF


@wp.func
def unit_or(v: vec3, fallback: vec3) -> vec3:
    """`v` normalised, or `fallback` where `v` is shorter than 1e-12."""
    n = wp.length(v)
    if n > real(1.0e-12):
        return v / n
    return fallback


@wp.func
def perpendicular_to(axis: vec3, preferred: vec3) -> vec3:
    """The unit vector nearest to `preferred` that is perpendicular to the unit vector `axis`."""
    p = preferred - axis * wp.dot(axis, preferred)
    if wp.length(p) < real(1.0e-9):
        helper = vec3(1.0, 0.0, 0.0)
        if wp.abs(axis[0]) > real(0.9):
            helper = vec3(0.0, 1.0, 0.0)
        p = helper - axis * wp.dot(axis, helper)
    return wp.normalize(p)


@wp.func
def quat_from_axes(x: vec3, y: vec3, z: vec3) -> quat:
    """The quaternion that turns body components into those of the frame in which the body's unit axes are `x`, `y`, `z`."""
    m = mat33(x[0], y[0], z[0], x[1], y[1], z[1], x[2], y[2], z[2])
    return wp.normalize(wp.quat_from_matrix(m))
