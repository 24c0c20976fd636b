"""A flight watched tick by tick: after every control tick the whole state, and the inertial increments that the computer was fed in it.

What else the computer was fed is found in the states: a measurement on its way before a tick, and flagged as arrived in it, is the one that arrived.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import warp as wp

from perilune.avionics.computer import AvionicsParams
from perilune.base.structs import records
from perilune.flight.advance import NO_MODE, advance, load_kernel, new_events
from perilune.flight.events import EventRow
from perilune.flight.record import HistoryRow
from perilune.flight.setup import Batch, Scene, build_batch
from perilune.flight.state import FLYING, STEPS_PER_TICK, TICK_S, FlightPack, FlightState
from perilune.messages.measurements import ImuMeasurement
from perilune.messages.telemetry import Telemetry


@dataclass
class Watched:
    """Control tick `first` and those after it: states before the first and after each, what was fed and what arrived."""

    scene: Scene
    first: int
    before: np.void  # the state at the beginning of tick `first`
    states: np.ndarray  # (n,) after each tick
    increments: np.ndarray  # (n, 5), felt in each tick
    rows: np.ndarray  # (n,) the record of each tick

    def felt_before(self, k: int) -> np.ndarray:
        """The increments (5,) that the computer is handed at the beginning of the tick `k` after the first."""
        if k > 0:
            return self.increments[k - 1]
        felt, out = self.before["felt"], records(ImuMeasurement, STEPS_PER_TICK)
        out["delta_angle"], out["delta_velocity"] = felt["delta_angle"], felt["delta_velocity"]
        return out[: int(felt["count"])]

    def arrivals(self) -> Iterator[tuple[np.void | None, np.void | None]]:
        """In each tick the star tracker's and the range finder's measurement that arrived, or None."""
        before = self.before
        for after, row in zip(self.states, self.rows, strict=True):
            lander = before["lander"]
            star, ranged = bool(row["measured_star_tracker_valid"]), bool(row["measured_range_valid"])
            yield lander["star_tracker"]["pending"] if star else None, lander["range_finder"]["pending"] if ranged else None
            before = after


def watch(scene: Scene, batch: Batch, first: int, ticks: int) -> Watched:
    """Fly the only run of a batch to the beginning of tick `first`, then `ticks` more (or to its end) one by one.

    Both sensors must have a latency of a tick or more, or their measurements are never on their way.
    """
    if min(batch.packs["lander"][sensor]["latency"][0] for sensor in ("star_tracker", "range_finder")) < 0.5 * TICK_S:
        raise ValueError("a sensor of this lander has no latency, so that its measurements cannot be found in the states")
    events = new_events(scene, 1)
    advance(scene, batch, events, until_s=first * TICK_S, threads=1)
    before = batch.states[0].copy()
    increments, rows = records(ImuMeasurement, 1, STEPS_PER_TICK), records(HistoryRow, 1, 1)
    inputs = [scene.world, scene.on_board, _share(scene.avionics, AvionicsParams), _share(batch.packs, FlightPack), _share(batch.states, FlightState)]
    outputs = [
        _share(events, EventRow),
        _share(rows, HistoryRow),
        wp.empty((0, 0), dtype=Telemetry, device="cpu"),
        _share(increments, ImuMeasurement),
    ]
    kernel = load_kernel(scene.mission.planned.avionics.guidance.law)
    tick = wp.launch(kernel, dim=1, inputs=[*inputs, first, NO_MODE, first], outputs=outputs, device="cpu", record_cmd=True)
    states, felt, kept = [], [], []
    for number in range(first, first + ticks):
        tick.set_param_by_name("until", number + 1)
        tick.set_param_by_name("first_tick", number)
        tick.launch()
        states.append(batch.states[0].copy())
        felt.append(increments[0].copy())
        kept.append(rows[0, 0].copy())
        if batch.states["status"][0] != FLYING:
            break
    return Watched(scene, first, before, np.array(states), np.array(felt), np.array(kept))


@cache
def milestones(scene_of: Callable[[], Scene], seed: int, run: int) -> tuple[int, int]:
    """Ticks of ignition and of the first range received, of a run of the scene that `scene_of()` gives."""
    scene = scene_of()
    batch = build_batch(scene, seed, np.array([run]))
    history = records(HistoryRow, 1, 60_000)
    advance(scene, batch, new_events(scene, 1), history=history, threads=1)
    rows = history[0][: int(batch.states["tick"][0])]
    return int(np.argmax(rows["mode"] > 0)), int(np.argmax(rows["measured_range_valid"]))


def _share(array: np.ndarray, struct: Any) -> Any:
    """A Warp array over the same memory."""
    return wp.array(array, dtype=struct, device="cpu", copy=False)
