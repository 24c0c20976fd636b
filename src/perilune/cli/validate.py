"""`perilune validate`: the models held against strangers, row by row, with tolerance and what was achieved."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from perilune.validation.rows import Row

FULL = typer.Option("--full", help="Also the rows that take minutes.")
PAGE = typer.Option(metavar="FILE", help="Write the rows as a Markdown page too.", show_default=False)


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("validate", help="Hold the models against other programs and published numbers.")(validate)


def validate(full: Annotated[bool, FULL] = False, page: Annotated[Path | None, PAGE] = None) -> None:
    """Print each row as soon as it is there; exit code 1 when one failed."""
    from perilune.base.start_warp import start_warp
    from perilune.validation.page import write_page
    from perilune.validation.rows import run_rows

    start_warp()
    print(f"{'':9} {'achieved':>10} {'tolerance':>10} unit")
    rows = run_rows(full, progress=lambda row: print(line_of(row), flush=True))
    counts = {status: sum(row.status == status for row in rows) for status in ("passed", "missed", "failed", "not run")}
    print(", ".join(f"{count} {status}" for status, count in counts.items()))
    if page is not None:
        write_page(rows, page, full)
        print(f"page       {page}")
    if counts["failed"]:
        raise typer.Exit(1)


def line_of(row: "Row") -> str:
    """One row as a line; a reason follows where there is one."""
    achieved = "–" if row.achieved is None else f"{row.achieved:.3g}"
    reason = f" ({row.reason})" if row.reason else ""
    return f"{row.status:9} {achieved:>10} {row.tolerance:>10.3g} {row.unit:6} {row.name}: {row.what}, against {row.reference}{reason}"
