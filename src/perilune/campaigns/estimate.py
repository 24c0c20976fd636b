"""What a campaign says of the probability of landing: one number, its interval, and by which method, never one without the others.

The probability is the share of landed runs among the valid ones. A valid run is any that did not break down numerically, so that every kind of loss
counts; invalid runs are told beside it. The names are those of `campaign.json`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from perilune.campaigns.intervals import wilson
from perilune.campaigns.replicates import per_replicate, replicate_interval
from perilune.campaigns.standing import INVALID, LANDED

INDEPENDENT, LATIN_HYPERCUBE, SOBOL = "independent", "latin-hypercube", "sobol"
WILSON = "Wilson score"


@dataclass(frozen=True)
class Estimate:
    """The share of landings with its interval; without valid runs no probability, and an interval from 0 to 1."""

    runs: int
    valid: int
    landed: int
    probability: float | None
    interval_low: float
    interval_high: float
    confidence: float
    method: str


def estimate(verdicts: ArrayLike, sampling: str = INDEPENDENT, replicates: int = 1, confidence: float = 0.95) -> Estimate:
    """The estimate from the verdict of each run in index order, shape (n,), text.

    `sampling` and `replicates` are those of the plan: Wilson's interval for independent runs, Student's over replicates otherwise, with what
    `perilune.campaigns.replicates` does where few runs were lost. The interval of a campaign that stopped by `StoppingRule` is Wilson's as well.
    """
    words = np.asarray(verdicts)
    is_landed, is_valid = words == LANDED, words != INVALID
    runs, valid, landed = len(words), int(is_valid.sum()), int(is_landed.sum())
    if valid == 0:
        return Estimate(runs, 0, 0, None, 0.0, 1.0, confidence, "no valid runs")
    if sampling == INDEPENDENT:
        low, high = wilson(landed, valid, confidence)
        return Estimate(runs, valid, landed, landed / valid, float(low), float(high), confidence, WILSON)
    low_r, high_r, is_widened = replicate_interval(*per_replicate(is_landed, is_valid, replicates), confidence)
    method = f"Student's t over {replicates} {sampling} replicates{', widened by Clopper-Pearson as few runs differ' if is_widened else ''}"
    return Estimate(runs, valid, landed, landed / valid, low_r, high_r, confidence, method)
