"""A flight underway: advanced piece by piece as its clock asks, its rows handed out as they come, and told as any other flight at its end.

Pieces make no difference: the record is that of `fly`, bit for bit. What stands or has fallen over stays and goes on sending (`flight.staying`).

Assumptions and limitations: one run, without a peer; a flight that has not met the ground after `LONGEST_S` ends there.
"""

from typing import NamedTuple

import numpy as np

from perilune.base.start_warp import start_warp
from perilune.base.structs import joined, records
from perilune.flight.advance import LONGEST_S, advance, new_events
from perilune.flight.flight import Flight
from perilune.flight.fly import batch_from, check_start, published_rows, told
from perilune.flight.flying import Progress, Recording, flying_or_new, prepare
from perilune.flight.record import HistoryRow
from perilune.flight.setup import Scene
from perilune.flight.state import DESTROYED, STAYING, TICK_S
from perilune.flight.staying import staying
from perilune.messages.telemetry import Telemetry
from perilune.mission.draws import draw
from perilune.mission.schema import Mission


class Piece(NamedTuple):
    """What a piece of a flight added: rows of the history (n,), and those of the telemetry that were published in it."""

    history: np.ndarray
    telemetry: np.ndarray


class Underway:
    """A flight that has begun; `scene` may be replaced before the first piece (by one with an uplink, say)."""

    def __init__(self, mission: Mission, seed: int | None = None, start: str = "doi", run: int = 0, progress: Progress | None = None) -> None:
        check_start(start)
        runs = np.array([run])
        draw(mission, seed, runs)
        start_warp()
        self.mission, self.asked = mission, (seed, run, start)
        self.scene: Scene = prepare(mission, progress)
        self.batch = batch_from(self.scene, seed, runs, start)
        self.events = new_events(self.scene, 1)
        self._first = self.batch.states[0].copy()
        self._after = self.batch
        self._rows: list[np.ndarray] = []
        self._sent: list[np.ndarray] = []
        self._stay_rows: list[np.ndarray] = []
        self._stay_sent: list[np.ndarray] = []

    @property
    def tick(self) -> int:
        """The control tick that comes next."""
        return int(self._after.states["tick"][0])

    @property
    def is_flying(self) -> bool:
        """Whether it has not ended; a stay on the ground is after its end."""
        return flying_or_new(self.batch) and self.tick < round(LONGEST_S / TICK_S)

    @property
    def is_sending(self) -> bool:
        """Whether there is a lander that goes on: in flight, or where it stands or lies."""
        return self.is_flying or bool(self._after.states["status"][0] == STAYING)

    @property
    def broke_s(self) -> float | None:
        """When the lander broke [s past the epoch]; None while it has not."""
        state = self.batch.states[0]
        return float(state["contact"]["time"]) if state["status"] == DESTROYED else None

    def advance_to(self, tick: int) -> Piece:
        """Advance it to a control tick (or to its end) and give what that added."""
        pieces: list[Piece] = []
        if self.is_flying:
            pieces.append(self._advanced(tick, self._rows, self._sent))
            if not flying_or_new(self.batch):
                self._after = staying(self.batch)
        if self.is_sending and not self.is_flying and self.tick < tick:
            pieces.append(self._advanced(tick, self._stay_rows, self._stay_sent))
        if not pieces:
            return Piece(records(HistoryRow, 0), records(Telemetry, 0))
        return Piece(*(joined(list(parts), 0) for parts in zip(*pieces, strict=True)))

    def _advanced(self, tick: int, rows: list[np.ndarray], sent: list[np.ndarray]) -> Piece:
        begin = self.tick
        past, said = records(HistoryRow, 1, max(tick - begin, 1)), records(Telemetry, 1, max(tick - begin, 1))
        events = self.events if self._after is self.batch else new_events(self.scene, 1)
        advance(self.scene, self._after, events, tick * TICK_S, past, said, begin, threads=1)
        filled = past["time"] > 0.0
        filled[0, 0] |= begin == 0 and self.tick > 0
        count = int(np.count_nonzero(filled))
        rows.append(past[:, :count])
        sent.append(said[:, :count])
        return Piece(past[0, :count], published_rows(said[0, :count]))

    def flight(self) -> Flight:
        """All that is told of it, as it is now."""
        recording = Recording(self.events, _all(self._rows, HistoryRow), _all(self._sent, Telemetry), int(self._first["tick"]))
        return told(self.scene, self.batch, self._first, recording, _all(self._stay_rows, HistoryRow), _all(self._stay_sent, Telemetry), self.asked)


def _all(parts: list[np.ndarray], struct: object) -> np.ndarray:
    return joined(parts, 1) if parts else records(struct, 1, 0)
