"""A replay over TCP: whoever listens gets the packets of the span, byte for byte; clients of any kind do not stop it."""

import re
import socket
import subprocess
import sys
import threading

import pytest

from perilune.base.errors import PeriluneError
from perilune.control_room.listeners import HOST, Listeners
from perilune.control_room.replay import replay_of
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


def test_many_clients_with_whatever_they_say_get_the_same():
    said, results = [b"", b"\x00" * 5000, b"GET / HTTP/1.1\r\n\r\n", b"PERILUNE wrong\n", b'{"command": "hold"}'], {}
    data = bytes(range(256)) * 2000
    with Listeners(0, said.append) as listeners:
        threads = [threading.Thread(target=lambda n=n, b=b: results.update({n: all_of(listeners.port, b)})) for n, b in enumerate(tuple(said))]
        for thread in threads:
            thread.start()
        while len(listeners._welcome()) < len(threads):
            pass
        for at in range(0, len(data), 5000):
            listeners.send(data[at : at + 5000])
    for thread in threads:
        thread.join(30.0)
    assert all(results[n] == data for n in range(5))


def test_a_client_that_never_reads_and_one_that_leaves_are_let_go_in_a_sentence_each():
    said, results = [], {}
    with Listeners(0, said.append, patience_s=0.3) as listeners:
        deaf, gone = (socket.create_connection((HOST, listeners.port)) for _ in range(2))
        gone.close()
        reader = threading.Thread(target=lambda: results.update(got=all_of(listeners.port)))
        reader.start()
        while len(listeners._welcome()) < 3:
            pass
        sent = 0
        while len(said) < 2:
            listeners.send(bytes(1 << 20))
            sent += 1 << 20
    reader.join(30.0)
    deaf.close()
    assert len(results["got"]) == sent
    assert sorted(said) == ["a client left; 2 listen on", "a client took nothing for 0.3 s; 1 listen on"]


def test_a_port_that_is_taken_is_refused_in_one_sentence(folder):
    with Listeners(0) as listeners:
        with pytest.raises(PeriluneError, match="choose another with --port"):
            Listeners(listeners.port)
        asked = ["replay", str(folder), "--port", str(listeners.port)]
        run = subprocess.run([sys.executable, "-m", "perilune", *asked], capture_output=True, text=True, check=False)
    assert run.returncode == 2 and run.stderr.count("\n") == 1 and "cannot be used" in run.stderr
    with pytest.raises(PeriluneError, match="does not exist"):
        Listeners(70000)


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
