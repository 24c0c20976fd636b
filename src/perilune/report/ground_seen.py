"""What the ground saw of a live flight: alarms, the loss of its signal, every attempt and what became of it, the end, and the evidence.

Assumptions and limitations: all of it is what was received and done at the station, in its own time; nothing here comes from the flight's record.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import NamedTuple

import numpy as np

from perilune.report.numbers import fixed
from perilune.report.plot import BLUE, GREEN, PURPLE, RED, Figure, Mark, Panel, column, dots, line
from perilune.report.tables import table

COUNTED_OVER_S = 2.0
BEFORE_LOSS_S = 300.0
MARKED = {
    "loss-of-signal": "signal lost",
    "touchdown-passed": "planned touchdown",
    "landing-confirmed": "confirmed",
    "mission-ended": "mission ended",
}
IN_LOG = ("command", "report", "no-report", "client")  # told in the table of commands, or of no weight


class Noted(NamedTuple):
    """A line of the session's log."""

    time_s: float
    time_utc: str
    kind: str
    sentence: str


class Commanded(NamedTuple):
    """A command that was released; times in seconds past the epoch, `outcome` None where no report came."""

    command: str
    origin: str
    released_s: float
    on_board_s: float
    outcome: str | None
    reported_s: float | None


class Piece(NamedTuple):
    """A piece of the evidence on which it was concluded whether the lander stands."""

    name: str
    finding: str
    sentence: str


@dataclass(frozen=True)
class GroundSeen:
    """All that a report tells of the ground; `received_s` (n,) is when each packet came [s past the epoch]."""

    log: Sequence[Noted]
    commands: Sequence[Commanded]
    received_s: np.ndarray
    conclusion: str | None
    reason: str
    evidence: Sequence[Piece]
    ended: str


def ground_section(seen: GroundSeen) -> str:
    """The section of the report."""
    parts = ["<h2>What the ground saw</h2>", f"<p>{escape(seen.ended)}</p>"]
    rows = [(escape(one.time_utc[11:21]), escape(one.kind), escape(one.sentence)) for one in seen.log if one.kind not in IN_LOG]
    parts.append(table("ground-log", ("UTC at the station", "what", "in words"), rows))
    if seen.commands:
        cells = [
            (
                f"<code>{escape(one.command)}</code>",
                escape(one.origin),
                fixed(one.released_s, 1),
                fixed(one.on_board_s, 1),
                escape(one.outcome or "no report"),
                "" if one.reported_s is None else fixed(one.reported_s, 1),
            )
            for one in seen.commands
        ]
        heads = ("command", "released by", "released (s)", "on board, if it came (s)", "report", "report received (s)")
        parts += ["<h3>Commands released</h3>", table("released", heads, cells, (2, 3, 5))]
    if seen.conclusion is not None:
        parts += [f"<h3>Landing {escape(seen.conclusion)}</h3>", f"<p>{escape(seen.reason)}</p>"]
        evidence = [(escape(one.name), escape(one.finding), escape(one.sentence)) for one in seen.evidence]
        parts.append(table("evidence", ("evidence", "speaks", "in words"), evidence))
    return "\n".join(parts)


def signal_figure(seen: GroundSeen) -> Figure | None:
    """The signal over time with the attempts at it; None where nothing came."""
    if not len(seen.received_s):
        return None
    lost = [one.time_s for one in seen.log if one.kind == "loss-of-signal"]
    last = max(
        [float(seen.received_s[-1]), *(one.time_s for one in seen.log if one.kind != "mission-ended"), *(one.released_s for one in seen.commands)]
    )
    begin = max(float(seen.received_s[0]), (min(lost) if lost else float(seen.received_s[-1])) - BEFORE_LOSS_S)
    edges = np.arange(begin, last + 2.0 * COUNTED_OVER_S, COUNTED_OVER_S)
    counts = np.histogram(seen.received_s, edges)[0] / COUNTED_OVER_S
    traces = [line(edges[:-1], counts, "packets received", BLUE)]
    for name, colour, some in (
        ("command executed", GREEN, [one for one in seen.commands if one.outcome == "executed"]),
        ("command refused", PURPLE, [one for one in seen.commands if one.outcome not in (None, "executed")]),
        ("command without a report", RED, [one for one in seen.commands if one.outcome is None]),
    ):
        if some:
            at = np.array([one.released_s for one in some])
            traces.append(dots(at, np.zeros(len(at)), name, colour, size=8, symbol="triangle-up"))
    marks = [Mark(one.time_s, MARKED[one.kind]) for one in seen.log if one.kind in MARKED and one.time_s <= last]
    panel = Panel("packets (1/s)", traces, 170, {"rangemode": "tozero"})
    data, layout, pixels = column([panel], marks, (begin, float(edges[-1])))
    caption = f"{len(seen.received_s)} packets in all; each point counts {COUNTED_OVER_S:g} s. Triangles: commands as they were released."
    return Figure("signal", "Signal and attempts at it", caption, data, layout, pixels, timed=False)
