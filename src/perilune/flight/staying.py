"""After the flight's end: a lander that stands or has fallen over stays where it is, measures, computes and sends on for as long as is asked.

The flight itself is over: its verdict, contact, rest, events and all its numbers are those of its end, and campaigns do not come here.

Assumptions and limitations: those of `flight.resting`; a lander that broke, one that never came to the ground, or one whose engines still shook it
when its flight was ended has no stay; what the computer does in it (a touchdown that it finds only now, a fault that begins) shows in the record
alone, not among the flight's events.
"""

from dataclasses import replace

import numpy as np

from perilune.base.errors import PeriluneError
from perilune.base.structs import records
from perilune.flight.advance import advance, new_events
from perilune.flight.record import HistoryRow
from perilune.flight.setup import Batch, Scene
from perilune.flight.state import FALLEN, REST_FOR_S, STANDING, STAYING, TICK_S
from perilune.messages.telemetry import Telemetry

STAY_S = 30.0  # assumed


def staying(batch: Batch) -> Batch:
    """The batch as it goes on after the ends of its flights, in memory of its own: what came to rest or lies stays for good, all else is as it was.

    `advance` then takes it to any tick.
    """
    states = batch.states.copy()
    came_to_rest = states["contact"]["still_for"] >= REST_FOR_S - 1e-9
    rests = (states["status"] == FALLEN) | ((states["status"] == STANDING) & came_to_rest)
    states["status"][rests] = STAYING
    for motion in ("velocity", "rate"):
        states["ground"]["legs"][motion][rests] = 0.0
    for engines in ("main_engine", "assist_engines"):
        states["lander"][engines]["given"][rests] = 0.0
    return replace(batch, states=states)


def fly_stay(scene: Scene, batch: Batch, stay_s: float = STAY_S, threads: int | None = 1) -> tuple[np.ndarray, np.ndarray]:
    """History and telemetry (n, ticks) of the stay of each flight of a batch, which have ended and are left as they are.

    The rows of a flight begin at its own end; those of one without a stay are zero. Raises PeriluneError for a time that cannot be.
    """
    if not 0.0 <= stay_s < float("inf"):
        raise PeriluneError(f"stay_s: {stay_s:g} s is no time to stay; give 0 or more")
    after, ticks = staying(batch), round(stay_s / TICK_S)
    past, sent = records(HistoryRow, len(batch.states), ticks), records(Telemetry, len(batch.states), ticks)
    for i in np.flatnonzero(after.states["status"] == STAYING):
        this, tick = slice(i, i + 1), int(after.states["tick"][i])
        one = replace(after, runs=after.runs[this], packs=after.packs[this], states=after.states[this])
        advance(scene, one, new_events(scene, 1), (tick + ticks) * TICK_S, past[this], sent[this], tick, threads)
    return past, sent
