"""The runs of two campaigns side by side: which flipped, whether that is more than chance, by how much each number of the touchdown changed.

Source: McNemar (1947), "Note on the sampling error of the difference between correlated proportions", Psychometrika 12, 153–157; the exact form is
the sign test of the runs that flipped.
"""

from collections import Counter
from dataclasses import dataclass, field
from math import comb
from typing import TYPE_CHECKING, Any

import numpy as np

from perilune.campaigns.results import Campaign
from perilune.campaigns.standing import INVALID, LANDED

if TYPE_CHECKING:
    import polars as pl

CHANGES = ("t_s", "north_m", "east_m", "miss_m", "vertical_speed_m_s", "horizontal_speed_m_s", "tilt_deg", "slope_deg", "propellant_left_kg")
TO_LOST, TO_LANDED = "landed to lost", "lost to landed"


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


def _landed(is_landed: bool) -> str:
    return "landed" if is_landed else "lost"
