"""`perilune budget`: what a mission costs in Δv and propellant, and what each error source does to its touchdown."""

from pathlib import Path
from typing import Annotated

import typer

from perilune.cli.check import CASE, MISSION, SET
from perilune.cli.folders import default_folder

RUNS = typer.Option(metavar="N", help="Dispersed flights beside which the linear covariance stands; 0: the Δv budget alone, from one flight.")
SEED = typer.Option(metavar="N", help="The seed of those flights.")
OUT = typer.Option(metavar="DIR", help="The folder for the results; left out, budgets/ in the working directory.", show_default=False)
JSON = typer.Option("--json", help="Print budget.json on the standard output, and nothing else there.")


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("budget", help="Draw up a mission's budget of Δv, propellant and touchdown errors.")(budget)


def budget(
    mission: Annotated[str, MISSION],
    runs: Annotated[int, RUNS] = 200,
    seed: Annotated[int, SEED] = 1,
    case: Annotated[str | None, CASE] = None,
    overrides: Annotated[list[str] | None, SET] = None,
    out: Annotated[Path | None, OUT] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Fly, save, show."""
    from perilune.cli.progress import showing_progress
    from perilune.flight.save import check_writable
    from perilune.mission.loader import load

    loaded = load(mission, overrides or (), case)
    folder = out or default_folder("budgets", loaded, [f"seed{seed}", f"runs{runs}"] if runs else [], bool(overrides))
    check_writable(folder)
    with showing_progress() as progress:
        progress("loading flight code", 0.0)
        import perilune

        made = perilune.budget(loaded, seed=seed, runs=runs, progress=progress)
        progress("writing the results", 0.0)
        made.save(folder)
    if as_json:
        from perilune.flight.budget.budget import as_text

        print(as_text(made), end="")
        return
    from perilune.cli.show_budget import show_budget

    show_budget(made, folder)
