"""`perilune refly`: one run of a campaign again, alone, bit for bit, with its whole history and report."""

from pathlib import Path
from typing import Annotated

import typer

FOLDER = typer.Argument(metavar="DIR", help="The folder that `perilune campaign` wrote.", show_default=False)
RUN = typer.Option(metavar="K", help="Which run of the campaign.", show_default=False)
OUT = typer.Option(metavar="DIR", help="The folder for the flight; left out, refly/run-K in the campaign's folder.", show_default=False)
JSON = typer.Option("--json", help="Print flight.json on the standard output, and nothing else there.")


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("refly", help="Fly one run of a campaign again, bit for bit, with its whole history and report.")(refly)


def refly(
    folder: Annotated[Path, FOLDER],
    run: Annotated[int, RUN],
    out: Annotated[Path | None, OUT] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Fly, compare with the table, save, show."""
    import sys

    from perilune.cli.progress import showing_progress

    with showing_progress() as progress:
        progress("loading flight code", 0.0)
        import perilune

        flown = perilune.refly(folder, run, out, progress)
    if as_json:
        from perilune.flight.save import as_text

        print(as_text(flown.flight), end="")
        print(f"perilune: {flown.sentence}", file=sys.stderr)
        return
    from perilune.cli.show_flight import show_flight

    show_flight(flown.flight, flown.folder)
    print(f"as flown   {flown.sentence}")
