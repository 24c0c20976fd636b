"""`perilune check`: reads and validates a mission, flies nothing."""

from typing import Annotated

import typer

MISSION = typer.Argument(metavar="MISSION", help="A name of the catalogue (see `perilune missions`) or the path of a TOML file.", show_default=False)
CASE = typer.Option(metavar="NAME", help="The case of the mission; left out, the one that the file names, else planned.", show_default=False)
SET = typer.Option("--set", metavar="PATH=VALUE", help="Override any number of the mission by its dotted path.", show_default=False)

FAULT = typer.Option(
    "--fault", metavar="FAULT", help="Break something: range_finder.dropout@height_m=2000,duration_s=20 (see docs/faults.md).", show_default=False
)
GUIDANCE = typer.Option(metavar="LAW", help="The guidance law: a name, or a Python file of your own (see docs/guidance.md).", show_default=False)


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("check", help="Read and validate a mission; fly nothing.")(check)


def check(
    mission: Annotated[str, MISSION],
    case: Annotated[str | None, CASE] = None,
    overrides: Annotated[list[str] | None, SET] = None,
    faults: Annotated[list[str] | None, FAULT] = None,
    guidance: Annotated[str | None, GUIDANCE] = None,
) -> None:
    """Load the mission and say what it is."""
    from perilune.avionics.guidance.choice import law_of
    from perilune.mission.loader import load

    loaded = load(mission, overrides or (), case, faults or (), guidance)
    law_of(loaded.planned.avionics.guidance.law)
    about = loaded.mission
    print(f"{about.name}: {about.title}")
    print(f"  {about.summary}")
    print(f"  site {loaded.site.name}, {loaded.site.latitude_deg:g}°, {loaded.site.longitude_deg:g}°; planned touchdown {_utc(loaded)}")
    print(f"  cases {', '.join(dict.fromkeys(['planned', *loaded.cases]))}; read in the case {loaded.case}")
    if loaded.faults:
        print(f"  faults {'; '.join(str(fault) for fault in loaded.faults)}")
    print(f"  {len(loaded.dispersions)} dispersions, {len(loaded.published)} published numbers; hash {loaded.hash[:16]}")
    print("valid")


def _utc(loaded: object) -> str:
    from perilune.mission.instant import write_utc

    return write_utc(loaded.site.planned_touchdown_utc)  # type: ignore[attr-defined]
