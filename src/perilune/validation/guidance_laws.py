"""Guidance laws held against numbers of others: Apollo 11's flown targets, the lunar case of Lu's papers, and the laws that one formula joins."""

from collections.abc import Callable
from functools import partial

import numpy as np

from perilune.validation.apollo_run import END, HIGH_GATE, RECOVERY, planar_run
from perilune.validation.law_answers import answers, legs_of
from perilune.validation.rows import Check, Measured

LUNAR_POSITION = (411608.1235, 368665.9984, -1659817.3943)
LUNAR_VELOCITY = (-1195.85904, -1073.07539, -536.19354)
"""Lu's lunar case [m, m/s]: 15.24 km over the south pole's approach, site-bound, relative to the ground (FP2DG, JGCD 2020), as quoted second hand."""


def lunar_leg(radius_m: float, gravity_m_s2: float) -> np.ndarray:
    """Lu's lunar case under constant gravity, as a leg."""
    pull = (0.0, 0.0, gravity_m_s2)
    target = {"target_position": (0.0, 0.0, -radius_m), "target_velocity": (0.0, 0.0, 1.0)}
    return legs_of(1, position=LUNAR_POSITION, velocity=LUNAR_VELOCITY, gravity=pull, target_gravity=pull, **target)


def time_to_go_error() -> Measured:
    """Time to go [s] of least effort in Lu's lunar case, from the published one; a remark with both settings of radius and gravity."""
    times = [float(answers("dsouza", lunar_leg(*setting))["time_to_go"][0]) for setting in ((1737.4e3, 1.62), (1736.014e3, 1.622))]
    return abs(times[0] - 762.3), f"{times[0]:.1f} s, and {times[1]:.1f} s with 1736.014 km and 1.622 m/s²"


def time_to_go_apart() -> Measured:
    """Largest difference [s] of the same two times from those that the closed form of the cost gives, computed apart."""
    times = [float(answers("dsouza", lunar_leg(*setting))["time_to_go"][0]) for setting in ((1737.4e3, 1.62), (1736.014e3, 1.622))]
    return max(abs(times[0] - 761.0), abs(times[1] - 761.4))


def random_legs(count: int = 200) -> np.ndarray:
    """Legs of a landing, gravity constant, at random (seeded)."""
    rng = np.random.default_rng(11)
    sizes = {"position": 5e5, "velocity": 1.7e3, "target_position": 5e3, "target_velocity": 80.0, "target_acceleration": 3.0}
    legs = legs_of(count, **{name: rng.uniform(-size, size, (count, 3)) for name, size in sizes.items()})
    legs["target_jerk"] = rng.uniform(-0.01, 0.01, (count, 3))
    legs["gravity"] = legs["target_gravity"] = rng.uniform(-1.7, 1.7, (count, 3))
    legs["time_to_go"], legs["tick"] = rng.uniform(30.0, 900.0, count), 0.1
    legs["mass"], legs["nominal"], legs["exhaust_speed"] = 780.0, 1472.0, 2830.0
    return legs


def gain_six_error() -> Measured:
    """Largest relative difference of a2pdg at kr = 6, and of fp2dg with gamma = 1 there, from E-guidance: of command and time to go."""
    legs = random_legs()
    legs["tuning"]["kr"], legs["tuning"]["gamma"] = 6.0, 1.0
    return max(apart(answers(law, legs), answers("e-guidance", legs)) for law in ("a2pdg", "fp2dg"))


def gain_twelve_error() -> Measured:
    """Largest relative difference of a2pdg's command at kr = 12 from Apollo's explicit formula, at a2pdg's time to go."""
    legs = random_legs()
    legs["tuning"]["kr"] = 12.0
    ours = answers("a2pdg", legs)
    t = -ours["time_to_go"][:, None]
    total = legs["target_acceleration"] + 6.0 * (legs["target_velocity"] + legs["velocity"]) / t
    total = total + 12.0 * (legs["target_position"] - legs["position"]) / t**2
    thrust = total - legs["gravity"]
    return float((np.linalg.norm(ours["acceleration"] - thrust, axis=1) / np.linalg.norm(thrust, axis=1)).max())


def apart(one: np.ndarray, other: np.ndarray) -> float:
    """Largest relative difference of two arrays of answers."""
    command = np.linalg.norm(one["acceleration"] - other["acceleration"], axis=1) / np.linalg.norm(other["acceleration"], axis=1)
    return float(max(command.max(), np.abs(one["time_to_go"] / other["time_to_go"] - 1.0).max()))


OTHER_RUN = {
    RECOVERY: {"time": 388.0, "height": 7775.0, "height_rate": -38.7, "speed": 439.9, "range": 42781.0, "used": 5389.0},
    HIGH_GATE: {"time": 504.0, "height": 2371.0, "height_rate": -44.3, "speed": 163.7, "range": 8084.0, "used": 6427.0},
    "1000 ft": {"time": 587.0, "height": 305.0, "height_rate": -9.7, "speed": 34.6, "range": 1043.0, "used": 7031.0},
    "500 ft": {"time": 608.0, "height": 152.0, "height_rate": -5.0, "speed": 19.9, "range": 498.0, "used": 7144.0},
    END: {"time": 662.0, "height": 46.0, "height_rate": -0.9, "speed": 2.0, "range": 18.0, "used": 7393.0},
}
"""The same targets flown by another program's planar model, to the digits that it printed: s, m, m/s, m/s, m, kg."""


def planar_run_error(quantity: str) -> Measured:
    """Largest difference of a quantity of our run's events from the other program's."""
    run = planar_run()
    errors = {event: abs(run[event][quantity] - numbers[quantity]) for event, numbers in OTHER_RUN.items()}
    worst = max(errors, key=lambda event: errors[event])
    return errors[worst], f"at {worst}"


def _check(name: str, what: str, reference: str, tolerance: float, unit: str, measure: Callable[[], Measured]) -> Check:
    return Check(f"guidance: {name}", what, reference, tolerance, unit, measure)


FLOWN = "a planar run of another program"
CHECKS = [
    _check("Apollo 11, times", "flown targets by Klumpp's law, five events", FLOWN, 2.0, "s", partial(planar_run_error, "time")),
    _check("Apollo 11, heights", "the same, height", FLOWN, 20.0, "m", partial(planar_run_error, "height")),
    _check("Apollo 11, height rates", "the same, rate of height", FLOWN, 0.2, "m/s", partial(planar_run_error, "height_rate")),
    _check("Apollo 11, speeds", "the same, speed", FLOWN, 1.0, "m/s", partial(planar_run_error, "speed")),
    _check("Apollo 11, ranges", "the same, distance to the site", FLOWN, 50.0, "m", partial(planar_run_error, "range")),
    _check("Apollo 11, propellant", "the same, propellant used", FLOWN, 5.0, "kg", partial(planar_run_error, "used")),
    _check("time to go", "least effort, Lu's lunar case", "762.3 s (Lu 2020, second hand)", 1.5, "s", time_to_go_error),
    _check("time to go, apart", "the same, two settings", "761.0 and 761.4 s, closed form of the cost", 0.1, "s", time_to_go_apart),
    _check("gain 6", "augmented Apollo and fractional-polynomial laws at kr = 6", "E-guidance", 1e-9, "", gain_six_error),
    _check("gain 12", "augmented Apollo law at kr = 12", "Apollo's explicit formula (Klumpp 1971)", 1e-9, "", gain_twelve_error),
]
