"""Hostile commands: nothing damaged, replayed, unarmed, mistimed or out of range is acted on, and counters tell. The million: `validate --full`."""

import pytest

from perilune.messages.commands import OUTCOMES
from perilune.validation import hostile_commands as bench
from perilune.validation.hostile_uplink import WAYS, hostile_commands
from perilune.validation.plain_receiver import PlainReceiver

COUNT = 10_000


@pytest.fixture(scope="module")
def commands():
    return list(hostile_commands(COUNT, 11))


@pytest.fixture(scope="module")
def reports(commands):
    return bench.on_board(commands)


@pytest.fixture(scope="module")
def received(commands, reports):
    received = bench.Received()
    bench._compare(received, commands, reports)
    return received


def test_the_receiver_tells_and_does_what_an_independent_reader_says(received):
    assert received.wrong == 0, received.first_wrong
    assert set(received.outcomes) == set(WAYS) and set(received.total) == set(OUTCOMES) - {"none"}, "every outcome came about"
    assert received.total["executed"] > COUNT // 5


def test_what_must_never_be_obeyed_is_not(received):
    assert bench.never_obeyed(received) == 0
    assert set(received.outcomes["forged"]) <= {"wrong-check-word"} or received.outcomes["forged"]["executed"] <= 1
    assert received.outcomes["replayed"]["used-count"] > 100 and received.outcomes["old count"]["used-count"] > 100
    assert received.outcomes["out of range"]["out-of-range"] > 50


def test_what_was_refused_set_nothing(commands, reports):
    """Settings move only in a tick whose packet was obeyed."""
    settings = ["antenna", "left_out", "range_gate", "site_offset", "hold", "starts_until", "silent_until"]
    moved = sum((reports[name][1:] != reports[name][:-1]).reshape(COUNT - 1, -1).any(axis=1) for name in settings) > 0
    executed = reports["outcome"][1:] == OUTCOMES.index("executed")
    assert moved.sum() > 500 and not (moved & ~executed).any()
    assert reports["reports"][-1] == COUNT and reports["refused"][-1] == (reports["outcome"] != OUTCOMES.index("executed")).sum()


def test_a_receiver_that_slips_is_found_out(commands, reports):
    for name in ("outcome", "refused", "antenna", "range_gate"):
        other, received = reports.copy(), bench.Received()
        other[name][77] += 1
        bench._compare(received, commands, other)
        assert received.wrong == 1, name


def test_a_million_packets_come_the_same_from_the_same_seed():
    ours = list(hostile_commands(300, 4))
    assert ours == list(hostile_commands(300, 4)) != list(hostile_commands(300, 5))


def test_the_independent_reader_reads_packets_made_by_hand():
    """Bytes written out: APID 200, no-operation, its check word by hand."""
    receiver = PlainReceiver()
    no_operation = bytes.fromhex("18c8c0050003 0100".replace(" ", ""))
    from binascii import crc_hqx

    packet = no_operation + crc_hqx(no_operation, 0xFFFF).to_bytes(2, "big")
    assert receiver.take(packet, 1.0, "coast", False).outcome == "executed"
    assert receiver.take(packet, 2.0, "coast", False).outcome == "used-count"
    assert receiver.take(packet[:-1] + b"\x00", 3.0, "coast", False).outcome == "wrong-check-word"
    assert receiver.take(b"\x08" + packet[1:], 4.0, "coast", False).outcome == "wrong-header"
    assert receiver.take(packet[:9], 5.0, "coast", False).outcome == "wrong-length"
    assert (receiver.received, receiver.refused) == (5, 4)
