"""`perilune campaign` and `perilune resume`: thousands of landings, kept as they are flown, with what they show."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from perilune.base.errors import PeriluneError
from perilune.cli.check import CASE, GUIDANCE, MISSION, SET
from perilune.cli.fly import START, StartChoice
from perilune.cli.folders import default_folder

if TYPE_CHECKING:
    from perilune.campaigns.engine import Engine
    from perilune.campaigns.results import Campaign

RUNS = typer.Option(metavar="N", help="How many flights; with --until-half-width, how many at most.")
SEED = typer.Option(metavar="N", help="The seed of their dispersions and noise.")
HALF_WIDTH = typer.Option(
    metavar="H",
    help="Stop where the landing probability is known to plus or minus H (0.005, say).",
    show_default=False,
)
CONFIDENCE = typer.Option(metavar="C", help="Confidence of the interval.")
FAULTS = typer.Option(metavar="none|FILE", help="What breaks, from run to run: a fault schedule (docs/fault-schedules.md).", show_default=False)
OUT = typer.Option(metavar="DIR", help="The folder for the results; left out, campaigns/ in the working directory.", show_default=False)
SAMPLING = typer.Option(metavar="PLAN", help="How values are drawn: independent, latin-hypercube or sobol.")
REPLICATES = typer.Option(metavar="R", help="Independent replicates of a Latin hypercube or Sobol plan.")
THREADS = typer.Option(metavar="N", help="Threads on this machine; left out, one a core.", show_default=False)
SCHEDULER = typer.Option(metavar="tcp://HOST:PORT", help="Fly on a Dask cluster instead (docs/cluster.md).", show_default=False)
DEVICE = typer.Option(metavar="cuda:0", help="Fly on a CUDA device instead.", show_default=False)
CAUSES = typer.Option(metavar="N", help="Find the cause of so many lost runs at most, by flying each again without what it was given; 0: of none.")
PART_RUNS = typer.Option(
    metavar="N", help="Runs that are flown and kept together, so that a kill loses no more; left out, 256.", show_default=False, min=1
)
MIX = typer.Option("--mix", help="Merge parts of another build or kind of processor, marked in the column `build`.")
JSON = typer.Option("--json", help="Print campaign.json on the standard output, and nothing else there.")
FOLDER = typer.Argument(metavar="DIR", help="The folder that `perilune campaign` wrote.", show_default=False)


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("campaign", help="Fly a mission thousands of times, dispersed and faulted, and say how likely it lands.")(campaign)
    app.command("resume", help="Go on with a campaign that was stopped or killed.")(resume)


def campaign(
    mission: Annotated[str, MISSION],
    runs: Annotated[int, RUNS] = 1000,
    case: Annotated[str | None, CASE] = None,
    seed: Annotated[int, SEED] = 1,
    start: Annotated[StartChoice, START] = StartChoice.DOI,
    until_half_width: Annotated[float | None, HALF_WIDTH] = None,
    confidence: Annotated[float, CONFIDENCE] = 0.95,
    faults: Annotated[str, FAULTS] = "none",
    sampling: Annotated[str, SAMPLING] = "independent",
    replicates: Annotated[int, REPLICATES] = 10,
    overrides: Annotated[list[str] | None, SET] = None,
    guidance: Annotated[str | None, GUIDANCE] = None,
    out: Annotated[Path | None, OUT] = None,
    threads: Annotated[int | None, THREADS] = None,
    scheduler: Annotated[str | None, SCHEDULER] = None,
    device: Annotated[str | None, DEVICE] = None,
    causes: Annotated[int, CAUSES] = 50,
    part_runs: Annotated[int | None, PART_RUNS] = None,
    mix: Annotated[bool, MIX] = False,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Fly, keep, show."""
    from perilune.cli.watch_campaign import watching
    from perilune.mission.loader import load

    engine = engine_of(threads, scheduler, device)
    loaded = load(mission, overrides or (), case, (), guidance)
    schedule = None if faults == "none" else Path(faults)
    words = [f"seed{seed}", f"runs{runs}", start.word, "" if sampling == "independent" else sampling, schedule.stem if schedule else ""]
    folder = out or default_folder("campaigns", loaded, words, bool(overrides or guidance))
    with watching() as watch:
        watch("loading flight code", None, 0.0)
        import perilune

        flown = perilune.run_campaign(
            loaded,
            runs,
            folder,
            seed=seed,
            start=start.value,
            until_half_width=until_half_width,
            confidence=confidence,
            sampling=sampling,
            replicates=replicates,
            faults=schedule,
            engine=engine,
            watch=watch,
            mix=mix,
            causes=causes,
            part_runs=part_runs,
        )
    show(flown, as_json)


def resume(
    folder: Annotated[Path, FOLDER],
    threads: Annotated[int | None, THREADS] = None,
    scheduler: Annotated[str | None, SCHEDULER] = None,
    device: Annotated[str | None, DEVICE] = None,
    causes: Annotated[int, CAUSES] = 50,
    mix: Annotated[bool, MIX] = False,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Fly what is missing, keep, show."""
    from perilune.cli.watch_campaign import watching

    engine = engine_of(threads, scheduler, device)
    with watching() as watch:
        watch("loading flight code", None, 0.0)
        import perilune

        flown = perilune.resume(folder, engine=engine, watch=watch, mix=mix, causes=causes)
    show(flown, as_json)


def engine_of(threads: int | None, scheduler: str | None, device: str | None) -> "Engine":
    """Who flies, by the options; raises PeriluneError where they contradict each other."""
    if sum(option is not None for option in (threads, scheduler, device)) > 1:
        raise PeriluneError("--threads, --scheduler and --device each say where to fly; give one of them")
    if threads is not None and threads < 1:
        raise PeriluneError(f"--threads is {threads}; it must be at least 1")
    if scheduler is not None:
        from perilune.campaigns.cluster import Cluster

        return Cluster(scheduler)
    if device is not None:
        from perilune.campaigns.device import Device

        return Device(device)
    from perilune.campaigns.engine import Threads

    return Threads(threads)


def show(flown: "Campaign", as_json: bool) -> None:
    """Print the campaign."""
    if as_json:
        from perilune.campaigns.results import as_text

        print(as_text(flown), end="")
        return
    from perilune.cli.show_campaign import show_campaign

    show_campaign(flown)
