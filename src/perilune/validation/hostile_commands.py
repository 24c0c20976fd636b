"""Rows of hostile commands: a million packets at the receiver on board, against an independent reading of each.

Assumptions and limitations: the receiver is that of the flight, on a bench where each packet comes upon a time, a mode and a computer that are drawn;
that a command acts in flight as it says is tested in flight (tests/flight/test_commands.py).
"""

from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from perilune.avionics.sequencer import MODES
from perilune.base.start_warp import start_warp
from perilune.messages.commands import BY_NAME, OUTCOMES
from perilune.validation.hostile_uplink import Uplinked, hostile_commands
from perilune.validation.plain_receiver import PlainReceiver, Told
from perilune.validation.rows import Check, Measured

SEED = 20250605
MILLION = 1_000_000
A_STRETCH = 20_000  # packets that one lander takes
RESTART_S = {"computer": 5.0, "transmitter": 2.0}  # away, silent for so long


@dataclass
class Received:
    """What became of hostile commands: outcomes by the way in which they were made, and how many were told of or acted on otherwise than expected."""

    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    wrong: int = 0
    first_wrong: str = ""

    @property
    def total(self) -> Counter[str]:
        """Outcomes of all packets."""
        return sum(self.outcomes.values(), Counter())


def assail_receiver(count: int, seed: int = SEED, stretch: int = A_STRETCH) -> Received:
    """Give `count` hostile commands to receivers on board and to the independent reader."""
    received = Received()
    for n in range(0, count, stretch):
        commands = list(hostile_commands(min(stretch, count - n), seed + n))
        _compare(received, commands, on_board(commands))
    return received


def on_board(commands: list[Uplinked]) -> np.ndarray:
    """What the receiver of a lander that begins its flight tells of the packets: `Report` records (n,)."""
    from perilune.base.structs import records
    from perilune.flight.fly import batch_from
    from perilune.flight.flying import prepare
    from perilune.messages.command_packet import put_packet, uplink_rows
    from perilune.mission.loader import load
    from perilune.validation.receiver_bench import Setting, take

    start_warp()
    scene = prepare(load("resilience"))
    batch = batch_from(scene, None, np.array([0]), "pdi")
    rows, settings = uplink_rows([], len(commands)), records(Setting, len(commands))
    for row, one in zip(rows, commands, strict=True):
        put_packet(row, 0, one.data)
    settings["time"] = [one.time_s for one in commands]
    settings["mode"] = [MODES.index(one.mode) for one in commands]
    settings["is_away"] = [one.is_away for one in commands]
    return take(scene, batch, rows, settings)


def _compare(received: Received, commands: list[Uplinked], reports: np.ndarray) -> None:
    plain = PlainReceiver()
    for one, report in zip(commands, reports, strict=True):
        told = plain.take(one.data, one.time_s, one.mode, one.is_away)
        received.outcomes.setdefault(one.way, Counter())[OUTCOMES[report["outcome"]]] += 1
        if as_reported(report, one.time_s) != as_expected(plain, told, one.time_s):
            received.wrong += 1
            received.first_wrong = received.first_wrong or f"{one}: {as_reported(report, one.time_s)}, not {as_expected(plain, told, one.time_s)}"


def as_reported(report: np.void, time_s: float) -> tuple[object, ...]:
    """What a report tells, as plain values; what is armed no longer is left out, and so are arguments that are no numbers."""
    told = (OUTCOMES[report["outcome"]], int(report["code"]), int(report["sequence"]), _numbers(report["argument_1"], report["argument_2"]))
    counters = int(report["reports"]), int(report["refused"]), int(report["armed"]) if time_s <= report["armed_until"] else 0
    east, north, _ = report["site_offset"]
    stands = int(report["antenna"]), int(report["left_out"]), float(report["range_gate"]), (float(east), float(north)), float(report["hold"])
    return *told, *counters, *stands, round(float(report["starts_until"]), 6), round(float(report["silent_until"]), 6)


def as_expected(plain: PlainReceiver, told: Told, time_s: float) -> tuple[object, ...]:
    """The same as the independent reader has it."""
    s = plain.standing
    counters = plain.received, plain.refused, plain.armed_code(time_s)
    computer = 0.0 if s.computer_restarted < 0.0 else s.computer_restarted + RESTART_S["computer"]
    transmitter = 0.0 if s.transmitter_restarted < 0.0 else s.transmitter_restarted + RESTART_S["transmitter"]
    stands = s.antenna, s.left_out, s.range_gate, s.site_offset, s.hold
    return told.outcome, told.code, told.sequence, _numbers(*told.arguments), *counters, *stands, round(computer, 6), round(transmitter, 6)


def _numbers(*values: float) -> tuple[float | None, ...]:
    return tuple(None if np.isnan(value) else float(value) for value in values)


def never_obeyed(received: Received) -> int:
    """Packets obeyed that must not be whatever they say: damaged, random, replayed, of an old count or with another header."""
    ways = ("replayed", "truncated", "over-long", "length field", "random", "other header")
    return sum(received.outcomes.get(way, Counter())["executed"] for way in ways)


def a_million() -> Measured:
    """Packets of a million of which the receiver tells or after which it acts otherwise than the independent reader, or that it must never obey."""
    received = assail_receiver(MILLION)
    if received.wrong:
        raise RuntimeError(f"{received.wrong} packets were told of otherwise, the first {received.first_wrong}")
    outcomes = ", ".join(f"{outcome} {count}" for outcome, count in received.total.most_common())
    return float(received.wrong + never_obeyed(received)), f"{len(BY_NAME)} commands and their damage; {outcomes}"


CHECKS = [
    Check(
        "hostile, a million commands",
        "packets told of or acted on otherwise",
        "an independent reader with spacepackets, struct and binascii",
        0.0,
        "packets",
        a_million,
        full=True,
    )
]
