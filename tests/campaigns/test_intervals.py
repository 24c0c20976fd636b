"""An interval must be the published one: against SciPy's binomtest and closed forms, never against itself."""

import numpy as np
import pytest
from scipy.stats import binomtest

from perilune.campaigns.intervals import clopper_pearson, lower_bound, upper_bound, wilson

COUNTS = [(0, 1), (1, 1), (0, 30), (27, 30), (30, 30), (97, 100), (163, 163), (970, 1000), (19_400, 20_000)]


@pytest.mark.parametrize("landed, runs", COUNTS)
@pytest.mark.parametrize("confidence", [0.5, 0.9, 0.95, 0.997])
def test_both_intervals_are_those_of_scipy(landed, runs, confidence):
    for ours, method in ((wilson, "wilson"), (clopper_pearson, "exact")):
        theirs = binomtest(landed, runs).proportion_ci(confidence, method=method)
        assert ours(landed, runs, confidence) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


@pytest.mark.parametrize("landed, runs", COUNTS)
def test_one_sided_bounds_are_those_of_scipy(landed, runs):
    low = binomtest(landed, runs, alternative="greater").proportion_ci(0.9, method="exact").low
    high = binomtest(landed, runs, alternative="less").proportion_ci(0.9, method="exact").high
    assert (lower_bound(landed, runs, 0.9), upper_bound(landed, runs, 0.9)) == pytest.approx((low, high), abs=1e-12)


def test_27_of_30_is_anything_from_74_to_97_percent():
    assert [round(100 * end) for end in wilson(27, 30)] == [74, 97]


def test_no_loss_at_all_has_the_bound_of_the_closed_form():
    assert clopper_pearson(10, 10) == pytest.approx((0.025**0.1, 1.0), abs=1e-12)


def test_arrays_and_numbers_agree_and_no_runs_say_nothing():
    landed, runs = np.array([0, 5, 10]), np.array([0, 10, 10])
    for i, (low, high) in enumerate(zip(*wilson(landed, runs), strict=True)):
        assert (low, high) == wilson(int(landed[i]), int(runs[i]))
    assert wilson(0, 0) == (0.0, 1.0)
    assert all(isinstance(end, float) for end in (*wilson(3, 4), *clopper_pearson(3, 4)))
