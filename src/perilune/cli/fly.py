"""`perilune fly`: flies one run of a mission, shows what came out beside what was published, and keeps it in a folder."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perilune.base.errors import PeriluneError
from perilune.cli.check import CASE, FAULT, GUIDANCE, MISSION, SET
from perilune.cli.folders import default_folder

if TYPE_CHECKING:
    from perilune.flight.port import Peer


class StartChoice(StrEnum):
    """Where a flight begins."""

    DOI = "doi"
    PDI = "pdi"

    @property
    def word(self) -> str:
        """What it adds to the name of a folder."""
        return "" if self is StartChoice.DOI else self.value


SEED = typer.Option(metavar="N", help="Draw the dispersions with this seed; left out, every dispersion is at its mean.", show_default=False)
RUN = typer.Option(metavar="K", help="Which run of the seed.")
START = typer.Option(help="Where the mission begins (doi: after its descent orbit insertion burn), or just before the powered descent (pdi).")
OUT = typer.Option(metavar="DIR", help="The folder for the results; left out, flights/ in the working directory.", show_default=False)
JSON = typer.Option("--json", help="Print flight.json on the standard output, and nothing else there.")

AVIONICS = typer.Option(metavar="socket:PATH", help="Let other flight software fly, over a local socket made at PATH.", show_default=False)
TAKEOVER = typer.Option(metavar="MODE", help="From which mode on it flies (vertical, say); left out, from the start.", show_default=False)
ANSWER = typer.Option(metavar="S", help="How long its answer to a control tick is waited for, in real seconds.")


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("fly", help="Fly one run of a mission and keep it in a folder.")(fly)
    app.command("port-header", help="Print the messages to other flight software as a C header.")(port_header)


def fly(
    mission: Annotated[str, MISSION],
    case: Annotated[str | None, CASE] = None,
    seed: Annotated[int | None, SEED] = None,
    run: Annotated[int, RUN] = 0,
    start: Annotated[StartChoice, START] = StartChoice.DOI,
    overrides: Annotated[list[str] | None, SET] = None,
    faults: Annotated[list[str] | None, FAULT] = None,
    guidance: Annotated[str | None, GUIDANCE] = None,
    out: Annotated[Path | None, OUT] = None,
    as_json: Annotated[bool, JSON] = False,
    avionics: Annotated[str | None, AVIONICS] = None,
    takeover: Annotated[str | None, TAKEOVER] = None,
    answer_within_s: Annotated[float, ANSWER] = 10.0,
) -> None:
    """Fly, save, show."""
    import numpy as np

    from perilune.cli.progress import showing_progress
    from perilune.flight.save import as_text, check_writable
    from perilune.mission.draws import draw
    from perilune.mission.loader import load

    peer = peer_of(avionics, takeover, answer_within_s)
    loaded = load(mission, overrides or (), case, faults or (), guidance)
    draw(loaded, seed, np.array([run]))
    words = [f"seed{seed}" if seed is not None else "", f"run{run}" if seed is not None or run else "", start.word]
    folder = out or default_folder("flights", loaded, words, bool(overrides or faults or guidance))
    check_writable(folder)
    with showing_progress() as progress:
        progress("loading flight code", 0.0)
        import perilune

        flight = perilune.fly(loaded, seed=seed, run=run, start=start.value, progress=progress, peer=peer)
        progress("writing the results", 0.0)
        flight.save(folder)
    if as_json:
        print(as_text(flight), end="")
    else:
        from perilune.cli.show_flight import show_flight

        show_flight(flight, folder)
    if flight.verdict == "unanswered" or flight.flown.last["avionics"]["law_broke"]:
        raise PeriluneError(flight.reason)


def peer_of(avionics: str | None, takeover: str | None, answer_within_s: float) -> "Peer | None":
    """The peer of the options, or None without any."""
    if avionics is None:
        if takeover is not None:
            raise PeriluneError("--takeover says when other flight software takes over; name it with --avionics socket:PATH")
        return None
    from perilune.flight.port import peer_at

    return peer_at(avionics, takeover, answer_within_s)


def port_header() -> None:
    """Print the C header."""
    from perilune.flight.port_header import port_header as text

    print(text(), end="")
