"""What the computer derives on board from what it published: how long no range was used, events, and when a command is to be reported.

Assumptions and limitations: it remembers one tick and when it last used a range, restart or not; of refusals in successive ticks the first is
an event (the counts go down with the housekeeping); the computer is back where no cycle was completed for `ABSENCE_S`, and a clock that jumps ahead
looks the same. All thresholds assumed.
"""

from dataclasses import dataclass, field

import numpy as np

from perilune.downlink.dictionary import EVENTS

ABSENCE_S = 0.5  # assumed: a single lost cycle or two is an overload, not an absence
REFUSALS = {
    "range_rejections": "range-refused",
    "speed_rejections": "speed-refused",
    "fix_rejections": "fix-refused",
    "sun_rejections": "sun-refused",
}
WATCHED = ("time_s", "mode", "touchdown", *REFUSALS)
Columns = dict[str, np.ndarray]


@dataclass
class Memory:
    """What is carried from one stretch of telemetry to the next."""

    last: Columns = field(default_factory=dict)
    refusing: dict[str, bool] = field(default_factory=dict)
    last_range_s: float = np.nan
    range_used: bool = False
    reports: int = 0


def with_range_age(rows: Columns, memory: Memory) -> Columns:
    """The columns and `range_age_s`, shape (n,): since a range was last used, or since the first row of all."""
    times = rows["time_s"]
    if not len(times):
        return {**rows, "range_age_s": times}
    if np.isnan(memory.last_range_s):
        memory.last_range_s = float(times[0])
    at = np.where(rows["range_valid"], np.arange(len(times)), -1)
    latest = np.maximum.accumulate(at)
    since = np.where(latest >= 0, times[latest], memory.last_range_s)
    memory.last_range_s = float(since[-1])
    return {**rows, "range_age_s": np.maximum(times - since, 0.0)}


def reports_in(rows: Columns, memory: Memory) -> np.ndarray:
    """The rows, shape (m,), in which what became of a command is told: those in which the count of commands steps."""
    counts = rows["command_count"]
    before = np.concatenate([[memory.reports], counts[:-1]]) if len(counts) else counts
    memory.reports = int(counts[-1]) if len(counts) else memory.reports
    return np.flatnonzero(counts > before)


def events_in(rows: Columns, memory: Memory) -> Columns:
    """The events of a stretch, as columns of the packet `events` with `row`, the tick of each; in the order of time, then of the list of events."""
    count = len(rows["time_s"])
    if not count:
        return _table([], rows)
    found: list[tuple[int, int, float]] = []  # row, event, value

    def add(happened: np.ndarray, event: str, values: np.ndarray | None = None) -> None:
        number = EVENTS.index(event)
        found.extend((int(row), number, 0.0 if values is None else float(values[row])) for row in np.flatnonzero(happened))

    is_first = not memory.last
    before = {name: np.concatenate([memory.last.get(name, rows[name][:1]), rows[name][:-1]]) for name in WATCHED}
    add(np.arange(count) == (0 if is_first else -1), "started")
    add(rows["mode"] != before["mode"], "mode-changed")
    used = rows["range_valid"] & ~np.concatenate([[memory.range_used], np.logical_or.accumulate(rows["range_valid"])[:-1] | memory.range_used])
    add(used, "first-range-used", rows["range_m"])
    for column, event in REFUSALS.items():
        rising = rows[column] > before[column]
        add(rising & ~np.concatenate([[memory.refusing.get(column, False)], rising[:-1]]), event, rows[column])
        memory.refusing[column] = bool(rising[-1])
    add(rows["touchdown"] & ~before["touchdown"], "touchdown-believed")
    gap = rows["time_s"] - before["time_s"]
    add(gap >= ABSENCE_S, "computer-back", gap)
    add(gap < 0.0, "clock-set-back", gap)
    memory.last = {name: rows[name][-1:] for name in WATCHED}
    memory.range_used |= bool(rows["range_valid"].any())
    return _table(sorted(found), rows)


def _table(found: list[tuple[int, int, float]], rows: Columns) -> Columns:
    at = np.array([row for row, _, _ in found], dtype=np.int64)
    return {
        "row": at,
        "event": np.array([event for _, event, _ in found], dtype=np.uint8),
        "event_mode": rows["mode"][at],
        "event_height_m": rows["height_m"][at],
        "event_vertical_speed_m_s": rows["vertical_speed_m_s"][at],
        "event_value": np.array([value for _, _, value in found], dtype=np.float64),
    }
