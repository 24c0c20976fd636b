"""The relay between Yamcs and the port of a flight: Yamcs's link cannot say who it is when it connects, so the relay says it.

It listens on a port of loopback that only Yamcs is told, takes one connection at a time, opens one to the flight's port with the line
`PERILUNE <token>` in front, and passes on bytes both ways. On Linux it looks up whose connection it is, and takes none but that of the server that
was started here; so the token gives no other program of the machine a way in.

Assumptions and limitations: loopback only; where /proc cannot be read, the first to connect is taken for Yamcs.
"""

import contextlib
import os
import select
import socket
import threading
from collections.abc import Callable

CHUNK_BYTES = 1 << 16
POLL_S = 0.2


class Relay:
    """The relay, on a free port, `port`; nothing passes before `open`. `is_ours` says of a client's port whether Yamcs holds it."""

    def __init__(self, link_port: int, token: str, is_ours: Callable[[int], bool]) -> None:
        self._link_port, self._token, self._is_ours = link_port, token, is_ours
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(POLL_S)
        self.port: int = self._server.getsockname()[1]
        self.refused = 0
        """Connections of others than Yamcs."""
        self._opened, self._stopped, self._through = threading.Event(), threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._serve, name="yamcs-relay", daemon=True)
        self._thread.start()

    def open(self, timeout_s: float) -> bool:
        """Let bytes pass; whether both ends are connected within `timeout_s`."""
        self._opened.set()
        return self._through.wait(timeout_s)

    def close(self) -> None:
        """End both connections and listen no more."""
        self._stopped.set()
        self._thread.join()
        self._server.close()

    def _serve(self) -> None:
        while not self._stopped.is_set():
            try:
                client, (_, port) = self._server.accept()
            except TimeoutError:
                continue
            with client:
                if not self._is_ours(port):
                    self.refused += 1
                    continue
                while not (self._opened.wait(POLL_S) or self._stopped.is_set()):
                    pass
                with contextlib.suppress(OSError):  # either end has gone: Yamcs connects again by itself
                    self._pass_on(client)
            self._through.clear()

    def _pass_on(self, client: socket.socket) -> None:
        with socket.create_connection(("127.0.0.1", self._link_port)) as flight:
            flight.sendall(f"PERILUNE {self._token}\n".encode("ascii"))
            self._through.set()
            other = {client: flight, flight: client}
            while not self._stopped.is_set():
                for end in select.select([client, flight], [], [], POLL_S)[0]:
                    data = end.recv(CHUNK_BYTES)
                    if not data:
                        return
                    other[end].sendall(data)


def holds_port(pid: int, port: int) -> bool:
    """Whether a process holds the connection that leaves from `port` of 127.0.0.1; True where it cannot be known."""
    try:
        with open("/proc/net/tcp") as table, open("/proc/net/tcp6") as table6:
            lines = [line.split() for line in [*table, *table6]]
        inodes = {f"socket:[{line[9]}]" for line in lines if line[1].endswith(f":{port:04X}")}
        return any(_target(f"/proc/{pid}/fd/{fd}") in inodes for fd in os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return not os.path.exists("/proc/net/tcp")


def _target(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""
