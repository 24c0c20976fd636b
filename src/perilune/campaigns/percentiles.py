"""Percentiles of what runs ended with, each between two of the flown values that hold it at a confidence, whatever the distribution.

The number of runs below a percentile is binomial, so the l-th and the u-th smallest value bound it without any assumption on the shape. Where so
few runs were flown that even the largest (or the smallest) of them may lie short of the percentile, none is given, but the number of runs needed.

Assumptions and limitations: independent runs. Replicates of a Latin hypercube or a Sobol sequence give the percentile, and no bounds. Runs without
the quantity (no touchdown) are not part of the sample: the percentile is among those that have it, whose number stands beside it.

Source: David and Nagaraja (2003), "Order Statistics", 7.1; Hanson and Beard (2012), J. Spacecraft and Rockets 49 (both recalled).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Percentile:
    """The value that `share` of the runs do not exceed, and its bounds, in the unit of the quantity; None where `refused` says why."""

    share: float
    runs: int
    value: float | None
    low: float | None
    high: float | None
    confidence: float
    refused: str = ""


def ranks(runs: int, share: float, confidence: float = 0.95) -> tuple[int, int] | None:
    """Which smallest values (counted from 1) bound the percentile from below and above; None where the runs are too few.

    The l-th lies above it with a probability P(B ≤ l − 1), the u-th below with P(B ≥ u), B binomial (runs, share); each at most (1 − confidence)/2.
    """
    from scipy.stats import binom

    beyond = (1.0 - confidence) / 2.0
    low, high = int(binom.ppf(beyond, runs, share)), int(binom.isf(beyond, runs, share)) + 1
    return (low, high) if low >= 1 and high <= runs else None


def runs_needed(share: float, confidence: float = 0.95) -> int:
    """The least number of runs of which the smallest and the largest bound the percentile."""
    beyond = (1.0 - confidence) / 2.0
    count = int(np.ceil(np.log(beyond) / np.log(max(share, 1.0 - share))))
    while count > 1 and ranks(count - 1, share, confidence) is not None:
        count -= 1
    while ranks(count, share, confidence) is None:
        count += 1
    return count


def percentile(values: ArrayLike, share: float, confidence: float = 0.95, is_independent: bool = True) -> Percentile:
    """The percentile of the values that are there; NaN marks runs without the quantity. `share` lies above 0 and below 1."""
    given = np.asarray(values, dtype=np.float64)
    ordered = np.sort(given[~np.isnan(given)])
    count, place = len(ordered), ranks(len(ordered), share, confidence)
    if place is None:
        needed = runs_needed(share, confidence)
        said = f"{count} runs are too few for the {100.0 * share:g}th percentile with its {100.0 * confidence:g} % bounds; it takes at least {needed}"
        return Percentile(share, count, None, None, None, confidence, said)
    value = float(ordered[max(0, int(np.ceil(share * count - 1e-9)) - 1)])
    if not is_independent:
        said = "the bounds hold for independent runs only; fly with --sampling independent to have them"
        return Percentile(share, count, value, None, None, confidence, said)
    return Percentile(share, count, value, float(ordered[place[0] - 1]), float(ordered[place[1] - 1]), confidence)
