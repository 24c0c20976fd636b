"""`perilune site`: the mission over another site, looked over, flown as often as the original on the same seeds, and compared."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perilune.cli.campaign import CAUSES, OUT, RUNS, SCHEDULER, SEED, THREADS, engine_of
from perilune.cli.check import CASE, MISSION, SET
from perilune.cli.fly import START, StartChoice
from perilune.cli.folders import default_folder

if TYPE_CHECKING:
    from perilune.campaigns.site import SiteLook

LATITUDE = typer.Option("--latitude-deg", metavar="DEG", help="Latitude of the new site, north positive.", show_default=False)
LONGITUDE = typer.Option("--longitude-deg", metavar="DEG", help="East longitude of the new site.", show_default=False)
HEADING = typer.Option("--heading-deg", metavar="DEG", help="Direction of flight over it, from north; left out, the mission's.", show_default=False)


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("site", help="Move a mission to another site: look it over, fly both on the same seeds, compare.")(site)


def site(
    mission: Annotated[str, MISSION],
    latitude_deg: Annotated[float, LATITUDE],
    longitude_deg: Annotated[float, LONGITUDE],
    heading_deg: Annotated[float | None, HEADING] = None,
    runs: Annotated[int, RUNS] = 1000,
    case: Annotated[str | None, CASE] = None,
    seed: Annotated[int, SEED] = 1,
    start: Annotated[StartChoice, START] = StartChoice.DOI,
    overrides: Annotated[list[str] | None, SET] = None,
    out: Annotated[Path | None, OUT] = None,
    threads: Annotated[int | None, THREADS] = None,
    scheduler: Annotated[str | None, SCHEDULER] = None,
    causes: Annotated[int, CAUSES] = 50,
) -> None:
    """Move, fly, show."""
    from perilune.cli.watch_campaign import watching
    from perilune.mission.loader import load

    engine = engine_of(threads, scheduler, None)
    loaded = load(mission, overrides or (), case)
    words = [f"{angle:g}" for angle in (latitude_deg, longitude_deg, heading_deg) if angle is not None]
    folder = out or default_folder("sites", loaded, [*words, f"seed{seed}", f"runs{runs}", start.word], bool(overrides))
    with watching() as watch:
        watch("loading flight code", None, 0.0)
        import perilune

        made = perilune.change_site(loaded, latitude_deg, longitude_deg, heading_deg, runs, folder, seed, start.value, engine, watch, causes)
    from perilune.cli.show_compare import show_compare

    show_looks(made.looks)
    show_compare(made.comparison)


def show_looks(looks: "tuple[SiteLook, SiteLook]") -> None:
    """The two sites side by side."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for head in ("", "original", "moved"):
        table.add_column(head)

    def row(what: str, words: "list[str]") -> None:
        table.add_row(what, *words)

    row("site", [f"{look.name} ({look.latitude_deg:g}°, {look.longitude_deg:g}°)" for look in looks])
    row("ground above the sphere", [f"{look.ground_m:.0f} m" for look in looks])
    row("largest step of the approach", [f"{look.step_m:+.0f} m from {look.step_at_km_to_go:.0f} km to go" for look in looks])
    row("least clearance of the orbit", ["–" if look.clearance_km is None else f"{look.clearance_km:.1f} km" for look in looks])
    row("undispersed flight", [look.verdict for look in looks])
    row("", [look.reason for look in looks])
    Console(highlight=False, markup=False).print(table)
