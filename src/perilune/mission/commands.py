"""Planned commands: what reaches the lander's receiver in a flight, and when, as the mission file says it.

A command stands under `[[commands]]`, or under `[[cases.NAME.commands]]` in that case alone: by name, or as the bytes of a packet, which need not be
a command at all. So a flight that was flown live can be flown again. Counts go up from 0 in the order of the file.

Assumptions and limitations: the time is that at which the last bit reaches the lander; whether the link would have carried it is not asked.
"""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from perilune.base.errors import PeriluneError
from perilune.base.parameters import Parameters
from perilune.messages.command_packet import command_packet
from perilune.messages.commands import BY_NAME
from perilune.mission.paths import nearest

if TYPE_CHECKING:
    from perilune.mission.schema import Mission

MOST_BYTES = 65_542  # of a space packet
WHEN = ("time_s", "before_touchdown_s")


class PlannedCommand(Parameters):
    """One packet that reaches the lander: a command by name, or any bytes."""

    command: Annotated[str | None, Field(description="which command (docs/commands.md lists them)")] = None
    arguments: Annotated[dict[str, float | str], Field(description="its arguments by name, as an inline table", default_factory=dict)]
    packet_hex: Annotated[
        str | None, Field(pattern=r"^([0-9a-f]{2})+$", max_length=2 * MOST_BYTES, description="instead: the packet's bytes, hexadecimal")
    ] = None
    time_s: Annotated[float | None, Field(ge=0, le=1e6, description="its last bit is there so long after the start")] = None
    before_touchdown_s: Annotated[float | None, Field(ge=-1e6, le=1e6, description="or so long before the planned touchdown")] = None

    def packet(self, sequence: int) -> bytes:
        """Its bytes; `sequence` is the count of a command by name. Raises PeriluneError on a command or arguments that there are not."""
        if self.packet_hex is not None:
            return bytes.fromhex(self.packet_hex)
        return command_packet(str(self.command), self.arguments, sequence)


def command_conflicts(mission: "Mission") -> Iterator[tuple[str, str]]:
    """What is wrong with the planned commands: the path to point at, and the rest of a sentence."""
    for i, planned in enumerate(mission.commands):
        path = f"commands.{i}"
        if (planned.command is None) == (planned.packet_hex is None):
            words = "neither command nor packet_hex" if planned.command is None else "both command and packet_hex"
            yield path, f"has {words}; give one of the two"
            continue
        if sum(getattr(planned, key) is not None for key in WHEN) != 1:
            yield path, f"must say when it reaches the lander, once; give {' or '.join(WHEN)}"
        if planned.command is None:
            continue
        if planned.command not in BY_NAME:
            near = nearest(planned.command, list(BY_NAME))
            known = f"{f'did you mean {near}? ' if near else ''}there are {', '.join(BY_NAME)}"
            yield f"{path}.command", f"is {planned.command!r}, which there is not; {known}"
            continue
        try:
            planned.packet(0)
        except PeriluneError as error:
            yield f"{path}.arguments", f"do not fit: {error}"


def uplink_of(mission: "Mission", planned_touchdown_s: float, tick_s: float) -> list[tuple[int, bytes]]:
    """Every planned command's packet with the control tick in which it is complete; `planned_touchdown_s` [s past the epoch]."""
    packets = []
    for count, planned in enumerate(mission.commands):
        at = planned.time_s if planned.before_touchdown_s is None else planned_touchdown_s - planned.before_touchdown_s
        packets.append((max(0, math.ceil(float(at or 0.0) / tick_s - 1e-6)), planned.packet(count)))
    return packets
