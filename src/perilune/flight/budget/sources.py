"""The error sources of a mission: every number that its dispersions vary, one by one, with its 1 sigma and the device it belongs to.

A source moves the touchdown smoothly, and then a small change of it tells how (`is_smooth`); or it picks another pattern of a random ground, as the
offsets of the map's error do, and then only flights over many patterns tell. All of `environment.` is taken to be of the second kind.

Assumptions and limitations: inputs are independent, as they are drawn; a `fixed` dispersion is a shift that every dispersed run has, without spread.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from perilune.mission.dispersions import Dispersion, components, value_at
from perilune.mission.draws import sigma_of
from perilune.mission.paths import find, is_inside
from perilune.mission.schema import Mission

PATTERNS = "environment."
NORMAL = NormalDist()


@dataclass(frozen=True)
class ErrorSource:
    """One dispersed number: its dotted path, the dispersion that names it, the group it counts to, and its spread in the file's units."""

    path: str
    dispersion: str
    group: str
    mean: float
    sigma: float
    is_smooth: bool

    def moved(self, sigmas: float) -> float:
        """The value that many sigma from its mean; the mean itself where that lies outside the range of its key."""
        value, leaf = self.mean + sigmas * self.sigma, find(Mission, self.path)
        return value if leaf is None or is_inside(value, leaf.bounds) else self.mean


def error_sources(mission: Mission) -> list[ErrorSource]:
    """Every number that varies in this case, vectors component by component, in the order of the mission file."""
    found = []
    for dispersion in mission.dispersions:
        for path in components(mission, dispersion.path):
            if {path, dispersion.path} & set(mission.held):
                continue
            mean = float(value_at(mission, path))  # type: ignore[arg-type]
            sigma, is_smooth = spread(dispersion, mean), not path.startswith(PATTERNS)
            if sigma > 0.0 or not is_smooth:
                found.append(ErrorSource(path, dispersion.path, group_of(path), mean, sigma, is_smooth))
    return found


def centre(mission: Mission) -> dict[str, float]:
    """Where the smooth sources are linear about: every dispersed number at its mean, or at the value that a `fixed` dispersion gives every run."""
    at = {}
    for dispersion in mission.dispersions:
        for path in components(mission, dispersion.path):
            is_shift = dispersion.distribution == "fixed" and not path.startswith(PATTERNS) and not {path, dispersion.path} & set(mission.held)
            at[path] = float(dispersion.value or 0.0) if is_shift else float(value_at(mission, path))  # type: ignore[arg-type]
    return at


def spread(dispersion: Dispersion, mean: float) -> float:
    """Standard deviation of what is drawn: that of the truncated normal is sigma sqrt(1 - 2 c φ(c) / (2 Φ(c) - 1)), c where it is cut."""
    if dispersion.distribution == "fixed":
        return 0.0
    sigma = sigma_of(dispersion, mean)
    if dispersion.distribution != "truncated_normal" or not dispersion.cut_sigma:
        return sigma
    cut = float(dispersion.cut_sigma)
    return float(sigma * np.sqrt(1.0 - 2.0 * cut * NORMAL.pdf(cut) / (2.0 * NORMAL.cdf(cut) - 1.0)))


def group_of(path: str) -> str:
    """The device or the part of the mission that a dispersed number belongs to, in words."""
    words = path.split(".")
    if words[0] == "start":
        return "state at the start"
    if words[0] == "environment":
        return "map error"
    if words[0] != "lander" or len(words) < 3:
        return words[0]
    if words[1] == "imu":
        return {"gyro": "gyros", "accel": "accelerometers"}.get(words[2].partition("_")[0], "inertial unit")
    return words[1].replace("_", " ")
