"""Somebody else's flight software over the port: our own gives the same record, a silent peer ends the flight, and what is no answer is refused."""

import contextlib
import socket
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import perilune
from bitwise import bits
from perilune.base.errors import PeriluneError
from perilune.flight.peer import fly_as_peer, no_commands, own_avionics
from perilune.flight.port import Peer, peer_at
from perilune.messages.frames import HEADER, Frame, Kind
from perilune.mission.loader import load


def in_background(work):
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


FAULTS = ("range_finder.bias@height_m=3000,size_m=40", "assist_engines.nozzle_loss@event=vertical,unit=2,duration_s=5")


@pytest.fixture(scope="module")
def twice():
    """One dispersed flight from the burn on, plain until two faults strike its vertical leg: through the port, and alone; and the port's path."""
    mission = load("resilience", faults=FAULTS)
    with tempfile.TemporaryDirectory(prefix="port") as folder:
        path = Path(folder) / "own.sock"
        begin = own_avionics(mission)
        peer = in_background(lambda: fly_as_peer(path, begin))
        ported = perilune.fly(mission, seed=3, run=2, peer=Peer(path))
        peer.join(10.0)
        assert not path.exists()
    return ported, perilune.fly(mission, seed=3, run=2), path


def test_our_own_avionics_through_the_port_give_the_same_record_bit_for_bit(twice):
    ported, alone, path = twice
    assert bits(ported.flown.history) == bits(alone.flown.history) and len(alone.flown.history) > 36_000
    assert bits(ported.telemetry_rows) == bits(alone.telemetry_rows)
    assert ported.verdict == alone.verdict and ported.touchdown == alone.touchdown
    assert ported.provenance["avionics"] == f"socket:{path}" and alone.provenance["avionics"] == "own"


def test_faults_of_the_lander_strike_a_flight_through_the_port_as_they_do_alone(twice):
    ported, alone, _ = twice
    assert [fault.began_s for fault in ported.faults] == [fault.began_s for fault in alone.faults]
    assert all(fault.began_s is not None for fault in alone.faults)
    assert ported.events == alone.events


@pytest.fixture
def place():
    """A folder whose name is short enough for a local socket."""
    with tempfile.TemporaryDirectory(prefix="port") as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def mission():
    return load("resilience")


def test_a_peer_that_stops_answering_ends_the_flight_with_a_sentence_and_the_record_up_to_that_tick(place, mission):
    path, hold = place / "mute.sock", threading.Event()
    answered = 25

    def begin(loaded, estimate):
        count = [0]

        def answer(tick, measured):
            count[0] += 1
            if count[0] > answered:
                hold.wait(20.0)
            return no_commands()

        return answer

    def fly():
        with contextlib.suppress(OSError, PeriluneError):
            fly_as_peer(path, begin)

    peer = in_background(fly)
    flight = perilune.fly(mission, seed=1, start="pdi", peer=Peer(path, "vertical", answer_within_s=0.5))
    hold.set()
    peer.join(5.0)
    rows = flight.flown.history
    taken_over = np.flatnonzero(rows["mode"] == 3)
    assert flight.verdict == "unanswered"
    assert "did not answer within 0.5 s" in flight.reason and "above the ground" in flight.reason and flight.reason.count(".") >= 1
    assert len(taken_over) == 1 + answered  # our own tick that reached the mode, and those that were answered
    assert np.all(rows["command_main_engine"][-answered:] == 0.0) and rows["command_main_engine"][-answered - 1] == 1.0


def answering(path, frame_of):
    """A peer that answers the first question with bytes of its own making."""

    def work():

        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        for _ in range(500):
            try:
                line.connect(str(path))
                break
            except OSError:
                time.sleep(0.02)
        tick = 0
        for _ in range(3):
            head = b""
            while len(head) < HEADER.size:
                head += line.recv(HEADER.size - len(head))
            _, _, tick, length = HEADER.unpack(head)
            while length:
                length -= len(line.recv(length))
        line.sendall(frame_of(tick))
        time.sleep(0.3)
        line.close()

    return in_background(work)


COMMANDS = no_commands().tobytes()


@pytest.mark.parametrize(
    ("frame_of", "words"),
    [
        (lambda tick: b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "every frame must begin with"),
        (lambda tick: Frame(Kind.MEASUREMENTS, tick, b"").to_bytes(), "a frame of kind 3 where 4 or 5 was due"),
        (lambda tick: Frame(Kind.COMMANDS, tick, b"\0" * 7).to_bytes(), "sent 7 bytes of commands where"),
        (lambda tick: Frame(Kind.COMMANDS, tick + 1, COMMANDS).to_bytes(), "answered tick"),
        (lambda tick: b"", "left"),
    ],
)
def test_what_is_no_answer_ends_the_flight_and_says_what_was_due(place, mission, frame_of, words):
    path = place / "odd.sock"
    peer = answering(path, frame_of)
    flight = perilune.fly(mission, seed=1, start="pdi", peer=Peer(path, "vertical", answer_within_s=2.0))
    peer.join(5.0)
    assert flight.verdict == "unanswered" and words in flight.reason


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("tcp:localhost:1",), "give socket:PATH"),
        (("socket:",), "give socket:PATH"),
        (("socket:" + "a" * 200,), "at most 100 bytes"),
        (("socket:x", "verticle"), "did you mean vertical"),
        (("socket:x", "vertical", 0.0), "give seconds above 0"),
    ],
)
def test_an_address_that_is_none_is_refused_with_what_would_be_right(arguments, words):
    with pytest.raises(PeriluneError, match=words):
        peer_at(*arguments)


def test_a_file_in_the_place_of_the_socket_is_left_alone(place, mission):
    path = place / "notes.txt"
    path.write_text("mine")
    with pytest.raises(PeriluneError, match="no socket; choose another path"):
        perilune.fly(mission, start="pdi", peer=Peer(path, "vertical"))
    assert path.read_text() == "mine"


def test_nobody_connecting_is_said(place, mission):
    with pytest.raises(PeriluneError, match="nobody connected within"):
        perilune.fly(mission, start="pdi", peer=Peer(place / "a.sock", "vertical", connect_within_s=0.1))
