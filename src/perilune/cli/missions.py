"""`perilune missions`: the catalogue, one line each."""

import typer


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("missions", help="List the missions that come with the program, one line each.")(missions)


def missions() -> None:
    """Print name and summary of every mission."""
    from perilune.mission.catalogue import catalogue

    listed = catalogue()
    width = max(len(name) for name, _ in listed)
    for name, summary in listed:
        print(f"{name:<{width}}  {summary}")
