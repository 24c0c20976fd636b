"""NASA's lunar check cases for six-degree-of-freedom simulations, flown by this kernel and its integrator, against an independent tool run.

Initial states: NESC academy, flight simulation check cases (nescacademy.nasa.gov/flightsim), lunar cases 3, 4 and 5A. The published result files
are not openly at hand, so the reference is a run of the same initial state by strangers (pyshtools, SPICE, DOP853). The states are given in the
Moon-centred EME2000; the rotation to the ICRF (frame bias of the IERS Conventions 2010, 23 mas) is applied to both alike: 0.2 m in case 4.
The body's inertia is that of our lander, not the check case's (free rotation only, gravity-gradient torque off in all cases).
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from perilune.environment.orientation import axis_rotation, quat_of_rotation
from perilune.validation import scenes, strangers
from perilune.validation.rows import Check, Measured

DURATION_S = 28_800.0
MAS = np.pi / 648_000_000.0
# IERS Conventions 2010, section 5.4.4: eta0 = -6.8192 mas, xi0 = -16.6170 mas, dalpha0 = -14.6 mas.
EME2000_FROM_ICRF = axis_rotation(0, 6.8192 * MAS) @ axis_rotation(1, -16.6170 * MAS) @ axis_rotation(2, -14.6 * MAS)


@dataclass(frozen=True)
class Case:
    """One case: UTC epoch as SPICE reads it, degree, Earth and Sun on or off, state and body rate with respect to MI, the kernel's step."""

    utc: str
    degree: int
    third_bodies: bool
    position_mi: tuple[float, float, float]
    velocity_mi: tuple[float, float, float]
    rate_deg_s: tuple[float, float, float]
    step_s: float


HIGH = ((-842357.1179795, -2062423.44196825, 206888.355905013), (1255.71312544442, -448.293487863427, 643.766975306731))
CASES = {
    "3": Case(
        "2025-07-15T11:23:27.30",
        320,
        False,
        (-194338.26150101773, 824894.7002999065, 1653703.391999927),
        (80.94043359034313, -1447.8938749999684, 731.723312100025),
        (0.0, -0.05008, 0.0),
        10.0,
    ),
    "4": Case("2026-01-28T06:42:03.51", 8, False, *HIGH, (0.0, -0.03788, 0.0), 10.0),
    "5A": Case("2026-01-28T06:42:03.51", 8, True, *HIGH, (0.1, -0.03788, 0.001), 10.0),
}


def initial_state(case: Case) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Position and velocity in the ICRF, and the body's axes (columns, ICRF): z to nadir, y against the orbit's normal."""
    position, velocity = (EME2000_FROM_ICRF.T @ np.array(v) for v in (case.position_mi, case.velocity_mi))
    nadir = -position / np.linalg.norm(position)
    right = -np.cross(position, velocity)
    right /= np.linalg.norm(right)
    return position, velocity, np.column_stack([np.cross(right, nadir), right, nadir])


@cache
def flown(name: str, step_s: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Position, attitude (x, y, z, w) and rate of the kernel after eight hours."""
    case = CASES[name]
    epoch = strangers.spice().str2et(case.utc)
    scene = scenes.coasting_scene(epoch, DURATION_S, case.degree, case.third_bodies)
    position, velocity, axes = initial_state(case)
    lander = scenes.coasting_lander(scene, position, velocity, quat_of_rotation(axes), np.radians(case.rate_deg_s))
    end = scenes.coast(scene, lander, DURATION_S, step_s)
    if abs(float(end["time"]) - DURATION_S) > 1e-6:
        raise RuntimeError(f"the flight ended at {float(end['time']):.1f} s")
    return end["body"]["position"].copy(), end["body"]["attitude"].copy(), end["body"]["rate"].copy()


def reference_position(name: str) -> np.ndarray:
    """Position of the strangers after eight hours."""
    case = CASES[name]
    position, velocity, _ = initial_state(case)
    derivative = strangers.force(case.degree, strangers.spice().str2et(case.utc), case.third_bodies)
    end: np.ndarray = strangers.orbit(derivative, np.concatenate([position, velocity]), 0.0, DURATION_S).y[:3, -1]
    return end


def position_error(name: str) -> Measured:
    """Distance [m] between the kernel and the strangers after eight hours."""
    case = CASES[name]
    return float(np.linalg.norm(flown(name, case.step_s)[0] - reference_position(name))), f"coast step {case.step_s:g} s"


def step_error(name: str) -> Measured:
    """Distance [m] that halving the coast step makes after eight hours."""
    step = CASES[name].step_s
    return float(np.linalg.norm(flown(name, step)[0] - flown(name, step / 2)[0])), f"coast step {step:g} s against {step / 2:g} s"


def attitude_error(name: str) -> Measured:
    """Angle [rad] between the kernel's tumbling attitude and SciPy's after eight hours, in rotation matrices instead of quaternions."""
    from scipy.integrate import solve_ivp
    from scipy.spatial.transform import Rotation

    case = CASES[name]
    scene = scenes.landing_scene()
    moments = scenes.inertia_of(scene.mission)
    _, _, axes = initial_state(case)

    def derivative(t: float, y: np.ndarray) -> np.ndarray:
        w, turn = y[:3], y[3:].reshape(3, 3)
        cross = np.array([[0.0, -w[2], w[1]], [w[2], 0.0, -w[0]], [-w[1], w[0], 0.0]])
        return np.concatenate([-np.cross(w, moments * w) / moments, (turn @ cross).ravel()])

    start = np.concatenate([np.radians(case.rate_deg_s), axes.ravel()])
    end = solve_ivp(derivative, (0.0, DURATION_S), start, method="DOP853", rtol=1e-12, atol=1e-14).y[:, -1]
    apart = Rotation.from_quat(flown(name, case.step_s)[1]).inv() * Rotation.from_matrix(end[3:].reshape(3, 3))
    return float(apart.magnitude()), f"coast step {case.step_s:g} s"


STRANGERS = "pyshtools' field, SPICE's orientation and DE440, SciPy's DOP853 at 1e-12"
CHECKS = [
    check
    for name in CASES
    for check in (
        Check(
            f"check case {name}",
            f"position after 8 h, field to degree {CASES[name].degree}, Earth and Sun {'on' if CASES[name].third_bodies else 'off'}",
            STRANGERS,
            1.0,
            "m",
            lambda name=name: position_error(name),  # type: ignore[misc]
            strangers.ORBIT_PEERS,
        ),
        Check(
            f"check case {name}, error of the step",
            "position after 8 h",
            "the same with half the coast step",
            0.1,
            "m",
            lambda name=name: step_error(name),  # type: ignore[misc]
            strangers.SPICE_PEERS,
        ),
    )
] + [
    Check(
        "check case 5A, attitude",
        "attitude of the tumbling body after 8 h",
        "Euler's equations and the rotation matrix by SciPy's DOP853 at 1e-12",
        1e-6,
        "rad",
        lambda: attitude_error("5A"),
        ("scipy.integrate", *strangers.SPICE_PEERS),
    )
]
