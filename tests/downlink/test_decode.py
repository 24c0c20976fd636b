"""The decoder takes whatever arrives: damage costs the damaged packet, is counted, and never stops it."""

import random
from itertools import pairwise

import numpy as np
import pytest
from handmade import EPOCH, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from perilune.base.errors import PeriluneError
from perilune.downlink.decode import PacketReader, decode
from perilune.downlink.dictionary import BY_NAME, PACKETS
from perilune.downlink.packets import sent_packets, stream_of
from perilune.messages.crc import sealed

COMMANDED = {"command_count": [0] * 5 + [1] * 6, "command_code": [0] * 5 + [1] * 6, "command_outcome": [0] * 5 + [1] * 6}
SENT = sent_packets(rows(11, height_m=np.linspace(900.0, 800.0, 11), mode=["coast"] * 5 + ["braking"] * 6, **COMMANDED), EPOCH)
STREAM = stream_of(SENT)


def read(data):
    """The packets and counters of a stretch of bytes; no byte is unaccounted for."""
    reader = PacketReader()
    packets = [*reader.feed(data), *reader.close()]
    assert sum(len(packet.data) for packet in packets) + reader.counters.skipped_bytes == reader.counters.received_bytes == len(data)
    assert reader.counters.packets == len(packets)
    return packets, reader.counters


def test_an_undamaged_stream_is_read_wholly():
    packets, counters = read(STREAM)
    assert [(packet.apid, packet.sequence, packet.data) for packet in packets] == [packet[1:4] for packet in SENT]
    assert counters.skipped_bytes == counters.refused_check_words == 0 and not any(counters.missing.values())


@settings(deadline=None)
@given(st.lists(st.integers(0, len(STREAM)), max_size=20))
def test_pieces_of_any_size_give_the_same(cuts):
    cuts = [0, *sorted(cuts), len(STREAM)]
    reader = PacketReader()
    pieces = [packet for a, b in pairwise(cuts) for packet in reader.feed(STREAM[a:b])]
    assert [packet.data for packet in pieces + reader.close()] == [packet.data for packet in SENT]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(STREAM) - 1), st.integers(1, 255)), max_size=8))
def test_damage_costs_the_damaged_packets_and_no_other(damage):
    stream = bytearray(STREAM)
    for place, mask in damage:
        stream[place] ^= mask
    starts = np.cumsum([0, *(len(packet.data) for packet in SENT)])
    whole = [packet.data for packet, a, b in zip(SENT, starts, starts[1:], strict=False) if stream[a:b] == STREAM[a:b]]
    assert [packet.data for packet in read(bytes(stream))[0]] == whole


@pytest.mark.parametrize("kind", PACKETS, ids=lambda kind: kind.name)
def test_every_error_of_up_to_three_bits_and_every_burst_is_refused(kind):
    """One and two bits and all bursts of up to 10 bits one by one outside the length field; three bits and longer bursts by seeded samples."""
    packet = next(one.data for one in SENT if one.apid == kind.apid)
    value, size, draw = int.from_bytes(packet, "big"), 8 * len(packet), random.Random(kind.apid)
    free = [bit for bit in range(size) if not size - 48 <= bit < size - 32]  # bits from the last on; the length field is bytes 4 and 5
    masks = {1 << a | 1 << b for a in free for b in (draw.sample(free, 20) if size > 300 else free)}
    masks |= {sum(1 << bit for bit in draw.sample(free, 3)) for _ in range(3000)}
    for _ in range(3000):
        length = draw.randint(3, 16)
        burst = 1 << length - 1 | draw.getrandbits(length - 2) << 1 | 1
        shift = draw.choice([bit for bit in (draw.randrange(size - 15) for _ in range(9)) if bit + length <= size - 48 or bit >= size - 32])
        if shift + length <= size:
            masks.add(burst << shift)
    assert not any(read((value ^ mask).to_bytes(len(packet), "big"))[0] for mask in masks if mask)


def test_damage_of_the_length_field_costs_its_own_packet_alone():
    size = len(SENT[0].data)
    for field in [*range(0, 65536, 97), size - 8, size - 6, 65535]:
        stream = STREAM[:4] + field.to_bytes(2, "big") + STREAM[6:400]
        assert read(stream)[0][0].data == SENT[1].data
    assert size == BY_NAME["events"].size


def test_what_is_lost_late_or_there_twice_is_counted():
    guidance = [packet.data for packet in sent_packets(rows(41), EPOCH) if packet.apid == 102]
    counters = read(b"".join([*guidance[:3], *guidance[5:10], guidance[9], guidance[8], *guidance[10:]]))[1]
    assert counters.missing == {102: 2} and counters.out_of_order == {102: 2}


def test_counts_that_go_round_are_no_loss():
    table = [packet.data for packet in sent_packets(rows(2 * 16390), EPOCH) if packet.apid == 105]
    assert read(b"".join(table))[1].missing == {105: 0}


def test_a_whole_packet_with_what_does_not_exist_is_refused():
    events = next(packet.data for packet in SENT if packet.apid == 100)
    housekeeping = next(packet.data for packet in SENT if packet.apid == 101)
    label = sealed(events[:14] + b"\xfa" + events[15:-2])
    flag = sealed(housekeeping[:15] + b"\x02" + housekeeping[16:-2])
    times = [sealed(events[:6] + code + events[14:-2]) for code in (b"\x7f\xf8" + bytes(6), b"\xff" * 8, b"\x7f\xef" + b"\xff" * 6)]
    decoded = decode(b"".join([label, flag, *times, events]))
    assert decoded.counters.refused_values == 5 and len(decoded.together()) == 1


def test_other_traffic_is_passed_over():
    idle = sealed(bytes.fromhex("07ffc000001f") + bytes(30))
    command = b"\x18" + SENT[0].data[1:]
    packets, counters = read(idle + SENT[0].data + command + SENT[1].data)
    assert [packet.data for packet in packets] == [SENT[0].data, SENT[1].data]
    assert counters.skipped_bytes == len(idle) + len(command)


@settings(deadline=None)
@given(st.binary(max_size=2000))
def test_any_bytes_are_taken(data):
    decode(data)


def test_a_table_that_there_is_not_is_refused():
    with pytest.raises(PeriluneError, match="choose one of events, verification, housekeeping"):
        decode(STREAM).table("houskeeping")


def test_all_together_is_in_the_order_of_arrival():
    together = decode(STREAM).together()
    assert together["place"].to_list() == list(range(len(SENT)))
    apids = {packet.name: packet.apid for packet in PACKETS}
    assert [apids[name] for name in together["packet"]] == [packet.apid for packet in SENT]
