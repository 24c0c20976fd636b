"""`perilune rare`: the probability of losses that are too rare for a campaign to see."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perilune.cli.campaign import CONFIDENCE, OUT, SEED, THREADS
from perilune.cli.check import CASE, MISSION, SET
from perilune.cli.fly import START, StartChoice
from perilune.cli.folders import default_folder

if TYPE_CHECKING:
    from perilune.campaigns.rare import RareLosses

RUNS = typer.Option(metavar="N", help="Flights a level, a multiple of 10; each level is some ten times rarer.")
BELOW = typer.Option(metavar="M", help="The margin to the limits below which a run counts; 0: it is lost.")


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("rare", help="Estimate how likely a loss is that a campaign would not see, by subset simulation.")(rare)


def rare(
    mission: Annotated[str, MISSION],
    runs_a_level: Annotated[int, RUNS] = 500,
    below: Annotated[float, BELOW] = 0.0,
    case: Annotated[str | None, CASE] = None,
    seed: Annotated[int, SEED] = 1,
    start: Annotated[StartChoice, START] = StartChoice.DOI,
    confidence: Annotated[float, CONFIDENCE] = 0.95,
    overrides: Annotated[list[str] | None, SET] = None,
    threads: Annotated[int | None, THREADS] = None,
    out: Annotated[Path | None, OUT] = None,
) -> None:
    """Fly the levels, keep, show."""
    from perilune.cli.progress import showing_progress
    from perilune.flight.save import check_writable
    from perilune.mission.loader import load

    loaded = load(mission, overrides or (), case)
    words = [f"seed{seed}", f"below{below:g}", start.word]
    folder = out or default_folder("rare", loaded, words, bool(overrides))
    check_writable(folder)
    with showing_progress() as progress:
        progress("loading flight code", 0.0)
        import perilune

        made = perilune.rare_losses(loaded, None, seed, start.value, runs_a_level, below, confidence, threads, progress)
        made.save(folder)
    show(made)
    print(f"kept       {folder / 'rare.json'}")


def show(made: "RareLosses") -> None:
    """Print the levels and the probability."""
    from rich.console import Console
    from rich.table import Table

    console, found = Console(highlight=False, markup=False), made.found
    console.print(f"{made.mission.mission.title}, case {made.mission.case}, seed {made.seed}, from {made.start}: margin below {made.below:g}")
    table = Table(box=None, pad_edge=False, header_style="dim")
    for head in ("level", "margin below", "share of the level", "moves accepted", "with fresh noise"):
        table.add_column(head, justify="right")
    for i, level in enumerate(found.levels):
        shares = ("–" if share is None else f"{100.0 * share:.0f} %" for share in (level.accepted, level.accepted_with_fresh_noise))
        table.add_row(str(i), f"{level.margin + made.below:.4g}", f"{100.0 * level.share:.1f} %", *shares)
    console.print(table)
    if found.probability is None:
        console.print(f"no probability: {found.doubt}")
        return
    between = f"{found.interval_low:.2g} to {found.interval_high:.2g} at confidence {found.confidence:g}"
    console.print(
        f"probability {found.probability:.3g}, {between}; coefficient of variation {found.coefficient_of_variation:.2f}, "
        f"{found.evaluations} flights, {found.ancestors} ancestors, {found.invalid} invalid"
    )
    if found.doubt:
        console.print(f"doubt: {found.doubt}")
