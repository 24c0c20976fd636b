"""What the figures of a campaign's report read: its table as columns, who touched the ground, and which runs are drawn where there are too many."""

from functools import cached_property
from typing import Any

import numpy as np

from perilune.campaigns.results import Campaign
from perilune.campaigns.standing import INVALID, LANDED
from perilune.report.plot import ORANGE, PURPLE, RED, SKY

MOST_LANDED, MOST_LOST = 2000, 3000  # points of one figure
DEEP_BLUE, GREEN, YELLOW = "#0072B2", "#009E73", "#F0E442"
MARKS = {
    LANDED: (DEEP_BLUE, "circle"),
    "hard-landing": (ORANGE, "diamond"),
    "tipped-over": (PURPLE, "triangle-up"),
    "crashed": (RED, "x"),
    "out-of-propellant": (SKY, "square"),
    "not-landed": (GREEN, "cross"),
}
OTHER_MARK = (YELLOW, "star-diamond")  # of a verdict that is not among them


class CampaignView:
    """A campaign as its report sees it."""

    def __init__(self, made: Campaign) -> None:
        self.made = made
        self.mission = made.mission
        self.numbers: dict[str, Any] = made.numbers

    def column(self, name: str) -> np.ndarray:
        """A column of numbers, shape (runs,), NaN where a run has none, and throughout where the table lacks it."""
        table = self.made.runs
        if name not in table.columns:
            return np.full(len(table), np.nan)
        return np.asarray(table[name].cast(float).fill_null(float("nan")).to_numpy(), dtype=float)

    @cached_property
    def runs(self) -> np.ndarray:
        """The index of each run, shape (runs,)."""
        return np.asarray(self.made.runs["run"].to_numpy())

    @cached_property
    def verdicts(self) -> np.ndarray:
        """The verdict of each run, shape (runs,), text."""
        return np.asarray(self.made.runs["verdict"].to_numpy(), dtype=object)

    @cached_property
    def landed(self) -> np.ndarray:
        """Which runs landed, shape (runs,)."""
        return np.asarray(self.verdicts == LANDED)

    @cached_property
    def lost(self) -> np.ndarray:
        """Which runs were lost, invalid ones not among them, shape (runs,)."""
        return ~self.landed & np.asarray(self.verdicts != INVALID)

    @cached_property
    def touched(self) -> np.ndarray:
        """Which runs touched the ground (and are not invalid), shape (runs,)."""
        return np.isfinite(self.column("touchdown_north_m") + self.column("touchdown_east_m")) & np.asarray(self.verdicts != INVALID)

    def verdicts_in(self, among: np.ndarray) -> list[str]:
        """The verdicts of some runs, landed first, then the most frequent."""
        words, counts = np.unique(self.verdicts[among].astype(str), return_counts=True)
        order = sorted(zip(words.tolist(), counts.tolist(), strict=True), key=lambda pair: (pair[0] != LANDED, -pair[1], pair[0]))
        return [word for word, _ in order]

    def drawn(self, among: np.ndarray) -> dict[str, np.ndarray]:
        """For each verdict, in that order, the indices of those of some runs that a figure shows: every lost one, evenly thinned where too many."""
        lost = np.flatnonzero(among & ~self.landed)
        keep = {LANDED: thinned(np.flatnonzero(among & self.landed), MOST_LANDED)}
        shown = thinned(lost, MOST_LOST)
        return {word: keep[LANDED] if word == LANDED else shown[self.verdicts[shown] == word] for word in self.verdicts_in(among)}

    def said_of_thinning(self, among: np.ndarray) -> str:
        """One sentence where a figure does not show all of some runs; empty where it does."""
        said = []
        for mask, most, what in ((self.landed, MOST_LANDED, "landed"), (~self.landed, MOST_LOST, "lost")):
            count = int((among & mask).sum())
            if count > most:
                said.append(f"{most} of the {count} that {'were ' if what == 'lost' else ''}{what}")
        return f" Drawn are {' and '.join(said)}, evenly by run number." if said else ""


def mark_of(verdict: str) -> tuple[str, str]:
    """Colour and symbol of a verdict."""
    return MARKS.get(verdict, OTHER_MARK)


def thinned(indices: np.ndarray, most: int) -> np.ndarray:
    """At most so many of the indices, evenly."""
    return indices if len(indices) <= most else indices[np.linspace(0, len(indices) - 1, most).astype(np.int64)]


def numbers_of(runs: list[int], most: int = 20) -> str:
    """Run numbers as text, the first so many of them."""
    return ", ".join(str(run) for run in runs[:most]) + (f" and {len(runs) - most} more" if len(runs) > most else "")
