"""A replay from its first line to its last: the port is opened, Yamcs and the first client are waited for, what was received goes out once more.

The port is that of a live flight: listeners, stations and consoles connect as they do there. Nobody is in flight, so a command leads nowhere; that is
said, once.

Assumptions and limitations: the replay waits for a client that reads slowly; one that takes nothing for `PATIENCE_S` is let go, and the others go
on.
"""

import contextlib
import math
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from perilune.control_room.replay import Received, Replay, play
from perilune.control_room.stopping import stopping
from perilune.control_room.tcp import HOST, PORT, Port, Question
from perilune.control_room.yamcs import YamcsServer, check_ready, running_yamcs
from perilune.environment.time import tdb_from_utc, utc_from_tdb
from perilune.mission.loader import load

MOST_UNREAD = 1 << 18  # bytes, beyond which the replay waits for its clients
PIECE_BYTES = 1 << 16
PATIENCE_S = 10.0
POLL_S = 0.05
SET_EVERY_S = 1.0


@dataclass(frozen=True)
class WantedReplay:
    """How a replay is to run; a `port` of 0 is any free one, a `yamcs_port` of None likewise."""

    speed: float = 1.0
    port: int = PORT
    is_waiting: bool = False
    with_yamcs: bool = False
    yamcs_port: int | None = None
    patience_s: float = PATIENCE_S


class Outlet:
    """Where a replay goes: a port, and a Yamcs whose clock is to be the flight's."""

    def __init__(self, port: Port, wanted: WantedReplay, epoch_tdb_s: float, say: Callable[[str], None]) -> None:
        self.yamcs: YamcsServer | None = None
        self.packets = 0
        self._port, self._wanted, self._epoch_tdb_s, self._say = port, wanted, epoch_tdb_s, say
        self._clock_set, self._was_commanded = -math.inf, False

    def set_clock(self, time_s: float) -> None:
        """Let Yamcs's clock show so many seconds past the epoch; without a pace it is set again and again, and it is said where Yamcs has died."""
        if self.yamcs is None or time.monotonic() - self._clock_set < SET_EVERY_S:
            return
        if not self.yamcs.is_alive():
            self._say(f"Yamcs has ended ({self.yamcs.last_words()}); the replay goes on")
            self.yamcs = None
        elif math.isinf(self._wanted.speed) or not math.isfinite(self._clock_set):
            self.yamcs.set_time(utc_from_tdb(self._epoch_tdb_s + time_s), self._wanted.speed)
        self._clock_set = time.monotonic()

    def give(self, some: list[Received]) -> None:
        """Send what was received, as fast as the slowest client reads."""
        self.set_clock(some[0].received_time_s)
        data = b"".join(one.data for one in some)
        for at in range(0, len(data), PIECE_BYTES):
            self._port.broadcast(data[at : at + PIECE_BYTES])
            self._port.settle(MOST_UNREAD, self._wanted.patience_s)
        self.packets += sum(one.packets for one in some)
        self._refuse_commands()

    def _refuse_commands(self) -> None:
        while not self._port.inbox.empty():
            order = self._port.inbox.get()
            if isinstance(order, Question):
                self._port.answer(order.client, {"state": "refused", "why": "this is a replay: nobody is in flight"}, True)
            if not self._was_commanded:
                self._say("a command came and leads nowhere: this is a replay")
            self._was_commanded = True


def serve_replay(replay: Replay, folder: Path, wanted: WantedReplay, say: Callable[[str], None] = print) -> None:
    """Play what was received of the flight in `folder` to all who connect.

    Yamcs, where it is wanted, keeps its files in `folder/replay/yamcs`: those of the flight itself stay as they are.

    Raises
    ------
    PeriluneError
        Where a port is taken, or Yamcs is missing or does not come up.
    KeyboardInterrupt
        After Ctrl-C, once all is closed.
    """
    if wanted.with_yamcs:
        check_ready(wanted.yamcs_port)
    mission = load(folder / "mission.toml")
    token = secrets.token_urlsafe(16)
    logged: SimpleQueue[str] = SimpleQueue()
    port = Port(token, lambda kind, sentence: logged.put(sentence.replace("the flight goes on", "the replay goes on")))
    port.open(HOST, wanted.port)
    with stopping() as stopped, contextlib.ExitStack() as stack:
        stack.callback(port.close)
        outlet = Outlet(port, wanted, tdb_from_utc(mission.planned.start.epoch_utc), say)
        span = f"{replay.from_s:.1f} s to {replay.to_s:.1f} s past the epoch, {replay.packets} packets"
        say(f"{folder}: {span}, on {HOST} port {port.number}")
        if wanted.with_yamcs:
            outlet.yamcs = stack.enter_context(running_yamcs(folder / "replay", port.number, token, mission, wanted.yamcs_port))
            say(f"Yamcs      {outlet.yamcs.address}")
        while wanted.is_waiting and not port.listeners and not stopped():
            time.sleep(POLL_S)

        def goes_on() -> bool:
            while not logged.empty():
                say(logged.get())
            return not stopped()

        play(replay, outlet.give, wanted.speed, goes_on)
        port.settle(0, wanted.patience_s)
        goes_on()
        say(f"{outlet.packets} packets sent")
    if outlet.yamcs is not None:
        say(f"archived   {outlet.yamcs.taken} of {outlet.packets} packets, by Yamcs")
    if stopped():
        raise KeyboardInterrupt
