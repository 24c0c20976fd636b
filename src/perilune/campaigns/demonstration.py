"""Whether a campaign shows what its mission requires: shown, refuted, or how many more runs it takes.

A requirement is a share of runs, required at a confidence. It is shown where the exact one-sided lower bound of the share lies at or above what is
required, refuted where the exact one-sided upper bound lies below it (Clopper and Pearson 1934). A run that did not touch down, or was invalid, meets
no requirement and counts as one that did not.

Without a failure, 0.99 at 0.9 takes 230 runs, 0.9973 takes 852, 0.999 takes 2302 (Hanson and Beard 2012, "Applying Monte Carlo simulation to launch
vehicle design and requirements verification", J. Spacecraft and Rockets 49, as quoted). Wilson's interval would claim the first at 163.

Assumptions and limitations: the bounds are exact for independent runs whose number was fixed beforehand. Replicates of a Latin hypercube or a Sobol
sequence are not independent runs, so they show and refute nothing here. Looking again after each extension gives chance more than one try, and so
does a stopping rule: with that, a false claim at confidence 0.9 has a probability of up to 12.1 % instead of 10 in the cases computed
(`perilune.campaigns.exact_coverage.claimed_by_chance`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from perilune.campaigns.intervals import lower_bound, upper_bound
from perilune.campaigns.standing import INVALID, LANDED
from perilune.mission.requirements import Requirement, requirement_of

SHOWN, REFUTED, NOT_ENOUGH = "shown", "refuted", "not enough runs"


@dataclass(frozen=True)
class Answer:
    """One requirement, answered: `shown`, `refuted` or `not enough runs, at least n more`, and in `because` by how many runs.

    `low` and `high` are each a one-sided bound at the requirement's confidence; None where the runs are not independent. `more_to_show` is the least
    number of further runs that could show it, if all met it, `more_to_refute` the least that could refute it, if none did; 0 where it is so already,
    None where the other holds already.
    """

    requirement: str
    answer: str
    because: str
    runs: int
    met: int
    low: float | None
    high: float | None
    more_to_show: int | None
    more_to_refute: int | None


def is_shown(met: int, runs: int, share: float, confidence: float) -> bool:
    """Whether the lower bound reaches the share: so many successes or more would have a probability of at most 1 − confidence at that share."""
    from scipy.stats import binom

    return runs > 0 and bool(binom.sf(met - 1, runs, share) <= (1.0 - confidence) * (1.0 + 1e-12))


def is_refuted(met: int, runs: int, share: float, confidence: float) -> bool:
    """Whether the upper bound lies below the share: so few successes or fewer would have a probability below 1 − confidence at that share."""
    from scipy.stats import binom

    return runs > 0 and bool(binom.cdf(met, runs, share) < (1.0 - confidence) * (1.0 - 1e-12))


def more_to_show(met: int, runs: int, share: float, confidence: float) -> int:
    """The least number of further runs, all of them successes, after which the share is shown."""
    return _least(lambda more: is_shown(met + more, runs + more, share, confidence))


def more_to_refute(met: int, runs: int, share: float, confidence: float) -> int:
    """The least number of further runs, none of them a success, after which the share is refuted."""
    return _least(lambda more: is_refuted(met, runs + more, share, confidence))


def runs_without_loss(share: float, confidence: float) -> int:
    """How many runs, none of them lost, show the share at the confidence: the least n with shareⁿ ≤ 1 − confidence."""
    return more_to_show(0, 0, share, confidence)


def answer(requirement: Requirement | str, runs: Mapping[str, Any] | Any, is_independent: bool = True) -> Answer:
    """The answer from a campaign's table (`runs.parquet`): a data frame, or columns by name, with `verdict` and what is asked for."""
    asked = requirement if isinstance(requirement, Requirement) else requirement_of(requirement)
    met = meets(asked, runs)
    return answer_counts(asked, int(met.sum()), len(met), is_independent)


def meets(requirement: Requirement, runs: Mapping[str, Any] | Any) -> np.ndarray:
    """Which runs meet it, shape (n,); a run without a touchdown, or invalid, does not."""
    verdicts = np.asarray(runs["verdict"])
    if requirement.quantity is None:
        return verdicts == LANDED
    values = np.asarray(runs[requirement.column], dtype=np.float64)
    return requirement.holds(values) & ~np.isnan(values) & (verdicts != INVALID)


def answer_counts(requirement: Requirement, met: int, runs: int, is_independent: bool = True) -> Answer:
    """The answer from the number of runs that meet the requirement."""
    share, confidence, text = requirement.share, requirement.confidence, requirement.text
    seen, at = f"{met} of {runs} runs meet it", f"at confidence {confidence:g}"
    if not is_independent:
        more = runs_without_loss(share, confidence)
        why = f"{seen}, but the exact bounds hold for independent runs only; fly them with --sampling independent"
        return Answer(text, _not_enough(more), why, runs, met, None, None, more, None)
    low = float(lower_bound(met, runs, confidence)) if runs else 0.0
    high = float(upper_bound(met, runs, confidence)) if runs else 1.0
    if is_shown(met, runs, share, confidence):
        return Answer(text, SHOWN, f"{seen}: a share of {low:.5f} or more {at}", runs, met, low, high, 0, None)
    if is_refuted(met, runs, share, confidence):
        return Answer(text, REFUTED, f"{seen}: a share of {high:.5f} or less {at}", runs, met, low, high, None, 0)
    show, refute = more_to_show(met, runs, share, confidence), more_to_refute(met, runs, share, confidence)
    why = f"{seen}; {show} more that all meet it would show it, {refute} more that do not would refute it"
    return Answer(text, _not_enough(show), why, runs, met, low, high, show, refute)


def _not_enough(more: int) -> str:
    return f"{NOT_ENOUGH}, at least {more} more"


def _least(holds: Callable[[int], bool]) -> int:
    """The least whole number for which `holds` is true, which it stays from there on."""
    high = 1
    while not holds(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
