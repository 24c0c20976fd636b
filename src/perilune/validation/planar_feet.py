"""A rigid body on two feet that hold, in the plane: the stranger against which the lander's fall over its legs is held.

Nothing of the kernel is in it. A foot that meets its ground stops at once and becomes the hinge (angular momentum about it is kept, the rest of the
energy is lost); it never slips, lifts off where it would have to pull, and the body flies on until a foot strikes again. Where a blow on one
foot would drive the other into the ground both hold, and the body stands. Between blows the classical Runge–Kutta method integrates at 2 ms.

Frame: x down the slope, z along its normal; the lean is positive towards +x. SI units and radians.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

GRAVITY = 1.62  # m/s²
STEP_S, LONGEST_S = 2e-3, 60.0
FALLEN_RAD = np.radians(75.0)
STILL = 5e-3  # rad/s, below which a body that rocks from foot to foot has come to stand
Velocity = tuple[float, float]


@dataclass(frozen=True)
class PlanarBody:
    """Two feet at x = ±half_width, the centre of mass cg_height above them; `ground_m` is the height of the ground under the foot at −x, at +x."""

    half_width_m: float
    cg_height_m: float
    mass_kg: float
    inertia_kg_m2: float
    slope_rad: float
    ground_m: tuple[float, float] = (0.0, 0.0)

    def arm(self, foot: int, lean: float) -> np.ndarray:
        """From a foot (0: at −x, uphill; 1: at +x) to the centre of mass, (x, z) [m]."""
        x, z = (self.half_width_m if foot == 0 else -self.half_width_m), self.cg_height_m
        return np.array([x * np.cos(lean) + z * np.sin(lean), z * np.cos(lean) - x * np.sin(lean)])

    def gravity(self) -> np.ndarray:
        """Along x and z [m/s²]."""
        return GRAVITY * np.array([np.sin(self.slope_rad), -np.cos(self.slope_rad)])

    def clearance(self, foot: int, lean: float, height: float) -> float:
        """How far a foot is above its ground [m] with the centre of mass at `height`."""
        return float(height - self.arm(foot, lean)[1] - self.ground_m[foot])

    def hinged_rate(self, foot: int, lean: float, velocity: np.ndarray, rate: float) -> float:
        """The rate [rad/s] after a foot has been stopped, by the angular momentum about it."""
        arm = self.arm(foot, lean)
        momentum = self.inertia_kg_m2 * rate + self.mass_kg * (arm[1] * velocity[0] - arm[0] * velocity[1])
        return float(momentum / (self.inertia_kg_m2 + self.mass_kg * arm @ arm))

    def spin_up(self, foot: int, lean: float) -> float:
        """Angular acceleration [rad/s²] about a foot that holds."""
        arm, g = self.arm(foot, lean), self.gravity()
        return float(self.mass_kg * (arm[1] * g[0] - arm[0] * g[1]) / (self.inertia_kg_m2 + self.mass_kg * arm @ arm))

    def pressure(self, foot: int, lean: float, rate: float) -> float:
        """Acceleration [m/s²] along z that a foot which holds must give; below zero it would have to pull."""
        arm = self.arm(foot, lean)
        return float(-self.spin_up(foot, lean) * arm[0] - rate * rate * arm[1] - self.gravity()[1])


def falls(body: PlanarBody, lean: float, velocity: Velocity) -> bool:
    """Whether the body, not turning, falls over when its first foot meets the ground at a lean [rad] and a velocity (x, z) [m/s].

    Raises RuntimeError where a foot would have to pull in a blow: feet that hold say nothing of what happens then.
    """
    height = max(body.arm(foot, lean)[1] + body.ground_m[foot] for foot in (0, 1))
    foot = 0 if body.clearance(0, lean, height) <= 1e-12 else 1
    state = np.array([height, lean, *velocity, 0.0])  # height, lean, velocity along x and z, rate
    time = 0.0
    while time < LONGEST_S:
        rate = body.hinged_rate(foot, state[1], state[2:4], state[4])
        arm, other = body.arm(foot, state[1]), 1 - foot
        if abs(body.clearance(other, state[1], state[0])) < 1e-3 and (rate if foot == 1 else -rate) <= STILL:
            return False  # the other foot is down and would be driven in: both hold
        if -rate * arm[0] < state[3] - 1e-6:
            raise RuntimeError("a foot would have to pull in this blow")
        state, foot, span = _until_a_blow(body, foot, np.array([state[0], state[1], rate * arm[1], -rate * arm[0], rate]))
        if foot < 0:
            return True
        time += span
    raise RuntimeError("the planar body did not come to an end")


def _until_a_blow(body: PlanarBody, foot: int, state: np.ndarray) -> tuple[np.ndarray, int, float]:
    """Turn about `foot`, and fly once it would have to pull, until a foot strikes; that foot (−1: fallen) and the time it took [s]."""
    g, hinged, time = body.gravity(), True, 0.0

    def turning(y: np.ndarray) -> np.ndarray:
        return np.array([y[1], body.spin_up(foot, y[0])])

    while time < LONGEST_S:
        time += STEP_S
        if hinged:
            lean, rate = _step(turning, np.array([state[1], state[4]]))
            arm = body.arm(foot, lean)
            state = np.array([body.ground_m[foot] + arm[1], lean, rate * arm[1], -rate * arm[0], rate])
            hinged = body.pressure(foot, lean, rate) > 0.0
        else:
            middle = state[2:4] + g * (0.5 * STEP_S)
            state = np.array([state[0] + middle[1] * STEP_S, state[1] + state[4] * STEP_S, *(state[2:4] + g * STEP_S), state[4]])
        for other in (0, 1):
            sinking = state[3] + state[4] * body.arm(other, state[1])[0] < 0.0
            if sinking and body.clearance(other, state[1], state[0]) <= 0.0 and not (hinged and other == foot):
                return state, other, time
        if abs(state[1]) >= FALLEN_RAD:
            return state, -1, time
    raise RuntimeError("the planar body neither struck the ground nor fell")


def _step(rates: Callable[[np.ndarray], np.ndarray], y: np.ndarray) -> np.ndarray:
    """One classical Runge–Kutta step."""
    k1 = rates(y)
    k2 = rates(y + k1 * (0.5 * STEP_S))
    k3 = rates(y + k2 * (0.5 * STEP_S))
    k4 = rates(y + k3 * STEP_S)
    return np.asarray(y + (k1 + 2.0 * k2 + 2.0 * k3 + k4) * (STEP_S / 6.0))
