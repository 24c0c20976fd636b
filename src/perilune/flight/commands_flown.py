"""What reached the lander of the uplink in a flight, what its telemetry told of it, and what would have come of the flight without it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from perilune.flight.state import TICK_S
from perilune.messages.command_packet import NEVER
from perilune.messages.commands import BY_CODE, COMMAND_APID, OUTCOMES

if TYPE_CHECKING:
    from perilune.flight.flown import Flown


@dataclass(frozen=True)
class FlownCommand:
    """One packet: what it says it is, when its last bit was in, and what was told of it (None where nothing was)."""

    command: str
    packet_hex: str
    t_s: float
    outcome: str | None


@dataclass(frozen=True)
class WithoutCommands:
    """The same flight without anything on the uplink."""

    verdict: str
    reason: str


def commands_flown(flown: "Flown", telemetry: np.ndarray) -> list[FlownCommand]:
    """Every packet that had reached the lander by the end of its record, in its order; `telemetry` are the rows that were published."""
    rows = flown.scene.world.uplinks.numpy()
    end = int(flown.last["tick"]) + (0 if flown.stay is None else len(flown.stay))
    rows = rows[rows["tick"] <= end]
    found = []
    for n, row in enumerate(rows, start=1):
        told = np.flatnonzero(telemetry["command_count"] == n)
        outcome = OUTCOMES[int(telemetry["command_outcome"][told[0]])] if len(told) else None
        data = bytes(row["data"])[: int(row["length"])]
        found.append(FlownCommand(label_of(data), data.hex(), int(row["tick"]) * TICK_S, outcome))
    return found


def label_of(data: bytes) -> str:
    """The name that a packet's code gives it, right or wrong otherwise."""
    is_ours = len(data) >= 8 and int.from_bytes(data[:2], "big") & 0x7FF == COMMAND_APID
    return BY_CODE[data[6]].name if is_ours and data[6] in BY_CODE else "no command"


def has_uplink(flown: "Flown") -> bool:
    """Whether anything was planned to reach the lander."""
    rows = flown.scene.world.uplinks.numpy()
    return bool(len(rows)) and bool(np.any(rows["tick"] != NEVER))
