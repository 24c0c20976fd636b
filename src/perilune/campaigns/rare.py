"""Rare losses: the probability that a landing is lost, where a campaign would see no loss, by subset simulation on the margin to the limits.

The dispersed inputs of a run are standard normals that each distribution turns into a value, and its noise is that of a run index of its own: the
counter-based draws make both of them one point that can be flown again. See `subset_simulation` for what is done with them and where it ends.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from perilune.base.errors import PeriluneError
from perilune.base.json_text import json_text
from perilune.base.start_warp import start_warp
from perilune.base.tables import write_atomically
from perilune.campaigns.builds import this_build
from perilune.campaigns.fly_part import Given, fly_given
from perilune.campaigns.plan import Plan
from perilune.campaigns.subset_simulation import RareLoss, subset_simulation
from perilune.flight.fly import check_start, in_case
from perilune.flight.flying import Progress, prepare
from perilune.flight.save import check_writable, save_mission
from perilune.flight.setup import Scene
from perilune.mission.dispersions import components
from perilune.mission.draws import draw
from perilune.mission.schema import Mission

AT_ONCE = 512  # flights held at a time


@dataclass(frozen=True)
class GivenDeviates:
    """Deviates that are given instead of drawn: `shares`, shape (n, d), for the sorted paths that vary."""

    shares: np.ndarray

    def uniforms(self, paths: list[str], seed: int, runs: np.ndarray) -> dict[str, np.ndarray] | None:
        """As `mission.sampling.Spread` asks for."""
        return {path: self.shares[:, i] for i, path in enumerate(paths)}


@dataclass(frozen=True)
class RareLosses:
    """What was found for a mission: the probability of a margin below `below`, and all that shaped it."""

    mission: Mission
    seed: int
    start: str
    below: float
    runs_a_level: int
    inputs: int
    found: RareLoss

    def to_json(self) -> dict[str, Any]:
        """What stands in `rare.json`."""
        about = {"mission": self.mission.mission.name, "case": self.mission.case, "seed": self.seed, "start": self.start, "below": self.below}
        return {**about, "runs_a_level": self.runs_a_level, "inputs": self.inputs, **asdict(self.found), "build": this_build()}

    def save(self, folder: Path) -> Path:
        """Write mission.toml and rare.json (last); raises PeriluneError where the folder cannot be written."""
        check_writable(folder)
        save_mission(self.mission, folder)
        text = json_text(self.to_json())
        write_atomically(folder / "rare.json", lambda part: part.write_text(text, encoding="utf-8"))
        return folder


def rare_losses(
    mission: Mission | str | Path,
    case: str | None = None,
    seed: int = 1,
    start: str = "doi",
    runs_a_level: int = 500,
    below: float = 0.0,
    confidence: float = 0.95,
    threads: int | None = None,
    progress: Progress | None = None,
) -> RareLosses:
    """The probability that the margin to the limits lies below `below` (0: the landing is lost), with its coefficient of variation.

    Parameters
    ----------
    mission, case, seed, start : as `run_campaign` takes them
    runs_a_level : flights of a level, a multiple of 10; each level is some ten times rarer than the one before
    progress : told the level that is flown, and the share of a level that is

    Raises PeriluneError for a mission that cannot be flown, or numbers that do not go together.
    """
    flown = in_case(mission, case)
    check_start(start)
    if runs_a_level < 20 or runs_a_level % 10:
        raise PeriluneError(f"runs-a-level is {runs_a_level}; it must be a multiple of 10, at least 20, such as 500")
    paths = varied(flown)
    if not paths:
        raise PeriluneError(f"{flown.mission.name}: nothing is dispersed in the case {flown.case}, so every run differs in its noise alone")
    draw(flown, seed, np.array([0]))
    start_warp()
    scene = prepare(flown, progress)
    margins = margins_of(scene, seed, start, threads, progress, runs_a_level)
    found = subset_simulation(lambda u, keys: margins(u, keys) - below, len(paths), runs_a_level, confidence=confidence, seed=seed)
    return RareLosses(flown, seed, start, below, runs_a_level, len(paths), found)


def varied(mission: Mission) -> list[str]:
    """The sorted paths of all numbers that vary, those that a case holds among them."""
    return sorted(path for d in mission.dispersions if d.distribution != "fixed" for path in components(mission, d.path))


def margins_of(
    scene: Scene, seed: int, start: str, threads: int | None = None, progress: Progress | None = None, runs_a_level: int = 1
) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """A function that flies runs of given standard normals (n, d) and noise keys (n,), and returns their margins (n,)."""
    from scipy.special import ndtr

    plan = Plan(scene.mission.mission.name, scene.mission.case, scene.mission.hash, 1, seed, start)
    flown = [0]

    def margins(normals: np.ndarray, keys: np.ndarray) -> np.ndarray:
        found = []
        for low in range(0, len(keys), AT_ONCE):
            runs = np.asarray(keys[low : low + AT_ONCE], dtype=np.int64)
            shares = np.clip(ndtr(normals[low : low + AT_ONCE]), 1e-16, 1.0 - 1e-16)
            drawn = draw(scene.mission, seed, runs, GivenDeviates(shares))
            table = fly_given(scene, plan, Given(runs, drawn, [()] * len(runs)), threads)[1]
            found.append(table["margin_to_limit"].cast(float).fill_null(float("nan")).to_numpy())
            flown[0] += len(runs)
            if progress:
                progress("flying one level after the other", flown[0] % runs_a_level / runs_a_level)
        return np.concatenate(found)

    return margins
