"""Flying runs again with something taken away: without one of their faults, with a group of drawn values at the mission's own, with other noise.

All else is as it was: what else was drawn, the other faults, and, unless that is what is taken away, the noise of every sensor (it is keyed by run
and tick). Many such flights of many runs are one batch.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from perilune.campaigns.fly_part import Given, fly_given, given_to
from perilune.campaigns.groups import group_of_drawn
from perilune.campaigns.plan import MOST_RUNS, Plan
from perilune.flight.setup import Scene
from perilune.mission.draws import draw
from perilune.mission.faults import PlannedFault
from perilune.mission.schema import Mission

if TYPE_CHECKING:
    from perilune.mission.fault_schedule import Schedule

AT_ONCE = 128  # flights in a batch
NOISES = 4  # other noises that a run is flown with


@dataclass(frozen=True)
class Change:
    """What is taken away: faults by their place in the run's list, groups of drawn values; `noise` 1 and more is another noise, 0 the run's own."""

    faults: frozenset[int] = frozenset()
    groups: frozenset[str] = frozenset()
    noise: int = 0


@dataclass(frozen=True)
class Outcome:
    """How a flight with a change ended; `margin` as the column `margin_to_limit`, NaN in an invalid one."""

    verdict: str
    margin: float

    @property
    def landed(self) -> bool:
        """Whether it landed."""
        return self.verdict == "landed"


class Again:
    """Some runs of a campaign with what they were given, to be flown again with changes."""

    def __init__(
        self,
        scene: Scene,
        plan: Plan,
        schedule: "Schedule | None",
        runs: np.ndarray,
        threads: int | None = None,
        flown: Callable[[int], None] | None = None,
    ) -> None:
        self.scene, self.plan, self.threads, self.flown = scene, plan, threads, flown
        self.given = given_to(scene, plan, schedule, runs)
        self.own = {path: float(values[0]) for path, values in draw(scene.mission, None, runs[:1]).items()}
        self._scenes: dict[tuple[int, ...], Scene] = {(): scene}

    def faults(self, k: int) -> tuple[PlannedFault, ...]:
        """Everything that is planned to break in the `k`th run: the mission's own faults, then those drawn for it."""
        return (*self.scene.mission.faults, *self.given.faults[k])

    def groups(self, k: int) -> list[str]:
        """The groups of drawn values that are off the mission's own in the `k`th run."""
        off = [path for path, values in self.given.drawn.items() if values[k] != self.own[path]]
        return list(dict.fromkeys(group_of_drawn(path) for path in off))

    def fly(self, asked: Sequence[tuple[int, Change]]) -> list[Outcome]:
        """The outcome of each flight asked for, as `k` of the run and change."""
        count = len(self.scene.mission.faults)
        without: dict[tuple[int, ...], list[int]] = {}
        for i, (_, change) in enumerate(asked):
            without.setdefault(tuple(sorted(f for f in change.faults if f < count)), []).append(i)
        out: list[Outcome] = [Outcome("", float("nan"))] * len(asked)
        for gone, places in without.items():
            scene = self._scene_without(gone)
            for low in range(0, len(places), AT_ONCE):
                some = places[low : low + AT_ONCE]
                _, rows = fly_given(scene, self.plan, self._given([asked[i] for i in some], gone), self.threads)
                for i, verdict, margin in zip(some, rows["verdict"], rows["margin_to_limit"], strict=True):
                    out[i] = Outcome(verdict, float("nan") if margin is None else float(margin))
                if self.flown:
                    self.flown(len(some))
        return out

    def _given(self, asked: Sequence[tuple[int, Change]], gone: tuple[int, ...]) -> Given:
        places = np.array([k for k, _ in asked])
        runs = np.array([other_noise(int(self.given.runs[k]), change.noise) for k, change in asked], np.int64)
        drawn = {}
        for path, values in self.given.drawn.items():
            moved = renumbered(path, gone)
            if moved is not None:
                group = group_of_drawn(path)
                drawn[moved] = np.where([group in change.groups for _, change in asked], self.own[path], values[places])
        count = len(self.scene.mission.faults)
        faults = [tuple(f for i, f in enumerate(self.given.faults[k], start=count) if i not in change.faults) for k, change in asked]
        return Given(runs, drawn, faults)

    def _scene_without(self, gone: tuple[int, ...]) -> Scene:
        """The scene of the mission without some of its own faults."""
        if gone not in self._scenes:
            self._scenes[gone] = replace(self.scene, mission=mission_without(self.scene.mission, gone))
        return self._scenes[gone]


def other_noise(run: int, key: int) -> int:
    """The run index whose noise a run is flown with: its own for key 0, else one that no campaign flies."""
    return run if key == 0 else MOST_RUNS + (run * NOISES + key - 1) % MOST_RUNS


def mission_without(mission: Mission, gone: Sequence[int]) -> Mission:
    """The mission without some of its planned faults, and without what is dispersed of them; as truth only, not to be written."""
    faults = tuple(fault for i, fault in enumerate(mission.faults) if i not in gone)
    moved = [(dispersion, renumbered(dispersion.path, gone)) for dispersion in mission.dispersions]
    kept = tuple(dispersion.model_copy(update={"path": path}) for dispersion, path in moved if path is not None)
    return mission.model_copy(update={"faults": faults, "dispersions": kept})


def renumbered(path: str, gone: Sequence[int]) -> str | None:
    """A path once some planned faults are gone: those behind them move up; None for a number of one that is gone."""
    words = path.split(".")
    if words[0] != "faults" or not gone:
        return path
    if int(words[1]) in gone:
        return None
    words[1] = str(int(words[1]) - sum(i < int(words[1]) for i in gone))
    return ".".join(words)
