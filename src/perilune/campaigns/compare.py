"""Two campaigns of the same seeds side by side: what was changed, which runs it flipped, whether that is more than chance, and what of it did it.

Every run is flown in both with the same draws and the same noise, so that the change alone tells them apart. Where more than one thing was changed,
a flipped run is flown again as in the first campaign with one group of the changes, and as in the second with that group taken back: what flips it in
the one and saves it in the other is what did it. Where the two disagree, it is said: either of several was enough, or it took them together.

Assumptions and limitations: the first flipped runs, by index, are looked into, up to a limit; groups are tried one by one and not in pairs. A run at
the edge flips when anything is changed, so each is also flown with other noise in both campaigns, and it is told how often it ends as it did.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perilune.base.errors import PeriluneError
from perilune.base.json_text import json_text
from perilune.base.tables import write_atomically
from perilune.campaigns.differences import Group, differences
from perilune.campaigns.flips import look_into, schedule_group
from perilune.campaigns.pairs import Flip, changes, counts, flipped, flips_table, paired, ranking
from perilune.campaigns.results import Campaign, read_campaign
from perilune.campaigns.standing import Watcher
from perilune.flight.save import check_writable

if TYPE_CHECKING:
    import polars as pl

FLIPS = 20  # flipped runs that are looked into
HOW = (
    "Where one thing alone was changed, it is what flipped the runs. Else a flipped run was flown again as in A with one group of B's changes, and "
    "as in B with that group set back: what flips it in the one and saves it in the other is named. Groups were tried one by one."
)

also_written: dict[str, Callable[["Comparison", Path], None]] = {}
"""Files that rooms above add to the folder, such as the report: how to write each, by its name."""


@dataclass(frozen=True, repr=False)
class Comparison:
    """Two campaigns compared; `numbers` is what stands in `compare.json`."""

    a: Campaign
    b: Campaign
    groups: list[Group]
    flips: list[Flip]
    numbers: dict[str, Any]
    folder: Path

    def __repr__(self) -> str:
        return f"<Comparison of {self.a.folder.name} and {self.b.folder.name}: {len(self.flips)} of {self.numbers['runs']} runs flipped>"

    def pairs(self) -> "pl.DataFrame":
        """The runs of both tables side by side, the columns of the second with `_b` at the end."""
        return paired(self.a, self.b)

    def table(self) -> "pl.DataFrame":
        """The flipped runs, a row each."""
        return flips_table(self.flips)


def compare_campaigns(
    folder_a: str | Path,
    folder_b: str | Path,
    out: str | Path | None = None,
    limit: int = FLIPS,
    threads: int | None = None,
    watch: Watcher | None = None,
) -> Comparison:
    """Compare two finished campaigns of the same seed, start and sampling plan, and keep the comparison in a folder.

    `out` is `compare/<a>-<b>` in the working directory where it is left out. At most `limit` flipped runs are looked into.

    Raises
    ------
    PeriluneError
        Where a folder holds no finished campaign, or the two do not go together.
    """
    a, b = read_campaign(folder_a), read_campaign(folder_b)
    check_pair(a, b)
    folder = Path(out) if out is not None else Path("compare") / f"{a.folder.resolve().name}-{b.folder.resolve().name}"
    check_writable(folder)
    both = paired(a, b)
    groups = differences(a.mission, b.mission)
    flips = flipped(both)
    schedules = schedule_group(a, b)
    all_groups = groups + ([schedules] if schedules else [])
    untested = look_into(a, b, all_groups, flips[: max(0, limit)], threads, watch)
    numbers = {
        "a": _about(a),
        "b": _about(b),
        "seed": a.store.plan.seed,
        "start": a.store.plan.start,
        **counts(both),
        "touchdown_changes": changes(both),
        "differences": [group.to_json() for group in all_groups],
        "causes": ranking(flips),
        "flips": len(flips),
        "flips_examined": sum(flip.text is not None for flip in flips),
        "flips_limit": limit,
        "untested": untested,
        "how": HOW,
        "builds_differ": _builds_differ(a, b),
    }
    made = Comparison(a, b, all_groups, flips, numbers, folder)
    write_atomically(folder / "flips.parquet", lambda part: flips_table(flips).write_parquet(part, compression="zstd"))
    for name, write in also_written.items():
        write(made, folder / name)
    write_atomically(folder / "compare.json", lambda part: part.write_text(as_text(made), encoding="utf-8"))
    return made


def as_text(made: Comparison) -> str:
    """`compare.json` as text."""
    return json_text(made.numbers)


def check_pair(a: Campaign, b: Campaign) -> None:
    """Raise PeriluneError where run k of one is not the counterpart of run k of the other."""
    one, other = a.store.plan, b.store.plan
    for key in ("seed", "start", "sampling"):
        if getattr(one, key) != getattr(other, key):
            values = f"{key} {getattr(one, key)} in {a.folder} and {getattr(other, key)} in {b.folder}"
            raise PeriluneError(f"{values}: their runs have no draws in common; fly one of them again with the other's {key}")
    if one.sampling != "independent" and (one.runs, one.replicates) != (other.runs, other.replicates):
        plans = f"{one.runs} runs in {one.replicates} replicates in {a.folder} and {other.runs} in {other.replicates} in {b.folder}"
        raise PeriluneError(f"{plans}: a {one.sampling} plan of another size draws otherwise; fly one of them again with the other's numbers")


def _about(campaign: Campaign) -> dict[str, Any]:
    keys = ("mission", "case", "runs", "landed", "probability", "interval_low", "interval_high")
    return {"folder": str(campaign.folder), **{key: campaign.numbers[key] for key in keys}, "mission_hash": campaign.store.plan.mission_hash}


def _builds_differ(a: Campaign, b: Campaign) -> str | None:
    """In what the builds of the two differ; None where both were flown by one."""
    from perilune.campaigns.builds import difference

    return next((words for one in a.store.builds() for other in b.store.builds() if (words := difference(one, other))), None)
