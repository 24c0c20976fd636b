"""The ground's first step: from received bytes, damaged or not, to packets and to tables of what they say.

A packet is taken where a header of the dictionary stands (packet kind, flags and length all as they must be) and the check word is right; from a
damaged one the search goes on byte by byte. As every kind has one length, a damaged length field is no header and costs no more than its own packet.

Assumptions and limitations: nothing that arrives can make it fail; what was refused is counted and never guessed at. A packet is believed once its
check word is right, whoever made it: the link has no authentication of its own. Packets keep the order in which they came; a gap in a count
is counted as missing, a step back (a packet again, or late) as out of order.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from perilune.base.errors import PeriluneError
from perilune.downlink.dictionary import PACKETS
from perilune.downlink.fields import Packet
from perilune.downlink.primary_header import HEADER_BYTES, LARGEST_APID, SEQUENCE_COUNTS, primary_header
from perilune.downlink.time_code import are_times, milliseconds_of
from perilune.messages.crc import is_whole

if TYPE_CHECKING:
    import polars as pl


class ReceivedPacket(NamedTuple):
    """A packet that is whole: whose it is, its count among those of its kind, its bytes."""

    apid: int
    sequence: int
    data: bytes


@dataclass
class Counters:
    """What became of the bytes: those of `packets` and those `skipped` are all that were taken in."""

    received_bytes: int = 0
    packets: int = 0
    refused_check_words: int = 0  # a header of ours, and a wrong check word
    refused_values: int = 0  # whole, but with a label, a flag or a time that does not exist
    skipped_bytes: int = 0  # in no whole packet
    missing: dict[int, int] = field(default_factory=dict)  # by APID, from gaps in its counts
    out_of_order: dict[int, int] = field(default_factory=dict)  # by APID, again or late


def _header_pattern(packets: Iterable[Packet]) -> re.Pattern[bytes]:
    """What the header of any packet of the dictionary looks like: its kind, unsegmented, any count, its length."""
    headers = (bytes(primary_header(packet.apid, 0, packet.size).pack()) for packet in packets)
    kinds = (re.escape(header[:2]) + rb"[\xc0-\xff]." + re.escape(header[4:]) for header in headers)
    return re.compile(b"|".join(kinds), re.DOTALL)


HEADER = _header_pattern(PACKETS)
SIZES = {packet.apid: packet.size for packet in PACKETS}


class PacketReader:
    """Finds the packets in a stream of bytes that comes in pieces of any size."""

    def __init__(self) -> None:
        self.counters = Counters()
        self._pending = b""
        self._expected: dict[int, int] = {}

    def feed(self, data: bytes) -> list[ReceivedPacket]:
        """The packets that are complete with these bytes."""
        self.counters.received_bytes += len(data)
        self._pending += data
        return self._take(is_last=False)

    def close(self) -> list[ReceivedPacket]:
        """The packets that still stand in what is left, when no more will come."""
        return self._take(is_last=True)

    def _take(self, is_last: bool) -> list[ReceivedPacket]:
        found, data, place, counters = [], self._pending, 0, self.counters
        while True:
            header = HEADER.match(data, place) or HEADER.search(data, place)
            if header is None:
                end = len(data) if is_last else max(place, len(data) - HEADER_BYTES + 1)
                counters.skipped_bytes += end - place
                place = end
                break
            start = header.start()
            counters.skipped_bytes += start - place
            place = start
            apid = int.from_bytes(data[start : start + 2], "big") & LARGEST_APID
            size = SIZES[apid]
            packet = data[start : start + size]
            if len(packet) < size and not is_last:
                break
            if len(packet) == size and is_whole(packet):
                found.append(self._accepted(apid, packet))
                place = start + size
            else:
                counters.refused_check_words += len(packet) == size
                counters.skipped_bytes += 1
                place = start + 1
        self._pending = data[place:]
        return found

    def _accepted(self, apid: int, packet: bytes) -> ReceivedPacket:
        sequence = int.from_bytes(packet[2:4], "big") % SEQUENCE_COUNTS
        self.counters.packets += 1
        ahead = (sequence - self._expected.get(apid, sequence)) % SEQUENCE_COUNTS
        if ahead >= SEQUENCE_COUNTS // 2:
            self.counters.out_of_order[apid] = self.counters.out_of_order.get(apid, 0) + 1
        else:
            self.counters.missing[apid] = self.counters.missing.get(apid, 0) + ahead
            self._expected[apid] = (sequence + 1) % SEQUENCE_COUNTS
        return ReceivedPacket(apid, sequence, packet)


@dataclass
class Decoded:
    """All that a stretch of bytes says: a table for each kind of packet, and the counters."""

    tables: "dict[str, pl.DataFrame]"
    counters: Counters

    def table(self, name: str) -> "pl.DataFrame":
        """The table of one kind; raises PeriluneError for a kind that there is not."""
        if name not in self.tables:
            raise PeriluneError(f"packet {name!r} is not known; choose one of {', '.join(self.tables)}")
        return self.tables[name]

    def together(self) -> "pl.DataFrame":
        """All packets in the order in which they came, `packet` their kind; null where a kind has no such field."""
        import polars as pl

        named = [table.select(pl.lit(name).alias("packet"), pl.all()) for name, table in self.tables.items()]
        return pl.concat(named, how="diagonal_relaxed").sort("place", maintain_order=True)


def decode(data: bytes) -> Decoded:
    """Tables of all packets in `data`."""
    reader = PacketReader()
    return tables_of([*reader.feed(data), *reader.close()], reader.counters)


def decode_file(path: Path) -> Decoded:
    """As `decode`, of a file of packets one after another; raises PeriluneError where it cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PeriluneError(f"{path}: cannot be read ({error.strerror}); give a file of packets such as telemetry.ccsds") from error
    return decode(data)


def tables_of(packets: Iterable[ReceivedPacket], counters: Counters | None = None) -> Decoded:
    """Tables of packets: `place` in the order of arrival, `sequence`, `time_utc`, `time_unix_s` as sent, then the fields under their names."""
    counters = counters or Counters()
    received: dict[int, list[bytes]] = {packet.apid: [] for packet in PACKETS}
    places: dict[int, list[int]] = {packet.apid: [] for packet in PACKETS}
    for place, one in enumerate(packets):
        received[one.apid].append(one.data)
        places[one.apid].append(place)
    tables = {packet.name: _table(packet, received[packet.apid], places[packet.apid], counters) for packet in PACKETS}
    return Decoded(tables, counters)


def _table(packet: Packet, received: list[bytes], places: list[int], counters: Counters) -> "pl.DataFrame":
    import polars as pl

    records = np.frombuffer(b"".join(received), packet.dtype)
    sound = are_times(records["time"])
    for each in packet.fields:
        if each.encoding in ("bool", "enumeration"):
            sound &= records[each.name] < (2 if each.encoding == "bool" else len(each.labels))
    counters.refused_values += int(len(records) - sound.sum())
    records = records[sound]
    columns: dict[str, pl.Series | np.ndarray] = {
        "place": np.array(places, dtype=np.uint32)[sound],
        "sequence": (records["sequence_control"] % SEQUENCE_COUNTS).astype(np.uint16),
        "time_utc": pl.Series(milliseconds_of(records["time"].astype(float))).cast(pl.Datetime("ms")).dt.replace_time_zone("UTC"),
        "time_unix_s": records["time"].astype(np.float64),
    }
    for each in packet.fields:
        values = records[each.name].astype(np.dtype(each.dtype).newbyteorder("="))
        if each.encoding == "enumeration":
            columns[each.name] = pl.Series(np.array(each.labels, dtype=object)[values], dtype=pl.Enum(each.labels))
        else:
            columns[each.name] = values.astype(bool) if each.encoding == "bool" else values
    return pl.DataFrame(columns)
