"""A command as its packet: what the ground sends up, and what the lander's receiver is handed."""

import math
import struct
from collections.abc import Mapping

import numpy as np

from perilune.base.errors import PeriluneError
from perilune.base.structs import layout
from perilune.messages.commands import BY_NAME, COMMAND_APID, LONGEST_COMMAND, Argument, Command
from perilune.messages.crc import sealed

Value = str | float
NEVER = 2**31 - 1  # tick of a row of the uplink that holds no packet yet


def command_packet(name: str, arguments: Mapping[str, Value] | None = None, sequence: int = 0) -> bytes:
    """The packet of a command with its arguments by name (numbers, or labels); `sequence` is its count, modulo 16,384.

    Raises
    ------
    PeriluneError
        One sentence on a command or an argument that there is not, that is missing or out of its range.
    """
    command = known_command(name)
    given = checked_arguments(command, arguments or {})
    body = b"".join(_encoded(argument, given[argument.name]) for argument in command.arguments)
    header = struct.pack(">HHHBB", 1 << 12 | 1 << 11 | COMMAND_APID, 3 << 14 | sequence & 0x3FFF, command.size - 7, command.code, 0)
    return sealed(header + body)


def known_command(name: str) -> Command:
    """The command of a name; raises PeriluneError on another."""
    if name not in BY_NAME:
        raise PeriluneError(f"command {name!r} is not known; choose one of {', '.join(BY_NAME)}")
    return BY_NAME[name]


def checked_arguments(command: Command, arguments: Mapping[str, Value]) -> dict[str, float]:
    """The arguments as numbers, labels by their place; raises PeriluneError on what does not fit the dictionary."""
    names = [argument.name for argument in command.arguments]
    for name in arguments:
        if name not in names:
            takes = f"takes {', '.join(names)}" if names else "takes none"
            raise PeriluneError(f"command {command.name}: there is no argument {name!r}; it {takes}")
    missing = [name for name in names if name not in arguments]
    if missing:
        raise PeriluneError(f"command {command.name}: the argument {missing[0]} is missing; give {' and '.join(names)}")
    checked = {argument.name: _number(command, argument, arguments[argument.name]) for argument in command.arguments}
    if command.name == "dump-recorder" and checked["to_s"] < checked["from_s"]:
        raise PeriluneError(f"command {command.name}: to_s ({checked['to_s']:g}) lies before from_s ({checked['from_s']:g}); exchange them")
    return checked


def _number(command: Command, argument: Argument, value: Value) -> float:
    where = f"command {command.name}: {argument.name}"
    if argument.encoding == "enumeration":
        if value not in argument.labels:
            raise PeriluneError(f"{where} is {value!r}; choose one of {', '.join(argument.labels)}")
        return float(argument.labels.index(str(value)))
    allowed = f"{argument.least:g} to {argument.most:g} {argument.unit}".rstrip()
    try:
        number = float(value)
        as_sent = struct.unpack(">f", struct.pack(">f", number))[0]
    except (TypeError, ValueError):
        raise PeriluneError(f"{where} is {value!r}, which is no number; give {allowed}") from None
    except OverflowError:
        as_sent = math.nan
    if not argument.least <= as_sent <= argument.most:
        raise PeriluneError(f"{where} is {value}; give {allowed}")
    return number


def _encoded(argument: Argument, number: float) -> bytes:
    return bytes([int(number)]) if argument.encoding == "enumeration" else struct.pack(">f", number)


def uplink_rows(packets: "list[tuple[int, bytes]]", room: int = 0) -> np.ndarray:
    """Packets, each with the control tick in which it is complete at the receiver, as `UplinkPacket` records in the order of ticks.

    `room` more rows stand ready for packets that will come.
    """
    from perilune.messages.uplink import UplinkPacket

    rows = np.zeros(len(packets) + room, layout(UplinkPacket))
    rows["tick"] = NEVER
    for row, (tick, data) in zip(rows, sorted(packets, key=lambda one: one[0]), strict=False):
        put_packet(row, tick, data)
    return rows


def put_packet(row: np.void, tick: int, data: bytes) -> None:
    """Let a row of the uplink hold a packet."""
    row["length"] = len(data)
    row["data"][: min(len(data), LONGEST_COMMAND)] = np.frombuffer(data[:LONGEST_COMMAND], np.uint8)
    row["tick"] = tick
