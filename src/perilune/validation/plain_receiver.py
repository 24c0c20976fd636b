"""An independent reading of commands on board, from the words of messages/commands.py alone: spacepackets for the header, struct, binascii.

It keeps what the decoder has to keep, the last count that was used and what is armed and until when, and what obeyed commands have set.
"""

import binascii
import struct
from dataclasses import dataclass

from perilune.messages.commands import ARMED_FOR_S, BY_CODE, BY_NAME, COMMAND_APID, COUNTS_AHEAD, CRITICAL, LONGEST_COMMAND, Command

SHORTEST = 10  # bytes: header, code, spare, check word


@dataclass(frozen=True)
class Told:
    """What is told of a packet: its outcome, and as far as it could be read code (0: not), count and arguments (0 where there are none)."""

    outcome: str
    code: int = 0
    sequence: int = 0
    arguments: tuple[float, float] = (0.0, 0.0)


@dataclass
class Standing:
    """What commands have set, all zero at the start: as numbers of the dictionary, seconds past the epoch, metres."""

    antenna: int = 0
    left_out: int = 0  # a bit for each sensor
    range_gate: float = 0.0
    site_offset: tuple[float, float] = (0.0, 0.0)
    hold: float = 0.0
    computer_restarted: float = -1.0
    transmitter_restarted: float = -1.0


class PlainReceiver:
    """One lander's receiver."""

    def __init__(self) -> None:
        self.standing = Standing()
        self.used: int | None = None
        self.armed: str | None = None
        self.armed_until = 0.0
        self.received = self.refused = 0

    def take(self, packet: bytes, time_s: float, mode: str, is_away: bool) -> Told:
        """What becomes of a packet that is complete at `time_s`, with the sequencer in `mode`, the computer there or away."""
        told = self._take(packet, time_s, mode, is_away)
        self.received += 1
        self.refused += told.outcome != "executed"
        return told

    def _take(self, packet: bytes, time_s: float, mode: str, is_away: bool) -> Told:
        from spacepackets.ccsds.spacepacket import PacketType, SequenceFlags, SpacePacketHeader

        if not SHORTEST <= len(packet) <= LONGEST_COMMAND:
            return Told("wrong-length")
        header = SpacePacketHeader.unpack(packet)
        if header.packet_len != len(packet):
            return Told("wrong-length")
        is_command = header.packet_type == PacketType.TC and header.sec_header_flag and header.seq_flags == SequenceFlags.UNSEGMENTED
        if not is_command or packet[0] >> 5 or header.apid != COMMAND_APID or packet[7]:
            return Told("wrong-header")
        if binascii.crc_hqx(packet, 0xFFFF):
            return Told("wrong-check-word")
        count = header.seq_count
        if self.used is not None and not 1 <= (count - self.used) % 16384 <= COUNTS_AHEAD:
            return Told("used-count", sequence=count)
        self.used = count
        command = BY_CODE.get(packet[6])
        if command is None:
            return Told("unknown-code", sequence=count)
        if len(packet) != command.size:
            return Told("wrong-length", sequence=count)
        values = arguments_of(command, packet)
        first, second, *_ = (*values, 0.0, 0.0)
        outcome = self._obey(command, values, time_s, mode, is_away)
        if outcome == "executed":
            self._set(command.name, first, second, time_s)
        return Told(outcome, command.code, count, (first, second))

    def _obey(self, command: Command, values: tuple[float, ...], time_s: float, mode: str, is_away: bool) -> str:
        in_range = all(
            0 <= value < len(argument.labels) if argument.encoding == "enumeration" else argument.least <= value <= argument.most
            for argument, value in zip(command.arguments, values, strict=True)
        )
        if command.is_critical:
            was, self.armed = self.armed, None
            if was != command.name or time_s > self.armed_until:
                return "not-armed"
        if command.name == "arm" and in_range:
            self.armed, self.armed_until = CRITICAL[int(values[0])], time_s + ARMED_FOR_S
        if not command.is_by_hardware:
            if is_away:
                return "no-computer"
            if command.modes and mode not in command.modes:
                return "wrong-mode"
        if command.name == "dump-recorder" and in_range and values[1] < values[0]:
            return "out-of-range"
        return "executed" if in_range else "out-of-range"

    def _set(self, name: str, first: float, second: float, time_s: float) -> None:
        stands = self.standing
        match name:
            case "switch-antenna":
                stands.antenna = int(first)
            case "set-range-gate":
                stands.range_gate = first
            case "select-sensor":
                stands.left_out = stands.left_out & ~(1 << int(first)) | (0 if second else 1 << int(first))
            case "update-site":
                stands.site_offset = (first, second)
            case "hold":
                stands.hold = first
            case "restart-computer":
                stands.computer_restarted = time_s
            case "restart-transmitter":
                stands.transmitter_restarted = time_s

    def armed_code(self, time_s: float) -> int:
        """The code that is armed at this time, 0 for none."""
        return BY_NAME[self.armed].code if self.armed is not None and time_s <= self.armed_until else 0


def arguments_of(command: Command, packet: bytes) -> tuple[float, ...]:
    """The arguments of a packet of the command's own length."""
    pattern = ">" + "".join("B" if argument.encoding == "enumeration" else "f" for argument in command.arguments)
    return tuple(float(value) for value in struct.unpack_from(pattern, packet, 8))
