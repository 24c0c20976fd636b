"""What a coasting, tumbling lander must keep: its angular momentum in space, its energy of rotation, and its energy in a field that stands still.

The potential of the still field is pyshtools' own sum; momentum and energy of rotation need no stranger but Euler.
"""

from functools import cache
from typing import Any

import numpy as np

from perilune.environment.chebyshev import Coefficients
from perilune.validation import scenes, strangers
from perilune.validation.rows import Check, Measured

EPOCH_TDB_S = 802_419_369.18  # 2025-06-05 18:15 UTC
SPAN_S, STEP_S, DEGREE = 7200.0, 0.5, 50
RATE = (0.05, -0.03, 0.02)  # rad/s, an unstable tumble about no principal axis
POSITION, VELOCITY = np.array([1.78e6, 2.0e5, 4.0e5]), np.array([-350.0, -300.0, 1590.0])


@cache
def path() -> tuple[np.ndarray, Any, np.ndarray, np.ndarray]:
    """Times [s] and the bodies of the kernel at them, over one orbit in a field that does not turn; that field's rotation; the moments of inertia."""
    scene = scenes.coasting_scene(EPOCH_TDB_S, SPAN_S, DEGREE, third_bodies=False)
    scene.world.orientation.turn, scene.world.orientation.terms = Coefficients(), 1
    x, y, z, w = (float(c) for c in scene.world.orientation.mid_quat)
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    rotation = np.eye(3) + 2.0 * w * cross + 2.0 * cross @ cross
    lander = scenes.coasting_lander(scene, POSITION, VELOCITY, rate=RATE)
    times = np.arange(0.0, SPAN_S + 1.0, 300.0)
    bodies = []
    for t in times:
        lander.states[0] = scenes.coast(scene, lander, float(t), STEP_S)
        bodies.append(lander.states["body"][0].copy())
    return times, np.array(bodies), rotation, scenes.inertia_of(scene.mission)


def momentum_drift() -> Measured:
    """Largest relative change of the angular momentum vector in mci."""
    from scipy.spatial.transform import Rotation

    _, bodies, _, moments = path()
    momentum = Rotation.from_quat(bodies["attitude"]).apply(bodies["rate"] * moments)
    return float((np.linalg.norm(momentum - momentum[0], axis=1) / np.linalg.norm(momentum[0])).max())


def rotation_energy_drift() -> Measured:
    """Largest relative change of half the sum of moments times squared rates."""
    _, bodies, _, moments = path()
    energy = 0.5 * (bodies["rate"] ** 2 @ moments)
    return float(np.abs(energy / energy[0] - 1.0).max())


def orbit_energy_drift() -> Measured:
    """Largest change of kinetic less potential energy over the kinetic, in the still field."""
    from pyshtools.backends.shtools import MakeGridPoint

    _, bodies, rotation, _ = path()
    cilm, gm, radius = strangers.table_coefficients(DEGREE)
    energies = []
    for body in bodies:
        r = rotation @ body["position"]
        distance = float(np.linalg.norm(r))
        scaled = cilm * ((radius / distance) ** np.arange(DEGREE + 1))[None, :, None]
        potential = gm / distance * MakeGridPoint(scaled, np.degrees(np.arcsin(r[2] / distance)), np.degrees(np.arctan2(r[1], r[0])), DEGREE)
        energies.append((0.5 * body["velocity"] @ body["velocity"] - potential, 0.5 * body["velocity"] @ body["velocity"]))
    energy = np.array(energies)
    return float(np.abs(energy[:, 0] - energy[0, 0]).max() / energy[0, 1])


WHEN = "over 2 h, coast step 0.5 s"
CHECKS = [
    Check("momentum of a tumbling lander", f"angular momentum in mci {WHEN}, relative", "conservation", 1e-9, "", momentum_drift, ("scipy.spatial",)),
    Check("energy of a tumbling lander", f"kinetic energy of rotation {WHEN}, relative", "conservation", 1e-9, "", rotation_energy_drift),
    Check(
        "energy of a coast",
        f"kinetic less potential energy in a field of degree {DEGREE} that stands still {WHEN}, over the kinetic",
        "conservation, potential by pyshtools",
        1e-10,
        "",
        orbit_energy_drift,
        strangers.FIELD_PEERS,
    ),
]
