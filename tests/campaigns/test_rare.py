"""Rare losses on flights: a point of inputs and noise is one flight, which can be flown again."""

import numpy as np
import pytest

from perilune.base.errors import PeriluneError
from perilune.base.start_warp import start_warp
from perilune.campaigns.rare import GivenDeviates, margins_of, rare_losses, varied
from perilune.flight.flying import prepare
from perilune.mission.distributions import from_uniforms
from perilune.mission.draws import draw
from perilune.mission.loader import load


@pytest.fixture(scope="module")
def margins():
    """Flies planned landings of Resilience from powered descent initiation."""
    start_warp()
    return margins_of(prepare(load("resilience")), 1, "pdi")


def test_same_point_is_the_same_flight_and_a_new_key_another(margins):
    u = np.random.default_rng(5).standard_normal((3, len(varied(load("resilience")))))
    first, again, other = margins(u, np.arange(3)), margins(u[::-1], np.arange(3)[::-1])[::-1], margins(u, np.arange(3) + 100)
    assert np.array_equal(first, again)
    assert not np.any(first == other)


def test_inputs_become_values_by_each_distribution():
    from scipy.stats import norm

    mission = load("resilience")
    paths = varied(mission)
    shares = np.random.default_rng(6).random((4, len(paths)))
    drawn = draw(mission, 1, np.arange(4), GivenDeviates(shares))
    by_path = {d.path: d for d in mission.dispersions}
    column = paths.index("start.velocity_error_radial_m_s")
    assert np.allclose(drawn["start.velocity_error_radial_m_s"], 0.1667 * norm.ppf(shares[:, column]), rtol=1e-9)
    column = paths.index("environment.map_offset_east_m")
    assert np.allclose(drawn["environment.map_offset_east_m"], from_uniforms(by_path["environment.map_offset_east_m"], 0.0, shares[:, column]))


def test_frequent_loss_is_found_at_the_first_level_as_by_counting():
    """As flown, nine of ten are lost: the first level is a plain Monte Carlo."""
    found = rare_losses("resilience", "as-flown", start="pdi", runs_a_level=40).found
    assert len(found.levels) == 1
    assert found.evaluations == 40
    assert 0.75 < found.probability <= 1.0


@pytest.mark.parametrize(("runs", "sentence"), [(15, "multiple of 10"), (0, "multiple of 10")])
def test_levels_that_cannot_be_cut_are_refused(runs, sentence):
    with pytest.raises(PeriluneError, match=sentence):
        rare_losses("resilience", runs_a_level=runs)
