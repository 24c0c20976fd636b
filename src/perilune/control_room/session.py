"""A session: one flight in the time of the wall, its telemetry sent to whoever listens, commands taken, everything recorded.

Each step advances the flight, makes packets of what was published, asks the link which arrive, and hands over those that are due at the station; then
the desk and the ground's watch look at what came. After the lander has broken only the clock goes on, until the watch has ended the mission; after a
landing that was confirmed the session goes on for `AFTER_CONFIRMED_S`.

Assumptions and limitations: station and lander share one clock, that of the flight's epoch; steps are of a second at most, so that nothing is decided
before the light that brings it.
"""

import heapq
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from perilune.base.errors import PeriluneError
from perilune.base.structs import struct_from
from perilune.control_room.desk import Desk, Released
from perilune.control_room.pacing import Pace
from perilune.control_room.recording import Recording
from perilune.control_room.tcp import Port, Question, Telecommand
from perilune.downlink.growing import GrowingLink
from perilune.downlink.link import Place
from perilune.downlink.packets import BIT_RATE_BIT_S, Sender
from perilune.downlink.received import Heard
from perilune.environment.relief import ReliefDraw
from perilune.environment.time import format_utc, utc_from_tdb
from perilune.flight.record import columns
from perilune.flight.save import save_mission
from perilune.flight.state import TICK_S
from perilune.flight.underway import Underway

if TYPE_CHECKING:
    from perilune.control_room.yamcs import YamcsServer
    from perilune.downlink.watch import Watch

LONGEST_STEP = 10  # control ticks
SECOND = round(1.0 / TICK_S)
STEP_WALL_S = 0.1
AFTER_CONFIRMED_S = 30.0
MOST_UNREAD = 1 << 18  # bytes, beyond which a flight without a pace waits for its clients
PATIENCE_S = 5.0


@dataclass
class Session:
    """A flight underway with its ground; `say` gets the lines for the controllers."""

    underway: Underway
    port: Port
    recording: Recording
    watch: "Watch"
    speed: float
    logged: "SimpleQueue[tuple[str, str]]"
    say: Callable[[str], None] = print
    goes_on: Callable[[], bool] = lambda: True
    heard: list[Heard] = field(default_factory=list)

    def __post_init__(self) -> None:
        scene, mission = self.underway.scene, self.underway.mission
        radio = mission.planned.lander.radio
        self.epoch_tdb_s = scene.start.epoch_tdb_s
        self._tick = self._first_tick = self.underway.tick
        self._sender = Sender(mission.planned.start.epoch_utc, BIT_RATE_BIT_S if radio is None else radio.frame_bits / radio.frame_s)
        seed, run, _ = self.underway.asked
        draw = struct_from(self.underway.batch.packs[0]["environment"], ReliefDraw)
        self.link = GrowingLink(Place(mission, scene.start, scene.world.relief), draw, seed, run)
        self.desk = Desk(self.link.uplink, self._send_up, self.port.answer, len(mission.commands))
        self._due: list[tuple[float, int, Heard]] = []
        self._decided = self._told = 0
        self._is_closed = self._is_mission_due = False
        self._confirmed_s = math.inf
        self.pace: Pace | None = None
        self.yamcs: YamcsServer | None = None
        self._minded = -math.inf

    @property
    def now_s(self) -> float:
        """The flight's time [s past the epoch]."""
        return self._tick * TICK_S

    def run(self) -> None:
        """Fly to the end of the session."""
        self.pace = Pace(self.speed, self._tick, self.goes_on)
        if self.yamcs is not None:
            self.yamcs.set_time(utc_from_tdb(self.epoch_tdb_s + self.now_s), self.speed)
        while self.goes_on() and not self.is_over:
            if self._tick > self._first_tick:  # before that nobody knows how long a command is under way
                self._take_orders()
            step = LONGEST_STEP if math.isinf(self.speed) else max(1, round(STEP_WALL_S * self.speed / TICK_S))
            tick = self._tick + min(step, LONGEST_STEP, SECOND - self._tick % SECOND)
            self.pace.keep(tick)
            self.step_to(tick)
            if math.isinf(self.speed):
                self.port.settle(MOST_UNREAD, PATIENCE_S)
        self.finish()

    @property
    def is_over(self) -> bool:
        """Whether nothing more is waited for."""
        return self.watch.has_ended or self.now_s >= self._confirmed_s + AFTER_CONFIRMED_S

    def step_to(self, tick: int) -> None:
        """One step of flight and ground."""
        if self.underway.is_sending:
            piece = self.underway.advance_to(tick)
            packets = self._sender.send_columns(columns(piece.telemetry)) if len(piece.telemetry) else []
            self._queue(self.link.add(piece.history, packets, self.underway.broke_s))
        elif not self._is_closed:
            self._is_closed = True
            self._queue(self.link.close())
        self._tick = tick
        self._receive(self.now_s)
        self._look()
        if self.recording.sync():
            self._save_mission()
        if self.yamcs is not None:
            self._mind_yamcs(self.yamcs)

    def _mind_yamcs(self, yamcs: "YamcsServer") -> None:
        """Once a second of the wall: say so where it has died, and set its clock where no pace does."""
        wall = time.monotonic()
        if wall - self._minded < 1.0:
            return
        self._minded = wall
        if not yamcs.is_alive():
            self.yamcs = None
            self.log("client", f"Yamcs has ended ({yamcs.last_words()}); the flight goes on and is recorded")
        elif math.isinf(self.speed):
            yamcs.set_time(utc_from_tdb(self.epoch_tdb_s + self.now_s), self.speed)

    def finish(self) -> None:
        """Take in what is still on its way, and leave no question open."""
        self._queue(self.link.close())
        self._receive(math.inf)
        self._follow(self.desk.tick(self.now_s, is_over=True))
        self._tell_logged()
        self.recording.sync(True)
        self._save_mission()

    def log(self, kind: str, sentence: str, time_s: float | None = None, is_said: bool = True, **more: Any) -> None:
        """Note what happened, in the log and for the controllers."""
        time_s = self.now_s if time_s is None else time_s
        utc = format_utc(self.epoch_tdb_s + time_s, 1)
        self.recording.log(time_s=round(time_s, 3), time_utc=utc, kind=kind, sentence=sentence, **more)
        if self.yamcs is not None:
            self.yamcs.tell(utc_from_tdb(self.epoch_tdb_s + time_s), kind, sentence)
        if is_said:
            self.say(f"{utc[11:]}  {sentence}")

    def _queue(self, decided: list[Heard]) -> None:
        for one in decided:
            heapq.heappush(self._due, (one.received_time_s, self._decided, one))
            self._decided += 1

    def _receive(self, until_s: float) -> None:
        """Hand over what is at the station by now."""
        came = []
        while self._due and self._due[0][0] <= until_s:
            came.append(heapq.heappop(self._due)[2])
        self._came = came
        if not came:
            return
        self.recording.receive(came)
        self.heard += came
        self.port.broadcast(b"".join(one.packet.data for one in came))
        self._follow(self.desk.hear(came))

    def _look(self) -> None:
        """Let the desk and the watch see what came, and the clock."""
        self._follow(self.desk.tick(self.now_s))
        actions = self.watch.update(self.now_s, [(one.received_time_s, one.packet.data) for one in self._came])
        for entry in self.watch.log[self._told :]:
            self.log(entry.kind, entry.sentence, entry.time_s)
        self._told = len(self.watch.log)
        for action in actions:
            self._released(self.desk.command(self.now_s, action.command, action.arguments, "watch"))
        if math.isinf(self._confirmed_s) and self.watch.is_confirmed:
            self._confirmed_s = self.now_s
        self._tell_logged()

    def _take_orders(self) -> None:
        """Commands of consoles and stations."""
        while True:
            try:
                order = self.port.inbox.get_nowait()
            except Empty:
                return
            before = len(self.desk.released)
            if isinstance(order, Question):
                self.desk.ask(self.now_s, order.client, order.asked)
            elif isinstance(order, Telecommand):
                try:
                    self.desk.packet(self.now_s, order.data, order.is_raw)
                except PeriluneError as error:
                    self.log("refused", str(error))
            for one in self.desk.released[before:]:
                self._released(one)

    def _released(self, one: Released) -> None:
        self._is_mission_due = True
        self.log("command", f"{one.words} is released ({one.origin}), on board in {one.on_board_s - one.released_s:.1f} s", packet_hex=one.packet_hex)

    def _save_mission(self) -> None:
        """Keep the mission with the commands released so far, where there are new ones."""
        if self._is_mission_due:
            self._is_mission_due = False
            save_mission(self.underway.mission_flown(), self.recording.folder)

    def _follow(self, done: list[Released]) -> None:
        for one in done:
            if one.outcome is not None:
                self.log("report", f"{one.command} (count {one.sequence}): {one.outcome}", one.reported_s)
            else:
                self.log("no-report", f"{one.command} (count {one.sequence}): no report within {self.now_s - one.released_s:.0f} s")

    def _send_up(self, on_board_s: float, data: bytes) -> bool:
        return self.underway.send_up(math.ceil(on_board_s / TICK_S - 1e-9), data)

    def _tell_logged(self) -> None:
        """What the port's own thread had to say."""
        while True:
            try:
                kind, sentence = self.logged.get_nowait()
            except Empty:
                return
            self.log(kind, sentence)
