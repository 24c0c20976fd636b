"""What a lander felt beside gravity: each tick's change of velocity less what the field gives along the flown path, and how it lies to the flight.

The truth's motion alone is read, so that it holds for any engines, thrusters and tanks. Over a tick of h = 0.1 s from (r0, v0) to (r1, v1), with the
velocity over the turning ground u = v - w x r, the gravity felt over it g' = g - w x (w x r) and Simpson's weights on both ends and the middle:

    push             d = v1 - v0 - integral of g dt
    gravity's part   G = integral of g' . u/|u| dt       what gravity adds to the speed over the ground
    along            A = -d . mean of u/|u|              what of the push takes speed off

The speed over the ground then falls by A - G (Coriolis does no work).

Assumptions and limitations: the push points one way within a tick; the middle of a tick is that of the cubic through its ends, so a push that
starts within it bends the path by at most a millimetre from the true one; where the lander hardly moves over the ground, its direction of flight
means little.
Source of the form: Battin, An Introduction to the Mathematics and Methods of Astrodynamics, 1999, 8.1 (dv/dt = g + a_T); Curtis, Orbital Mechanics
for Engineering Students, eq. 11.24 to 11.27, as recalled (drag and gravity loss along the velocity).
"""

from dataclasses import dataclass

import numpy as np
import warp as wp

from perilune.base.vector import HALF, real, vec3
from perilune.environment.gravity import central_acceleration
from perilune.environment.orientation import moon_rate_mci
from perilune.flight.dynamics import perturbation
from perilune.flight.setup import Scene
from perilune.flight.state import World

SIXTH = wp.constant(real(0.16666666666666666))
NODES = wp.constant(3)  # of Simpson's rule in a tick


@dataclass(frozen=True)
class Felt:
    """Per tick of a record, shape (n - 1,), and at its rows, shape (n,); SI."""

    push: np.ndarray  # m/s, size of the change of velocity that gravity did not make
    along: np.ndarray  # m/s, its part against the velocity over the ground
    gravity: np.ndarray  # m/s, what gravity added to the speed over the ground
    speed: np.ndarray  # m/s over the ground, (n,)
    weight: np.ndarray  # m/s², the gravity felt on the turning ground, (n,)


@wp.func
def direction_over_ground(velocity: vec3, rate: vec3, position: vec3) -> vec3:
    """Unit vector of the velocity over the turning ground; zero where there is none."""
    return wp.normalize(velocity - wp.cross(rate, position))


@wp.func
def weight(world: wp.ref[World], position: vec3, rate: vec3, t: real) -> vec3:
    """Gravity as it is felt on the turning ground [m/s², mci]."""
    g = central_acceleration(world.harmonics.gm, position) + perturbation(world, position, t)
    return g - wp.cross(rate, wp.cross(rate, position))


@wp.kernel(module="unique", module_options={"max_unroll": 4})
def feel_ticks(
    world: World,
    time: wp.array(dtype=real),
    position: wp.array(dtype=vec3),
    velocity: wp.array(dtype=vec3),
    out: wp.array2d(dtype=real),
):
    k = wp.tid()
    rate = moon_rate_mci(world.orientation, time[k])
    r = position[k]
    v = velocity[k]
    after = wp.min(k + 1, time.shape[0] - 1)
    h = time[after] - time[k]
    middle = (r + position[after]) * HALF + (v - velocity[after]) * (h * real(0.125))
    pulled = vec3(0.0, 0.0, 0.0)  # m/s, velocity that gravity gave
    mean = vec3(0.0, 0.0, 0.0)  # of the direction over the ground
    gained = real(0.0)
    out[k, 3] = wp.length(v - wp.cross(rate, r))
    nodes = int(NODES)
    for i in range(nodes):  # a loop that stays one: the field's code once
        share = real(i) * HALF
        part = SIXTH
        at = r
        if i == 1:
            part = SIXTH * real(4.0)
            at = middle
        if i == 2:
            at = position[after]
        heavy = weight(world, at, rate, time[k] + h * share)
        direction = direction_over_ground(v + (velocity[after] - v) * share, rate, at)
        pulled += (heavy + wp.cross(rate, wp.cross(rate, at))) * (part * h)
        mean += direction * part
        gained += wp.dot(heavy, direction) * (part * h)
        if i == 0:
            out[k, 4] = wp.length(heavy)
    push = velocity[after] - v - pulled
    out[k, 0] = wp.length(push)
    out[k, 1] = -wp.dot(push, mean)
    out[k, 2] = gained


def felt(scene: Scene, history: np.ndarray) -> Felt:
    """What the lander of a record (one row a tick, without gaps) felt in each tick of it."""
    columns = [np.ascontiguousarray(history[key]) for key in ("time", "position_mci", "velocity_mci")]
    arrays = [wp.array(column, dtype=kind, device="cpu") for column, kind in zip(columns, (real, vec3, vec3), strict=True)]
    out = wp.zeros((len(history), 5), dtype=real, device="cpu")
    wp.launch(feel_ticks, dim=len(history), inputs=[scene.world, *arrays], outputs=[out], device="cpu")
    push, along, gravity, speed, heavy = out.numpy().T
    return Felt(push[:-1], along[:-1], gravity[:-1], speed, heavy)
