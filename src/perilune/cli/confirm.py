"""`perilune confirm`: what may be concluded of a landing from a file of received packets."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from perilune.downlink.confirmation import Confirmation, Evidence

HELP = """Say what may be concluded of a landing from received packets alone: confirmed, not confirmed or contradicted, and why.

The exit code is 0 for each of the three; 2 is for a file that cannot be read."""
FILE = typer.Argument(metavar="FILE", help="A file of packets, one after another, as `perilune downlink` gives them.", show_default=False)
MISSION = typer.Option(metavar="MISSION", help="Judge by this mission's planned limits, thrust and touchdown time.", show_default=False)
OUT = typer.Option(metavar="FILE.json", help="Write conclusion and evidence as JSON for other tools.", show_default=False)
MARKS = {"for": "+", "against": "!", "missing": "?", "beside": "·"}


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("confirm", help=HELP)(confirm)


def confirm(
    file: Annotated[Path, FILE],
    mission: Annotated[str | None, MISSION] = None,
    out: Annotated[Path | None, OUT] = None,
) -> None:
    """Decode the file, conclude, print."""
    from perilune.downlink.confirmation import confirm as conclude
    from perilune.downlink.confirmation import planned_of
    from perilune.downlink.decode import decode_file

    planned = None
    if mission is not None:
        from perilune.mission.loader import load

        planned = planned_of(load(mission))
    found = conclude(decode_file(file), planned)
    if out is not None:
        from perilune.base.json_text import json_text
        from perilune.base.tables import write_atomically

        write_atomically(out, lambda part: part.write_text(json_text(found.to_json()), encoding="utf-8"))
    print(summary(found, planned.touchdown_unix_s if planned else None))


def summary(found: "Confirmation", touchdown_unix_s: float | None = None) -> str:
    """The conclusion and a line for each piece of evidence: + speaks for it, ! against it, ? is missing, · is told beside."""
    lines = [f"landing {found.conclusion}: {found.reason}"]
    if found.first_unix_s is not None and found.last_unix_s is not None:
        lines.append(f"packets from {utc(found.first_unix_s)} to {utc(found.last_unix_s)}")
        if touchdown_unix_s is not None:
            lines.append(f"planned touchdown {utc(touchdown_unix_s)}, {found.last_unix_s - touchdown_unix_s:+.1f} s to the last packet")
    return "\n".join([*lines, *(_line(one) for one in found.evidence), "+ speaks for it, ! against it, ? is missing, · is told beside"])


def _line(one: "Evidence") -> str:
    span = "" if one.from_unix_s is None else utc(one.from_unix_s)[11:]
    if one.to_unix_s is not None and one.to_unix_s != one.from_unix_s:
        span += f" to {utc(one.to_unix_s)[11:]}"
    return f"{MARKS[one.finding]} {one.name:<16}{one.sentence}{f' ({span})' if span else ''}"


def utc(unix_s: float) -> str:
    """ISO-8601 text with Z, to the tenth of a second, of seconds of UTC since 1970."""
    from datetime import UTC, datetime

    text = datetime.fromtimestamp(round(unix_s, 1), UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return f"{text[:-5]}Z"
