"""`perilune validate`: the models held against strangers, row by row, with tolerance and what was achieved."""

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("validate", help="Hold the models against other programs and published numbers.")(validate)


def validate(full: Annotated[bool, typer.Option("--full", help="Also the rows that take minutes.")] = False) -> None:
    """Print the rows; exit code 1 when one failed."""
    from perilune.validation.rows import run_rows

    rows = run_rows(full)
    print(rows)
