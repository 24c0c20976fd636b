"""What a campaign shows: counts, the landing probability with its interval, requirements, percentiles, causes, and where it all comes from."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perilune.base.errors import PeriluneError
from perilune.base.json_text import json_text, plain
from perilune.base.tables import write_atomically
from perilune.campaigns.sensitivity import sensitivity_of
from perilune.campaigns.standing import INVALID, Standing, Watcher
from perilune.campaigns.store import Store, open_store
from perilune.campaigns.summary import summary_of
from perilune.flight.caveats import NOT_YET_MODELLED
from perilune.flight.provenance import provenance
from perilune.mission.schema import Mission

if TYPE_CHECKING:
    import polars as pl

    from perilune.campaigns.cause import Causes

also_written: dict[str, Callable[["Campaign", Path], None]] = {}
"""Files that rooms above add to the folder, such as the report: how to write each, by its name."""


@dataclass(frozen=True, repr=False)
class Campaign:
    """A campaign that was flown; `numbers` is what stands in `campaign.json`."""

    store: Store
    mission: Mission
    numbers: dict[str, Any]

    def __repr__(self) -> str:
        n = self.numbers
        return f"<Campaign of {n['mission']}, {n['case']}: {n['landed']} of {n['valid']} landed>"

    @property
    def folder(self) -> Path:
        """Where it is kept."""
        return self.store.folder

    @cached_property
    def runs(self) -> "pl.DataFrame":
        """The table, one row a run."""
        return self.store.runs()

    @property
    def probability(self) -> float:
        """Share of the valid runs that landed."""
        return float(self.numbers["probability"])

    @property
    def interval(self) -> tuple[float, float]:
        """The interval of the landing probability at the plan's confidence."""
        return float(self.numbers["interval_low"]), float(self.numbers["interval_high"])


def finish(store: Store, mission: Mission, standing: Standing | None, watch: Watcher | None = None, causes: "Causes | None" = None) -> Campaign:
    """Sum a merged table up and write `campaign.json` (last) and what rooms above add; `standing` tells of the throughput."""
    import polars as pl

    if watch:
        watch("summing up", None, 0.0)
    table = store.runs()
    plan, verdicts = store.plan, Counter(table["verdict"].to_list())
    flown_here = standing.flown_here if standing else 0
    numbers: dict[str, Any] = {
        "mission": plan.mission,
        "case": plan.case,
        "seed": plan.seed,
        "start": plan.start,
        "sampling": plan.sampling,
        "replicates": plan.replicates,
        "runs": len(table),
        "runs_asked": plan.runs,
        "stopped_early": len(table) < plan.runs,
        "valid": len(table) - verdicts[INVALID],
        "invalid_runs": table.filter(pl.col("verdict") == INVALID)["run"].to_list(),
        "verdicts": dict(verdicts.most_common()),
        **summary_of(table, plan, mission),
        "sensitivity": sensitivity_of(table, mission),
        **({} if causes is None else causes.to_json()),
        "throughput": {
            "runs": flown_here,
            "seconds": round(standing.seconds, 3) if standing else 0.0,
            "runs_per_s": round(standing.rate_per_s, 3) if standing and flown_here else None,
        },
        "builds": store.builds(),
        "plan": plan.to_json(),
        "provenance": {key: value for key, value in provenance(mission, plan.seed, 0, plan.start).items() if key != "run"},
        "not_yet_modelled": list(NOT_YET_MODELLED),
    }
    made = Campaign(store, mission, dict(plain(numbers)))
    for name, write in also_written.items():
        write(made, store.folder / name)
    write_atomically(store.folder / "campaign.json", lambda part: part.write_text(as_text(made), encoding="utf-8"))
    return made


def read_campaign(folder: str | Path) -> Campaign:
    """A campaign that was finished; raises PeriluneError where the folder holds none."""
    store = open_store(Path(folder))
    path = store.folder / "campaign.json"
    try:
        numbers = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise PeriluneError(f"{folder}: this campaign is not finished; go on with `perilune resume {folder}`") from None
    except (OSError, ValueError) as error:
        raise PeriluneError(f"{path}: cannot be read ({error}); delete it and resume") from error
    return Campaign(store, store.mission(), numbers)


def as_text(made: Campaign) -> str:
    """`campaign.json` as text."""
    return json_text(made.numbers)
