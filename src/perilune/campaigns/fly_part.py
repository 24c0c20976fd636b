"""Runs of a campaign from their draws to their rows: the piece of work that a thread pool, a worker of a cluster or a resumed campaign does alike."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perilune.campaigns.columns import rows_of
from perilune.campaigns.plan import Plan
from perilune.flight.advance import advance, new_events
from perilune.flight.fly import batch_from
from perilune.flight.setup import Batch, Scene
from perilune.mission.draws import draw
from perilune.mission.faults import PlannedFault
from perilune.mission.schema import Mission

if TYPE_CHECKING:
    import polars as pl

    from perilune.mission.fault_schedule import Schedule

Told = Callable[[int], None]
"""Told how many flights of a part have ended."""


@dataclass(frozen=True)
class Given:
    """What runs are given: drawn values by dotted path, each of shape (n,), in the file's units, and what is to break in each."""

    runs: np.ndarray
    drawn: dict[str, np.ndarray]
    faults: list[tuple[PlannedFault, ...]]


def given_to(scene: Scene, plan: Plan, schedule: "Schedule | None", runs: np.ndarray) -> Given:
    """What the plan gives to runs, by index; the same for a run alone as in any company."""
    return given_values(scene.mission, plan, schedule, runs)


def given_values(mission: Mission, plan: Plan, schedule: "Schedule | None", runs: np.ndarray) -> Given:
    """As `given_to`, before there is a scene."""
    drawn = draw(mission, plan.seed, runs, plan.sampling_plan)
    if schedule is None:
        return Given(runs, drawn, [()] * len(runs))
    from perilune.mission.fault_schedule import draw_faults

    return Given(runs, drawn, draw_faults(schedule, mission, plan.seed, runs))


@dataclass(frozen=True)
class Ready:
    """Runs on their way: what they were given, their batch and its event table."""

    given: Given
    batch: Batch
    events: np.ndarray


def make_ready(scene: Scene, plan: Plan, given: Given) -> Ready:
    """Runs at their start."""
    faults = given.faults if any(given.faults) else None
    return Ready(given, batch_from(scene, plan.seed, given.runs, plan.start, given.drawn, faults), new_events(scene, len(given.runs)))


def fly_ready(scene: Scene, ready: Ready, threads: int | None = None, told: Told | None = None) -> None:
    """Fly runs to their end, in place."""
    advance(scene, ready.batch, ready.events, threads=threads, progress=told)


def fly_given(scene: Scene, plan: Plan, given: Given, threads: int | None = None, told: Told | None = None) -> "tuple[Batch, pl.DataFrame]":
    """Fly runs to their end: their batch as it ended, and their rows."""
    ready = make_ready(scene, plan, given)
    fly_ready(scene, ready, threads, told)
    return ready.batch, rows_of(scene, ready.batch, ready.events, given.faults)


def fly_part(
    scene: Scene, plan: Plan, schedule: "Schedule | None", low: int, high: int, threads: int | None = None, told: Told | None = None
) -> "pl.DataFrame":
    """The rows of runs `low` to `high` (without it)."""
    return fly_given(scene, plan, given_to(scene, plan, schedule, np.arange(low, high, dtype=np.int64)), threads, told)[1]
