"""Flying a batch to its end with its record, in pieces short enough to show progress and to be interrupted."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from perilune.base.start_warp import is_compiled
from perilune.base.structs import joined, records
from perilune.flight.advance import LONGEST_S, advance, flying, load_kernel, new_events
from perilune.flight.kernel import build_kernel
from perilune.flight.record import HistoryRow
from perilune.flight.setup import Batch, Scene, build_scene
from perilune.flight.state import TICK_S
from perilune.messages.telemetry import Telemetry
from perilune.mission.schema import Mission

Progress = Callable[[str, float], None]
"""Told what is being done and the share of it that is done, 0 to 1."""

PIECE_S = 300.0
ALWAYS_MARKED_M = (1000.0, 100.0, 10.0)


@dataclass
class Recording:
    """What a batch left behind: events (n, k) and rows a tick (n, ticks) from `first_tick` on; rows past a flight's end are zero."""

    events: np.ndarray
    history: np.ndarray
    telemetry: np.ndarray
    first_tick: int


def prepare(mission: Mission, progress: Progress | None = None) -> Scene:
    """The scene of a mission, with the heights marked that its published numbers speak of, and its kernel loaded; the last one is kept."""
    marks = {number.at_height_m for number in mission.published if number.at_height_m is not None} | set(ALWAYS_MARKED_M)
    # The hash passes over what decides nothing in a flight, but the scene's mission is what a result keeps.
    identity = (mission.hash, mission.requirements, mission.lander.radio, mission.ground)
    if _kept and _kept[0][0] == identity:
        return _kept[0][1]
    kernel = build_kernel(mission.planned.avionics.guidance.law)
    scene = build_scene(mission, sorted(marks), progress=progress)
    if progress and not is_compiled(kernel):
        progress("compiling flight code, once for this guidance law and version (about a minute)", 0.0)
    load_kernel(mission.planned.avionics.guidance.law)
    _kept[:] = [(identity, scene)]
    return scene


_kept: list[tuple[tuple[object, ...], Scene]] = []


def fly_recorded(
    scene: Scene,
    batch: Batch,
    progress: Progress | None = None,
    record: bool = True,
    publish: bool = True,
    threads: int | None = None,
    longest_s: float = LONGEST_S,
    from_tick: int = 0,
) -> Recording:
    """Fly every run of the batch to its end, in place; rows begin at the batch's present tick or at `from_tick`, and are as many as needed."""
    events = new_events(scene, len(batch.states))
    first = max(int(batch.states["tick"].min()), from_tick)
    room = round(scene.start.planned_touchdown_s * 1.02 / TICK_S) + 100 - first
    last = round(longest_s / TICK_S)
    if np.any(batch.states["tick"] < first):
        advance(scene, batch, events, first * TICK_S, threads=threads)
    pasts: list[np.ndarray] = []
    sents: list[np.ndarray] = []
    begin = first
    while not pasts or (flying_or_new(batch) and begin < last):
        ticks = max(min(room, last - begin), 1)
        past = records(HistoryRow, len(batch.states), ticks if record else 0)
        sent = records(Telemetry, len(batch.states), ticks if publish else 0)
        at = begin
        while flying_or_new(batch) and at < begin + ticks:
            at = min(begin + ticks, at + round(PIECE_S / TICK_S) if progress else begin + ticks)
            advance(scene, batch, events, at * TICK_S, past if record else None, sent if publish else None, begin, threads)
            if progress:
                progress("flying", min(1.0, at * TICK_S / scene.start.planned_touchdown_s))
        pasts.append(past)
        sents.append(sent)
        begin += ticks
        room = 3000
    return Recording(events, joined(pasts, 1), joined(sents, 1), first)


def flying_or_new(batch: Batch) -> bool:
    """Whether any flight of the batch has not ended (or not begun)."""
    return flying(batch) > 0 or bool(np.any(batch.states["status"] < 0))
