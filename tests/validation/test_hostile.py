"""Hostile telemetry: whatever arrives is taken, accounted for, and believed only where its check word is right. The long forms: `validate --full`."""

import random
from itertools import islice

import pytest

from perilune.downlink.decode import PacketReader
from perilune.messages.crc import sealed
from perilune.validation import hostile
from perilune.validation.hostility import DAMAGE, bursts, free_bits, hostile_packets, pieces
from perilune.validation.plain_reader import plainly_read


@pytest.fixture(scope="module")
def packets():
    return hostile.descent()


def test_hostile_packets_are_read_as_an_independent_reader_reads_them(packets):
    outcome = hostile.assail(packets, 20_000, seed=3, stretch=5_000)
    assert outcome.wrong == 0 and set(outcome.arrived) == set(DAMAGE)
    assert all(outcome.taken[how] >= outcome.arrived[how] for how in ("whole", "reordered", "over-long", "duplicated"))
    assert not any(outcome.taken[how] for how in ("truncated", "random"))
    assert sum(outcome.unsent.values()) <= 3, "chance lets one damaged packet in 65,536 pass"
    assert outcome.refused_check_words > 1000


def test_a_decoder_that_slips_is_found_out(packets, monkeypatch):
    """The counterpart: a decoder that believes every thousandth check word blindly, or loses count of a byte, is told from the independent one."""
    from perilune.downlink import decode

    right = decode.is_whole
    monkeypatch.setattr(decode, "is_whole", lambda packet: right(packet) or packet[-1] == 7)
    assert hostile.assail(packets, 4_000).wrong > 0


def test_every_error_of_up_to_two_bits_is_refused_and_many_of_three_and_bursts():
    packet = hostile.one_of_each()[0]
    taken, tried = hostile.taken_of(packet, hostile.few_bits(len(packet), 2))
    free = 8 * len(packet) - 16
    assert taken == 0 and tried == free + free * (free - 1) // 2
    assert hostile.taken_of(packet, islice(bursts(len(packet), 8), 20_000))[0] == 0
    assert hostile.sampled_small_errors(2_000)[0] == 0.0


def test_bursts_are_all_there_and_leave_the_length_field_alone():
    size = 12
    masks = list(bursts(size, 5))
    before, behind = 8 * 4, 8 * (size - 6)  # bits before the length field and behind it
    assert len(masks) == len(set(masks)) == sum((before - n + 1 + behind - n + 1) * 2 ** (n - 2) for n in range(3, 6))
    field = sum(1 << bit for bit in range(8 * size)) - sum(1 << bit for bit in free_bits(size))
    assert field.bit_count() == 16 and not any(mask & field for mask in masks)


def test_a_wrong_length_costs_its_own_packet_alone():
    assert hostile.wrong_lengths(101)[0] == 0.0


def test_forged_packets_pass_as_often_as_sixteen_bits_let_them():
    """Of 65,536 one passes on the average; 14 or more of four times as many come by chance once in 10,000."""
    passed, count = hostile.forged(1 << 18, seed=2)
    assert count == 1 << 18 and passed < 14


def test_hostility_repeats_and_pieces_lose_nothing(packets):
    ours = list(hostile_packets(packets, 500, 9))
    assert ours == list(hostile_packets(packets, 500, 9)) != list(hostile_packets(packets, 500, 10))
    stream = b"".join(data for _, data in ours)
    cut = list(pieces(stream, 4))
    assert b"".join(cut) == stream and len({len(piece) for piece in cut}) > 5


def test_the_independent_reader_reads_a_packet_made_by_hand():
    packet = sealed(bytes.fromhex("0864c0050007") + b"sixteen!"[:6])
    reading = plainly_read(b"\x08" + packet + packet[:9], {100: 14})
    assert reading.packets == [(1, packet)] and reading.skipped_bytes == 10 and reading.refused_check_words == 0
    assert plainly_read(packet[:-1] + b"\x00", {100: 14}).refused_check_words == 1


def test_a_reader_is_no_slower_for_headers_in_headers():
    """A stream of headers alone costs each of its bytes a bounded number of steps."""
    head, reader = hostile.one_of_each()[-1][:6], PacketReader()
    reader.feed(head * 20_000)
    assert reader.counters.refused_check_words > 19_000 and len(reader._pending) < 200


def test_the_fuzzer_finds_nothing_in_a_few_seconds(packets, tmp_path):
    pytest.importorskip("atheris")
    from perilune.validation.fuzzing import fuzz

    fuzzed = fuzz(packets, 15.0, tmp_path)
    assert fuzzed.failure == "" and fuzzed.trials > 200 and fuzzed.edges > 20


def test_the_fuzzers_trial_fails_where_a_decoder_slips(packets, monkeypatch):
    from perilune.downlink import decode
    from perilune.validation.fuzz_decoder import target, with_check_words

    draw = random.Random(1)
    inputs = [with_check_words(draw.randbytes(2) + draw.choice(packets) + draw.randbytes(60), hostile.SIZES) for _ in range(50)]
    try_one = target(decode, hostile.SIZES, plainly_read)
    for data in inputs:
        try_one(data)
    right = decode.PacketReader._accepted

    def forgets(self, apid, packet):
        self.counters.packets -= 1
        return right(self, apid, packet)

    monkeypatch.setattr(decode.PacketReader, "_accepted", forgets)
    with pytest.raises(AssertionError):
        try_one(inputs[0])


def test_drawn_errors_are_of_three_bits_or_a_burst_of_sixteen():
    for mask in hostile.some_errors(108, 500, random.Random(2)):
        low = mask & -mask
        assert mask and (mask.bit_count() <= 3 or mask < low << 16) and not mask >> (8 * 108 - 48) & 0xFFFF
