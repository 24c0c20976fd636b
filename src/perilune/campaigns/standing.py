"""How a campaign stands while it flies: verdicts so far, the interval of the landing probability, the rate, and the time left."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from perilune.campaigns.intervals import wilson

LANDED, INVALID = "landed", "invalid"


@dataclass
class Standing:
    """A campaign in flight; `flown` counts what is on disk and in the air, `verdicts` what is known."""

    runs: int
    confidence: float
    flown: int = 0
    flown_here: int = 0
    in_the_air: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None

    def start(self) -> None:
        """Begin to count the time now, when all is ready to fly."""
        self.began = time.monotonic()

    def add(self, verdicts: list[str], here: bool = True) -> None:
        """Count the runs of a part."""
        self.verdicts.update(verdicts)
        self.flown += len(verdicts)
        if here:
            self.flown_here += len(verdicts)
            self.in_the_air = 0

    def end(self) -> None:
        """Stop counting the time: what comes now is no flying of the campaign's."""
        self.ended = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the flying began, in this process, until it ended."""
        return (time.monotonic() if self.ended is None else self.ended) - self.began

    @property
    def rate_per_s(self) -> float:
        """Flights ended a second, in this process."""
        return (self.flown_here + self.in_the_air) / max(self.seconds, 1e-9)

    @property
    def left_s(self) -> float | None:
        """Time until all runs are flown at the rate so far; None before there is one."""
        done = self.flown_here + self.in_the_air
        return (self.runs - self.flown - self.in_the_air) / self.rate_per_s if done else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's interval of the landing probability so far; None without a valid run."""
        valid = self.verdicts.total() - self.verdicts[INVALID]
        return wilson(self.verdicts[LANDED], valid, self.confidence) if valid else None


Watcher = Callable[[str, Standing | None, float], None]
"""Told what is being done, how the campaign stands once it flies, and the share that is done."""


class InOrder:
    """The verdicts of a campaign in the order of its runs, whichever parts come first."""

    def __init__(self) -> None:
        self._waiting: dict[int, tuple[int, np.ndarray]] = {}
        self._next = 0

    def put(self, low: int, high: int, verdicts: np.ndarray) -> np.ndarray:
        """Take the verdicts of runs `low` to `high`; the verdicts that can now be seen in order and were not seen before."""
        self._waiting[low] = (high, verdicts)
        seen = []
        while self._next in self._waiting:
            self._next, part = self._waiting.pop(self._next)
            seen.append(part)
        return np.concatenate(seen) if seen else np.array([], dtype=object)
