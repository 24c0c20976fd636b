"""A flight underway: advanced piece by piece as its clock asks, its rows handed out as they come, and told as any other flight at its end.

Pieces make no difference: the record is that of `fly`, bit for bit. What stands or has fallen over stays and goes on sending (`flight.staying`).

Assumptions and limitations: one run, without a peer; a flight that has not met the ground after `LONGEST_S` ends there.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from perilune.base.start_warp import start_warp
from perilune.base.structs import joined, records
from perilune.flight.advance import LONGEST_S, advance, new_events
from perilune.flight.commands import with_rows
from perilune.flight.flight import Flight
from perilune.flight.fly import batch_from, check_start, published_rows, told
from perilune.flight.flying import Progress, Recording, flying_or_new, prepare
from perilune.flight.record import HistoryRow
from perilune.flight.setup import Scene
from perilune.flight.state import DESTROYED, STAYING, TICK_S
from perilune.flight.staying import staying
from perilune.messages.command_packet import NEVER, put_packet, uplink_rows
from perilune.messages.telemetry import Telemetry
from perilune.mission.commands import PlannedCommand, uplink_of
from perilune.mission.draws import draw
from perilune.mission.schema import Mission
from perilune.mission.with_added import with_added

ROOM = 4096  # packets of the uplink beside the planned ones


class Piece(NamedTuple):
    """What a piece of a flight added: rows of the history (n,), and those of the telemetry that were published in it."""

    history: np.ndarray
    telemetry: np.ndarray


class Underway:
    """A flight that has begun, with room for packets of the uplink beside those that its mission plans."""

    def __init__(self, mission: Mission, seed: int | None = None, start: str = "doi", run: int = 0, progress: Progress | None = None) -> None:
        check_start(start)
        runs = np.array([run])
        draw(mission, seed, runs)
        start_warp()
        self.mission, self.asked = mission, (seed, run, start)
        scene = prepare(mission, progress)
        self.batch = batch_from(scene, seed, runs, start)
        self._uplinks = uplink_rows(uplink_of(mission, scene.start.planned_touchdown_s, TICK_S), ROOM)
        self.scene: Scene = with_rows(scene, self._uplinks)
        self.events = new_events(self.scene, 1)
        self._first = self.batch.states[0].copy()
        self._after = self.batch
        self._sent_up: list[PlannedCommand] = []
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

    def send_up(self, tick: int, data: bytes) -> bool:
        """Let a packet reach the lander in a control tick, this one at the earliest; whether there was room for it."""
        rows = self._uplinks
        filled = int(np.count_nonzero(rows["tick"] != NEVER))
        if filled == len(rows):
            return False
        tick, taken = max(tick, self.tick), int(self._after.states["next_uplink"][0])
        at = taken + int(np.searchsorted(rows["tick"][taken:filled], tick, side="right"))
        rows[at + 1 : filled + 1] = rows[at:filled].copy()
        rows[at] = np.zeros(1, rows.dtype)[0]
        put_packet(rows[at], tick, data)
        self._sent_up.append(PlannedCommand(arguments={}, packet_hex=data.hex(), time_s=tick * TICK_S))
        return True

    def mission_flown(self) -> Mission:
        """The mission with what was sent up as commands behind its own, byte for byte: flown again, it is this flight."""
        return with_added(self.mission, "commands", self._sent_up)

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
        self.scene = replace(self.scene, mission=self.mission_flown())
        recording = Recording(self.events, _all(self._rows, HistoryRow), _all(self._sent, Telemetry), int(self._first["tick"]))
        return told(self.scene, self.batch, self._first, recording, _all(self._stay_rows, HistoryRow), _all(self._stay_sent, Telemetry), self.asked)


def _all(parts: list[np.ndarray], struct: object) -> np.ndarray:
    return joined(parts, 1) if parts else records(struct, 1, 0)
