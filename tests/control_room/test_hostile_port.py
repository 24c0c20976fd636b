"""Whatever comes to the port on the ground, telemetry goes out, only the holder of the token is listened to, and refusals are logged."""

import json
import os
import random
import socket
import threading
import time

import pytest

from perilune.control_room.front_end import CommandStream
from perilune.control_room.tcp import HOST, LONGEST_LINE, Port, Question, Telecommand
from perilune.messages.command_packet import command_packet

TOKEN = "seven-of-nine"
HOLD = command_packet("no-operation", {}, 3)


class Ground:
    """An open port that sends a second of telemetry again and again while a test goes on, and a listener that reads it all."""

    def __init__(self):
        self.logged, self.sent, self.got = [], bytearray(), bytearray()
        self.port = Port(TOKEN, lambda kind, sentence: self.logged.append((kind, sentence)))
        self.port.open(port=0)
        self.listener = socket.create_connection((HOST, self.port.number), timeout=20.0)
        while not self.port.listeners:
            time.sleep(0.01)
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        while piece := self.listener.recv(1 << 16):
            self.got += piece

    def send(self):
        data = random.Random(len(self.sent)).randbytes(1000)
        self.sent += data
        self.port.broadcast(data)

    def client(self, said=b""):
        line = socket.create_connection((HOST, self.port.number), timeout=20.0)
        line.sendall(said)
        return line

    def close(self):
        self.port.close()
        self.reader.join(20.0)
        self.listener.close()

    def inbox(self):
        out = []
        while not self.port.inbox.empty():
            out.append(self.port.inbox.get())
        return out


@pytest.fixture
def ground():
    ground = Ground()
    yield ground
    if ground.reader.is_alive():
        ground.close()


def test_garbage_and_half_greetings_bring_no_command_and_stop_nothing(ground):
    draw = random.Random(1)
    said = [draw.randbytes(draw.randint(1, 5000)) for _ in range(40)]
    said += [b"PERILUNE", b"PERILUNE \n", b"PERILUNE  \n", b"PERILUNE wrong\n" + HOLD, b"PERILUNE wrong raw\n" + HOLD, b"\n", HOLD, HOLD * 100]
    said += [b"PERILUNE " + TOKEN.encode() + b" more words\n" + HOLD, b"PERILUNE " + TOKEN[:-1].encode() + b"\n" + HOLD, b"GET / HTTP/1.1\r\n\r\n"]
    said += [
        b"{",
        b"{}\n",
        b"[]\n",
        b"{" * 4000 + b"\n",
        b'{"token": 7}\n',
        b'{"token": "wrong", "command": "hold"}\n',
        b"{" + b"x" * LONGEST_LINE * 2,
    ]
    said += [b'{"token": "\\ud800"}\n', b'{"token": null, "command": {}}\n']
    clients = []
    for one in said:
        clients.append(ground.client(one))
        ground.send()
    time.sleep(0.5)
    for one in clients:
        one.close()
    ground.send()
    time.sleep(0.5)
    assert ground.inbox() == []
    ground.close()
    assert ground.got == ground.sent
    assert any(kind == "refused" for kind, _ in ground.logged) and any("wrong token" in sentence for _, sentence in ground.logged)


@pytest.mark.parametrize("raw", [b"", b" raw"])
def test_packets_among_garbage_and_in_halves_are_found_behind_the_right_token(ground, raw):
    station = ground.client(b"PERILUNE " + TOKEN.encode()[:4])
    time.sleep(0.05)
    station.sendall(TOKEN.encode()[4:] + raw + b"\n")
    for at in range(len(HOLD)):
        station.sendall(HOLD[at : at + 1])
        ground.send()
    station.sendall(b"\x00" * 300 + HOLD + b"\x00" * 300 + HOLD[:5])
    time.sleep(0.5)
    assert ground.inbox() == [Telecommand(2, HOLD, bool(raw))] * 2
    station.close()


def test_questions_are_taken_with_the_right_token_alone_and_answered_in_lines(ground):
    lines = [{"token": TOKEN, "command": "hold"}, {"token": "no", "command": "hold"}, {"token": TOKEN, "command": 10**30, "arguments": [1]}]
    answers = []
    for one in lines:
        console = ground.client(json.dumps(one).encode() + b"\n")
        time.sleep(0.1)
        if one["token"] != TOKEN:
            answers.append(json.loads(console.recv(4096).splitlines()[0]))
        console.close()
    assert [type(one) for one in ground.inbox()] == [Question, Question]
    assert [one["state"] for one in answers] == ["refused"]


def test_a_flood_of_garbage_does_not_keep_telemetry_from_those_who_read(ground):
    """Bytes that are no packets, from a station with the token, as fast as they go in."""
    station, ended = ground.client(b"PERILUNE " + TOKEN.encode() + b"\n"), threading.Event()

    def flood():
        while not ended.is_set():
            station.sendall(b"\x18" * 100_000)

    thread = threading.Thread(target=flood)
    thread.start()
    try:
        for _ in range(50):
            ground.send()
            time.sleep(0.02)
    finally:
        ended.set()
        thread.join(20.0)
        station.close()
    assert ground.inbox() == []
    ground.close()
    assert ground.got == ground.sent


def test_a_station_that_sends_garbage_costs_a_bounded_time_a_byte():
    """Ten times the garbage costs about ten times the time of the processor, not a hundred times."""
    costs = []
    for size in (100_000, 1_000_000):
        stream, began = CommandStream(), time.process_time()
        assert stream.feed(b"\x18" * size) == [] and stream.skipped > size - 10
        costs.append(time.process_time() - began)
    assert costs[1] < 40.0 * costs[0]


def test_very_many_connections_leave_the_flight_its_files(ground, tmp_path):
    """More clients than a process may have files: the flight must still be able to keep its record."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    held = len(os.listdir("/proc/self/fd"))  # the tests before this one leave some open
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(held + 560, hard), hard))
    crowd = []
    try:
        for _ in range(400):
            try:
                crowd.append(socket.create_connection((HOST, ground.port.number), timeout=2.0))
            except OSError:
                break
        time.sleep(0.5)
        files = [open(tmp_path / f"{n}", "w") for n in range(20)]
        for file in files:
            file.close()
        ground.send()
    finally:
        for one in crowd:
            one.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    ground.close()
    assert ground.got == ground.sent
    assert sum("clients at once" in sentence for _, sentence in ground.logged) == 1
