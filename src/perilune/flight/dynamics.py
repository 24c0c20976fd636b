"""Six-degree-of-freedom motion under thrust, torque and the lunar field: one Runge–Kutta step, under power and in a coast.

Assumptions and limitations: a rigid lander; over one step thrust (its exact mean) and torque are constant in body axes and the mass falls linearly;
centre of mass and inertia move only between ticks; no slosh, no plume, no gravity-gradient torque, no solar pressure. Under power the field's
residual (degree 2 and above, Earth, Sun) is taken once a tick at its middle, which is second-order accurate; the central term in every stage.
"""

import warp as wp

from perilune.base.vector import HALF, quat_derivative, real, vec3
from perilune.environment.ephemeris import third_body_acceleration
from perilune.environment.gravity import central_acceleration, harmonic_acceleration
from perilune.environment.gravity_corridor import corridor_acceleration
from perilune.environment.orientation import quat_pa_from_mci
from perilune.flight.state import Body, World

SIXTH = wp.constant(real(0.16666666666666666))


@wp.func
def perturbation(world: wp.ref[World], position: vec3, t: real) -> vec3:
    """All gravity [m/s², mci] but the central term."""
    pa = quat_pa_from_mci(world.orientation, t)
    r_pa = wp.quat_rotate(pa, position)
    residual = vec3(0.0, 0.0, 0.0)
    if world.direct_field:
        residual = harmonic_acceleration(world.harmonics, r_pa)
    else:
        residual = corridor_acceleration(world.corridor, world.harmonics, r_pa)
    a = wp.quat_rotate_inv(pa, residual)
    if world.third_bodies:
        a += third_body_acceleration(world.bodies, position, t)
    return a


@wp.func
def angular_acceleration(inertia: vec3, torque: vec3, rate: vec3) -> vec3:
    """Euler's equations with a diagonal inertia."""
    return wp.cw_div(torque - wp.cross(rate, wp.cw_mul(inertia, rate)), inertia)


@wp.func
def powered_step(gm: real, b: Body, force: vec3, torque: vec3, mass: real, mass_flow: real, inertia: vec3, held: vec3, h: real) -> Body:
    """One classical Runge–Kutta step of `h` [s] with `force` [N] and `torque` [N m] in body axes and `held` gravity residual [m/s²]."""
    half = HALF * h
    m_mid = mass - mass_flow * half
    m_end = mass - mass_flow * h

    v1 = b.velocity
    a1 = central_acceleration(gm, b.position) + held + wp.quat_rotate(b.attitude, force / mass)
    q1 = quat_derivative(b.attitude, b.rate)
    w1 = angular_acceleration(inertia, torque, b.rate)

    v2 = b.velocity + a1 * half
    q = b.attitude + q1 * half
    rate = b.rate + w1 * half
    a2 = central_acceleration(gm, b.position + v1 * half) + held + wp.quat_rotate(wp.normalize(q), force / m_mid)
    q2 = quat_derivative(q, rate)
    w2 = angular_acceleration(inertia, torque, rate)

    v3 = b.velocity + a2 * half
    q = b.attitude + q2 * half
    rate = b.rate + w2 * half
    a3 = central_acceleration(gm, b.position + v2 * half) + held + wp.quat_rotate(wp.normalize(q), force / m_mid)
    q3 = quat_derivative(q, rate)
    w3 = angular_acceleration(inertia, torque, rate)

    v4 = b.velocity + a3 * h
    q = b.attitude + q3 * h
    rate = b.rate + w3 * h
    a4 = central_acceleration(gm, b.position + v3 * h) + held + wp.quat_rotate(wp.normalize(q), force / m_end)
    q4 = quat_derivative(q, rate)
    w4 = angular_acceleration(inertia, torque, rate)

    out = Body()
    sixth = h * SIXTH
    third = sixth + sixth
    out.position = b.position + (v1 + v4) * sixth + (v2 + v3) * third
    out.velocity = b.velocity + (a1 + a4) * sixth + (a2 + a3) * third
    out.attitude = wp.normalize(b.attitude + (q1 + q4) * sixth + (q2 + q3) * third)
    out.rate = b.rate + (w1 + w4) * sixth + (w2 + w3) * third
    return out


@wp.func
def tumble(b: Body, torque: vec3, inertia: vec3, h: real) -> Body:
    """The rotation alone over `h` [s]: what a coasting lander does between two points of its orbit."""
    half = HALF * h
    q1 = quat_derivative(b.attitude, b.rate)
    w1 = angular_acceleration(inertia, torque, b.rate)
    q2 = quat_derivative(b.attitude + q1 * half, b.rate + w1 * half)
    w2 = angular_acceleration(inertia, torque, b.rate + w1 * half)
    q3 = quat_derivative(b.attitude + q2 * half, b.rate + w2 * half)
    w3 = angular_acceleration(inertia, torque, b.rate + w2 * half)
    q4 = quat_derivative(b.attitude + q3 * h, b.rate + w3 * h)
    w4 = angular_acceleration(inertia, torque, b.rate + w3 * h)
    out = b
    sixth = h * SIXTH
    third = sixth + sixth
    out.attitude = wp.normalize(b.attitude + (q1 + q4) * sixth + (q2 + q3) * third)
    out.rate = b.rate + (w1 + w4) * sixth + (w2 + w3) * third
    return out


@wp.func
def fall(gm: real, b: Body, held: vec3, h: real) -> Body:
    """The translation alone over `h` [s] under the central field and a residual `held` at its value in the middle of the step."""
    half = HALF * h
    v1 = b.velocity
    a1 = central_acceleration(gm, b.position) + held
    v2 = b.velocity + a1 * half
    a2 = central_acceleration(gm, b.position + v1 * half) + held
    v3 = b.velocity + a2 * half
    a3 = central_acceleration(gm, b.position + v2 * half) + held
    v4 = b.velocity + a3 * h
    a4 = central_acceleration(gm, b.position + v3 * h) + held
    out = b
    sixth = h * SIXTH
    third = sixth + sixth
    out.position = b.position + (v1 + v4) * sixth + (v2 + v3) * third
    out.velocity = b.velocity + (a1 + a4) * sixth + (a2 + a3) * third
    return out


@wp.func
def coast_step(world: wp.ref[World], b: Body, inertia: vec3, t: real, h: real) -> Body:
    """A torque-free step of `h` [s] from time `t` with the whole field in every stage."""
    gm = world.harmonics.gm
    half = HALF * h
    v1 = b.velocity
    a1 = central_acceleration(gm, b.position) + perturbation(world, b.position, t)
    r2 = b.position + v1 * half
    v2 = b.velocity + a1 * half
    a2 = central_acceleration(gm, r2) + perturbation(world, r2, t + half)
    r3 = b.position + v2 * half
    v3 = b.velocity + a2 * half
    a3 = central_acceleration(gm, r3) + perturbation(world, r3, t + half)
    r4 = b.position + v3 * h
    v4 = b.velocity + a3 * h
    a4 = central_acceleration(gm, r4) + perturbation(world, r4, t + h)
    out = tumble(b, vec3(0.0, 0.0, 0.0), inertia, h)
    sixth = h * SIXTH
    third = sixth + sixth
    out.position = b.position + (v1 + v4) * sixth + (v2 + v3) * third
    out.velocity = b.velocity + (a1 + a4) * sixth + (a2 + a3) * third
    return out
