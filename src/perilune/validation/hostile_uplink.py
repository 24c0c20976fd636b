"""Commands as a hostile or broken uplink brings them, drawn from a seed: right ones among damaged, replayed, unarmed, mistimed and senseless ones."""

import binascii
import math
import random
import struct
from collections.abc import Iterator
from typing import NamedTuple

from perilune.avionics.sequencer import MODES
from perilune.messages.commands import ARMED_FOR_S, BY_NAME, COMMAND_APID, COMMANDS, COUNTS_AHEAD, CRITICAL, LONGEST_COMMAND, Argument, Command
from perilune.validation.hostility import turned

WAYS = (
    "right", "armed", "out of range", "replayed", "old count", "truncated", "over-long", "flipped", "burst", "length field", "random", "forged",
    "other header", "unknown code", "other length",
)  # fmt: skip
"""`right` may still be unarmed or come in a wrong mode; `forged` has a right header, count and code, random content and check word; `replayed` is one
of the last two hundred again. All lie fewer counts behind than those by which the decoder tells old ones."""
TELECOMMAND = 1 << 12 | 1 << 11 | COMMAND_APID
UNSEGMENTED = 3 << 14


class Uplinked(NamedTuple):
    """A packet as it comes: how it was made, its bytes, when [s past the epoch], in which mode, and whether the computer is away."""

    way: str
    data: bytes
    time_s: float
    mode: str
    is_away: bool


def hostile_commands(count: int, seed: int) -> Iterator[Uplinked]:
    """`count` packets in the order of time; every second one is right as far as the ground can know."""
    draw, sequence, time_s, past = random.Random(seed), random.Random(seed).randrange(1 << 14), 0.0, [b""]
    arming = ""  # the critical command that follows the arming just sent
    for _ in range(count):
        way = "armed" if arming else draw.choice(WAYS) if draw.getrandbits(1) else "right"
        time_s += draw.choice((0.1, 1.0, 0.5 * ARMED_FOR_S, 1.5 * ARMED_FOR_S)) if draw.random() < 0.5 else 0.1
        sequence = (sequence + draw.choice((1, 1, 1, 2, 20))) % (1 << 14)
        command = draw.choice(COMMANDS)
        if way == "armed":
            command, arming = (BY_NAME[arming], "") if arming else (BY_NAME["arm"], draw.choice(CRITICAL))
            values = [float(CRITICAL.index(arming))] if arming else []
        else:
            values = [drawn(argument, draw) for argument in command.arguments]
        if way == "out of range" and command.arguments:
            n = draw.randrange(len(values))
            values[n] = outside(command.arguments[n], draw)
        data = packed(command, values, sequence)
        if way == "replayed":
            data = draw.choice(past)
        elif way in DAMAGED:
            data = DAMAGED[way](data, draw)
        past = [*past[-200:], data]
        yield Uplinked(way, data, time_s, draw.choice(MODES), draw.random() < 0.1)


def drawn(argument: Argument, draw: random.Random) -> float:
    """A value within its range, its ends among them; at times one of two that contradict each other in a pair."""
    if argument.encoding == "enumeration":
        return float(draw.randrange(len(argument.labels)))
    return draw.choice((argument.least, argument.most, draw.uniform(argument.least, argument.most)))


def outside(argument: Argument, draw: random.Random) -> float:
    """A value that is none of its range."""
    if argument.encoding == "enumeration":
        return float(draw.randrange(len(argument.labels), 256))
    beyond = (argument.least - 1e-3, argument.most * 1.001 + 1.0, -1e30, 1e30, math.inf, -math.inf, math.nan)
    return draw.choice(beyond)


def packed(command: Command, values: list[float], sequence: int) -> bytes:
    """The packet, whatever the values are."""
    body = b"".join(
        bytes([int(value)]) if argument.encoding == "enumeration" else struct.pack(">f", value)
        for argument, value in zip(command.arguments, values, strict=True)
    )
    return sealed(struct.pack(">HHHBB", TELECOMMAND, UNSEGMENTED | sequence, command.size - 7, command.code, 0) + body)


def sealed(content: bytes) -> bytes:
    """The content and its check word."""
    return content + binascii.crc_hqx(content, 0xFFFF).to_bytes(2, "big")


def resized(data: bytes, size: int, draw: random.Random) -> bytes:
    """A right packet of another length: header, length field and check word agree, the code asks for another."""
    content = (data[:-2] + draw.randbytes(LONGEST_COMMAND))[: size - 2]
    return sealed(content[:4] + (size - 7).to_bytes(2, "big") + content[6:])


def earlier(data: bytes, draw: random.Random) -> int:
    """A count that lies behind that of the packet."""
    return (int.from_bytes(data[2:4], "big") - draw.randint(1, COUNTS_AHEAD // 2)) % (1 << 14)


def other_header(data: bytes, draw: random.Random) -> bytes:
    """A right packet but for one bit of its identification, its flags or its spare byte."""
    bit = draw.choice([n for n in range(64) if n < 18 or n >= 56])
    return sealed(turned(data[:8], 1 << (63 - bit)) + data[8:-2])


DAMAGED = {
    "old count": lambda data, draw: sealed(data[:2] + (UNSEGMENTED | earlier(data, draw)).to_bytes(2, "big") + data[4:-2]),
    "truncated": lambda data, draw: data[: draw.randrange(len(data))],
    "over-long": lambda data, draw: data + draw.randbytes(draw.choice((1, 2, 20, 100, 5000))),
    "flipped": lambda data, draw: turned(data, sum(1 << bit for bit in draw.sample(range(8 * len(data)), draw.randint(1, 20)))),
    "burst": lambda data, draw: turned(data, (draw.getrandbits(16) | 1) << draw.randrange(8 * len(data) - 15)),
    "length field": lambda data, draw: data[:4] + draw.randbytes(2) + data[6:],
    "random": lambda data, draw: draw.randbytes(draw.randint(0, 60)),
    "forged": lambda data, draw: data[:8] + draw.randbytes(len(data) - 8),
    "other header": other_header,
    "unknown code": lambda data, draw: sealed(data[:6] + bytes([draw.randrange(256)]) + data[7:-2]),
    "other length": lambda data, draw: resized(data, draw.randint(10, LONGEST_COMMAND), draw),
}
