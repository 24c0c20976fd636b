"""The port on the ground: telemetry goes out to whoever connects, telecommands and the lines of consoles come in, over TCP.

What a client sends first says what it is. Nothing, or bytes that are no greeting: a listener, which gets telemetry from the beginning of its
connection on; what it sends is refused. A line `PERILUNE <token>`, or `PERILUNE <token> raw`: a station, which may send telecommands as well. A
brace: a console, which asks in lines of JSON and is answered in such lines.

Assumptions and limitations: one thread serves all; a client that has not read `MOST_WAITING` bytes of what was sent is dropped, so none holds the
flight up; nobody is known but by the token, and nothing is encrypted: the port is meant for loopback.
"""

import contextlib
import hmac
import json
import selectors
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Any, NamedTuple

from perilune.base.errors import PeriluneError
from perilune.control_room.front_end import CommandStream

HOST, PORT = "127.0.0.1", 10015
GREETING = b"PERILUNE "
LONGEST_LINE = 4096
MOST_WAITING = 1 << 20
MOST_CLIENTS = 64  # at once; more would take the files that the flight needs for its record
GRACE_S = 0.2  # for a client to say what it is before telemetry goes to it
CHUNK_BYTES = 1 << 16
MOST_LOGGED = 20  # refusals of one client that are told one by one
CLOSING_S = 2.0


class Telecommand(NamedTuple):
    """A packet of a station; one of a `raw` line goes up as it is."""

    client: int
    data: bytes
    is_raw: bool


class Question(NamedTuple):
    """A line of a console that has shown the token."""

    client: int
    asked: dict[str, Any]


@dataclass
class Client:
    """One connection."""

    line: socket.socket
    number: int
    kind: str = "new"  # "listener", "station" or "console" in the end
    is_raw: bool = False
    since: float = field(default_factory=time.monotonic)
    read: bytearray = field(default_factory=bytearray)
    waiting: bytearray = field(default_factory=bytearray)
    stream: CommandStream = field(default_factory=CommandStream)
    refusals: int = 0
    is_leaving: bool = False


class Port:
    """The port, listening from `open` to `close`; what comes in waits in `inbox`, what is to be logged goes to `log(kind, sentence)`."""

    def __init__(
        self, token: str, log: Callable[[str, str], None] = lambda kind, sentence: None, most_waiting: int = MOST_WAITING, grace_s: float = GRACE_S
    ) -> None:
        self.inbox: SimpleQueue[Telecommand | Question] = SimpleQueue()
        self.number = 0
        self._token, self._log, self._most_waiting, self._grace_s = token.encode(), log, most_waiting, grace_s
        self._clients: dict[int, Client] = {}
        self._lock = threading.RLock()
        self._selector = selectors.DefaultSelector()
        self._wake, self._woken = socket.socketpair()
        self._is_closing = threading.Event()
        self._connected = self._crowded = 0
        self._thread = threading.Thread(target=self._serve, name="ground-port", daemon=True)

    def open(self, host: str = HOST, port: int = PORT) -> None:
        """Listen; a `port` of 0 is any free one, told by `number`. Raises PeriluneError where it cannot be had."""
        try:
            self._server = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or error
            raise PeriluneError(f"port {port} of {host} cannot be listened on ({why}); choose another with --port, or 0 for any free one") from None
        self.number = self._server.getsockname()[1]
        for one in (self._server, self._woken):
            one.setblocking(False)
            self._selector.register(one, selectors.EVENT_READ)
        self._thread.start()

    @property
    def listeners(self) -> int:
        """Clients that get telemetry now."""
        with self._lock:
            return sum(client.kind in ("listener", "station") for client in self._clients.values())

    @property
    def most_waiting(self) -> int:
        """Bytes that the slowest client has not taken yet."""
        with self._lock:
            return max((len(client.waiting) for client in self._clients.values()), default=0)

    def broadcast(self, data: bytes) -> None:
        """Telemetry to all that want it."""
        with self._lock:
            for client in list(self._clients.values()):
                if client.kind != "console":
                    self._put(client, data)
        self._nudge()

    def answer(self, number: int, told: dict[str, Any], is_last: bool = False) -> None:
        """A line to a console, if it is still there; after the last it is left."""
        with self._lock:
            client = self._clients.get(number)
            if client is not None:
                client.is_leaving |= is_last
                self._put(client, json.dumps(told).encode() + b"\n")
        self._nudge()

    def settle(self, most: int, patience_s: float) -> None:
        """Wait until no client has more than `most` bytes waiting; those that take nothing for `patience_s` are dropped."""
        while True:
            with self._lock:
                slow = {client.number: len(client.waiting) for client in self._clients.values() if len(client.waiting) > most}
            if not slow:
                return
            until = time.monotonic() + patience_s
            while time.monotonic() < until and slow:
                time.sleep(0.002)
                with self._lock:
                    slow = {n: was for n, was in slow.items() if n in self._clients and len(self._clients[n].waiting) == was}
            with self._lock:
                for number in slow:
                    if number in self._clients:
                        self._drop(self._clients[number], f"has read nothing for {patience_s:g} s and is dropped; the flight goes on")

    def close(self) -> None:
        """Give out what waits, as far as it is taken within `CLOSING_S`, and listen no more."""
        until = time.monotonic() + CLOSING_S
        while self.most_waiting and time.monotonic() < until:
            time.sleep(0.01)
        self._is_closing.set()
        self._nudge()
        self._thread.join()

    def _nudge(self) -> None:
        with contextlib.suppress(OSError):
            self._wake.send(b".")

    def _put(self, client: Client, data: bytes) -> None:
        client.waiting += data
        if len(client.waiting) > self._most_waiting:
            self._drop(client, f"has not read {len(client.waiting)} bytes that were sent and is dropped; the flight goes on")

    def _serve(self) -> None:
        while not self._is_closing.is_set():
            for key, events in self._selector.select(self._grace_s / 2.0):
                if key.fileobj is self._server:
                    self._accept()
                elif key.fileobj is self._woken:
                    with contextlib.suppress(OSError):
                        self._woken.recv(CHUNK_BYTES)
                elif events & selectors.EVENT_READ:
                    self._receive(key.data)
            with self._lock:
                for client in list(self._clients.values()):
                    self._attend(client)
        with self._lock:
            for client in list(self._clients.values()):
                self._drop(client)
        for one in (self._server, self._wake, self._woken, self._selector):
            one.close()

    def _accept(self) -> None:
        try:
            line, _ = self._server.accept()
        except OSError:
            return
        line.setblocking(False)
        with contextlib.suppress(OSError):
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            if len(self._clients) >= MOST_CLIENTS:
                line.close()
                self._crowded += 1
                if self._crowded == 1:
                    self._log("refused", f"more than {MOST_CLIENTS} clients at once: refused; further ones are not told")
                return
            self._connected += 1
            client = self._clients[self._connected] = Client(line, self._connected)
            self._selector.register(line, selectors.EVENT_READ, client)

    def _attend(self, client: Client) -> None:
        """Send what waits, once it is known what the client is."""
        if client.kind == "new" and time.monotonic() - client.since > self._grace_s:
            self._is_now(client, "listener")
        if client.kind == "new" or client.number not in self._clients:
            return
        try:
            while client.waiting:
                del client.waiting[: client.line.send(client.waiting[:CHUNK_BYTES])]
        except BlockingIOError:
            pass
        except OSError:
            self._drop(client, "has gone; the flight goes on")
            return
        if client.is_leaving and not client.waiting:
            self._drop(client)
            return
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.waiting else 0)
        self._selector.modify(client.line, wanted, client)

    def _receive(self, client: Client) -> None:
        try:
            data = client.line.recv(CHUNK_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        with self._lock:
            if client.number not in self._clients:
                return
            if not data:
                self._drop(client, "has gone; the flight goes on" if client.kind != "console" else "")
                return
            client.read += data
            if client.kind in ("new", "listener"):
                self._look_what_it_is(client)
            if client.kind == "console":
                self._take_lines(client)
            elif client.kind in ("station", "listener") and client.read:
                self._take_packets(client)

    def _is_now(self, client: Client, kind: str) -> None:
        client.kind = kind
        if kind != "console":
            self._log("client", f"client {client.number} is a {kind}")

    def _look_what_it_is(self, client: Client) -> None:
        said = bytes(client.read)
        if said.startswith(b"{") and client.kind == "new":
            client.waiting.clear()
            self._is_now(client, "console")
        elif GREETING.startswith(said[: len(GREETING)]) and len(said) < LONGEST_LINE and b"\n" not in said:
            return  # the greeting may still come
        elif said.startswith(GREETING):
            line, _, rest = said.partition(b"\n")
            client.read[:] = rest
            words = line.split()
            if len(words) in (2, 3) and (len(words) == 2 or words[2] == b"raw") and hmac.compare_digest(words[1], self._token):
                client.is_raw = len(words) == 3
                client.stream = CommandStream(client.is_raw)
                self._is_now(client, "station")
            else:
                self._log("refused", f"client {client.number} showed a wrong token; what it sends is refused")
                self._is_now(client, "listener")
        elif client.kind == "new":
            self._is_now(client, "listener")

    def _take_packets(self, client: Client) -> None:
        data = bytes(client.read)
        client.read.clear()
        if client.kind == "listener":
            self._refuse(client, f"{len(data)} bytes without a token")
            return
        before = client.stream.skipped
        for packet in client.stream.feed(data):
            self.inbox.put(Telecommand(client.number, packet, client.is_raw))
        if client.stream.skipped > before:
            self._refuse(client, f"{client.stream.skipped - before} bytes that are no telecommand")

    def _take_lines(self, client: Client) -> None:
        while b"\n" in client.read and client.number in self._clients:
            line, _, rest = bytes(client.read).partition(b"\n")
            client.read[:] = rest
            try:
                asked = json.loads(line)
                token = asked["token"].encode()
                del asked["token"]
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
                self._refuse(client, "a line that is no question: a JSON object with token and command")
                self.answer(client.number, {"state": "refused", "why": "this is no question; send a JSON object with token and command"}, True)
                continue
            if hmac.compare_digest(token, self._token):
                self.inbox.put(Question(client.number, asked))
            else:
                self._refuse(client, "a command with a wrong token")
                self.answer(client.number, {"state": "refused", "why": "wrong token"}, True)
        if len(client.read) > LONGEST_LINE:
            self._drop(client, f"sent a line of more than {LONGEST_LINE} bytes and is dropped")

    def _refuse(self, client: Client, what: str) -> None:
        client.refusals += 1
        if client.refusals <= MOST_LOGGED:
            more = "; further refusals of this client are not told" if client.refusals == MOST_LOGGED else ""
            self._log("refused", f"client {client.number} sent {what}: refused{more}")

    def _drop(self, client: Client, why: str = "") -> None:
        if self._clients.pop(client.number, None) is None:
            return
        with contextlib.suppress(KeyError, ValueError, OSError):
            self._selector.unregister(client.line)
        client.line.close()
        if why:
            self._log("client", f"client {client.number} {why}")
