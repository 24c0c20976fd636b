"""Two campaigns of the same seeds side by side: what was changed, which runs it flipped, whether that is more than chance, and what of it did it.

Every run is flown in both with the same draws and the same noise, so that the change alone tells them apart. Where more than one thing was changed,
a flipped run is flown again as in the first campaign with one group of the changes, and as in the second with that group taken back: what flips it in
the one and saves it in the other is what did it. Where the two disagree, it is said: either of several was enough, or it took them together.

Assumptions and limitations: the first flipped runs, by index, are looked into, up to a limit; groups are tried one by one and not in pairs. A run at
the edge flips when anything is changed, so each is also flown with other noise in both campaigns, and it is told how often it ends as it did.
Source: McNemar (1947), "Note on the sampling error of the difference between correlated proportions", Psychometrika 12, 153–157; the exact form is
the sign test of the runs that flipped.
"""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from math import comb
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from perilune.base.errors import PeriluneError
from perilune.base.tables import write_atomically
from perilune.campaigns.differences import Group, differences
from perilune.campaigns.flips import look_into, schedule_group
from perilune.campaigns.results import Campaign, read_campaign
from perilune.campaigns.standing import INVALID, LANDED, Watcher
from perilune.flight.save import check_writable

if TYPE_CHECKING:
    import polars as pl

CHANGES = ("t_s", "north_m", "east_m", "miss_m", "vertical_speed_m_s", "horizontal_speed_m_s", "tilt_deg", "slope_deg", "propellant_left_kg")
TO_LOST, TO_LANDED = "landed to lost", "lost to landed"
FLIPS = 20  # flipped runs that are looked into
HOW = (
    "Where one thing alone was changed, it is what flipped the runs. Else a flipped run was flown again as in A with one group of B's changes, and "
    "as in B with that group set back: what flips it in the one and saves it in the other is named. Groups were tried one by one."
)

also_written: dict[str, Callable[["Comparison", Path], None]] = {}
"""Files that rooms above add to the folder, such as the report: how to write each, by its name."""


@dataclass
class Flip:
    """A run that landed in one campaign alone, with what flipped it: groups that do so to A by themselves, and that undo it when set back in B.

    `repeats_a` and `repeats_b` count the other noises under which it ends in A and in B as it did; None where the run was not looked into.
    """

    run: int
    direction: str
    verdict_a: str
    verdict_b: str
    margin_a: float | None
    margin_b: float | None
    forward: list[str] = field(default_factory=list)
    backward: list[str] = field(default_factory=list)
    repeats_a: int | None = None
    repeats_b: int | None = None
    cause: str | None = None
    agrees: bool | None = None
    text: str | None = None


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
    return json.dumps(made.numbers, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


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


def paired(a: Campaign, b: Campaign) -> "pl.DataFrame":
    """The runs that both have, by index; columns of B end in `_b`."""
    return a.runs.join(b.runs, on="run", suffix="_b", how="inner").sort("run")


def counts(both: "pl.DataFrame") -> dict[str, Any]:
    """Joint verdicts, which valid runs flipped, the change of the landing probability, and McNemar's exact test of it."""
    verdicts = list(zip(both["run"], both["verdict"], both["verdict_b"], strict=True))
    valid = [(run, x == LANDED, y == LANDED) for run, x, y in verdicts if INVALID not in (x, y)]
    cross = Counter((x, y) for _, x, y in verdicts)
    to_lost, to_landed = ([run for run, x, y in valid if (x, y) == pair] for pair in ((True, False), (False, True)))
    joint = {f"{_landed(x)}_{_landed(y)}": sum((p, q) == (x, y) for _, p, q in valid) for x in (True, False) for y in (True, False)}
    return {
        "runs": len(verdicts),
        "valid": len(valid),
        "invalid_runs": [run for run, x, y in verdicts if INVALID in (x, y)],
        "joint": joint,
        "verdicts": [{"a": x, "b": y, "runs": count} for (x, y), count in sorted(cross.items(), key=lambda item: -item[1])],
        "flipped_to_lost": to_lost,
        "flipped_to_landed": to_landed,
        "probability_change": (len(to_landed) - len(to_lost)) / len(valid) if valid else None,
        "mcnemar_p": mcnemar(len(to_lost), len(to_landed)),
    }


def mcnemar(to_lost: int, to_landed: int) -> float:
    """Probability that chance alone parts the flipped runs so unevenly or more, two-sided and exact; 1 where none flipped.

    >>> round(mcnemar(1, 9), 6)
    0.021484
    """
    flips, fewer = to_lost + to_landed, min(to_lost, to_landed)
    return min(1.0, 2.0 * sum(comb(flips, k) for k in range(fewer + 1)) / 2**flips)


def changes(both: "pl.DataFrame") -> list[dict[str, Any]]:
    """By how much each number of the touchdown is larger in B, run by run: median and the range of nine in ten, over runs that touched in both."""
    rows = []
    for name in (*(f"touchdown_{column}" for column in CHANGES), "margin_to_limit"):
        change = (both[f"{name}_b"] - both[name]).drop_nulls().to_numpy()
        low, median, high = np.quantile(change, (0.05, 0.5, 0.95)).tolist() if len(change) else (None, None, None)
        rows.append({"column": name, "runs": len(change), "median": median, "low_90": low, "high_90": high})
    return rows


def flipped(both: "pl.DataFrame") -> list[Flip]:
    """The valid runs that landed in one campaign alone, by index."""
    out = []
    for row in both.select("run", "verdict", "verdict_b", "margin_to_limit", "margin_to_limit_b").iter_rows():
        run, x, y, *margins = row
        if INVALID not in (x, y) and (x == LANDED) != (y == LANDED):
            out.append(Flip(run, TO_LOST if x == LANDED else TO_LANDED, x, y, *margins))
    return out


def ranking(flips: list[Flip]) -> list[dict[str, Any]]:
    """What flipped the runs looked into, the most frequent first."""
    found: dict[str, list[Flip]] = {}
    for flip in flips:
        if flip.cause is not None:
            found.setdefault(flip.cause, []).append(flip)
    rows = [
        {
            "cause": cause,
            "count": len(own),
            "to_lost": sum(flip.direction == TO_LOST for flip in own),
            "to_landed": sum(flip.direction == TO_LANDED for flip in own),
            "runs": [flip.run for flip in own],
        }
        for cause, own in found.items()
    ]
    return sorted(rows, key=lambda row: (-row["count"], row["cause"]))


def flips_table(flips: list[Flip]) -> "pl.DataFrame":
    """The flipped runs as a frame."""
    import polars as pl

    kinds: dict[str, Any] = {"run": pl.Int64, "direction": pl.String, "verdict_a": pl.String, "verdict_b": pl.String, "margin_a": pl.Float64}
    kinds |= {"margin_b": pl.Float64, "forward": pl.List(pl.String), "backward": pl.List(pl.String), "repeats_a": pl.Int32, "repeats_b": pl.Int32}
    kinds |= {"cause": pl.String, "agrees": pl.Boolean, "text": pl.String}
    return pl.DataFrame([vars(flip) for flip in flips], schema=kinds)


def _about(campaign: Campaign) -> dict[str, Any]:
    keys = ("mission", "case", "runs", "landed", "probability", "interval_low", "interval_high")
    return {"folder": str(campaign.folder), **{key: campaign.numbers[key] for key in keys}, "mission_hash": campaign.store.plan.mission_hash}


def _builds_differ(a: Campaign, b: Campaign) -> str | None:
    """In what the builds of the two differ; None where both were flown by one."""
    from perilune.campaigns.builds import difference

    return next((words for one in a.store.builds() for other in b.store.builds() if (words := difference(one, other))), None)


def _landed(is_landed: bool) -> str:
    return "landed" if is_landed else "lost"
