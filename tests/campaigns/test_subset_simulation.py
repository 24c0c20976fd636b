"""A rare loss must come out at the probability of the closed form, with the spread over repetitions that it tells."""

import numpy as np
import pytest
from scipy.stats import chi2, ks_2samp, norm

from perilune.campaigns.subset_simulation import Sampler, subset_simulation

REPETITIONS = 100


def hidden_normals(keys, stream):
    """The noise behind each key: a standard normal that the key alone decides (SplitMix64)."""
    z = (np.asarray(keys).astype(np.uint64) + np.uint64(stream << 32)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return norm.ppf(((z ^ (z >> np.uint64(31))) >> np.uint64(11)).astype(float) * 2.0**-53 + 2.0**-54)


def linear(probability, noise, stream=0):
    """A limit whose distance is one normal, made of all inputs and, in the share `noise` of its variance, of the hidden one."""

    def margins(u, keys):
        return -norm.ppf(probability) - np.sqrt(1.0 - noise) * u.sum(axis=1) / np.sqrt(u.shape[1]) - np.sqrt(noise) * hidden_normals(keys, stream)

    return margins


def sphere(probability, dimensions):
    """Lost outside of a sphere, in every direction."""
    return lambda u, keys: chi2.isf(probability, dimensions) - np.sum(u**2, axis=1)


@pytest.mark.parametrize("probability, dimensions, noise", [(1e-4, 10, 0.0), (1e-6, 50, 0.0), (1e-3, 10, 0.3), (1e-4, 50, 0.1), (1e-5, 10, 0.1)])
def test_repetitions_spread_about_the_closed_form_as_they_tell(probability, dimensions, noise):
    found = [subset_simulation(linear(probability, noise, seed), dimensions, seed=seed) for seed in range(REPETITIONS)]
    ratios = np.array([run.probability / probability for run in found])
    told = np.sqrt(np.mean([run.coefficient_of_variation**2 for run in found]))
    assert abs(np.mean(ratios) - 1.0) <= 0.05 + 3.0 * np.std(ratios) / np.sqrt(REPETITIONS)
    assert 1 / 1.4 <= np.std(ratios) / told <= 1.4
    assert np.mean([run.interval_low <= probability <= run.interval_high for run in found]) >= 0.88
    assert np.mean([run.evaluations for run in found]) < 12_000 < 0.1 / probability + 12_000


def test_a_loss_in_every_direction_is_found():
    found = [subset_simulation(sphere(1e-4, 5), 5, seed=seed) for seed in range(30)]
    ratios = np.array([run.probability / 1e-4 for run in found])
    assert abs(np.mean(ratios) - 1.0) <= 0.05 + 3.0 * np.std(ratios) / np.sqrt(30)


def test_where_brute_force_is_possible_both_agree():
    margins = linear(2e-3, 0.2)
    rng = np.random.default_rng(31)
    brute = np.mean(margins(rng.standard_normal((400_000, 4)), np.arange(400_000) + 2**31) < 0.0)
    found = subset_simulation(margins, 4, runs=4000, seed=3)
    assert found.interval_low <= brute <= found.interval_high and abs(brute / 2e-3 - 1.0) < 0.15


def test_the_chains_leave_the_law_of_the_runs_below_a_level_as_it_is():
    """From runs drawn by rejection, hundreds of moves later inputs, noise and margins are still distributed as those drawn anew."""
    margins, level, chains = linear(1e-3, 0.4), 1.2, 1500

    def drawn(seed):
        sampler = Sampler(margins, np.random.default_rng(seed), 0.3, next_key=seed * 10**7)
        runs = sampler.first(60_000, 3)
        below = np.flatnonzero(runs.margins[0] <= level)[:chains]
        assert len(below) == chains
        return sampler, type(runs)(runs.inputs[:, below], runs.keys[:, below], runs.margins[:, below], runs.ancestors[:, below])

    sampler, seeds = drawn(1)
    _, fresh = drawn(2)
    moved = sampler.grow(seeds, level, 60)
    assert np.mean(moved.keys[-1] != seeds.keys[0]) > 0.5 and np.all(moved.margins <= level)
    for ours, theirs in (
        (moved.inputs[-1] @ np.ones(3), fresh.inputs[0] @ np.ones(3)),
        (moved.inputs[-1][:, 0] - moved.inputs[-1][:, 1], fresh.inputs[0][:, 0] - fresh.inputs[0][:, 1]),
        (hidden_normals(moved.keys[-1], 0), hidden_normals(fresh.keys[0], 0)),
        (moved.margins[-1], fresh.margins[0]),
    ):
        assert ks_2samp(ours, theirs).pvalue > 1e-3


def test_a_key_that_comes_again_is_one_that_was_flown_and_accepted():
    flown = {}

    def margins(u, keys):
        found = linear(1e-4, 0.2)(u, keys)
        for key in keys.tolist():
            flown[key] = flown.get(key, 0) + 1
        return found

    result = subset_simulation(margins, 5)
    assert sum(flown.values()) == result.evaluations and sorted(flown) == list(range(len(flown))) and max(flown.values()) > 1


def test_a_probability_that_is_not_small_is_counted_as_it_is():
    found = subset_simulation(linear(0.3, 0.0), 4)
    assert len(found.levels) == 1 and found.evaluations == 1000
    assert found.coefficient_of_variation == pytest.approx(np.sqrt((1 - found.probability) / (1000 * found.probability)), rel=0.01)


def test_the_same_seed_gives_the_same_result():
    assert subset_simulation(linear(1e-4, 0.1), 5, seed=4) == subset_simulation(linear(1e-4, 0.1), 5, seed=4)


def test_invalid_runs_are_counted_and_taken_as_not_lost():
    def margins(u, keys):
        return np.where(u[:, 0] > 0.0, linear(2e-4, 0.0)(u, keys), np.nan)

    found = [subset_simulation(margins, 10, seed=seed) for seed in range(20)]
    rng = np.random.default_rng(5)
    u0 = rng.standard_normal(400_000)
    rest = 3.0 * rng.standard_normal(400_000)
    truth = 2e-4 * np.mean(u0[np.argsort(u0 + rest)[-80:]] > 0.0)
    assert all(run.invalid > 400 for run in found)
    assert np.mean([run.probability for run in found]) == pytest.approx(truth, rel=0.35)
    broken = subset_simulation(lambda u, keys: np.full(len(u), np.nan), 3)
    assert broken.probability is None and broken.invalid == 1000 and "fewer than 100 of 1000 runs are valid" in broken.doubt


def test_what_cannot_be_told_is_not_told():
    never = subset_simulation(lambda u, keys: np.exp(-u.sum(axis=1)), 2)
    assert never.probability is None and "no loss in 9 levels" in never.doubt and (never.interval_low, never.interval_high) == (0.0, 1.0)
    flat = subset_simulation(lambda u, keys: np.maximum(1.0, u[:, 0]), 2)
    assert flat.probability is None and "the same margin" in flat.doubt
    noise_alone = subset_simulation(linear(1e-6, 0.95), 5)
    assert noise_alone.probability is None or ("descend from" in noise_alone.doubt and noise_alone.ancestors < 10)


def test_numbers_that_do_not_go_together_are_refused():
    for runs, kept in ((1000, 0.3), (15, 0.1), (1000, 0.0)):
        with pytest.raises((ValueError, ZeroDivisionError)):
            subset_simulation(linear(1e-3, 0.0), 2, runs=runs, kept=kept)
