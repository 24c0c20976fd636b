"""A replay gives the packets that the ground received, in their order and with their bytes, and nothing outside the span asked for."""

import json
import math
import random
from itertools import groupby

import pytest

from perilune.base.errors import PeriluneError
from perilune.control_room.replay import Received, Replay, moment_s, play, replay_of, speed_of, within
from perilune.downlink.link import link_of
from perilune.downlink.packets import sent_packets
from perilune.downlink.received import received_packets
from perilune.flight.fly import fly

EPOCH, TOUCHDOWN = "2025-06-05T18:15:00Z", "2025-06-05T19:17:00Z"


def heard_at(*times):
    return [Received(time_s, bytes([n % 256])) for n, time_s in enumerate(times)]


class Wall:
    """A clock that goes on by sleeping alone, and by what a delivery costs."""

    def __init__(self, cost_s=0.0):
        self.now, self.cost_s, self.given = 100.0, cost_s, []

    def clock(self):
        return self.now

    def sleep(self, seconds):
        assert seconds >= 0.0
        self.now += seconds

    def deliver(self, some):
        self.now += self.cost_s
        self.given += [(self.now, one) for one in some]


@pytest.fixture(scope="module")
def flight():
    return fly("resilience", start="pdi", seed=2)


@pytest.fixture(scope="module")
def folder(flight, tmp_path_factory):
    return flight.save(tmp_path_factory.mktemp("flights") / "kept")


@pytest.fixture(scope="module")
def heard(flight):
    link = link_of(flight)
    sent = sent_packets(flight.telemetry, flight.mission.planned.start.epoch_utc, link.radio.frame_bits / link.radio.frame_s)
    return [Received(one.received_time_s, one.packet.data) for one in received_packets(sent, link)]


def test_all_of_a_kept_flight_is_what_the_ground_received(folder, heard):
    assert list(replay_of(folder).received) == heard and len(heard) > 10_000


def test_nothing_outside_the_span_is_given(folder, heard):
    some = replay_of(folder, "-120", "-60.5")
    assert some.received == tuple(one for one in heard if some.from_s <= one.received_time_s < some.to_s)
    assert 0 < len(some.received) < len(heard) and some.to_s - some.from_s == pytest.approx(59.5)
    before = [one for one in heard if one.received_time_s < some.from_s]
    behind = [one for one in heard if one.received_time_s >= some.to_s]
    assert before + list(some.received) + behind == heard, "and nothing of the span is missing"
    wall = Wall()
    assert play(some, wall.deliver, math.inf, clock=wall.clock, sleep=wall.sleep) == len(some.received)
    assert [one for _, one in wall.given] == list(some.received)


@pytest.fixture
def session(folder, heard, tmp_path):
    """The recording of a session as the live flight writes it: packets, and lines that say when they came; those of a frame in one line."""
    for name in ("mission.toml",):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "telemetry.ccsds").write_bytes(b"".join(one.data for one in heard))
    with open(tmp_path / "received.jsonl", "w") as file:
        for time_s, some in groupby(heard, lambda one: one.received_time_s):
            data = [one.data for one in some]
            file.write(json.dumps({"received_s": time_s, "packets": len(data), "bytes": sum(map(len, data))}) + "\n")
    return tmp_path


def test_a_session_is_replayed_as_it_was_recorded(session, heard):
    for span in [(None, None), ("-120", "-60")]:
        some = replay_of(session, *span)
        ours = [one for one in heard if some.from_s <= one.received_time_s < some.to_s]
        assert b"".join(one.data for one in some.received) == b"".join(one.data for one in ours) and some.packets == len(ours)


def test_a_session_that_was_killed_is_replayed_up_to_its_last_whole_instant(session, heard):
    """Wherever the kill cut the two files: all instants that are whole in both, and no byte more."""
    lines, data = (session / "received.jsonl").read_bytes(), (session / "telemetry.ccsds").read_bytes()
    whole = replay_of(session).received
    draw = random.Random(3)
    for _ in range(30):
        cut = draw.randrange(len(lines) // 2, len(lines))
        (session / "received.jsonl").write_bytes(lines[:cut])
        count = lines[:cut].count(b"\n")
        assert replay_of(session).received == whole[:count]
        short = draw.randrange(len(data))
        (session / "telemetry.ccsds").write_bytes(data[:short])
        got = replay_of(session).received if short > len(whole[0].data) else whole[:0]
        assert got == whole[: len(got)] and sum(len(one.data) for one in got) <= short
        (session / "telemetry.ccsds").write_bytes(data)
    (session / "received.jsonl").write_text("no lines of a recording\n")
    with pytest.raises(PeriluneError, match="recording of a session cannot be read"):
        replay_of(session)


def test_the_end_of_a_span_belongs_to_the_next():
    heard = heard_at(10.0, 20.0, 30.0)
    assert [one.received_time_s for one in within(heard, 10.0, 30.0).received] == [10.0, 20.0]
    assert [one.received_time_s for one in within(heard, 30.0, None).received] == [30.0]
    assert within(heard, None, None).received == tuple(heard)


@pytest.mark.parametrize("speed", [1.0, 10.0, 0.5])
def test_packets_come_when_they_are_due_at_the_speed_asked_for(speed):
    wall, heard = Wall(), heard_at(10.0, 10.0, 13.5, 40.0)
    play(Replay(tuple(heard), 4.0, 50.0), wall.deliver, speed, clock=wall.clock, sleep=wall.sleep)
    assert [when - 100.0 for when, _ in wall.given] == pytest.approx([6.0 / speed, 6.0 / speed, 9.5 / speed, 36.0 / speed], abs=0.002)


def test_a_slow_client_is_waited_for_and_made_up_for():
    wall, heard = Wall(cost_s=2.0), heard_at(*range(20))
    play(Replay(tuple(heard), 0.0, 20.0), wall.deliver, 1.0, clock=wall.clock, sleep=wall.sleep)
    assert [one for _, one in wall.given] == heard and wall.now - 100.0 < 19.0 + 2 * wall.cost_s


def test_at_the_greatest_speed_no_time_is_spent_waiting():
    wall, heard = Wall(), heard_at(*range(5000))
    assert play(Replay(tuple(heard), 0.0, 5000.0), wall.deliver, clock=wall.clock, sleep=wall.sleep) == 5000
    assert wall.now == 100.0 and [one for _, one in wall.given] == heard


def test_a_replay_ends_when_it_is_told_to():
    wall, heard = Wall(), heard_at(*range(100))
    given = play(Replay(tuple(heard), 0.0, 100.0), wall.deliver, 1.0, lambda: wall.now < 150.2, wall.clock, wall.sleep)
    assert 50 <= given <= 52 and [one for _, one in wall.given] == heard[:given]


def test_moments_are_read_in_three_ways():
    assert moment_s("2025-06-05T19:15:30Z", EPOCH, TOUCHDOWN) == pytest.approx(3630.0, abs=1e-5)
    assert moment_s("3630.5", EPOCH, TOUCHDOWN) == 3630.5
    assert moment_s("-90", EPOCH, TOUCHDOWN) == pytest.approx(3630.0, abs=1e-5)


@pytest.mark.parametrize("text", ["soon", "nan", "inf", "", "2025-13-05T00:00:00Z"])
def test_a_moment_that_cannot_be_read_is_refused_with_what_would_be_right(text):
    with pytest.raises(PeriluneError, match="write UTC"):
        moment_s(text, EPOCH, TOUCHDOWN)


def test_spans_with_nothing_in_them_are_refused(tmp_path):
    heard = heard_at(10.0, 20.0)
    for begin, end, words in [
        (30.0, None, "is empty"),
        (20.5, 30.0, "nothing was received"),
        (12.0, 12.0, "is empty"),
        (12.0, 13.0, "came from 10.0"),
    ]:
        with pytest.raises(PeriluneError, match=words):
            within(heard, begin, end)
    with pytest.raises(PeriluneError, match="no packet of this flight"):
        within([], None, None)
    assert speed_of("max") == math.inf and speed_of("2.5") == 2.5
    for text in ("0", "-1", "nan", "fast"):
        with pytest.raises(PeriluneError, match="leads nowhere"):
            speed_of(text)
    with pytest.raises(PeriluneError, match="no flight is kept here"):
        replay_of(tmp_path)
