"""Fly a campaign: the closed loop, dispersed and faulted, as often as asked for; kept part by part, resumed after a kill, merged into one table."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from perilune.base.errors import PeriluneError
from perilune.base.start_warp import start_warp
from perilune.campaigns.builds import Builds
from perilune.campaigns.cause import Causes, find_causes
from perilune.campaigns.engine import Engine, Threads, Work
from perilune.campaigns.plan import PART_RUNS, Plan
from perilune.campaigns.results import Campaign, finish, read_campaign
from perilune.campaigns.standing import INVALID, LANDED, InOrder, Standing, Watcher
from perilune.campaigns.stopping import StoppingRule
from perilune.campaigns.store import Store, make_store, open_store
from perilune.flight.fly import check_start, in_case
from perilune.flight.flying import Progress, prepare
from perilune.flight.pdi import check_pdi
from perilune.flight.save import save_mission
from perilune.mission.draws import draw
from perilune.mission.schema import Mission

if TYPE_CHECKING:
    import polars as pl

    from perilune.mission.fault_schedule import Schedule


def run_campaign(
    mission: Mission | str | Path,
    runs: int,
    out: str | Path,
    case: str | None = None,
    seed: int = 1,
    start: str = "doi",
    until_half_width: float | None = None,
    confidence: float = 0.95,
    sampling: str = "independent",
    replicates: int = 10,
    faults: str | Path | None = None,
    engine: Engine | None = None,
    watch: Watcher | None = None,
    mix: bool = False,
    causes: int = 50,
    part_runs: int | None = None,
) -> Campaign:
    """Fly runs 0 to `runs` of a seed, keep them in a folder, and say what they show.

    Parameters
    ----------
    mission, case, seed, start : as `fly` takes them; the folder of an equal plan is taken up where it was left
    out : the folder
    until_half_width : stop where the interval of the landing probability is this narrow (half of its width), at `runs` at the latest
    sampling, replicates : `independent`, or `latin-hypercube` and `sobol` as so many independent replicates
    faults : the file of a fault schedule
    engine : who flies; left out, all cores of this machine
    watch : told how the campaign stands
    mix : merge parts of other builds, marked
    causes : of how many lost runs at most the cause is looked for, by flying each again without what it was given
    part_runs : runs that are flown and kept together, so that a kill loses no more; left out, 256

    Raises
    ------
    PeriluneError
        One sentence on what cannot be flown or kept; what was flown before stays.
    """
    flown = in_case(mission, case)
    check_start(start)
    schedule, text = _schedule(faults, flown)
    if schedule is not None:
        schedule.check_runs(runs)
    plan = Plan(
        mission=flown.mission.name,
        case=flown.case,
        mission_hash=flown.hash,
        runs=runs,
        seed=seed,
        start=start,
        sampling=sampling,
        replicates=1 if sampling == "independent" else replicates,
        until_half_width=until_half_width,
        confidence=confidence,
        schedule_hash=None if schedule is None else schedule.hash,
        part_runs=PART_RUNS if part_runs is None else part_runs,
    ).check()
    draw(flown, seed, np.array([0]))
    if start == "pdi":
        check_pdi(flown)
    engine = engine or Threads()
    engine.check()
    store = make_store(Path(out), plan, flown, text)
    return _go_on(store, flown, schedule, engine, watch, mix, causes)


def resume(folder: str | Path, engine: Engine | None = None, watch: Watcher | None = None, mix: bool = False, causes: int = 50) -> Campaign:
    """Fly what a campaign lacks, and say what it shows.

    Raises PeriluneError where the folder holds no campaign, or parts that do not belong together.
    """
    store = open_store(Path(folder))
    mission = store.mission()
    schedule, _ = schedule_of(store, mission)
    return _go_on(store, mission, schedule, engine or Threads(), watch, mix, causes)


def schedule_of(store: Store, mission: Mission) -> tuple["Schedule | None", str | None]:
    """The fault schedule of a campaign's folder and its text; raises PeriluneError where it is another one than was planned."""
    schedule, text = _schedule(store.schedule, mission)
    if (None if schedule is None else schedule.hash) != store.plan.schedule_hash:
        raise PeriluneError(f"{store.schedule}: this is not the fault schedule that the campaign flies (plan.json); put the original back")
    return schedule, text


def _schedule(file: str | Path | None, mission: Mission) -> tuple["Schedule | None", str | None]:
    if file is None:
        return None, None
    from perilune.mission.fault_schedule import read_schedule

    return read_schedule(Path(file), mission), Path(file).read_text("utf-8")


def _go_on(store: Store, mission: Mission, schedule: "Schedule | None", engine: Engine, watch: Watcher | None, mix: bool, causes: int) -> Campaign:
    """Fly what is missing, merge, look for causes, finish."""
    with store.held():
        store.tidy()
        standing = None
        if not store.is_whole():
            standing, stop = _fly_missing(store, mission, schedule, engine, watch, mix)
            store.merge(stop, mix)
        elif (store.folder / "campaign.json").exists():
            made = read_campaign(store.folder)
            if [answered["requirement"] for answered in made.numbers["requirements"]] == list(mission.requirements):
                return made
            save_mission(mission, store.folder)  # asked anew: the flights are the same, the answers are not
        found = _causes(store, mission, schedule, causes, getattr(engine, "threads", None), watch)
        return finish(store, mission, standing, watch, found)


def _causes(store: Store, mission: Mission, schedule: "Schedule | None", limit: int, threads: int | None, watch: Watcher | None) -> Causes:
    """Why runs of the merged table were lost; nothing is made ready where none was."""
    table = store.runs().select("run", "verdict", "margin_to_limit")
    if limit <= 0 or table["verdict"].is_in([LANDED, INVALID]).all():
        return Causes([], int((~table["verdict"].is_in([LANDED, INVALID])).sum()), max(0, limit))
    start_warp()
    scene = prepare(mission, (lambda label, share: watch(label, None, share)) if watch else None)
    found = find_causes(scene, store.plan, schedule, table, limit, threads, watch)
    found.save(store.folder)
    return found


def _fly_missing(
    store: Store, mission: Mission, schedule: "Schedule | None", engine: Engine, watch: Watcher | None, mix: bool
) -> tuple[Standing, int]:
    """Fly what the folder lacks; how the campaign stands then, and after how many runs it stops."""
    plan, parts, builds = store.plan, store.parts(), Builds(mix)
    for part in parts:
        builds.check(part.build, str(part.path))
    start_warp()
    progress: Progress | None = (lambda label, share: watch(label, None, share)) if watch else None
    standing, order, rule = Standing(plan.runs, plan.confidence), InOrder(), StoppingRule(plan.until_half_width, plan.confidence)
    stop = plan.runs

    def see(low: int, high: int, verdicts: np.ndarray) -> bool:
        nonlocal stop
        found = rule.see(order.put(low, high, verdicts))
        stop = plan.runs if found is None else found
        return found is None

    def tell() -> None:
        if watch:
            watch("flying", standing, (standing.flown + standing.in_the_air) / plan.runs)

    def deliver(low: int, high: int, frame: "pl.DataFrame", build: dict[str, Any]) -> bool:
        builds.check(build, f"runs {low} to {high - 1}")
        store.write_part(low, high, frame, build)
        verdicts = frame["verdict"].to_numpy()
        standing.add(verdicts.tolist())
        wanted = see(low, high, verdicts)
        tell()
        return wanted

    wanted = True
    for part in parts:
        verdicts = np.array(store.verdicts(part), dtype=object)
        standing.add(verdicts.tolist(), here=False)
        wanted = see(part.low, part.high, verdicts)
    pieces = store.missing()
    if wanted and pieces:
        engine.fly(Work(mission, plan, schedule, pieces, standing, tell, builds.check, store.folder, progress), deliver)
        standing.end()
    return standing, stop
