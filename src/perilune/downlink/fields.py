"""What a dictionary of packets is made of: packets, their fields, and the limits that the ground watches them by.

Assumptions and limitations: every field takes whole bytes, every packet of a kind has one length; numbers are big-endian; a whole number beyond what
its encoding holds is sent as the nearest that it does.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from perilune.downlink.primary_header import HEADER_BYTES
from perilune.downlink.time_code import TIME_BYTES
from perilune.messages.crc import CHECK_BYTES

TICKS_A_SECOND = 10  # control ticks, in each of which the avionics publish

BYTES = {"f32": 4, "f64": 8, "u8": 1, "u16": 2, "u32": 4, "i16": 2, "i32": 4, "bool": 1, "enumeration": 1}
"""Size of each encoding; `bool` and `enumeration` are unsigned bytes."""

SEVERITIES = ("watch", "warning", "distress", "critical", "severe")
"""From the mildest to the gravest, as XTCE names them."""


@dataclass(frozen=True)
class Limit:
    """A value outside `least` to `most` raises an alarm of this severity; None is no bound."""

    severity: str
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True)
class Limits:
    """Limits that hold where another field, `where`, lies from `above` (included) to `below` (not included); everywhere without it."""

    limits: tuple[Limit, ...]
    where: str | None = None
    above: float | None = None
    below: float | None = None


@dataclass(frozen=True)
class Field:
    """One number in a packet.

    `name` is the column of telemetry.parquet that it is, unit at its end, or what the computer derives from such columns where `derived` is set.
    """

    name: str
    encoding: str
    unit: str
    description: str
    labels: tuple[str, ...] = ()
    limits: tuple[Limits, ...] = ()
    derived: bool = False

    @property
    def dtype(self) -> str:
        """The encoding as numpy writes it."""
        return ">u1" if self.encoding in ("bool", "enumeration") else f">{self.encoding[0]}{BYTES[self.encoding]}"


@dataclass(frozen=True)
class Packet:
    """A kind of packet: `rate_hz` times a second, or where something happens (0); a smaller `priority` goes first."""

    name: str
    apid: int
    rate_hz: int
    priority: int
    description: str
    fields: tuple[Field, ...]

    @property
    def is_periodic(self) -> bool:
        """Whether it is sent at its rate, not at events."""
        return self.rate_hz > 0

    @property
    def every_ticks(self) -> int:
        """Control ticks from one to the next."""
        return TICKS_A_SECOND // self.rate_hz

    @cached_property
    def dtype(self) -> np.dtype:
        """A whole packet, header and check word included, as a numpy record."""
        head = [("packet_id", ">u2"), ("sequence_control", ">u2"), ("length", ">u2"), ("time", ">f8")]
        return np.dtype([*head, *((field.name, field.dtype) for field in self.fields), ("check_word", ">u2")])

    @cached_property
    def size(self) -> int:
        """Bytes of a whole packet."""
        return HEADER_BYTES + TIME_BYTES + sum(BYTES[field.encoding] for field in self.fields) + CHECK_BYTES
