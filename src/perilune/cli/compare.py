"""`perilune compare`: the same seeds in two campaigns: what was changed, which runs it flipped, and what of it did."""

from pathlib import Path
from typing import Annotated

import typer

A = typer.Argument(metavar="DIR_A", help="The folder of one campaign.", show_default=False)
B = typer.Argument(metavar="DIR_B", help="The folder of the other.", show_default=False)
OUT = typer.Option(metavar="DIR", help="The folder for the comparison; left out, compare/ in the working directory.", show_default=False)
FLIPS = typer.Option(metavar="N", help="Look into so many flipped runs at most, by flying each again with one change at a time; 0: into none.")
THREADS = typer.Option(metavar="N", help="Threads on this machine; left out, one a core.", show_default=False)
JSON = typer.Option("--json", help="Print compare.json on the standard output, and nothing else there.")


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("compare", help="Compare two campaigns of the same seed: what changed, which runs flipped, and why.")(compare)


def compare(
    folder_a: Annotated[Path, A],
    folder_b: Annotated[Path, B],
    out: Annotated[Path | None, OUT] = None,
    flips: Annotated[int, FLIPS] = 20,
    threads: Annotated[int | None, THREADS] = None,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Compare, keep, show."""
    from perilune.cli.watch_campaign import watching

    with watching() as watch:
        watch("loading flight code", None, 0.0)
        import perilune

        made = perilune.compare_campaigns(folder_a, folder_b, out, flips, threads, watch)
    if as_json:
        from perilune.campaigns.compare import as_text

        print(as_text(made), end="")
        return
    from perilune.cli.show_compare import show_compare

    show_compare(made)
