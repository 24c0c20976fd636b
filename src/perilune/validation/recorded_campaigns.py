"""Recorded campaigns: the verdicts and margins of 20,000 landings each, flown once and kept, against which intervals and rare losses are held.

The share that landed among the recorded runs is taken as the truth; campaigns are drawn again out of them, and it is counted how often their
intervals cover it. The files stand beside this one; each is made from a campaign's folder by

    python -m perilune.validation.recorded_campaigns DIR NAME

and says in its metadata what flew it.
"""

import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from perilune.campaigns.coverage import Coverage, coverage_fixed, coverage_stopping
from perilune.campaigns.standing import LANDED
from perilune.validation.rows import Check, Measured

FOLDER = Path(__file__).parent / "recorded"
NAMES = ("resilience-planned", "resilience-short-reach")
RUNS, HALF_WIDTHS = (200, 500, 2000), (0.02, 0.01, 0.005)
WANTED = (0.93, 0.985)  # of the 95 % intervals
ABOUT = b"recorded"


def record(folder: Path, name: str) -> Path:
    """Keep verdicts and margins of the campaign in `folder` under a name; the file."""
    import polars as pl
    import pyarrow.parquet as pq

    from perilune.campaigns.results import read_campaign

    made = read_campaign(folder)
    kept = {key: made.numbers[key] for key in ("mission", "case", "seed", "start", "runs", "verdicts", "builds")}
    kept["mission_hash"] = made.store.plan.mission_hash
    case = made.mission.cases.get(made.mission.case)
    kept["set"] = {} if case is None else dict(case.set)
    table = made.runs.select(pl.col("verdict").cast(pl.Categorical), pl.col("margin_to_limit").cast(pl.Float32)).to_arrow()
    path = FOLDER / f"{name}.parquet"
    FOLDER.mkdir(exist_ok=True)
    pq.write_table(table.replace_schema_metadata({ABOUT: json.dumps(kept, default=str).encode()}), path, compression="zstd", compression_level=19)
    return path


@cache
def recorded(name: str) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """Verdicts (n,) text and margins (n,) of a recorded campaign, and what flew it."""
    import pyarrow.parquet as pq

    table = pq.read_table(FOLDER / f"{name}.parquet")
    about: dict[str, Any] = json.loads(table.schema.metadata[ABOUT])
    return np.array(table.column("verdict").to_pylist(), dtype=object), table.column("margin_to_limit").to_numpy(), about


def coverages(name: str) -> list[Coverage]:
    """The coverage of campaigns drawn again from a recorded one, of fixed length and as they stop."""
    landed = recorded(name)[0] == LANDED
    return [coverage_fixed(landed, n) for n in RUNS] + [coverage_stopping(landed, half_width) for half_width in HALF_WIDTHS]


def farthest(name: str) -> Measured:
    """How far the farthest coverage lies outside the wanted range; the coverages as a remark."""
    found = coverages(name)
    beyond = max(max(WANTED[0] - c.covered, c.covered - WANTED[1], 0.0) for c in found)
    about = recorded(name)[2]
    remark = f"{about['runs']} recorded runs of which {100.0 * found[0].truth:.2f} % landed; "
    return beyond, remark + "; ".join(f"{c.what} {100.0 * c.covered:.1f} %" for c in found)


RARE_BELOW, RARE_RUNS = -0.8, 500


def rare_beside_counted() -> Measured:
    """Subset simulation's probability of a margin below `RARE_BELOW` beside the recorded share, in standard deviations of both together."""
    from perilune.campaigns.rare import rare_losses

    margins = recorded("resilience-planned")[1]
    counted = float(np.mean(margins < RARE_BELOW))
    found = rare_losses("resilience", "planned", start="pdi", runs_a_level=RARE_RUNS, below=RARE_BELOW).found
    if found.probability is None or found.coefficient_of_variation is None:
        return float("nan"), found.doubt
    spread = np.sqrt(np.log1p(found.coefficient_of_variation**2) + (1.0 - counted) / (counted * len(margins)))
    of = f"c.o.v. {found.coefficient_of_variation:.2f}, {found.evaluations} flights"
    remark = f"{found.probability:.2e} ({of}) beside {counted:.2e} of {len(margins)}"
    return float(abs(np.log(found.probability / counted)) / spread), f"{remark}{'; ' + found.doubt if found.doubt else ''}"


CHECKS = [
    Check(
        "rare losses on flights",
        f"probability of a margin below {RARE_BELOW:g} by subset simulation, planned landings of Resilience from powered descent initiation",
        "the share among 20,000 recorded landings",
        3.0,
        "standard deviations",
        rare_beside_counted,
        full=True,
    )
] + [
    Check(
        f"coverage, {name}",
        "2,000 campaigns drawn from 20,000 recorded landings, fixed length and stopping rule: share of 95 % intervals that cover",
        f"the recorded share; {100 * WANTED[0]:g} to {100 * WANTED[1]:g} % wanted",
        0.0,
        "of the campaigns",
        lambda name=name: farthest(name),  # type: ignore[misc]
    )
    for name in NAMES
]

if __name__ == "__main__":
    print(record(Path(sys.argv[1]), sys.argv[2]))
