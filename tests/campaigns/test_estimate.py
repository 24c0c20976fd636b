"""The probability of a campaign must count every kind of loss, and carry the interval that its sampling allows."""

import numpy as np
import pytest
from scipy.stats import binomtest

from perilune.campaigns.estimate import estimate
from perilune.flight.verdict import BROKEN, LANDED, VERDICTS


def test_every_loss_counts_and_only_what_broke_down_does_not():
    verdicts = np.array([*VERDICTS, BROKEN, LANDED])
    found = estimate(verdicts)
    assert (found.runs, found.valid, found.landed) == (len(VERDICTS) + 2, len(VERDICTS) + 1, 2)
    assert found.probability == pytest.approx(2 / (len(VERDICTS) + 1))
    theirs = binomtest(found.landed, found.valid).proportion_ci(0.95, method="wilson")
    assert (found.interval_low, found.interval_high) == pytest.approx((theirs.low, theirs.high))


def test_without_a_valid_run_there_is_no_probability():
    found = estimate(np.array([BROKEN, BROKEN]))
    assert found.probability is None and (found.interval_low, found.interval_high) == (0.0, 1.0)
    assert estimate(np.array([], dtype=str)).probability is None


def test_replicates_have_the_interval_of_their_spread():
    rng = np.random.default_rng(1)
    landed = rng.random(1000) < 0.8
    found = estimate(np.where(landed, LANDED, "crashed"), "latin-hypercube", 10)
    means = landed.reshape(10, 100).mean(axis=1)
    from scipy.stats import ttest_1samp

    theirs = ttest_1samp(means, 0.0).confidence_interval(0.95)
    assert (found.interval_low, found.interval_high) == pytest.approx((theirs.low, theirs.high))
    assert "Student" in found.method and "latin-hypercube" in found.method


def test_replicates_that_all_landed_do_not_claim_certainty():
    found = estimate(np.full(1000, LANDED), "sobol", 10)
    assert found.probability == 1.0 and found.interval_high == 1.0
    assert found.interval_low == pytest.approx(0.025**0.001) and "Clopper-Pearson" in found.method


def test_an_invalid_run_leaves_its_replicate():
    verdicts = np.where(np.arange(1000) % 3 > 0, LANDED, "crashed")
    verdicts[17] = BROKEN
    found = estimate(verdicts, "sobol", 10)
    assert found.valid == 999 and found.interval_low < found.probability < found.interval_high


def test_runs_that_make_no_equal_replicates_are_refused():
    with pytest.raises(ValueError, match="1001 runs make no 10 replicates"):
        estimate(np.full(1001, LANDED), "sobol", 10)
