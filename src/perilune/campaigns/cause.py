"""Why runs were lost: each is flown again without one thing at a time, and the cause is what, taken away, lands it.

Taken away are, one by one: each fault; each group of drawn values (`groups`), which are set to the mission's own; and the noise of the sensors, which
is replaced by `NOISES` others. What lands a run under its own noise is flown without under those other noises, too, and counts as a cause only if
at least half of them land, and more than land with everything in place: a run at the edge lands when anything at all is changed. Noise itself is a
cause where more than half of the other noises land the run. Several causes of a run are alternatives: without either it would have landed.

Where no single thing lands a run, its faults are taken away in pairs and all at once, its drawn values all at once, and everything together; one that
is lost even then is lost by the mission itself, not by what it was given. Pairs of groups are not tried: too many flights.

Assumptions and limitations: the first runs lost, by index, are examined, up to a limit; where runs are independent those are a fair sample. A cause
is one of the outcome under this mission's limits, not of an early event of the flight; that a fault began proves nothing here.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from perilune.base.tables import write_atomically
from perilune.campaigns.counterfactual import NOISES, Again, Change, Outcome
from perilune.campaigns.plan import Plan
from perilune.campaigns.standing import INVALID, LANDED, Watcher
from perilune.flight.setup import Scene

if TYPE_CHECKING:
    import polars as pl

    from perilune.mission.fault_schedule import Schedule

FAULT, DISPERSIONS, NOISE, TOGETHER, MISSION = "fault", "dispersions", "noise", "together", "mission"
NO_SINGLE = "no single one"
HOW = (
    "Each lost run examined was flown again without each of its faults, with each group of its drawn values at the mission's own, and with {noises} "
    "other noises. A cause is what, taken away, lands it, under at least half of the other noises, too, and under more of them than land with it in "
    "place. Several causes of a run are alternatives. Where no single one did, pairs of faults and all things at once were tried; pairs of groups of "
    "drawn values were not."
)


@dataclass(frozen=True)
class Removal:
    """Something taken away from a run and what came of it; `often` counts the other noises under which the run then lands, None: not flown."""

    kind: str
    name: str
    what: str
    change: Change
    outcome: Outcome
    often: int | None = None


@dataclass
class Lost:
    """A lost run: everything that was tried, and its causes, any of which would have saved it."""

    run: int
    verdict: str
    margin: float
    tried: list[Removal] = field(default_factory=list)
    chance: int = 0
    causes: list[Removal] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The causes by name, each once."""
        return list(dict.fromkeys(cause.name for cause in self.causes)) or [NO_SINGLE]

    @property
    def text(self) -> str:
        """Why it was lost, in words."""
        chance = f"chance: lands with other noise in {self.chance} of {NOISES}"
        vain = [r for r in self.tried if r.outcome.landed and r.kind != NOISE and r not in self.causes]
        beside = f"; lands also without {_either(r.what for r in vain)}, but no oftener than by chance" if vain else ""
        if not self.causes:
            return f"no single one of what it was given lost it{beside}; {chance}"
        if self.causes[0].kind == MISSION:
            return f"lost without any fault and with every value as in the mission, too: it is the mission itself; {chance}"
        real = [cause for cause in self.causes if cause.kind != NOISE]
        if not real:
            return f"noise: the same run lands with most other noise{beside}; {chance}"
        words = [f"{cause.what} ({_strength(cause)})" for cause in real]
        head = "no single one; it lands" if real[0].kind == TOGETHER else "lands"
        return f"{head} without {_either(words)}{beside}; {chance}"


@dataclass(frozen=True)
class Causes:
    """The causes of a campaign's losses, as far as they were looked for."""

    examined: list[Lost]
    lost: int
    limit: int

    def ranking(self) -> list[dict[str, Any]]:
        """Cause by cause, the most frequent first: in how many runs, in how many of them it is the only one, and which."""
        found: dict[tuple[str, str], list[Lost]] = {}
        for lost in self.examined:
            for name in lost.names:
                kind = next((cause.kind for cause in lost.causes if cause.name == name), TOGETHER)
                found.setdefault((name, kind), []).append(lost)
        rows = [
            {
                "cause": name,
                "kind": kind,
                "count": len(runs),
                "alone": sum(len(lost.names) == 1 for lost in runs),
                "runs": [lost.run for lost in runs],
            }
            for (name, kind), runs in found.items()
        ]
        return sorted(rows, key=lambda row: (-row["count"], row["cause"]))

    def to_json(self) -> dict[str, Any]:
        """Keys of `campaign.json`."""
        return {
            "causes": self.ranking(),
            "causes_by_run": [
                {
                    "run": lost.run,
                    "verdict": lost.verdict,
                    "margin_to_limit": None if isnan(lost.margin) else lost.margin,
                    "causes": lost.names,
                    "chance_landed": lost.chance,
                    "chance_of": NOISES,
                    "text": lost.text,
                }
                for lost in self.examined
            ],
            "causes_examined": len(self.examined),
            "causes_lost": self.lost,
            "causes_limit": self.limit,
            "causes_how": HOW.format(noises=NOISES)
            + ("" if len(self.examined) == self.lost else f" The first {len(self.examined)} of {self.lost} lost."),
        }

    def table(self) -> "pl.DataFrame":
        """One row a thing taken away from a run, with the outcome, and `landed_with_other_noise` of `NOISES` where it landed."""
        import polars as pl

        rows = [
            {
                "run": lost.run,
                "kind": r.kind,
                "name": r.name,
                "what": r.what,
                "verdict": r.outcome.verdict,
                "margin_to_limit": r.outcome.margin,
                "landed_with_other_noise": r.often,
                "is_cause": r in lost.causes,
            }
            for lost in self.examined
            for r in lost.tried
        ]
        kinds = {"run": pl.Int64, "kind": pl.String, "name": pl.String, "what": pl.String, "verdict": pl.String}
        kinds |= {"margin_to_limit": pl.Float64, "landed_with_other_noise": pl.Int32, "is_cause": pl.Boolean}
        return pl.DataFrame(rows, schema=kinds).with_columns(pl.col("margin_to_limit").fill_nan(None))

    def save(self, folder: Path) -> None:
        """Write `causes.parquet`; nothing where no run was examined."""
        if self.examined:
            write_atomically(folder / "causes.parquet", lambda part: self.table().write_parquet(part, compression="zstd"))


def find_causes(
    scene: Scene,
    plan: Plan,
    schedule: "Schedule | None",
    table: "pl.DataFrame",
    limit: int,
    threads: int | None = None,
    watch: Watcher | None = None,
) -> Causes:
    """Look for the cause of the first `limit` lost runs of a campaign's table; invalid ones are not among them."""
    import polars as pl

    lost = table.filter(~pl.col("verdict").is_in([LANDED, INVALID])).sort("run")
    some = lost.head(max(0, limit))
    found = [Lost(row["run"], row["verdict"], _margin(row["margin_to_limit"])) for row in some.iter_rows(named=True)]
    if not found:
        return Causes([], len(lost), limit)
    done, in_all = 0, 1

    def tell(flown: int) -> None:
        nonlocal done
        done += flown
        if watch:
            watch("finding causes", None, min(1.0, done / in_all))

    again = Again(scene, plan, schedule, np.array([lost.run for lost in found], np.int64), threads, tell)
    singles = [_singles(again, k) for k in range(len(found))]
    in_all = sum(len(own) + NOISES for own in singles) * 2
    tell(0)
    _try_singles(again, found, singles)
    _try_together(again, found)
    return Causes(found, len(lost), limit)


def _singles(again: Again, k: int) -> list[tuple[str, str, str, Change]]:
    """What can be taken away from a run, one by one: kind, name, in words, change."""
    faults = [(FAULT, fault.fault, str(fault), Change(faults=frozenset([i]))) for i, fault in enumerate(again.faults(k))]
    groups = [(DISPERSIONS, name, f"the dispersion of {name}", Change(groups=frozenset([name]))) for name in again.groups(k)]
    return [*faults, *groups]


def _try_singles(again: Again, found: list[Lost], singles: list[list[tuple[str, str, str, Change]]]) -> None:
    """Fly without each single thing and with other noise; then what landed with other noise, too."""
    asked = [(k, change) for k, own in enumerate(singles) for *_, change in own]
    noises = [(k, Change(noise=j + 1)) for k in range(len(found)) for j in range(NOISES)]
    outcomes = iter(again.fly([*asked, *noises]))
    tried = [[Removal(*single, outcome=next(outcomes)) for single in own] for own in singles]
    for lost in found:
        other = [next(outcomes) for _ in range(NOISES)]
        lost.chance = sum(o.landed for o in other)
        lost.tried = [Removal(NOISE, NOISE, f"its noise, with other noise {j + 1}", Change(noise=j + 1), o) for j, o in enumerate(other)]
    landed = [(k, i) for k, own in enumerate(tried) for i, removal in enumerate(own) if removal.outcome.landed]
    repeats = [(k, Change(tried[k][i].change.faults, tried[k][i].change.groups, j + 1)) for k, i in landed for j in range(NOISES)]
    outcomes = iter(again.fly(repeats))
    for k, i in landed:
        often = sum(next(outcomes).landed for _ in range(NOISES))
        old = tried[k][i]
        tried[k][i] = Removal(old.kind, old.name, old.what, old.change, old.outcome, often)
    for lost, own in zip(found, tried, strict=True):
        lost.tried = [*own, *lost.tried]
        lost.causes = [r for r in own if r.often is not None and r.often > lost.chance and 2 * r.often >= NOISES]
        if lost.chance * 2 > NOISES:
            lost.causes += [r for r in lost.tried if r.kind == NOISE and r.outcome.landed][:1]


def _try_together(again: Again, found: list[Lost]) -> None:
    """Where no single thing landed a run, fly it without several at once; the smallest set that lands it is the cause."""
    asked: list[tuple[int, tuple[str, str, str, Change]]] = []
    for k, lost in enumerate(found):
        if not lost.causes:
            asked += [(k, together) for together in _together(again, k)]
    outcomes = again.fly([(k, together[3]) for k, together in asked])
    for (k, together), outcome in zip(asked, outcomes, strict=True):
        found[k].tried.append(Removal(*together, outcome=outcome))
    for k in dict.fromkeys(k for k, _ in asked):
        several = [r for r in found[k].tried if r.kind == TOGETHER]
        landed = [r for r in several if r.outcome.landed]
        if landed:
            least = min(_size(r) for r in landed)
            found[k].causes = [r for r in landed if _size(r) == least]
        elif several:
            found[k].causes = [Removal(MISSION, "the mission itself", "anything", several[-1].change, several[-1].outcome)]


def _together(again: Again, k: int) -> list[tuple[str, str, str, Change]]:
    """What is taken away from a run together, the whole of it last."""
    faults, groups = again.faults(k), frozenset(again.groups(k))
    every = frozenset(range(len(faults)))
    out = []
    if len(faults) > 2:
        for i, j in combinations(range(len(faults)), 2):
            out.append((TOGETHER, f"{faults[i].fault} and {faults[j].fault}", f"both {faults[i]} and {faults[j]}", Change(frozenset([i, j]))))
    if len(faults) > 1 and groups:
        name = " and ".join(fault.fault for fault in faults) if len(faults) == 2 else "all faults together"
        out.append((TOGETHER, name, "all its faults", Change(every)))
    if len(groups) > 1 and faults:
        out.append((TOGETHER, "dispersions together", "all its dispersions", Change(groups=groups)))
    whole = "faults and dispersions together" if faults and groups else "all faults together" if faults else "dispersions together"
    return [*out, (TOGETHER, whole, "all that it was given", Change(every, groups))]


def _size(removal: Removal) -> int:
    """How much was taken away: a pair, everything of one sort, everything."""
    return 3 if removal.change.faults and removal.change.groups else 1 if len(removal.change.faults) == 2 and not removal.change.groups else 2


def _strength(cause: Removal) -> str:
    often = "" if cause.often is None else f", in {cause.often} of {NOISES} with other noise"
    return f"margin {cause.outcome.margin:.2f}{often}"


def _either(words: Iterable[str]) -> str:
    listed = list(words)
    return f"either of {' or '.join(listed)}" if len(listed) > 1 else listed[0]


def _margin(value: float | None) -> float:
    return float("nan") if value is None else value
