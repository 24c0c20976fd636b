"""Fly many runs of one seed: a table with one row a run, what was drawn, how it ended and every number of it that a mission file may speak of.

Every run has its row: one whose computation broke down counts as `invalid` and is never dropped.
"""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from perilune.base.start_warp import start_warp
from perilune.flight.compare_published import measure
from perilune.flight.flown import Flown, event_names, touchdown_of
from perilune.flight.fly import Start, batch_from, check_start, in_case, reason_of, written_rows
from perilune.flight.flying import Progress, fly_recorded, prepare
from perilune.flight.pdi import tick_before_ignition
from perilune.flight.rest import rest_of
from perilune.flight.setup import Batch, Scene
from perilune.flight.verdict import judge
from perilune.mission.draws import draw
from perilune.mission.published import QUANTITIES
from perilune.mission.schema import Mission

if TYPE_CHECKING:
    import polars as pl

AT_ONCE = 16  # flights whose records are held at a time: some 8 MB each

Look = Callable[[Flown], dict[str, float]]


def fly_many(
    mission: Mission | str | Path,
    seed: int | None,
    runs: int | Iterable[int],
    case: str | None = None,
    start: Start = "doi",
    threads: int | None = None,
    progress: Progress | None = None,
    record: bool = True,
    look: Look | None = None,
) -> "pl.DataFrame":
    """Fly runs of a seed (a count, or their indices) and return a Polars frame of one row a run.

    Columns: `run`, `verdict`, `reason`; `touchdown_*` as in flight.json, `rest_*` (null without contact); `<event>_t_s`, `_altitude_m`, `_height_m`,
    `_vertical_speed_m_s`, `_horizontal_speed_m_s` of each event (`-` becomes `_`; null where it did not happen); every quantity of
    `mission.published.QUANTITIES` (those at a height for every marked height, as `sink_at_192_m_m_s`, those
    at a time for every time that the mission names, as `height_at_150_s_m`); every drawn value by its dotted path, in the
    file's units. Without `record`, what has to be looked up in the record is null, and the flights are faster. `look` is shown each run with its
    record from half a minute before ignition on and returns further columns.

    Raises PeriluneError as `fly` does.
    """
    import polars as pl

    flown_mission = in_case(mission, case)
    check_start(start)
    indices = np.arange(runs) if isinstance(runs, int) else np.array(list(runs), dtype=np.int64)
    draw(flown_mission, seed, indices)
    start_warp()
    scene = prepare(flown_mission, progress)
    rows: list[dict[str, Any]] = []
    from_tick = tick_before_ignition(scene) if record or look is not None else None
    at_once = AT_ONCE if from_tick != 0 else AT_ONCE // 4
    for low in range(0, len(indices), at_once):
        batch = batch_from(scene, seed, indices[low : low + at_once], start)
        rows += _fly_some(scene, batch, from_tick, threads, look)
        if progress:
            progress("flying", len(rows) / len(indices))
    return pl.DataFrame(rows, infer_schema_length=None)


def _fly_some(scene: Scene, batch: Batch, from_tick: int | None, threads: int | None, look: Look | None) -> list[dict[str, Any]]:
    """The rows of one batch, looked up in records from a tick on, or without any."""
    first = batch.states.copy()
    recording = fly_recorded(scene, batch, record=from_tick is not None, publish=False, threads=threads, from_tick=from_tick or 0)
    verdicts = judge(scene.mission.limits, batch.states)
    rows = []
    for i, run in enumerate(batch.runs):
        history = written_rows(recording.history[i])
        flown = Flown(scene, batch.packs[i], first[i], batch.states[i], recording.events[i], history)
        row: dict[str, Any] = {"run": int(run), "verdict": str(verdicts[i]), "reason": reason_of(flown, str(verdicts[i]))}
        row |= _touchdown_columns(flown) | _rest_columns(flown) | _event_columns(flown) | _quantity_columns(flown)
        row |= {path: float(values[i]) for path, values in batch.drawn.items()}
        rows.append(row | (look(flown) if look else {}))
    return rows


def _touchdown_columns(flown: Flown) -> dict[str, Any]:
    from dataclasses import asdict, fields

    from perilune.flight.flown import Touchdown

    touchdown = touchdown_of(flown)
    values = {field.name: None for field in fields(Touchdown)} if touchdown is None else asdict(touchdown)
    return {f"touchdown_{name}": value for name, value in values.items()}


def _rest_columns(flown: Flown) -> dict[str, Any]:
    """The rest in few numbers: the longest stroke, and what the energy account lacks over the energy at contact."""
    rest = rest_of(flown.last)
    names = ("rest_is_at_rest", "rest_after_s", "rest_tilt_deg", "rest_slide_m", "rest_longest_stroke_m", "rest_unaccounted_percent")
    if rest is None:
        return dict.fromkeys(names)
    lack = 100.0 * rest.energy.unaccounted_j / rest.energy.at_contact_j
    return dict(zip(names, (rest.is_at_rest, rest.after_s, rest.tilt_deg, rest.slide_m, max(rest.stroke_m), lack), strict=True))


def _event_columns(flown: Flown) -> dict[str, float | None]:
    out: dict[str, float | None] = {}
    units = {"time": "t_s", "altitude": "altitude_m", "height": "height_m"}
    units |= {"vertical_speed": "vertical_speed_m_s", "horizontal_speed": "horizontal_speed_m_s"}
    for name, row in zip(event_names(flown.scene), flown.event_rows, strict=True):
        for key, column in units.items():
            out[f"{name.replace('-', '_')}_{column}"] = float(row[key]) if row["time"] >= 0.0 else None
    return out


def _quantity_columns(flown: Flown) -> dict[str, float | None]:
    """Every quantity; an instant as `..._t_s`, seconds past the epoch."""
    out: dict[str, float | None] = {}
    for quantity in QUANTITIES:
        if "_at_height_" in quantity:
            for mark in flown.scene.marks_m:
                out[quantity.replace("_at_height_", f"_at_{mark:g}_m_")] = measure(flown, quantity, float(mark))
        elif "_at_time_" in quantity:
            for t in sorted({n.at_time_s for n in flown.scene.mission.published if n.quantity == quantity and n.at_time_s is not None}):
                out[quantity.replace("_at_time_", f"_at_{t:g}_s_")] = measure(flown, quantity, at_time_s=t)
        else:
            out[quantity.replace("_utc", "_t_s")] = measure(flown, quantity)
    return out
