"""One run of a campaign flown again alone: bit for bit the flight of the campaign, now with its whole history, telemetry and report."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from perilune.base.errors import PeriluneError
from perilune.campaigns.builds import difference, this_build
from perilune.campaigns.campaign import schedule_of
from perilune.campaigns.columns import rows_of
from perilune.campaigns.fly_part import given_values
from perilune.campaigns.store import Store, open_store
from perilune.flight.flight import Flight
from perilune.flight.fly import fly
from perilune.flight.setup import Batch
from perilune.mission.faults import PlannedFault

if TYPE_CHECKING:
    import polars as pl

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Refly:
    """A run flown again: the flight, the row of the campaign's table, in which columns the two differ, and a sentence on it."""

    flight: Flight
    row: dict[str, Any]
    differing: list[str]
    sentence: str
    folder: Path

    @property
    def is_same(self) -> bool:
        """Whether every number of the row came out again, to the last bit."""
        return not self.differing


def refly(folder: str | Path, run: int, out: str | Path | None = None, progress: Progress | None = None) -> Refly:
    """Fly a run of the campaign in `folder` again, alone, and save it in `out` (left out: `refly/run-K` in the campaign's folder).

    The flight is given the run's drawn values, which then stand in `flight.json` under `provenance.given_values`, and its faults, which then stand in
    its `mission.toml`.

    Raises
    ------
    PeriluneError
        Where the folder holds no campaign, or the campaign no such run.
    """
    store = open_store(Path(folder))
    row = row_of(store, run)
    mission = store.mission()
    schedule, _ = schedule_of(store, mission)
    given = given_values(mission, store.plan, schedule, np.array([run], np.int64))
    drawn = {path: float(values[0]) for path, values in given.drawn.items()}
    plan = store.plan
    flight = fly(mission, seed=plan.seed, run=run, start=plan.start, progress=progress, drawn=drawn, faults=given.faults[0])  # type: ignore[arg-type]
    if progress:
        progress("writing the results", 0.0)
    place = Path(out) if out is not None else store.folder / "refly" / f"run-{run}"
    flight.save(place)
    differing = columns_that_differ(row, row_again(flight, given.faults[0]))
    return Refly(flight, row, differing, _sentence(store, row, differing), place)


def row_of(store: Store, run: int) -> dict[str, Any]:
    """The row of a run in the campaign's table; raises PeriluneError where there is none."""
    import polars as pl

    if not store.is_whole():
        raise PeriluneError(f"{store.folder}: this campaign is not finished; go on with `perilune resume {store.folder}`")
    rows = pl.scan_parquet(store.table).filter(pl.col("run") == run).collect()
    if not len(rows):
        count = pl.scan_parquet(store.table).select(pl.len()).collect().item()
        raise PeriluneError(f"run {run} is not in {store.folder}; it holds the runs 0 to {count - 1}")
    return rows.row(0, named=True)


def row_again(flight: Flight, faults: tuple[PlannedFault, ...]) -> dict[str, Any]:
    """The row that a campaign would write of this flight."""
    flown = flight.flown
    drawn = {path: np.array([value]) for path, value in flight.drawn.items()}
    batch = Batch(np.array([flight.run], np.int64), drawn, np.array([flown.pack]), np.array([flown.last]))
    frame: pl.DataFrame = rows_of(flown.scene, batch, flown.event_rows[None], [faults])
    return frame.row(0, named=True)


def columns_that_differ(row: dict[str, Any], again: dict[str, Any]) -> list[str]:
    """The columns of a row that did not come out again, in any bit; which build flew it is no number of the flight."""
    return [name for name, value in row.items() if name != "build" and not (name in again and again[name] == value)]


def _sentence(store: Store, row: dict[str, Any], differing: list[str]) -> str:
    """Whether the row came out again, and if not, why that may be."""
    if not differing:
        return f"run {row['run']} flew again bit for bit: all {len(row) - 1 - ('build' in row)} numbers of its row are the same"
    differs = difference(store.builds()[row.get("build", 0)], this_build())
    why = (
        f"the campaign was flown with another build ({differs})"
        if differs
        else "the build is the same, so this is a fault of the program, please report it"
    )
    names = ", ".join(differing[:3]) + (f" and {len(differing) - 3} more" if len(differing) > 3 else "")
    return f"run {row['run']} did not fly again bit for bit: {names} of its row came out otherwise; {why}"
