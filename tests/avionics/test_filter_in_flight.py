"""What must be true of the filter in a flight: a covariance that is one, and a gate that does what the mission says with ranges that are wrong."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from perilune.avionics.navigation import POLICY_DISTRUST, POLICY_INFLATE, POLICY_REJECT
from perilune.flight.advance import advance, new_events
from perilune.flight.setup import Batch, build_batch
from perilune.mission.loader import load
from perilune.validation.scenes import landing_scene
from perilune.validation.watched_flight import milestones, watch

SEED, RUN = 1, 0
PATIENCE = load("resilience").avionics.navigation.gate_patience
WRONG_BY = 2000.0


@cache
def ranging():
    """A dispersed flight after twenty ranges."""
    scene = landing_scene()
    batch = build_batch(scene, SEED, np.array([RUN]))
    advance(scene, batch, new_events(scene, 1), until_s=0.1 * (milestones(landing_scene, SEED, RUN)[1] + 20), threads=1)
    return batch


class Flight:
    """That flight under a gate policy, continued tick by tick with ranges right or wrong."""

    def __init__(self, policy):
        planned = landing_scene()
        avionics = planned.avionics.copy()
        avionics["navigation"]["gate_policy"] = policy
        self.scene, start = replace(planned, avionics=avionics), ranging()
        self.batch = Batch(start.runs, start.drawn, start.packs.copy(), start.states.copy())

    def navigation(self):
        return self.batch.states[0]["avionics"]["navigation"]

    def fly(self, ranges, wrong=0.0):
        """As many ticks, with a range a tick on its way that is `wrong` [m] too long; the filter after each (the first range was on its way)."""
        self.batch.packs["lander"]["range_finder"]["bias"] = wrong
        flight = watch(self.scene, self.batch, int(self.batch.states["tick"][0]), ranges)
        assert flight.rows["measured_range_valid"].all()
        return flight.states["avionics"]["navigation"]


def height_of(n):
    return np.linalg.norm(n["position_mci"], axis=-1)


def test_covariance_is_symmetric_and_positive_definite_all_the_way():
    scene = landing_scene()
    batch = build_batch(scene, SEED, np.arange(3))
    events = new_events(scene, 3)
    for until in np.r_[0.1, 1.0, np.linspace(60.0, 2800.0, 15), np.arange(2870.0, 2890.0, 1.0), np.arange(2900.0, 3740.0, 10.0)]:
        advance(scene, batch, events, until_s=float(until), threads=1)
        for p in batch.states["avionics"]["navigation"]["covariance"]:
            sigma = np.sqrt(np.diag(p))
            correlation = p / np.outer(sigma, sigma)
            assert np.abs(correlation - correlation.T).max() < 1e-12
            assert np.linalg.eigvalsh(correlation).min() > 0.0 and np.abs(correlation).max() <= 1.0 + 1e-12
    assert batch.states["avionics"]["navigation"]["range_used"].any()


@pytest.mark.parametrize("policy", [POLICY_REJECT, POLICY_DISTRUST, POLICY_INFLATE])
def test_fewer_wrong_ranges_than_the_patience_are_refused_one_by_one_and_forgiven(policy):
    flight = Flight(policy)
    flight.fly(1)
    before = flight.navigation()["rejections"]
    flight.fly(PATIENCE - 1, wrong=WRONG_BY)
    n = flight.fly(3)
    assert n["rejections"].tolist() == [before + PATIENCE - 1] * 3 and n["rejections_in_row"].tolist() == [PATIENCE - 1, 0, 0]
    assert n["range_used"].tolist() == [False, True, True] and not n["distrusted"].any()


def test_reject_refuses_wrong_ranges_for_ever_and_takes_right_ones_again():
    flight, blind = Flight(POLICY_REJECT), Flight(POLICY_REJECT)
    flight.fly(1)
    n = flight.fly(3 * PATIENCE, wrong=WRONG_BY)
    assert n["range_used"].tolist() == [True] + [False] * (3 * PATIENCE - 1)
    assert n["rejections_in_row"].tolist() == list(range(3 * PATIENCE)) and not n["distrusted"].any()
    blind.fly(2)
    blind.batch.packs["lander"]["range_finder"]["dropout_probability"] = 1.0
    watch(blind.scene, blind.batch, int(blind.batch.states["tick"][0]), 3 * PATIENCE - 1)
    assert flight.navigation()["last_range"] - blind.navigation()["last_range"] > 0.5 * WRONG_BY
    assert abs(height_of(flight.navigation()) - height_of(blind.navigation())) < 1.0
    assert flight.fly(3)["range_used"].tolist() == [False, True, True]


def test_distrust_never_listens_again_after_its_patience():
    flight = Flight(POLICY_DISTRUST)
    flight.fly(1)
    n = flight.fly(PATIENCE + 3, wrong=WRONG_BY)
    assert n["distrusted"].tolist() == [False] * PATIENCE + [True] * 3 and n["rejections"][-1] - n["rejections"][0] == PATIENCE
    right = flight.fly(10)
    assert right["distrusted"].all() and not right["range_used"].any() and right["rejections"][-1] == n["rejections"][-1]
    assert right["last_range"][-1] != n["last_range"][-1]  # what it hears is still published


def test_inflate_follows_the_ranges_after_its_patience():
    flight = Flight(POLICY_INFLATE)
    flight.fly(1)
    n = flight.fly(PATIENCE + 10, wrong=WRONG_BY)
    assert n["range_used"].tolist() == [True] + [False] * (PATIENCE - 1) + [True] * 10
    assert n["rejections"][-1] - n["rejections"][0] == PATIENCE and n["rejections_in_row"][PATIENCE:].tolist() == [0] * 10
    refused, followed = n["last_innovation"][PATIENCE - 1], n["last_innovation"][-1]
    assert refused == pytest.approx(WRONG_BY, abs=200.0) and abs(followed) < 0.25 * WRONG_BY
    jump = height_of(n)[PATIENCE] - height_of(n)[PATIENCE - 1]
    assert jump > 0.2 * WRONG_BY
