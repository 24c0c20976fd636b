"""The interval over replicates must cover the truth as often as it says, and be narrower than Wilson's where the sampling gains something."""

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import norm, qmc

from perilune.campaigns.coverage import counted
from perilune.campaigns.replicates import per_replicate, replicate_interval

REPLICATES, CAMPAIGNS = 10, 300


def latin_hypercubes(rng, count, runs, inputs):
    """So many independent hypercubes, shape (count, runs, inputs), made here and not by what is tested."""
    strata = np.argsort(rng.random((count, runs, inputs)), axis=1)
    return (strata + rng.random((count, runs, inputs))) / runs


def scrambled_sobol(rng, count, runs, inputs):
    return np.stack([qmc.Sobol(inputs, rng=np.random.default_rng(int(rng.integers(2**62)))).random(runs) for _ in range(count)])


def campaigns(sample, runs, inputs, share, hidden, seed):
    """Landed runs of each replicate, shape (CAMPAIGNS, REPLICATES): a smooth margin of all inputs, and of noise that no plan spreads."""
    rng = np.random.default_rng(seed)
    u = ndtri(sample(rng, CAMPAIGNS * REPLICATES, runs, inputs))
    weights = 1.0 / np.arange(1.0, inputs + 1.0)
    margin = u @ weights + hidden * rng.standard_normal(u.shape[:2])
    spread = np.sqrt(np.sum(weights**2) + hidden**2)
    return (margin < spread * norm.ppf(share)).sum(axis=1).reshape(CAMPAIGNS, REPLICATES)


def coverage(landed, runs, share):
    ends = np.array([replicate_interval(row, np.full(REPLICATES, runs))[:2] for row in landed])
    return counted("replicates", share, ends[:, 0], ends[:, 1], np.full(len(landed), runs * REPLICATES))


SAMPLES = [latin_hypercubes, scrambled_sobol]


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("share, hidden", [(0.8, 0.0), (0.97, 0.5)])
def test_it_covers_and_is_narrower_than_that_of_independent_runs(sample, share, hidden):
    landed = campaigns(sample, 128, 6, share, hidden, seed=11)
    found = coverage(landed, 128, share)
    assert 0.95 - 3 * 0.0126 <= found.covered <= 0.985
    independent = np.sqrt(share * (1.0 - share) / (128 * REPLICATES))
    assert np.std(landed.sum(axis=1) / (128 * REPLICATES)) < independent


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("expected_losses", [0.5, 2.0, 3.5, 6.0, 12.0])
def test_it_covers_where_hardly_any_run_is_lost(sample, expected_losses):
    share = 1.0 - expected_losses / (64 * REPLICATES)
    landed = campaigns(sample, 64, 8, share, 0.5, seed=12)
    found = coverage(landed, 64, share)
    assert found.covered >= 0.95 - 3 * 0.0126, found


@pytest.mark.parametrize("sample", SAMPLES)
def test_no_loss_at_all_is_no_more_frequent_than_among_independent_runs(sample):
    """What the exact bound leans on, where no replicate lost a run."""
    for expected in (1.0, 3.0):
        landed = campaigns(sample, 64, 8, 1.0 - expected / (64 * REPLICATES), 0.0, seed=13)
        none, chance = np.mean(landed.sum(axis=1) == 64 * REPLICATES), np.exp(-expected)
        assert none <= chance + 3.0 * np.sqrt(chance * (1.0 - chance) / CAMPAIGNS)


@pytest.mark.parametrize("replicates, least", [(3, 0.93), (10, 0.93), (20, 0.93)])
@pytest.mark.parametrize("expected_losses", [2.0, 5.0, 10.0, 15.0, 30.0])
def test_where_sampling_gains_nothing_it_still_covers(replicates, least, expected_losses):
    share = 1.0 - expected_losses / (replicates * 500)
    landed = 500 - np.random.default_rng(14).binomial(500, 1.0 - share, size=(2000, replicates))
    ends = np.array([replicate_interval(row, np.full(replicates, 500))[:2] for row in landed])
    assert np.mean((ends[:, 0] <= share) & (share <= ends[:, 1])) >= least


def test_student_alone_would_claim_certainty_where_no_run_was_lost():
    low, high, is_widened = replicate_interval(np.full(10, 100), np.full(10, 100))
    assert is_widened and (low, high) == pytest.approx((0.025**0.001, 1.0))


def test_run_k_belongs_to_replicate_k_over_their_length():
    is_landed = np.repeat([True, False, True], 4)
    landed, valid = per_replicate(is_landed, np.ones(12, bool), 3)
    assert landed.tolist() == [4, 0, 4] and valid.tolist() == [4, 4, 4]
    for runs, replicates in ((12, 5), (12, 1), (0, 3)):
        with pytest.raises(ValueError):
            per_replicate(np.ones(runs, bool), np.ones(runs, bool), replicates)
