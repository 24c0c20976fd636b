"""Engines: who flies the parts of a campaign; here the cores of this machine, beside them a cluster (`cluster`).

While a part flies on the threads, the next is made ready and the rows of the last are written, so that no core waits between parts.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from perilune.campaigns.builds import this_build
from perilune.campaigns.columns import rows_of
from perilune.campaigns.fly_part import Ready, fly_ready, given_to, make_ready
from perilune.campaigns.plan import Plan
from perilune.campaigns.standing import Standing
from perilune.flight.flying import Progress, prepare
from perilune.flight.setup import Scene
from perilune.mission.schema import Mission

if TYPE_CHECKING:
    import polars as pl

    from perilune.mission.fault_schedule import Schedule

Deliver = Callable[[int, int, "pl.DataFrame", dict[str, Any]], bool]
"""Takes a part as it was flown, with the build that flew it; whether more are wanted."""


@dataclass(frozen=True)
class Work:
    """What an engine is given to fly, and the `folder` of the campaign.

    `check` is to be told of every build that flies, and whose it is; it raises PeriluneError where that build does not belong to the campaign.
    """

    mission: Mission
    plan: Plan
    schedule: "Schedule | None"
    pieces: list[tuple[int, int]]
    standing: Standing
    tell: Callable[[], None]
    check: Callable[[dict[str, Any], str], None]
    folder: Path
    progress: Progress | None = None

    @cached_property
    def scene(self) -> Scene:
        """The mission's scene with its kernel loaded, made when it is asked for: who has others fly needs none."""
        return prepare(self.mission, self.progress)


class Engine(Protocol):
    """Flies the pieces of a campaign, in any order, and delivers each."""

    def check(self) -> None:
        """Raise PeriluneError where it is plain beforehand that nothing can be flown here."""

    def fly(self, work: Work, deliver: Deliver) -> None:
        """Fly pieces until all are delivered or no more are wanted."""


class EnoughError(Exception):
    """Raised in the threads that fly when no more flights are wanted."""


@dataclass(frozen=True)
class Threads:
    """The cores of this machine: one part after the other, its runs spread over threads (None: as many as there are cores)."""

    threads: int | None = None

    def check(self) -> None:
        """Cores are always there."""

    def fly(self, work: Work, deliver: Deliver) -> None:
        """Fly the pieces in order."""
        build, enough = this_build(), threading.Event()
        work.check(build, "this machine")
        scene = work.scene
        work.standing.start()

        def told(ended: int) -> None:
            if enough.is_set():
                raise EnoughError
            work.standing.in_the_air = ended
            work.tell()

        def rows(ready: Ready) -> "pl.DataFrame":
            return rows_of(scene, ready.batch, ready.events, ready.given.faults)

        aloft: tuple[int, int, Ready, Future[None]] | None = None
        with ThreadPoolExecutor(1) as pool:
            try:
                for piece in [*work.pieces, None]:
                    after = self._ready(work, *piece) if piece else None
                    if aloft is not None:
                        aloft[3].result()
                    last, aloft = aloft, None
                    if piece and after:
                        aloft = (*piece, after, pool.submit(fly_ready, scene, after, self.threads, told))
                    if last is not None and not deliver(last[0], last[1], rows(last[2]), build):
                        return
            finally:
                enough.set()

    def _ready(self, work: Work, low: int, high: int) -> Ready:
        runs = np.arange(low, high, dtype=np.int64)
        return make_ready(work.scene, work.plan, given_to(work.scene, work.plan, work.schedule, runs))
