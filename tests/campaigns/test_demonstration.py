"""A requirement must be answered by the exact bounds: the published numbers of runs, SciPy's test, and no claim that chance makes too often."""

import numpy as np
import polars as pl
import pytest
from scipy.stats import binomtest

from perilune.campaigns.demonstration import answer, answer_counts, is_refuted, is_shown, more_to_refute, more_to_show, runs_without_loss
from perilune.campaigns.intervals import lower_bound, wilson
from perilune.mission.requirements import requirement_of

LANDS = "landing probability >= 0.99 at confidence 0.9"


@pytest.mark.parametrize("share, runs", [(0.99, 230), (0.9973, 852), (0.999, 2302)])
def test_the_runs_without_a_loss_are_those_of_hanson_and_beard(share, runs):
    """Hanson and Beard 2012: consumer risk 10 %."""
    assert runs_without_loss(share, 0.9) == runs
    assert not is_shown(runs - 1, runs - 1, share, 0.9) and is_shown(runs, runs, share, 0.9)


def test_wilson_would_claim_it_at_163_and_the_answer_does_not():
    one_sided = 0.8  # of a two-sided interval, 10 % beyond each end
    assert wilson(163, 163, one_sided)[0] >= 0.99 > wilson(162, 162, one_sided)[0]
    asked = requirement_of(LANDS)
    at_163, at_230 = answer_counts(asked, 163, 163), answer_counts(asked, 230, 230)
    assert at_163.answer == "not enough runs, at least 67 more" and at_230.answer == "shown"
    assert "of 163 runs meet it" in at_163.because


@pytest.mark.parametrize("met, runs", [(0, 1), (9, 10), (10, 10), (95, 100), (99, 100), (388, 388), (387, 388), (990, 1000)])
@pytest.mark.parametrize("share, confidence", [(0.5, 0.5), (0.9, 0.9), (0.99, 0.9), (0.95, 0.99)])
def test_shown_and_refuted_are_the_bounds_of_scipy(met, runs, share, confidence):
    low = binomtest(met, runs, alternative="greater").proportion_ci(confidence, method="exact").low
    high = binomtest(met, runs, alternative="less").proportion_ci(confidence, method="exact").high
    assert is_shown(met, runs, share, confidence) == (low >= share - 1e-12)
    assert is_refuted(met, runs, share, confidence) == (high < share - 1e-12)


@pytest.mark.parametrize("met, runs", [(0, 0), (1, 1), (97, 100), (100, 100), (228, 230), (960, 1000)])
def test_so_many_more_runs_are_the_least_that_could_decide(met, runs):
    share, confidence = 0.99, 0.9
    if not is_shown(met, runs, share, confidence):
        more = more_to_show(met, runs, share, confidence)
        assert lower_bound(met + more, runs + more, confidence) >= share > lower_bound(met + more - 1, runs + more - 1, confidence)
    if not is_refuted(met, runs, share, confidence):
        more = more_to_refute(met, runs, share, confidence)
        assert is_refuted(met, runs + more, share, confidence) and not is_refuted(met, runs + more - 1, share, confidence)


@pytest.mark.parametrize("truth, wrong", [(0.99, "refuted"), (0.98999, "shown")])
def test_a_claim_is_wrong_no_more_often_than_one_minus_its_confidence(truth, wrong):
    asked = requirement_of(LANDS)
    landed = np.random.default_rng(5).binomial(1000, truth, size=4000)
    counts, times = np.unique(landed, return_counts=True)
    share_wrong = sum(n for k, n in zip(counts, times, strict=True) if answer_counts(asked, int(k), 1000).answer == wrong) / 4000
    assert share_wrong <= 0.1 + 3.0 * np.sqrt(0.09 / 4000)


def table(n_met, n_far, n_missing, n_invalid):
    verdicts = ["landed"] * (n_met + n_far) + ["not-landed"] * n_missing + ["invalid"] * n_invalid
    miss = [100.0] * n_met + [900.0] * n_far + [None] * n_missing + [1.0] * n_invalid
    return pl.DataFrame({"verdict": verdicts, "touchdown_miss_m": miss})


def test_a_run_that_did_not_touch_down_or_was_invalid_meets_no_requirement():
    asked = "miss_m < 500 at 0.95 confidence 0.9"
    found = answer(asked, table(98, 1, 1, 0))
    assert (found.met, found.runs) == (98, 100)
    assert answer(asked, table(98, 0, 0, 2)).met == 98
    assert answer("miss_m >= 500 at 0.01 confidence 0.9", table(98, 1, 1, 0)).met == 1
    assert answer("landing probability >= 0.5 at confidence 0.9", table(98, 0, 1, 1)).met == 98
    columns = {name: table(98, 1, 1, 0)[name].to_list() for name in ("verdict", "touchdown_miss_m")}
    assert answer(asked, columns) == found


def test_shown_refuted_and_not_enough_say_so():
    asked = "miss_m < 500 at 0.95 confidence 0.9"
    assert answer(asked, table(1000, 0, 0, 0)).answer == "shown" and answer(asked, table(900, 100, 0, 0)).answer == "refuted"
    short = answer(asked, table(40, 0, 0, 0))
    assert short.answer == f"not enough runs, at least {runs_without_loss(0.95, 0.9) - 40} more"
    assert answer(asked, table(0, 0, 0, 0)).more_to_show == runs_without_loss(0.95, 0.9)


def test_replicates_show_nothing_and_say_what_would():
    found = answer(LANDS, table(5000, 0, 0, 0), is_independent=False)
    assert found.answer == "not enough runs, at least 230 more" and "--sampling independent" in found.because
