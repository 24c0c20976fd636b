"""Swinging liquids against strangers: what hub and bobs together must keep, Lagrange's equations in a plane by SciPy, and the linear slosh problem.

The lander is Resilience's with half its propellant, its pendulums those of the model; thrust as in its vertical leg.
"""

from collections.abc import Callable
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import warp as wp

from perilune.base.parameters import Vector3, pack
from perilune.base.structs import records
from perilune.base.vector import ONE, ZERO, real, vec3
from perilune.flight.slosh_step import sloshing_step
from perilune.flight.state import Body
from perilune.lander.lander import LanderParams
from perilune.lander.propellant import MassNow, mass_now
from perilune.lander.slosh import Hub, SloshState, bob_of, pendulum_length, split_hub
from perilune.lander.tanks import Liquid, shape_liquid
from perilune.mission.loader import load
from perilune.validation.rows import Check, Measured

STEP_S, SPAN_S, THRUST_N = 0.02, 60.0, 1400.0
SHARE = 0.5
MCIVER = ((0.2, 1.0723), (1.0, 1.5602), (1.6, 2.6864))  # depth in radii, frequency² R / a; McIver, J. Fluid Mech. 201 (1989), as recalled


@wp.kernel(module="unique")
def hang(lander: wp.array(dtype=LanderParams), share: real, whole: wp.array(dtype=MassNow), hub: wp.array(dtype=Hub)):  # type: ignore[valid-type]
    """The lander with a share of its propellant, whole and as hub and bobs."""
    p = lander[0]
    fuel = Liquid()
    oxidiser = Liquid()
    fuel.left = share * p.mass.main_loaded / (ONE + p.tanks.loaded_ratio)
    oxidiser.left = share * p.mass.main_loaded - fuel.left
    shape_liquid(p.tanks.fuel, fuel)
    shape_liquid(p.tanks.oxidiser, oxidiser)
    whole[0] = mass_now(p.mass, p.tanks, fuel, oxidiser, p.mass.rcs_loaded)
    acceleration = real(1400.0) / whole[0].mass
    hub[0] = split_hub(whole[0], bob_of(p.tanks.fuel, fuel, p.slosh, acceleration), bob_of(p.tanks.oxidiser, oxidiser, p.slosh, acceleration))


@wp.kernel(module="unique")
def swing(
    hub: wp.array(dtype=Hub),  # type: ignore[valid-type]
    bodies: wp.array(dtype=Body),  # type: ignore[valid-type]
    sloshes: wp.array(dtype=SloshState),  # type: ignore[valid-type]
    force: vec3,
    step: real,
):
    """Steps of `step` [s] from the first element on, far from everything."""
    s = sloshes[0]
    for i in range(bodies.shape[0] - 1):
        after, _felt = sloshing_step(ZERO, bodies[i], s, hub[0], hub[0].mass, ZERO, force, vec3(0.0, 0.0, 0.0), vec3(0.0, 0.0, 0.0), step)
        bodies[i + 1] = after
        sloshes[i + 1] = s


@wp.kernel(module="unique")
def lengths(surface: wp.array(dtype=real), out: wp.array(dtype=real)):  # type: ignore[valid-type]
    """Pendulum lengths [radii] at heights of the surface."""
    i = wp.tid()
    out[i] = pendulum_length(surface[i])


@cache
def half_full() -> Any:
    """Hub and bobs, a record."""
    lander = wp.array(pack(load("resilience").lander, LanderParams), dtype=LanderParams, device="cpu")
    whole, hub = wp.zeros(1, dtype=MassNow, device="cpu"), wp.zeros(1, dtype=Hub, device="cpu")
    wp.launch(hang, 1, [lander, SHARE, whole, hub], device="cpu")
    return hub.numpy()[0]


def swung(
    drag: bool, angles: tuple[float, float], rate: Vector3, turn: Vector3, thrust_n: float, step_s: float = STEP_S
) -> tuple[Any, np.ndarray, np.ndarray]:
    """Hub, bodies and bobs at every step of `step_s`; the rods start at `angles` [rad] in the plane of body x and z, turning at `turn` [rad/s]."""
    hub: Any = records(Hub, 1)
    hub[0] = half_full()
    bodies, sloshes = (records(kind, round(SPAN_S / step_s) + 1) for kind in (Body, SloshState))
    bodies["position"][0], bodies["attitude"][0], bodies["rate"][0] = (1.0, 2.0, 3.0), (0, 0, 0, 1), rate
    for name, angle in zip(("fuel", "oxidiser"), angles, strict=True):
        if not drag:
            hub[name]["drag"] = 0.0
        n = np.array([np.sin(angle), 0.0, -np.cos(angle)])
        sloshes[name]["along"][0], sloshes[name]["swing"][0] = n, np.cross(turn, n)
    arrays = [wp.array(a, dtype=t, device="cpu", copy=False) for a, t in ((hub, Hub), (bodies, Body), (sloshes, SloshState))]
    wp.launch(swing, 1, [*arrays, vec3(0.0, 0.0, thrust_n), step_s], device="cpu")
    return hub[0], bodies, sloshes


def sums(hub: Any, bodies: np.ndarray, sloshes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Momentum, angular momentum about the origin and kinetic energy of hub and bobs."""
    from scipy.spatial.transform import Rotation

    turn = Rotation.from_quat(np.array(bodies["attitude"]))
    rate = np.array(bodies["rate"])
    at = bodies["position"] + turn.apply(np.array(np.broadcast_to(hub["offset"], rate.shape)))
    speed = bodies["velocity"] + turn.apply(np.cross(rate, hub["offset"]))
    momentum = hub["mass"] * speed
    spin = turn.apply(rate * hub["inertia"]) + np.cross(at, momentum)
    energy = 0.5 * (momentum * speed).sum(1) + 0.5 * (rate**2 @ hub["inertia"])
    for name in ("fuel", "oxidiser"):
        bob = hub[name]
        place = at + turn.apply(np.array(np.broadcast_to(bob["hinge"], rate.shape))) + bob["length"] * sloshes[name]["along"]
        going = speed + turn.apply(np.cross(rate, bob["hinge"])) + bob["length"] * sloshes[name]["swing"]
        momentum, spin, energy = (
            momentum + bob["mass"] * going,
            spin + bob["mass"] * np.cross(place, going),
            energy + 0.5 * bob["mass"] * (going**2).sum(1),
        )
    return momentum, spin, energy


@cache
def tumbling(drag: bool, step_s: float = STEP_S) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The sums over a minute of tumbling without thrust, the bobs thrown well out."""
    return sums(*swung(drag, (0.6, -0.4), (0.1, 0.2, -0.05), (1.0, -0.5, 0.3), 0.0, step_s))


def spin_drift(step_s: float = STEP_S) -> float:
    """Largest relative change of the angular momentum, damping included."""
    spin = tumbling(True, step_s)[1]
    return float(np.linalg.norm(spin - spin[0], axis=1).max() / np.linalg.norm(spin[0]))


def energy_drift(step_s: float = STEP_S) -> float:
    """Largest relative change of the kinetic energy without damping."""
    energy = tumbling(False, step_s)[2]
    return float(np.abs(energy / energy[0] - 1.0).max())


def order_error(drift: Callable[[float], float]) -> Measured:
    """How far from 2 the order is by which a drift falls with the step, at the last of four halvings; what the equations lost would not fall."""
    drifts = [drift(STEP_S / 2**halvings) for halvings in range(5)]
    falls = ", ".join(f"{coarse / fine:.2f}" for coarse, fine in pairwise(drifts))
    return abs(float(np.log2(drifts[-2] / drifts[-1])) - 2.0), f"each halving from 20 to 1.25 ms divides the drift by {falls}"


def energy_gained() -> Measured:
    """Largest gain of kinetic energy in a step, relative, with damping."""
    energy = tumbling(True)[2]
    return float(max(np.diff(energy).max() / energy[0], 0.0)), f"{(1.0 - energy[-1] / energy[0]) * 100.0:.0f} % gone after {SPAN_S:g} s"


def lagrange() -> np.ndarray:
    """Pitch [rad] and the rods' angles in space at every step, shape (3, n), by Lagrange's equations with SciPy's DOP853; as `swung` under thrust."""
    from scipy.integrate import solve_ivp

    hub = half_full()
    bobs = [tuple(float(x) for x in (hub[name]["mass"], hub[name]["length"], hub[name]["hinge"][2])) for name in ("fuel", "oxidiser")]

    def rates(_: float, s: np.ndarray) -> np.ndarray:
        """Coordinates: hub x, z, pitch, both rods' angles from space -z; a mass matrix and what speeds and thrust put on the right."""
        p, w = s[2], s[7]
        mass = np.zeros((5, 5))
        mass[0, 0] = mass[1, 1] = hub["mass"]
        mass[2, 2] = hub["inertia"][1]
        right = np.array([THRUST_N * np.sin(p), THRUST_N * np.cos(p), 0.0, 0.0, 0.0])
        for k, (m, length, hinge) in enumerate(bobs):
            a, u = s[3 + k], s[8 + k]
            jacobian = np.zeros((2, 5))
            jacobian[0, 0] = jacobian[1, 1] = 1.0
            jacobian[:, 2] = hinge * np.cos(p), -hinge * np.sin(p)
            jacobian[:, 3 + k] = length * np.cos(a), length * np.sin(a)
            bias = np.array([-hinge * np.sin(p), -hinge * np.cos(p)]) * w * w + np.array([-length * np.sin(a), length * np.cos(a)]) * u * u
            mass += m * jacobian.T @ jacobian
            right -= m * jacobian.T @ bias
        return np.concatenate([s[5:], np.linalg.solve(mass, right)])

    times = STEP_S * np.arange(round(SPAN_S / STEP_S) + 1)
    start = np.array([0.0, 0.0, 0.0, *ANGLES, 0.0, 0.0, 0.0, 0.0, 0.0])
    solved: np.ndarray = solve_ivp(rates, (0.0, SPAN_S), start, "DOP853", times, rtol=1e-11, atol=1e-12).y[2:5]
    return solved


ANGLES = (0.2, -0.1)


def planar_error() -> Measured:
    """Largest difference [rad] of pitch and of both rods' angles over a minute under thrust, bobs let go off their rest, no damping."""
    _, bodies, sloshes = swung(False, ANGLES, (0.0, 0.0, 0.0), (0.0, 0.0, 0.0), THRUST_N)
    pitch = 2.0 * np.arctan2(bodies["attitude"][:, 1], bodies["attitude"][:, 3])
    ours = [pitch]
    for name in ("fuel", "oxidiser"):
        along = sloshes[name]["along"]
        ours.append(np.arctan2(along[:, 0], -along[:, 2]))
    theirs = lagrange()
    apart = np.abs(np.unwrap(np.array(ours), axis=1) - theirs).max(axis=1)
    return float(
        apart.max()
    ), f"pendulums of {max(ANGLES):g} rad, mostly out of phase; pitch apart {apart[0]:.1e} rad of {np.abs(theirs[0]).max():.1e}"


def frequency_error() -> Measured:
    """Largest relative difference of the pendulum's frequency² from the eigenvalue of the linear problem."""
    surface = np.array([depth - 1.0 for depth, _ in MCIVER])
    out = wp.zeros(len(surface), dtype=real, device="cpu")
    wp.launch(lengths, len(surface), [wp.array(surface, dtype=real, device="cpu"), out], device="cpu")
    return float(max(abs(1.0 / length / k - 1.0) for length, (_, k) in zip(out.numpy(), MCIVER, strict=True)))


HALF_FULL = "of Resilience, half full, liquids thrown out of rest, over a minute"
CHECKS = [
    Check("slosh, angular momentum", f"{HALF_FULL}, relative, with damping", "conservation", 1e-3, "", spin_drift, ("scipy.spatial",)),
    Check("slosh, energy", f"kinetic energy {HALF_FULL}, relative, without damping", "conservation", 1e-3, "", energy_drift, ("scipy.spatial",)),
    *(
        Check(f"{name}, order", "order by which its largest drift falls with the step, down to 1.25 ms", "2", 0.1, "", measure, ("scipy.spatial",))
        for name, measure in (
            ("slosh, angular momentum", lambda: order_error(spin_drift)),
            ("slosh, energy", lambda: order_error(energy_drift)),
        )
    ),
    Check("slosh, damping", f"largest gain of energy in a step {HALF_FULL}, relative", "never above 0", 1e-12, "", energy_gained, ("scipy.spatial",)),
    Check(
        "slosh under thrust",
        "pitch and pendulum angles in a plane, over a minute of 1 400 N, liquids let go off their rest",
        "Lagrange's equations by SciPy's DOP853",
        0.02,
        "rad",
        planar_error,
        ("scipy.integrate",),
    ),
    Check(
        "slosh frequency",
        "frequency² R / a of a sphere filled to 0.2, 1 and 1.6 radii, relative",
        "McIver 1989, as recalled",
        2e-3,
        "",
        frequency_error,
    ),
]
