"""A percentile must lie between two flown values as often as it says, and none is given where too few runs were flown."""

import numpy as np
import pytest
from scipy.stats import binom

from perilune.campaigns.percentiles import percentile, ranks, runs_needed


@pytest.mark.parametrize("runs, low, high", [(6, 1, 6), (8, 1, 8), (9, 2, 8), (10, 2, 9), (12, 3, 10), (20, 6, 15), (25, 8, 18)])
def test_the_ranks_of_a_median_are_those_of_the_published_table(runs, low, high):
    """The 95 % interval of the median (Conover, Practical Nonparametric Statistics, table of the sign test; recalled)."""
    assert ranks(runs, 0.5) == (low, high)


@pytest.mark.parametrize("share, needed", [(0.5, 6), (0.9, 36), (0.95, 72), (0.99, 368), (0.997, 1228)])
def test_too_few_runs_have_no_percentile_but_the_number_needed(share, needed):
    assert runs_needed(share) == runs_needed(1.0 - share) == needed
    assert max(share, 1 - share) ** needed <= 0.025 < max(share, 1 - share) ** (needed - 1)
    few = percentile(np.arange(needed - 1.0), share)
    assert few.value is None and few.low is None and few.high is None and f"at least {needed}" in few.refused
    enough = percentile(np.arange(float(needed)), share)
    assert enough.refused == "" and enough.low <= enough.value <= enough.high


def test_the_bounds_hold_the_percentile_as_often_as_they_say_whatever_the_distribution():
    rng, share, runs, trials = np.random.default_rng(3), 0.9, 100, 4000
    low, high = ranks(runs, share)
    exact = binom.cdf(high - 1, runs, share) - binom.cdf(low - 1, runs, share)
    for draw, truth in ((rng.exponential, -np.log(0.1)), (lambda size: rng.standard_cauchy(size), np.tan(np.pi * 0.4))):
        found = [percentile(sample, share) for sample in draw(size=(trials, runs))]
        covered = np.mean([p.low <= truth <= p.high for p in found])
        assert covered >= 0.95 - 0.012 and covered == pytest.approx(exact, abs=0.012)


def test_a_percentile_is_a_flown_value_and_passes_over_runs_without_one():
    values = np.concatenate([np.arange(1.0, 1001.0), np.full(50, np.nan)])
    found = percentile(values, 0.95)
    assert (found.runs, found.value) == (1000, 950.0) and found.low in values and found.high in values
    assert percentile(-values, 0.05).value == pytest.approx(-951.0)


def test_replicates_give_a_percentile_without_bounds():
    found = percentile(np.arange(1000.0), 0.95, is_independent=False)
    assert found.value == 949.0 and found.low is None and "independent" in found.refused
