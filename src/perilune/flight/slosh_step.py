"""One Runge–Kutta step of a lander whose liquids swing: hub and both bobs together, under thrust, torque and the lunar field.

Assumptions and limitations: as in `dynamics`; mass, length and hinge of the pendulums move only between ticks; propellant leaves the hub. Gravity is
taken equal at hub and bobs. What an inertial unit feels is the mean specific force at the body's own point, in body axes.
"""

import warp as wp

from perilune.base.vector import HALF, quat_derivative, real, vec3
from perilune.environment.gravity import central_acceleration
from perilune.flight.dynamics import SIXTH
from perilune.flight.state import Body
from perilune.lander.slosh import Hub, Pendulum, SloshState, hub_motion


@wp.func
def moved(p: Pendulum, k: Pendulum, h: real) -> Pendulum:
    """A pendulum after `h` [s] at the rates `k`."""
    out = Pendulum()
    out.along = p.along + k.along * h
    out.swing = p.swing + k.swing * h
    return out


@wp.func
def averaged(p: Pendulum, k1: Pendulum, k2: Pendulum, k3: Pendulum, k4: Pendulum, h: real) -> Pendulum:
    """The Runge–Kutta result, its unit vector made one again and its swing square to it."""
    out = Pendulum()
    sixth = h * SIXTH
    third = sixth + sixth
    out.along = wp.normalize(p.along + (k1.along + k4.along) * sixth + (k2.along + k3.along) * third)
    swing = p.swing + (k1.swing + k4.swing) * sixth + (k2.swing + k3.swing) * third
    out.swing = swing - out.along * wp.dot(out.along, swing)
    return out


@wp.func
def sloshing_step(
    gm: real,
    b: Body,
    slosh: wp.ref[SloshState],
    hub: wp.ref[Hub],
    mass: real,
    mass_flow: real,
    force: vec3,
    torque: vec3,
    held: vec3,
    h: real,
) -> tuple[Body, vec3]:
    """The body after `h` [s] and the specific force felt over it [m/s, body]; `slosh` is advanced in place.

    `mass` [kg] is the hub's at the start and falls with `mass_flow` [kg/s]; `force` [N] and `torque` [N m, about the body's own point] are constant
    in body axes; `held` [m/s², mci] is the field's residual.
    """
    half = HALF * h
    m_mid = mass - mass_flow * half
    m_end = mass - mass_flow * h
    about_hub = torque - wp.cross(hub.offset, force)

    v1 = b.velocity
    k1 = hub_motion(hub, mass, force, about_hub, b.rate, slosh.fuel, slosh.oxidiser)
    a1 = central_acceleration(gm, b.position) + held + wp.quat_rotate(b.attitude, k1.linear)
    q1 = quat_derivative(b.attitude, b.rate)

    v2 = b.velocity + a1 * half
    q = b.attitude + q1 * half
    rate = b.rate + k1.angular * half
    k2 = hub_motion(hub, m_mid, force, about_hub, rate, moved(slosh.fuel, k1.fuel, half), moved(slosh.oxidiser, k1.oxidiser, half))
    a2 = central_acceleration(gm, b.position + v1 * half) + held + wp.quat_rotate(wp.normalize(q), k2.linear)
    q2 = quat_derivative(q, rate)

    v3 = b.velocity + a2 * half
    q = b.attitude + q2 * half
    rate = b.rate + k2.angular * half
    k3 = hub_motion(hub, m_mid, force, about_hub, rate, moved(slosh.fuel, k2.fuel, half), moved(slosh.oxidiser, k2.oxidiser, half))
    a3 = central_acceleration(gm, b.position + v2 * half) + held + wp.quat_rotate(wp.normalize(q), k3.linear)
    q3 = quat_derivative(q, rate)

    v4 = b.velocity + a3 * h
    q = b.attitude + q3 * h
    rate = b.rate + k3.angular * h
    k4 = hub_motion(hub, m_end, force, about_hub, rate, moved(slosh.fuel, k3.fuel, h), moved(slosh.oxidiser, k3.oxidiser, h))
    a4 = central_acceleration(gm, b.position + v3 * h) + held + wp.quat_rotate(wp.normalize(q), k4.linear)
    q4 = quat_derivative(q, rate)

    out = Body()
    sixth = h * SIXTH
    third = sixth + sixth
    out.position = b.position + (v1 + v4) * sixth + (v2 + v3) * third
    out.velocity = b.velocity + (a1 + a4) * sixth + (a2 + a3) * third
    out.attitude = wp.normalize(b.attitude + (q1 + q4) * sixth + (q2 + q3) * third)
    out.rate = b.rate + (k1.angular + k4.angular) * sixth + (k2.angular + k3.angular) * third
    slosh.fuel = averaged(slosh.fuel, k1.fuel, k2.fuel, k3.fuel, k4.fuel, h)
    slosh.oxidiser = averaged(slosh.oxidiser, k1.oxidiser, k2.oxidiser, k3.oxidiser, k4.oxidiser, h)
    felt = (k1.linear + k4.linear) * sixth + (k2.linear + k3.linear) * third
    return out, felt
