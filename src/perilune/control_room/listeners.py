"""Listeners: clients on a port of this machine that get packets and say nothing.

Assumptions and limitations: loopback alone; a client gets what is sent from its connection on, what it says is not read. Packets wait for a client
that is slow; one that takes nothing for `PATIENCE_S` is let go, and the others go on.
"""

import socket
import time
from collections.abc import Callable
from types import TracebackType

from perilune.base.errors import PeriluneError

HOST = "127.0.0.1"
PATIENCE_S = 10.0
POLL_S = 0.05


class Listeners:
    """An open port; to be used as a context. `say` is told in a sentence what happens to clients."""

    def __init__(self, port: int, say: Callable[[str], None] = print, patience_s: float = PATIENCE_S) -> None:
        """Listen on `port` (0: any that is free); raises PeriluneError where that cannot be."""
        if not 0 <= port <= 65535:
            raise PeriluneError(f"port {port} does not exist; choose 1024 to 65535")
        self._say, self._patience_s = say, patience_s
        self._clients: list[socket.socket] = []
        self._door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._door.bind((HOST, port))
        except OSError as error:
            self._door.close()
            raise PeriluneError(f"port {port}: cannot be used ({error.strerror}); choose another with --port") from error
        self._door.listen()
        self._door.setblocking(False)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._door.getsockname()[1])

    def wait(self, goes_on: Callable[[], bool] = lambda: True) -> None:
        """Until somebody listens, or `goes_on` says no."""
        while goes_on() and not self._welcome():
            time.sleep(POLL_S)

    def send(self, data: bytes) -> None:
        """Give the bytes to all who listen now."""
        for client in tuple(self._welcome()):
            try:
                client.sendall(data)
            except OSError as error:
                why = f"took nothing for {self._patience_s:g} s" if isinstance(error, TimeoutError) else "left"
                self._clients.remove(client)
                client.close()
                self._say(f"a client {why}; {len(self._clients)} listen on")

    def _welcome(self) -> list[socket.socket]:
        """All who listen, those who have just come among them."""
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return self._clients
            client.settimeout(self._patience_s)
            self._clients.append(client)

    def __enter__(self) -> "Listeners":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the port; what was sent still reaches those who read."""
        for client in self._clients:
            try:
                client.shutdown(socket.SHUT_WR)
                client.setblocking(False)
                while client.recv(1 << 16):  # what is left unread at the end would cost the client what it has not read yet
                    pass
            except OSError:
                pass
            client.close()
        self._door.close()
