"""An independent reading of a stream of telemetry packets: byte by byte as docs/packets.md says it, with struct and the check words of fastcrc."""

import struct
from collections import Counter
from dataclasses import dataclass, field

TELEMETRY_WITH_SECONDARY_HEADER = 0x0800
UNSEGMENTED = 3
AROUND = 1 << 14  # sequence counts
HEADER = struct.Struct(">HHH")


@dataclass
class PlainReading:
    """The packets found, each with its place in the stream, and what became of the rest."""

    packets: list[tuple[int, bytes]] = field(default_factory=list)
    refused_check_words: int = 0
    skipped_bytes: int = 0
    missing: Counter[int] = field(default_factory=Counter)
    out_of_order: Counter[int] = field(default_factory=Counter)


def plainly_read(data: bytes, sizes: dict[int, int]) -> PlainReading:
    """The reading of a whole stream; `sizes` [bytes] of whole packets by APID."""
    from fastcrc import crc16  # type: ignore[import-not-found, unused-ignore]

    whole = {TELEMETRY_WITH_SECONDARY_HEADER | apid: size for apid, size in sizes.items()}
    reading, at, due = PlainReading(), 0, dict[int, int]()
    last_header = len(data) - HEADER.size
    while at < len(data):
        if at <= last_header:
            identification, control, length = HEADER.unpack_from(data, at)
            size = whole.get(identification)
            if size is not None and control >> 14 == UNSEGMENTED and length + 7 == size and at + size <= len(data):
                packet = data[at : at + size]
                if crc16.ibm_3740(packet[:-2]) == int.from_bytes(packet[-2:], "big"):
                    _count(reading, due, identification & 0x7FF, control % AROUND)
                    reading.packets.append((at, packet))
                    at += size
                    continue
                reading.refused_check_words += 1
        reading.skipped_bytes += 1
        at += 1
    return reading


def _count(reading: PlainReading, due: dict[int, int], apid: int, sequence: int) -> None:
    """A count ahead of the one that is due tells of missing packets; one that lies behind is out of order and changes nothing."""
    gap = (sequence - due.get(apid, sequence)) % AROUND
    if gap < AROUND // 2:
        reading.missing[apid] += gap
        due[apid] = (sequence + 1) % AROUND
    else:
        reading.out_of_order[apid] += 1
