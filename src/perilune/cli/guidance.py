"""`perilune guidance`: the same seeds flown by several guidance laws, side by side."""

from pathlib import Path
from typing import Annotated

import typer

from perilune.cli.check import CASE, FAULT, MISSION, SET
from perilune.cli.folders import default_folder

LAWS = typer.Option("--laws", metavar="A,B,C", help="Laws by name or Python file, with commas between; left out, every law.", show_default=False)
RUNS = typer.Option(metavar="N", help="Runs of the seed that each law flies.")
SEED = typer.Option(metavar="N", help="The seed of those runs.")
OUT = typer.Option(metavar="DIR", help="The folder for the results; left out, comparisons/ in the working directory.", show_default=False)
JSON = typer.Option("--json", help="Print guidance.json on the standard output, and nothing else there.")


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("guidance", help="Fly the same seeds by several guidance laws, side by side.")(guidance)


def guidance(
    mission: Annotated[str, MISSION],
    laws: Annotated[str | None, LAWS] = None,
    runs: Annotated[int, RUNS] = 20,
    seed: Annotated[int, SEED] = 1,
    case: Annotated[str | None, CASE] = None,
    overrides: Annotated[list[str] | None, SET] = None,
    faults: Annotated[list[str] | None, FAULT] = None,
    out: Annotated[Path | None, OUT] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Fly, save, show."""
    from perilune.avionics.guidance import LAWS as BY_NAME
    from perilune.cli.progress import showing_progress
    from perilune.flight.save import check_writable
    from perilune.mission.loader import load

    loaded = load(mission, overrides or (), case, faults or ())
    asked = list(BY_NAME) if laws is None else [law.strip() for law in laws.split(",") if law.strip()]
    folder = out or default_folder("comparisons", loaded, [f"seed{seed}", f"runs{runs}", laws or ""], bool(overrides or faults))
    check_writable(folder)
    with showing_progress() as progress:
        progress("loading flight code", 0.0)
        import perilune

        made = perilune.compare_laws(loaded, asked, seed=seed, runs=runs, progress=progress)
        progress("writing the results", 0.0)
        made.save(folder)
    if as_json:
        from perilune.flight.compare_laws import as_text

        print(as_text(made), end="")
        return
    from perilune.cli.show_laws import show_laws

    show_laws(made, folder)
