"""A replay over TCP: whoever listens gets the packets of the span, byte for byte; clients of any kind do not stop it."""

import math
import re
import socket
import subprocess
import sys
import threading

import pytest
from small_port import within

from perilune.base.errors import PeriluneError
from perilune.control_room.replay import Received, Replay, replay_of
from perilune.control_room.replaying import WantedReplay, serve_replay
from perilune.control_room.tcp import HOST
from perilune.downlink.decode import decode
from perilune.flight.fly import fly


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return fly("resilience", start="pdi", seed=2).save(tmp_path_factory.mktemp("flights") / "kept")


def all_of(port, begin=b""):
    """Everything that a client gets until the port closes; it says `begin` first."""
    with socket.create_connection((HOST, port), timeout=30.0) as client:
        client.sendall(begin)
        got = bytearray()
        while piece := client.recv(1 << 16):
            got += piece
    return bytes(got)


def test_a_listener_gets_the_packets_of_the_span_and_no_other(folder):
    asked = ["--from", "-100", "--to", "-40", "--speed", "max", "--port", "0", "--wait"]
    process = subprocess.Popen(
        [sys.executable, "-m", "perilune", "replay", str(folder), *asked], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        line = process.stdout.readline()
        got = all_of(int(re.search(r"port (\d+)", line)[1]))
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    some = replay_of(folder, "-100", "-40")
    assert got == b"".join(one.data for one in some.received)
    counters = decode(got).counters
    assert counters.packets == some.packets and counters.skipped_bytes == 0 and not counters.out_of_order
    assert process.returncode == 0 and f"{some.packets} packets sent" in out and err == ""


def started(replay, folder, **asked):
    """A replay in this process, waiting for its first client: its port, what it says, and its thread."""
    said, wanted = [], WantedReplay(math.inf, 0, is_waiting=True, **asked)
    thread = threading.Thread(target=serve_replay, args=(replay, folder, wanted, said.append))
    thread.start()
    assert within(30, lambda: said)
    return int(re.search(r"port (\d+)", said[0])[1]), said, thread


def test_clients_get_the_same_whatever_they_say(folder):
    results, everything = {}, b"".join(one.data for one in replay_of(folder).received)
    port, said, thread = started(replay_of(folder), folder)
    clients = [b"", b"\x00" * 5000, b"GET / HTTP/1.1\r\n\r\n", b"PERILUNE wrong\n"]
    threads = [threading.Thread(target=lambda n=n, b=b: results.update({n: all_of(port, b)})) for n, b in enumerate(clients)]
    for one in threads:
        one.start()
    for one in (*threads, thread):
        one.join(60.0)
    assert len(results) == 4 and results[0] == everything
    assert all(everything.endswith(got) for got in results.values())  # who came later began later
    assert any("wrong token" in line for line in said)


def test_a_client_that_never_reads_and_one_that_leaves_are_let_go_in_a_sentence_each(folder):
    """More bytes than the buffers of a connection hold, or it would not show that nobody reads."""
    results, piece = {}, bytes(range(256)) * 2048
    long = Replay(tuple(Received(float(n), piece) for n in range(40)), 0.0, 40.0)
    port, said, thread = started(long, folder, patience_s=0.3)
    gone, deaf = (socket.create_connection((HOST, port)) for _ in range(2))
    gone.close()
    reader = threading.Thread(target=lambda: results.update(got=all_of(port)))
    reader.start()
    for one in (reader, thread):
        one.join(60.0)
    deaf.close()
    assert len(results["got"]) > 30 * len(piece) and (piece * 40).endswith(results["got"])
    assert "client 1 has gone; the replay goes on" in said
    assert "client 2 has read nothing for 0.3 s and is dropped; the replay goes on" in said
    assert said[-1] == "40 packets sent"


def test_a_port_that_is_taken_is_refused_in_one_sentence(folder):
    with socket.create_server((HOST, 0)) as server:
        asked = ["replay", str(folder), "--port", str(server.getsockname()[1])]
        run = subprocess.run([sys.executable, "-m", "perilune", *asked], capture_output=True, text=True, check=False)
    assert run.returncode == 2 and run.stderr.count("\n") == 1 and "choose another with --port" in run.stderr
    with pytest.raises(PeriluneError, match="port 70000"):
        serve_replay(replay_of(folder), folder, WantedReplay(port=70000))


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (["--speed", "0"], "leads nowhere"),
        (["--from", "soon"], "write UTC"),
        (["--from", "99999"], "is empty"),
        (["--to", "-99999"], "is empty"),
    ],
)
def test_what_cannot_be_replayed_is_refused_in_one_sentence(folder, asked, words):
    run = subprocess.run(
        [sys.executable, "-m", "perilune", "replay", str(folder), *asked, "--port", "0"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 2 and words in run.stderr and run.stderr.count("\n") == 1 and run.stdout == ""
