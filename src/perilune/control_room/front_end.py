"""The station's front end: finds telecommand packets in what a control centre sends, and gives them the count and the check word that it left out.

A packet is taken where a header stands that a command of the dictionary can have; from anything else the search goes on byte by byte, and what was
skipped is counted. On a `raw` line any telecommand header is taken and the packet goes up as it is.

Assumptions and limitations: a control centre sends whole packets of the dictionary's length, their check word there but not filled in, or left out;
a packet whose length field lies costs what it claims, at most `LONGEST_RAW` bytes.
"""

from perilune.downlink.primary_header import HEADER_BYTES, SEQUENCE_COUNTS
from perilune.messages.commands import BY_CODE, COMMAND_APID
from perilune.messages.crc import CHECK_BYTES, sealed

CODE_AT = 6
LONGEST_RAW = 1024
PACKET_ID = (1 << 12 | 1 << 11 | COMMAND_APID).to_bytes(2, "big")


class CommandStream:
    """Finds the packets in a stream of bytes that comes in pieces of any size."""

    def __init__(self, is_raw: bool = False) -> None:
        self.is_raw = is_raw
        self.skipped = 0  # bytes in no packet
        self._pending = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The packets that are complete with these bytes."""
        found, pending, at = [], self._pending + data, 0
        while len(pending) - at > CODE_AT:
            size = self._size(pending[at : at + CODE_AT + 1])
            if size is None:
                self.skipped += 1
                at += 1
            elif len(pending) - at < size:
                break
            else:
                found.append(pending[at : at + size])
                at += size
        self._pending = pending[at:]
        return found

    def _size(self, head: bytes) -> int | None:
        """Bytes of the packet that begins with these; None where none does."""
        size = int.from_bytes(head[4:6], "big") + HEADER_BYTES + 1
        if self.is_raw:
            return size if head[0] >> 4 == 1 and size <= LONGEST_RAW else None
        command = BY_CODE.get(head[CODE_AT])
        known = command is not None and size in (command.size, command.size - CHECK_BYTES)
        return size if known and head[:2] == PACKET_ID else None


def stamped(packet: bytes, sequence: int) -> bytes:
    """A packet as it goes up: unsegmented, with this count, its own length and a right check word."""
    size = BY_CODE[packet[CODE_AT]].size
    header = packet[:2] + (3 << 14 | sequence % SEQUENCE_COUNTS).to_bytes(2, "big") + (size - HEADER_BYTES - 1).to_bytes(2, "big")
    return sealed(header + packet[HEADER_BYTES : size - CHECK_BYTES])
