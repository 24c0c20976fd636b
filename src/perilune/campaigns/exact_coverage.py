"""The coverage of a campaign's interval for any share of landings, computed without drawing: the binomial law, followed run by run up to the stop.

After n runs the number of losses has a known law; where the stopping rule ends a campaign, that part of it is taken out with its interval. What is
left of the law far from its middle (below 1e-15) is dropped. The same sum tells how often a requirement is claimed by chance under the rule.

Source: the recursion is that of sequential tests of a binomial share (Armitage, McPherson and Rowe 1969, J. R. Statist. Soc. A 132, 235–244;
recalled).
"""

from collections.abc import Iterator

import numpy as np

from perilune.campaigns.demonstration import is_shown
from perilune.campaigns.intervals import wilson, wilson_half_width
from perilune.campaigns.stopping import StoppingRule

NEGLIGIBLE = 1e-15


def exact_coverage_fixed(runs: int, share: float, confidence: float = 0.95) -> float:
    """Probability that Wilson's interval of so many runs covers the share."""
    from scipy.stats import binom

    landed = np.arange(runs + 1)
    low, high = wilson(landed, runs, confidence)
    return float(np.sum(binom.pmf(landed, runs, share)[(low <= share) & (share <= high)]))


def exact_coverage_stopping(half_width: float, share: float, confidence: float = 0.95) -> tuple[float, float]:
    """Probability that Wilson's interval covers the share where the rule stops, and the mean number of runs until then."""
    covered = mean = 0.0
    for runs, landed, probability in stops(half_width, share, confidence):
        low, high = wilson(landed, runs, confidence)
        covered += float(np.sum(probability[(low <= share) & (share <= high)]))
        mean += runs * float(np.sum(probability))
    return covered, mean


def claimed_by_chance(half_width: float, share: float, required_confidence: float, confidence: float = 0.95) -> float:
    """Probability that a requirement of just this share is called shown where the rule stops; at most 1 − its confidence were it exact."""
    total = 0.0
    for runs, landed, probability in stops(half_width, share, confidence):
        total += sum(float(p) for k, p in zip(landed, probability, strict=True) if is_shown(int(k), runs, share, required_confidence))
    return total


def stops(half_width: float, share: float, confidence: float = 0.95) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Every way to stop: the number of runs, the numbers of landings (m,) with which it is a stop, and their probabilities (m,)."""
    rule = StoppingRule(half_width, confidence)
    least, most = rule.least_runs or 1, rule.most_runs or 1
    law, fewest = np.ones(1), 0  # probability of `fewest`, `fewest` + 1 … losses, and of not having stopped
    for runs in range(1, most + 2):
        law = np.concatenate([law, [0.0]]) * share + np.concatenate([[0.0], law]) * (1.0 - share)
        kept = np.flatnonzero(law > NEGLIGIBLE)
        if not kept.size:
            return
        law, fewest = law[kept[0] : kept[-1] + 1], fewest + int(kept[0])
        if runs < least:
            continue
        landed = runs - fewest - np.arange(len(law))
        is_stop = wilson_half_width(landed, runs, confidence) <= half_width
        if is_stop.any():
            yield runs, landed[is_stop], law[is_stop]
            law = np.where(is_stop, 0.0, law)
