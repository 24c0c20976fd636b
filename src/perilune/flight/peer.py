"""The other end of the port: what flight software in Python needs to fly a lander here, and this program's own avionics as such a peer."""

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from perilune.avionics.loaded import Loaded
from perilune.base.errors import PeriluneError
from perilune.base.structs import layout, records
from perilune.messages.actuation import Actuation
from perilune.messages.frames import HEADER, Estimate, Frame, Kind, parse_header
from perilune.messages.measurements import Measurements

Answer = np.ndarray | tuple[np.ndarray, np.ndarray]
"""`Actuation` records (1,), or with `Telemetry` records (1,) beside them."""


def fly_as_peer(path: str | Path, begin: Callable[[np.void, np.void], Callable[[int, np.void], Answer]], wait_s: float = 600.0) -> str:
    """Connect to a flight that waits at `path` and fly it to its end; the text that it ended with.

    `begin(loaded, estimate)` is called once with a `Loaded` and an `Estimate` record and gives `answer(tick, measurements)`, called every tick.
    """
    line = _connected(path, wait_s)
    with line:
        loaded = _body(line, Kind.LOADED, Loaded)
        answer = begin(loaded, _body(line, Kind.ESTIMATE, Estimate))
        measured = records(Measurements, 1)
        while True:
            kind, tick, body = _frame(line)
            if kind == Kind.END:
                return body.decode()
            measured[:] = np.frombuffer(body, measured.dtype)
            said = answer(tick, measured[0])
            if isinstance(said, tuple):
                line.sendall(Frame(Kind.COMMANDS_AND_TELEMETRY, tick, said[0].tobytes() + said[1].tobytes()).to_bytes())
            else:
                line.sendall(Frame(Kind.COMMANDS, tick, said.tobytes()).to_bytes())


def own_avionics(mission: Any) -> Callable[[np.void, np.void], Callable[[int, np.void], Answer]]:
    """The avionics of this program as a peer of a flight of `mission` from its start."""
    from perilune.flight.lockstep import OwnAvionics
    from perilune.flight.setup import build_scene
    from perilune.flight.state import TICK_S

    own = OwnAvionics(build_scene(mission))

    def begin(loaded: np.void, estimate: np.void) -> Callable[[int, np.void], Answer]:
        return lambda tick, measured: own.compute(np.asarray(measured), np.array([tick * TICK_S]))

    return begin


def no_commands() -> np.ndarray:
    """`Actuation` records (1,) that ask for nothing."""
    return records(Actuation, 1)


def _connected(path: str | Path, wait_s: float) -> socket.socket:
    until = time.monotonic() + wait_s
    while True:
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            line.connect(os.fspath(path))
            return line
        except OSError:
            line.close()
            if time.monotonic() > until:
                raise PeriluneError(f"socket:{path}: no flight waits there; start one with --avionics socket:{path}") from None
            time.sleep(0.05)


def _read(line: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        piece = line.recv(count - len(data))
        if not piece:
            raise PeriluneError("the flight has left the line before its end")
        data += piece
    return bytes(data)


def _frame(line: socket.socket) -> tuple[int, int, bytes]:
    kind, tick, length = parse_header(_read(line, HEADER.size))
    return kind, tick, _read(line, length)


def _body(line: socket.socket, kind: Kind, struct: Any) -> np.void:
    got, _, body = _frame(line)
    wanted = layout(struct)
    if got != kind or len(body) != wanted.itemsize:
        raise PeriluneError(f"the flight sent a frame of kind {got} with {len(body)} bytes where {kind.name} was due; it is of another version")
    return np.frombuffer(body, wanted)[0]
