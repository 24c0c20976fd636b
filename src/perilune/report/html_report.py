"""The report of a flight as one HTML page that opens without a network: numbers first, then figures, then what it does not know."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from perilune.base.tables import write_atomically
from perilune.report.attitude import attitude
from perilune.report.command_table import command_table
from perilune.report.decimation import LIMIT
from perilune.report.errors import errors
from perilune.report.ground_seen import GroundSeen, ground_section, signal_figure
from perilune.report.ground_track import ground_tracks
from perilune.report.heights import coast, heights
from perilune.report.last_metres import last_metres
from perilune.report.page import page, section, verdict_of
from perilune.report.plot import Figure
from perilune.report.propellant import propellant
from perilune.report.rest_table import rest_table
from perilune.report.sensors import sensors
from perilune.report.speeds import speeds
from perilune.report.tables import assumed_table, caveat_list, event_table, fault_table, provenance_table, published_table, touchdown_table
from perilune.report.thrust import thrust
from perilune.report.view import View

if TYPE_CHECKING:
    from perilune.flight.flight import Flight


def write_report(flight: "Flight", path: str | Path, seen: GroundSeen | None = None) -> Path:
    """Write the report of a flight to `path`, beside and renamed; the folder is made where it is missing.

    `seen` is what its ground saw, if it had one.

    Raises PeriluneError when the file cannot be written or plotly's script is missing.
    """
    path = Path(path)
    text = report_page(flight, seen)
    write_atomically(path, lambda part: part.write_text(text, encoding="utf-8") and None)
    return path


def report_page(flight: "Flight", seen: GroundSeen | None = None) -> str:
    """The whole page as text."""
    view = View(flight)
    drawn = list(figures(view))
    signal = None if seen is None else signal_figure(seen)
    if signal is not None:
        drawn.append(signal)
    about = view.mission.mission
    seed = "undispersed" if flight.seed is None else f"seed {flight.seed}, run {flight.run}"
    parts = {
        "touchdown": touchdown_table(view) + rest_table(view),
        "events": event_table(view),
        "faults": fault_table(view),
        "commands": command_table(view),
        "published": published_table(view),
        "figures": "".join(section(figure) for figure in drawn if figure is not signal),
        "ground": ("" if seen is None else ground_section(seen)) + ("" if signal is None else section(signal)),
        "limit": f"{LIMIT:,}".replace(",", "\u202f"),
        "spans": _spans(view),
        "caveats": caveat_list(flight.not_yet_modelled),
        "assumed": assumed_table(view.mission),
        "provenance": provenance_table(view),
    }
    case = f"case {flight.case}, {seed}, started {began(flight)}"
    return page(verdict_of(flight), "flight.html", f"{about.name}: {flight.verdict}", about.title, case, parts, drawn)


def began(flight: "Flight") -> str:
    """Where the flight began, in words."""
    if flight.start == "pdi":
        return "just before the powered descent"
    return "at the state in the mission file" if flight.mission.start.kind == "state" else "after the descent orbit insertion burn"


def figures(view: View) -> Iterator[Figure]:
    """The figures in the order of the page."""
    before, last = coast(view), last_metres(view)
    yield heights(view)
    if before is not None:
        yield before
    yield speeds(view)
    yield attitude(view)
    yield thrust(view)
    yield propellant(view)
    yield from errors(view)
    yield from ground_tracks(view)
    if last is not None:
        yield last
    yield sensors(view)


def _spans(view: View) -> str:
    """Buttons that choose what span of the descent the figures over time show."""
    first, last = view.shown_span
    end = view.event_time("contact") or view.span[1]
    choices = [("whole descent under power", first), ("last 3 min", end - 180.0), ("last minute", end - 60.0), ("last 15 s", end - 15.0)]
    buttons = []
    for i, (label, begin) in enumerate(choices):
        if i and begin <= first:
            continue
        stop = last if i == 0 else end + min(0.04 * (end - begin), last - end)
        pressed = "true" if i == 0 else "false"
        buttons.append(f'<button type="button" aria-pressed="{pressed}" data-from="{begin:.2f}" data-to="{stop:.2f}">{label}</button>')
    return "".join(buttons)
