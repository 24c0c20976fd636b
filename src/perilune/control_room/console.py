"""A console: asks a live flight's desk for a command, and hears of its life line by line.

Assumptions and limitations: one connection, one question at a time; lines that are no JSON are passed over.
"""

import json
import socket
from collections.abc import Iterator
from typing import Any

from perilune.base.errors import PeriluneError

CONNECT_WITHIN_S = 5.0
LAST_STATES = ("refused", "report", "no-report")


class Console:
    """A connection to the desk of a live flight; raises PeriluneError where there is none at the address."""

    def __init__(self, host: str, port: int, token: str) -> None:
        self._token = token
        try:
            self._line = socket.create_connection((host, port), CONNECT_WITHIN_S)
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or error
            raise PeriluneError(f"port {port} of {host} cannot be reached ({why}); start a flight with perilune live, or name its --port") from None
        self._line.settimeout(None)
        self._read = bytearray()

    def __enter__(self) -> "Console":
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()

    def ask(self, command: str, arguments: dict[str, Any], wait_s: float) -> Iterator[dict[str, Any]]:
        """Release a command; what is told of it, up to the report or the end of the patience.

        Raises PeriluneError where the flight ends or the connection breaks first.
        """
        asked = {"token": self._token, "command": command, "arguments": arguments, "wait_s": wait_s}
        try:
            self._line.sendall(json.dumps(asked).encode() + b"\n")
            while True:
                told = self._next()
                yield told
                if told.get("state") in LAST_STATES:
                    return
        except OSError as error:
            raise PeriluneError(f"the connection to the flight broke ({error.strerror or error}); see its log") from None

    def _next(self) -> dict[str, Any]:
        while True:
            line, found, rest = bytes(self._read).partition(b"\n")
            if not found:
                data = self._line.recv(1 << 16)
                if not data:
                    raise PeriluneError("the flight has ended, or has left this console; see its log")
                self._read += data
                continue
            self._read[:] = rest
            try:
                told = json.loads(line)
            except ValueError:
                continue
            if isinstance(told, dict) and "state" in told:
                return told
