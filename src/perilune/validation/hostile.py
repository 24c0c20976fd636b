"""Rows of hostile telemetry: a million damaged packets, every small error, wrong length fields and forged packets, against the decoder on the ground.

Assumptions and limitations: the packets are those of a powered descent of Resilience; damage is drawn from a seed (`hostility`), and small errors are
gone through one by one on the shortest kind of packet. That no error of up to 3 bits passes in a packet of `LONGEST_GUARDED` bytes follows from the
polynomial for all of them (tests/messages/test_crc.py) and is tried here on a sample.
"""

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations

import numpy as np

from perilune.campaigns.intervals import clopper_pearson
from perilune.downlink.decode import PacketReader, ReceivedPacket, tables_of
from perilune.downlink.dictionary import PACKETS
from perilune.downlink.primary_header import primary_header
from perilune.messages.crc import LONGEST_GUARDED, is_whole, sealed
from perilune.validation.hostility import bursts, free_bits, hostile_packets, pieces, turned
from perilune.validation.packets import powered_descent
from perilune.validation.plain_reader import plainly_read
from perilune.validation.rows import Check, Measured

SEED = 20250605
MILLION = 1_000_000
A_STRETCH = 20_000  # packets that one decoder reads
SAMPLE = 250_000  # errors for each kind of packet
RANDOM = 1 << 21
SIZES = {packet.apid: packet.size for packet in PACKETS}
CRC = ("fastcrc",)


@dataclass
class Outcome:
    """What came of hostile packets: those that arrived and those taken as they had been sent, by damage; `unsent` were taken and never sent."""

    arrived: Counter[str] = field(default_factory=Counter)
    taken: Counter[str] = field(default_factory=Counter)
    unsent: Counter[str] = field(default_factory=Counter)
    bytes: int = 0
    refused_check_words: int = 0
    refused_values: int = 0
    wrong: int = 0  # stretches in which the decoder differs from the independent reading, or bytes are unaccounted for


def assail(packets: Sequence[bytes], count: int, seed: int = SEED, stretch: int = A_STRETCH) -> Outcome:
    """Give `count` hostile packets to the decoder in pieces of any size, and to the independent reader at once; whatever is raised comes out."""
    outcome = Outcome()
    for n in range(0, count, stretch):
        _assail(outcome, packets, min(stretch, count - n), seed + n)
    return outcome


def _assail(outcome: Outcome, packets: Sequence[bytes], count: int, seed: int) -> None:
    arrived = list(hostile_packets(packets, count, seed))
    stream = b"".join(data for _, data in arrived)
    starts = np.cumsum([0, *(len(data) for _, data in arrived)])
    reader = PacketReader()
    found = [packet for piece in pieces(stream, seed) for packet in reader.feed(piece)] + reader.close()
    tables, counters, plain = tables_of(found, reader.counters).tables, reader.counters, plainly_read(stream, SIZES)
    outcome.wrong += [packet.data for packet in found] != [data for _, data in plain.packets]
    outcome.wrong += (counters.skipped_bytes, counters.refused_check_words) != (plain.skipped_bytes, plain.refused_check_words)
    outcome.wrong += {k: n for k, n in counters.missing.items() if n} != {k: n for k, n in plain.missing.items() if n}
    outcome.wrong += counters.out_of_order != dict(plain.out_of_order)
    outcome.wrong += counters.received_bytes != len(stream) or counters.packets != len(found)
    outcome.wrong += counters.skipped_bytes + sum(len(packet.data) for packet in found) != len(stream)
    outcome.wrong += sum(len(table) for table in tables.values()) + counters.refused_values != len(found)
    outcome.arrived.update(how for how, _ in arrived)
    outcome.bytes += len(stream)
    outcome.refused_check_words += counters.refused_check_words
    outcome.refused_values += counters.refused_values
    sent = set(packets)
    for at, data in plain.packets:
        how = arrived[int(np.searchsorted(starts, at, side="right")) - 1][0]
        (outcome.taken if data in sent else outcome.unsent)[how] += 1


@cache
def descent() -> tuple[bytes, ...]:
    """The packets of the powered descent."""
    return tuple(packet.data for packet in powered_descent())


def one_of_each() -> list[bytes]:
    """A packet of each kind, the shortest first; of a kind that the descent has none of, one of zeros."""
    some = {int.from_bytes(data[:2], "big") & 0x7FF: data for data in descent()}
    empty = {apid: sealed(bytes(primary_header(apid, 0, size).pack()) + bytes(size - 8)) for apid, size in SIZES.items()}
    return sorted((empty | some).values(), key=len)


def a_million() -> Measured:
    """Stretches of a million hostile packets in which the decoder and the independent reading differ, or bytes are unaccounted for."""
    outcome = assail(descent(), MILLION)
    arrived, taken, unsent = (", ".join(f"{how} {n}" for how, n in sorted(some.items())) for some in (outcome.arrived, outcome.taken, outcome.unsent))
    return float(outcome.wrong), (
        f"{outcome.bytes} bytes: {arrived}; taken as sent: {taken}; taken and never sent: {unsent or 'none'}; "
        f"refused {outcome.refused_check_words} check words and {outcome.refused_values} values"
    )


def taken_of(packet: bytes, masks: Iterable[int]) -> tuple[int, int]:
    """How many of the packet's damaged forms the decoder takes, and how many there are."""
    tried = taken = 0
    for mask in masks:
        reader = PacketReader()
        taken += len(reader.feed(turned(packet, mask))) + len(reader.close())
        tried += 1
    return taken, tried


def few_bits(size: int, most: int = 3) -> Iterator[int]:
    """Every error of up to `most` bits outside the length field, as masks."""
    for count in range(1, most + 1):
        yield from (sum(1 << bit for bit in bits) for bits in combinations(free_bits(size), count))


def some_errors(size: int, count: int, draw: random.Random) -> Iterator[int]:
    """Errors of 1 to 3 bits and, as many, bursts of up to 16 outside the length field, drawn; as masks."""
    free = free_bits(size)
    outside = set(free)
    for _ in range(count):
        yield sum(1 << bit for bit in draw.sample(free, draw.randint(1, 3)))
        length, at = draw.randint(1, 16), draw.choice(free)
        if at + length - 1 in outside:
            yield ((1 << (length - 1)) | draw.getrandbits(length) | 1) << at


def every_small_error() -> Measured:
    """Damaged packets taken: all errors of up to 3 bits, and all bursts of up to 16, of the shortest kind."""
    packet = one_of_each()[0]
    few, few_tried = taken_of(packet, few_bits(len(packet)))
    many, many_tried = taken_of(packet, bursts(len(packet)))
    return float(few + many), f"{few_tried} errors of 1 to 3 bits and {many_tried} bursts of 3 to 16 bits, all there are in {len(packet)} bytes"


def sampled_small_errors(count: int = SAMPLE) -> Measured:
    """Damaged packets taken: errors drawn for every kind, and for a packet of the greatest length that the check word guards."""
    draw, taken, tried = random.Random(SEED), 0, 0
    for packet in one_of_each():
        some = taken_of(packet, some_errors(len(packet), count, draw))
        taken, tried = taken + some[0], tried + some[1]
    long, masks = sealed(draw.randbytes(LONGEST_GUARDED - 2)), list(some_errors(LONGEST_GUARDED, count // 50, draw))
    taken += sum(is_whole(turned(long, mask)) for mask in masks)
    return float(taken), f"{tried} in {len(SIZES)} kinds, {len(masks)} in {LONGEST_GUARDED} bytes"


def wrong_lengths(step: int = 1) -> Measured:
    """Packets that wrong length fields cost besides their own, or that are taken and were never sent: every `step`-th wrong value, every kind."""
    lost = unsent = tried = 0
    behind = one_of_each()[:3]
    for packet in one_of_each():
        for value in range(0, 1 << 16, step):
            if value == len(packet) - 7:
                continue
            found = [one.data for one in decode_alone(packet[:4] + value.to_bytes(2, "big") + packet[6:] + b"".join(behind))]
            lost += sum(one not in found for one in behind)
            unsent += sum(one not in behind for one in found)
            tried += 1
    return float(lost + unsent), f"{tried} wrong lengths cost their own packet and {lost} others; {unsent} passed that were never sent"


def decode_alone(data: bytes) -> list[ReceivedPacket]:
    """The packets in `data`."""
    reader = PacketReader()
    return [*reader.feed(data), *reader.close()]


def forged(count: int = RANDOM, seed: int = 5) -> tuple[int, int]:
    """How many of `count` packets with a right header, random content and a random check word are taken, and `count`."""
    shortest = min(PACKETS, key=lambda packet: packet.size)
    head, size, draw = bytes(primary_header(shortest.apid, 0, shortest.size).pack()), shortest.size - 6, np.random.default_rng(seed)
    reader, content = PacketReader(), draw.bytes(count * size)
    return sum(len(reader.feed(head + content[n * size : (n + 1) * size])) for n in range(count)), count


def random_packets_that_pass() -> Measured:
    """How far the number of forged packets that are taken lies from one in 65,536, in standard deviations."""
    passed, count = forged()
    low, high = clopper_pearson(passed, count)
    expected = count / 65536.0
    share = f"{passed / count:.3g} ({low:.3g} to {high:.3g} with 95 % confidence)"
    return abs(passed - expected) / expected**0.5, f"{passed} of {count} passed: {share}, beside 2⁻¹⁶ = {2.0**-16:.3g}"


TAKES = "packets taken that were damaged"
CHECKS = [
    Check("packets, random", "random content behind a right header", "one in 65,536 passes", 4.0, "sigma", random_packets_that_pass),
    Check("hostile, a million", "readings that differ", "an independent reader, every byte accounted for", 0.0, "", a_million, CRC, full=True),
    Check("hostile, every error", TAKES, "the promise of CRC-16-CCITT, one by one", 0.0, "packets", every_small_error, full=True),
    Check("hostile, errors", TAKES, "the promise of CRC-16-CCITT, drawn", 0.0, "packets", sampled_small_errors, full=True),
    Check("hostile, lengths", "packets lost besides the damaged one, or never sent", "none", 0.0, "packets", wrong_lengths, full=True),
]
