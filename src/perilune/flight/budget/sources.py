"""The error sources of a mission: every number that its dispersions vary, one by one, with its 1 sigma and the device it belongs to.

A source moves the touchdown smoothly, and then a small change of it tells how (`is_smooth`); or it picks another pattern of a random ground, as the
offsets of the map's error do, and then only flights over many patterns tell. All of `environment.` is taken to be of the second kind.

Numbers that the mission correlates are one source, of the name of their block.

Assumptions and limitations: a `fixed` dispersion is a shift that every dispersed run has, without spread; a `choice` and a log-normal count with the
mean and standard deviation of their draws; that a smooth source is correlated with the map's error is left out.
"""

from dataclasses import dataclass

import numpy as np

from perilune.mission.dispersions import components, value_at
from perilune.mission.distributions import mean_of, sigma_of
from perilune.mission.paths import find, is_inside
from perilune.mission.schema import Mission

PATTERNS = "environment."


@dataclass(frozen=True)
class ErrorSource:
    """One dispersed number: its dotted path, the dispersion or block that names it, the group it counts to, and its spread in the file's units."""

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
    blocks = {path: block.paths for block in mission.correlations for path in block.paths}
    for dispersion in mission.dispersions:
        for path in components(mission, dispersion.path):
            if {path, dispersion.path} & set(mission.held):
                continue
            own = float(value_at(mission, path))  # type: ignore[arg-type]
            sigma, is_smooth = sigma_of(dispersion, own), not path.startswith(PATTERNS)
            together = blocks.get(path, ())
            line = f"correlated: {', '.join(together)}" if together else dispersion.path
            groups = {group_of(other) for other in together} or {group_of(path)}
            group = groups.pop() if len(groups) == 1 else line
            if sigma > 0.0 or not is_smooth:
                found.append(ErrorSource(path, line, group, mean_of(dispersion, own), sigma, is_smooth))
    return found


def correlation_of(mission: Mission, sources: list[ErrorSource]) -> np.ndarray:
    """The correlation matrix of the sources as they are drawn, shape (n, n)."""
    at, matrix = {source.path: i for i, source in enumerate(sources)}, np.eye(len(sources))
    for block in mission.correlations:
        for path, row in zip(block.paths, block.matrix, strict=True):
            for other, value in zip(block.paths, row, strict=True):
                if path in at and other in at:
                    matrix[at[path], at[other]] = value
    return matrix


def centre(mission: Mission) -> dict[str, float]:
    """Where the smooth sources are linear about: every dispersed number at the mean of its draws, or where it is held at the mission's value."""
    at = {}
    for dispersion in mission.dispersions:
        for path in components(mission, dispersion.path):
            own = float(value_at(mission, path))  # type: ignore[arg-type]
            is_still = path.startswith(PATTERNS) or bool({path, dispersion.path} & set(mission.held))
            at[path] = own if is_still else mean_of(dispersion, own)
    return at


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
