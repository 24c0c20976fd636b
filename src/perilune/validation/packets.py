"""Rows that hold the packets of the downlink against strangers: their check words, their headers, and what another decoder reads in them."""

import struct
import tempfile
from functools import cache
from pathlib import Path

from perilune.downlink.decode import ReceivedPacket, tables_of
from perilune.downlink.packets import SentPacket, sent_packets
from perilune.downlink.xtce import xtce
from perilune.flight.fly import fly
from perilune.messages.crc import check_word
from perilune.validation.rows import Check, Measured

PARSER, CRC = ("space_packet_parser",), ("fastcrc",)


@cache
def powered_descent() -> list[SentPacket]:
    """The packets of the planned descent of Resilience from powered descent initiation on."""
    flight = fly("resilience", start="pdi")
    return sent_packets(flight.telemetry, flight.mission.planned.start.epoch_utc)


def wrong_check_words() -> Measured:
    """Packets whose check word another library reckons otherwise, and the published check value."""
    from fastcrc import crc16  # type: ignore[import-not-found, unused-ignore]

    packets = powered_descent()
    wrong = sum(crc16.ibm_3740(packet.data[:-2]) != struct.unpack(">H", packet.data[-2:])[0] for packet in packets)
    return float(wrong + (check_word(b"123456789") != 0x29B1)), f"of {len(packets)}, and 0x29B1 of 123456789"


def read_otherwise() -> Measured:
    """Values that the independent parser, with the mission database alone, reads otherwise than our decoder."""
    import space_packet_parser  # type: ignore[import-not-found, unused-ignore]

    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "lander.xml"
        database.write_text(xtce(), "utf-8")
        definition = space_packet_parser.load_xtce(database)
    packets, wrong, count = powered_descent(), 0, 0
    for table in tables_of(ReceivedPacket(*packet[1:4]) for packet in packets).tables.values():
        for row in table.drop("time_utc").iter_rows(named=True):
            theirs = definition.parse_bytes(packets[row.pop("place")].data)
            pairs = [(theirs["SRC_SEQ_CTR"], row.pop("sequence")), (theirs["packet_time"], row.pop("time_unix_s"))]
            pairs += [(theirs[name], value) for name, value in row.items()]
            wrong += sum(one != other for one, other in pairs)
            count += len(pairs)
    return float(wrong), f"of {count} in {len(packets)} packets"


CHECKS = [
    Check("packets, check words", "of a powered descent", "fastcrc, CRC-16/IBM-3740", 0.0, "words", wrong_check_words, CRC),
    Check("packets, decoded", "values read with the XTCE alone, bit for bit", "space-packet-parser (LASP)", 0.0, "values", read_otherwise, PARSER),
]
