"""The port serves whoever behaves, refuses and logs whoever does not, and is held up by nobody."""

import json
import socket
import time

import pytest

from perilune.base.errors import PeriluneError
from perilune.control_room.tcp import Port, Question, Telecommand
from perilune.messages.command_packet import command_packet

TOKEN = "a-token-of-a-test"
COMMAND = command_packet("no-operation", {}, 5)


@pytest.fixture
def said():
    return []


@pytest.fixture
def port(said):
    port = Port(TOKEN, lambda kind, sentence: said.append((kind, sentence)), most_waiting=1 << 16, grace_s=0.05)
    port.open(port=0)
    yield port
    port.close()


def connected(port, first=b""):
    line = socket.create_connection(("127.0.0.1", port.number), 5.0)
    line.settimeout(5.0)
    if first:
        line.sendall(first)
    return line


def until(holds, patience_s=5.0):
    end = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.005)


def test_listeners_get_all_from_the_beginning_of_their_connection_and_closing_gives_out_what_waits(port):
    lines = [connected(port) for _ in range(3)]
    until(lambda: len(port._clients) == 3)
    data = [bytes([k]) * 100 for k in range(50)]
    for piece in data:
        port.broadcast(piece)
    port.close()
    for line in lines:
        got = b""
        while piece := line.recv(1 << 16):
            got += piece
        assert got == b"".join(data)


def test_a_station_with_the_token_may_send_and_the_raw_word_is_heard(port):
    for words, is_raw in ((b"", False), (b" raw", True)):
        line = connected(port, b"PERILUNE " + TOKEN.encode() + words + b"\n" + COMMAND)
        order = port.inbox.get(timeout=5.0)
        assert order.data == COMMAND and order.is_raw == is_raw and isinstance(order, Telecommand)
        port.broadcast(b"telemetry")
        assert line.recv(100) == b"telemetry"


@pytest.mark.parametrize("first", [b"PERILUNE wrong-token\n" + COMMAND, COMMAND, b"PERILUNE\n" + COMMAND, b"PERILUNE a b c d\n" + COMMAND])
def test_without_the_token_packets_are_refused_and_logged_and_telemetry_still_comes(port, said, first):
    line = connected(port, first)
    until(lambda: any(kind == "refused" for kind, _ in said))
    port.broadcast(b"telemetry")
    assert line.recv(100) == b"telemetry"
    assert port.inbox.empty()


def test_a_console_is_answered_and_gets_no_telemetry(port):
    line = connected(port, json.dumps({"token": TOKEN, "command": "hold"}).encode() + b"\n")
    order = port.inbox.get(timeout=5.0)
    assert isinstance(order, Question) and order.asked == {"command": "hold"}, "the token goes no further"
    port.broadcast(b"telemetry")
    port.answer(order.client, {"state": "released"}, True)
    assert json.loads(line.makefile().readline()) == {"state": "released"}
    assert line.recv(10) == b"", "after the last answer the connection ends"


@pytest.mark.parametrize("line", [b'{"token": "wrong", "command": "hold"}', b"{}", b"{[", b'{"token": 5}', b"{" * 3000, b'{"token": null}'])
def test_a_wrong_question_is_refused_and_logged(port, said, line):
    told = connected(port, line + b"\n").makefile().readline()
    assert json.loads(told)["state"] == "refused"
    until(lambda: said and said[-1][0] == "refused")
    assert port.inbox.empty()


def test_a_client_that_never_reads_is_dropped_and_the_others_are_served(port, said):
    lazy, keen = connected(port), connected(port)
    lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    until(lambda: port.listeners == 2)
    got, sent = 0, 0
    end = time.monotonic() + 30.0
    while not any("dropped" in sentence for _, sentence in said):
        assert time.monotonic() < end
        port.broadcast(bytes(20_000))
        sent += 20_000
        while got < sent:
            got += len(keen.recv(1 << 16))
    assert sum("dropped" in sentence for _, sentence in said) == 1 and port.listeners == 1


def test_a_flight_without_a_pace_waits_for_a_slow_client_but_not_for_ever(port, said):
    line = connected(port)
    until(lambda: port.listeners == 1)
    while port.most_waiting < 1000:
        port.broadcast(bytes(20_000))
        time.sleep(0.02)
    port.settle(100, 0.2)
    assert "read nothing for 0.2 s" in said[-1][1] and port.listeners == 0
    line.close()


def test_a_client_that_goes_is_told_of_once(port, said):
    connected(port).close()
    until(lambda: any("has gone" in sentence for _, sentence in said))
    port.broadcast(b"telemetry")
    assert sum("has gone" in sentence for _, sentence in said) == 1


def test_a_port_that_is_taken_is_told_in_one_sentence(port):
    with pytest.raises(PeriluneError, match=f"port {port.number} of 127.0.0.1 cannot be listened on"):
        Port(TOKEN).open(port=port.number)
    with pytest.raises(PeriluneError, match="cannot be listened on"):
        Port(TOKEN).open(port=99_999)
