"""A live flight from its first line to its last: the port is opened, Yamcs and the first client are waited for, the session runs, all is kept."""

import contextlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from perilune.base.errors import PeriluneError
from perilune.control_room.recording import Recording
from perilune.control_room.seen import seen_of
from perilune.control_room.session import Session
from perilune.control_room.sight import planned_sight
from perilune.control_room.stopping import stopping
from perilune.control_room.tcp import HOST, PORT, Port
from perilune.downlink.watch import watch_of
from perilune.flight.flying import Progress
from perilune.flight.save import check_writable, save, save_mission
from perilune.flight.underway import Underway
from perilune.report.html_report import write_report

if TYPE_CHECKING:
    from perilune.flight.flight import Flight
    from perilune.mission.schema import Mission

POLL_S = 0.05
MOST_OF_TOKEN = 200


@dataclass(frozen=True)
class Wanted:
    """How a session is to run; a `token` of None is drawn, a `port` of 0 any free one, a `yamcs_port` of None likewise."""

    speed: float = 1.0
    host: str = HOST
    port: int = PORT
    seed: int | None = None
    run: int = 0
    start: str = "doi"
    token: str | None = None
    is_waiting: bool = False
    with_yamcs: bool = False
    yamcs_port: int | None = None


@dataclass
class Outcome:
    """What a session left behind."""

    flight: "Flight"
    session: Session
    was_stopped: bool


def fly_live(mission: "Mission", folder: Path, wanted: Wanted, say: Callable[[str], None] = print, progress: Progress | None = None) -> Outcome:
    """Fly a mission in the time of the wall, with its ground, and keep everything in `folder`.

    Raises
    ------
    PeriluneError
        Where the mission cannot be flown or heard, the token is none, the folder cannot be written, the port is taken, or Yamcs does not come up;
        nothing is flown then.
    """
    token = checked_token(wanted.token)
    if mission.lander.radio is None or mission.ground is None:
        missing = "[lander.radio]" if mission.lander.radio is None else "[ground]"
        raise PeriluneError(f"{mission.mission.name}: a live flight needs {missing}; add the table to the mission file")
    check_writable(folder)
    if wanted.with_yamcs:
        from perilune.control_room.yamcs import check_ready

        check_ready(wanted.yamcs_port)
    logged: SimpleQueue[tuple[str, str]] = SimpleQueue()
    port = Port(token, lambda kind, sentence: logged.put((kind, sentence)))
    port.open(wanted.host, wanted.port)
    with stopping() as stopped, contextlib.ExitStack() as stack:
        stack.callback(port.close)
        if progress:
            progress("flying the plan", 0.0)
        in_sight = planned_sight(mission, wanted.start)
        underway = Underway(mission, wanted.seed, wanted.start, wanted.run, progress)
        for stale in ("flight.json", "report.html"):
            (folder / stale).unlink(missing_ok=True)
        recording = Recording(folder)
        stack.callback(recording.close)
        save_mission(mission, folder)
        session = Session(underway, port, recording, watch_of(mission, in_sight), wanted.speed, logged, say, lambda: not stopped())
        say(f"port       {wanted.host} {port.number}")
        say(f"token      {token}")
        if wanted.with_yamcs:
            from perilune.control_room.yamcs import running_yamcs

            yamcs = stack.enter_context(running_yamcs(folder, port.number, token, mission, wanted.yamcs_port))
            say(f"Yamcs      {yamcs.address}")
            session.yamcs = yamcs
        if wanted.is_waiting or wanted.with_yamcs:
            say("waiting for the first client")
            while not port.listeners and not stopped():
                time.sleep(POLL_S)
        session.run()
        flight = underway.flight()
        if progress:
            progress("writing the results", 0.0)
        save(flight, folder, {"report.html": partial(write_report, seen=seen_of(session, stopped()))})
        return Outcome(flight, session, stopped())


def checked_token(token: str | None) -> str:
    """The token asked for, or a new one; raises PeriluneError on one that could not be shown."""
    if token is None:
        return secrets.token_urlsafe(16)
    if not token.isascii() or not token.isprintable() or not 8 <= len(token) <= MOST_OF_TOKEN or " " in token:
        raise PeriluneError(f"PERILUNE_TOKEN is no token; give 8 to {MOST_OF_TOKEN} printable characters of ASCII without blanks")
    return token
