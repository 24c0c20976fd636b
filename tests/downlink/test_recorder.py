"""The recorder sends again what was sent, byte for byte, when it is asked to, and takes nothing from what is due."""

import numpy as np
import polars as pl
import pytest

from perilune.downlink.dictionary import FULL_BIT_RATE_BIT_S
from perilune.downlink.packets import Sender, sent_packets
from perilune.downlink.recorder import Kept, Recorder
from perilune.messages.commands import BY_NAME, OUTCOMES

FROM_S, TO_S = 3000.0, 3020.0
RATE = 9000.0
DUMP = {"command_code": BY_NAME["dump-recorder"].code, "command_outcome": OUTCOMES.index("executed")}


@pytest.fixture(scope="module")
def commanded(telemetry):
    """The telemetry with a dump that was commanded 60 s after what it asks for."""
    some = telemetry.filter(pl.col("time_s").is_between(2990.0, 3300.0))
    is_told = pl.col("time_s") >= TO_S + 60.0
    told = {"command_count": 1, "command_argument_1": FROM_S, "command_argument_2": TO_S, **DUMP}
    return some.with_columns(pl.when(is_told).then(pl.lit(value)).otherwise(0).cast(some[name].dtype).alias(name) for name, value in told.items())


@pytest.fixture(scope="module")
def sent(commanded, epoch):
    return sent_packets(commanded, epoch, RATE)


def again(sent):
    """The packets that went out a second time."""
    seen, twice = set(), []
    for packet in sent:
        if packet.data in seen:
            twice.append(packet)
        seen.add(packet.data)
    return twice


def test_it_sends_the_same_packets_again_in_their_order(sent):
    asked = [packet.data for packet in sent if FROM_S <= packet.time_s <= TO_S]
    twice = again(sent)
    assert [packet.data for packet in twice] == asked and len(asked) > 200
    assert twice[0].time_s == pytest.approx(TO_S + 60.0)


def test_it_takes_nothing_from_what_is_due_and_stays_within_the_rate(commanded, sent, epoch):
    refused = pl.lit(OUTCOMES.index("wrong-mode"), commanded["command_outcome"].dtype)
    quiet = sent_packets(commanded.with_columns(command_outcome=refused), epoch, RATE)
    twice = {id(packet) for packet in again(sent)}
    once = [packet for packet in sent if id(packet) not in twice]
    assert [(packet.apid, packet.sequence) for packet in once] == [(packet.apid, packet.sequence) for packet in quiet]
    seconds = np.array([int(packet.time_s + 1e-6) for packet in sent])
    bits = np.bincount(seconds - seconds.min(), [8 * len(packet.data) for packet in sent])
    assert bits.max() <= RATE < 1.5 * FULL_BIT_RATE_BIT_S


def test_stretches_make_no_difference(commanded, sent, epoch):
    sender, got, at, lengths = Sender(epoch, RATE), [], 0, np.random.default_rng(4)
    while at < len(commanded):
        length = int(lengths.integers(1, 40))
        got += sender.send(commanded.slice(at, length))
        at += length
    assert got == sent


def test_what_had_to_make_room_is_not_sent_again():
    recorder = Recorder(capacity_bytes=100)
    for n in range(30):
        recorder.fill(recorder.keep(Kept(float(n), 1, 10)), n, bytes([n]))
    recorder.ask(0.0, 25.0)
    got = []
    while (one := recorder.peek()) is not None:
        recorder.taken()
        got.append(recorder.read(one[0])[1][0])
        for _ in range(2):
            recorder.fill(recorder.keep(Kept(99.0, 1, 10)), 0, b"later")
    assert got == [20, 22, 24], "two new ones cost the two oldest their place"
    recorder.forget()
    assert len(recorder._bytes) == 10, "what the ring has room for"
