"""A campaign must stop at the same run however its runs arrive, where Wilson's interval first is narrow enough."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from perilune.campaigns.stopping import StoppingRule

RNG = np.random.default_rng(4)
VERDICTS = np.where(RNG.random(3000) < 0.97, "landed", np.where(RNG.random(3000) < 0.5, "crashed", "invalid"))


def half_width(landed, valid):
    interval = binomtest(int(landed), int(valid)).proportion_ci(0.95, method="wilson")
    return (interval.high - interval.low) / 2.0


def test_it_stops_at_the_first_run_by_which_the_interval_is_narrow_enough():
    stopped = StoppingRule(0.02).see(VERDICTS)
    landed, valid = np.cumsum(VERDICTS == "landed"), np.cumsum(VERDICTS != "invalid")
    assert half_width(landed[stopped - 1], valid[stopped - 1]) <= 0.02 < half_width(landed[stopped - 2], valid[stopped - 2])
    assert all(half_width(landed[n - 1], valid[n - 1]) > 0.02 for n in range(1, stopped))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 3000), max_size=12))
def test_however_the_runs_are_cut_it_stops_at_the_same_one(cuts):
    whole, parts = StoppingRule(0.01), StoppingRule(0.01)
    answers = [parts.see(part) for part in np.split(VERDICTS, sorted(cuts))]
    assert answers[-1] == whole.see(VERDICTS) and (parts.runs, parts.valid, parts.landed) == (whole.runs, whole.valid, whole.landed)
    assert {answer for answer in answers if answer is not None} <= {whole.stopped_at}


def test_booleans_and_verdicts_stop_alike():
    stopped = StoppingRule(0.01).stop_at(VERDICTS == "landed", VERDICTS != "invalid")
    assert stopped is not None and stopped == StoppingRule(0.01).see(VERDICTS)


def test_what_comes_after_the_stop_is_not_counted():
    rule = StoppingRule(0.02)
    stopped = rule.see(VERDICTS)
    rule.see(np.full(100, "crashed"))
    assert rule.runs == rule.stopped_at == stopped and rule.landed == np.sum(VERDICTS[:stopped] == "landed")


@pytest.mark.parametrize("width", [0.2, 0.05, 0.01, 0.005])
def test_without_a_loss_it_stops_at_its_least_and_at_half_lost_at_its_most(width):
    rule = StoppingRule(width)
    assert rule.stop_at(np.ones(2000, bool)) == rule.least_runs
    alternating = np.arange(rule.most_runs + 1) % 2 == 0
    assert rule.most_runs - 2 <= rule.stop_at(alternating) <= rule.most_runs + 1


def test_without_a_half_width_or_with_too_few_runs_it_does_not_stop():
    assert StoppingRule(None).see(VERDICTS) is None and StoppingRule(0.001).see(VERDICTS) is None
