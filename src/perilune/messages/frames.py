"""Frames of the lockstep port: a header of sixteen bytes and a body, which is one of the message structs as it lies in memory.

Everything is little-endian, structs have C's natural alignment, flags are one byte (0 or 1); `perilune port-header` prints them as a C header.

| kind | direction | body | when |
|------|-----------|------|------|
| `LOADED` | to the peer | `Loaded` | once, first: what the flight software is loaded with |
| `ESTIMATE` | to the peer | `Estimate` | once, second: what is believed as the peer takes over |
| `MEASUREMENTS` | to the peer | `Measurements` | every control tick |
| `COMMANDS` | from the peer | `Actuation` | the answer to each of them |
| `COMMANDS_AND_TELEMETRY` | from the peer | `Actuation`, then `Telemetry` | the same, where the peer publishes what it believes |
| `END` | to the peer | text, UTF-8 | once, last: how the flight ended |
"""

import struct
from dataclasses import dataclass
from enum import IntEnum

import warp as wp

from perilune.base.errors import PeriluneError
from perilune.base.vector import quat, real
from perilune.messages.telemetry import Telemetry

MAGIC = b"PLN1"
HEADER = struct.Struct("<4sIII")  # magic, kind, control tick, length of the body in bytes
LONGEST_BODY = 1 << 20


class Kind(IntEnum):
    """What a frame holds."""

    LOADED = 1
    ESTIMATE = 2
    MEASUREMENTS = 3
    COMMANDS = 4
    COMMANDS_AND_TELEMETRY = 5
    END = 6


@wp.struct
class Estimate:
    """What the avionics believe as they hand over, and the frame that the peer may reckon in."""

    telemetry: Telemetry  # of the last tick before the first that the peer is asked about
    site_from_mci: quat  # east, north, up of the site from mci at that tick
    gravity: real  # m/s² at the site
    control_period: real  # s
    imu_period: real  # s


@dataclass(frozen=True)
class Frame:
    """One message."""

    kind: int
    tick: int
    body: bytes

    def to_bytes(self) -> bytes:
        """Header and body."""
        return HEADER.pack(MAGIC, self.kind, self.tick, len(self.body)) + self.body


def parse_header(data: bytes) -> tuple[int, int, int]:
    """Kind, tick and length of the body; raises PeriluneError on what is no header."""
    magic, kind, tick, length = HEADER.unpack(data)
    if magic != MAGIC:
        raise PeriluneError(f"a frame begins with {magic!r}; every frame must begin with {MAGIC!r}")
    if length > LONGEST_BODY:
        raise PeriluneError(f"a frame announces a body of {length} bytes; none is longer than {LONGEST_BODY}")
    return kind, tick, length
