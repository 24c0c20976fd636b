"""The 95 % intervals must cover between 93 and 98.5 % of the time, for a fixed number of runs and as the stopping rule uses them.

The runs are synthetic: independent draws at a known share, in place of a campaign that was flown.
"""

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from perilune.campaigns.coverage import coverage_fixed, coverage_stopping
from perilune.campaigns.exact_coverage import claimed_by_chance, exact_coverage_fixed, exact_coverage_stopping, stops

SYNTHETIC = {share: np.random.default_rng(21).random(20_000) < share for share in (0.97, 0.5)}
LEAST, MOST = 0.93, 0.985


@pytest.mark.parametrize("share", SYNTHETIC)
@pytest.mark.parametrize("runs", [200, 500, 2000])
def test_intervals_of_a_fixed_number_of_synthetic_runs_cover(share, runs):
    found = coverage_fixed(SYNTHETIC[share], runs)
    assert found.campaigns == 2000 and found.truth == np.mean(SYNTHETIC[share])
    assert LEAST <= found.covered <= MOST
    assert found.covered == pytest.approx(exact_coverage_fixed(runs, found.truth), abs=4 * found.standard_error)


@pytest.mark.parametrize("share, half_width", [(0.97, 0.02), (0.97, 0.01), (0.97, 0.005), (0.5, 0.02), (0.5, 0.01)])
def test_intervals_cover_where_the_rule_stops_synthetic_runs(share, half_width):
    found = coverage_stopping(SYNTHETIC[share], half_width)
    exact, mean_runs = exact_coverage_stopping(half_width, found.truth)
    assert LEAST <= found.covered <= MOST and LEAST <= exact <= MOST
    assert found.covered == pytest.approx(exact, abs=4 * found.standard_error)
    assert found.mean_runs == pytest.approx(mean_runs, rel=0.02)


@pytest.mark.parametrize("share", [0.5, 0.8, 0.9, 0.95, 0.96, 0.97, 0.975, 0.98, 0.99])
@pytest.mark.parametrize("half_width", [0.05, 0.03, 0.02, 0.0157, 0.01])
def test_the_rule_covers_over_the_whole_range_of_shares_and_widths(share, half_width):
    assert LEAST <= exact_coverage_stopping(half_width, share)[0] <= MOST


@pytest.mark.parametrize("runs, share", [(20, 0.5), (200, 0.97)])
def test_the_exact_coverage_is_the_sum_over_scipy_s_intervals(runs, share):
    covered = 0.0
    for landed in range(runs + 1):
        ends = binomtest(landed, runs).proportion_ci(0.95, method="wilson")
        covered += binom.pmf(landed, runs, share) * (ends.low <= share <= ends.high)
    assert exact_coverage_fixed(runs, share) == pytest.approx(covered, abs=1e-12)


def test_every_campaign_stops_somewhere_and_the_first_stop_without_a_loss_has_its_probability():
    found = list(stops(0.05, 0.9))
    assert sum(p.sum() for _, _, p in found) == pytest.approx(1.0, abs=1e-10)
    runs, landed, probability = found[0]
    assert landed.tolist() == [runs] and probability[0] == pytest.approx(0.9**runs)


@pytest.mark.parametrize("half_width, share", [(0.02, 0.95), (0.01, 0.97), (0.005, 0.99)])
def test_a_stopping_rule_makes_a_requirement_of_confidence_90_hardly_easier_to_claim_by_chance(half_width, share):
    assert claimed_by_chance(half_width, share, 0.9) <= 0.125


def test_a_wrong_interval_would_be_found():
    """Intervals of half their length cover far too rarely, so the machinery can fail."""
    assert exact_coverage_fixed(500, 0.97, confidence=0.67) < 0.75 and coverage_fixed(SYNTHETIC[0.97], 500, confidence=0.67).covered < 0.75
