"""Sampling plans must fill the space as they promise, in replicates that know nothing of each other, and give run k the same alone."""

import numpy as np
import pytest
from dispersed import DRY, ISP, with_dispersions
from scipy import stats
from scipy.stats import qmc

from perilune.base.errors import PeriluneError
from perilune.mission.draws import draw
from perilune.mission.loader import load, read
from perilune.mission.sampling import Sampling

LATIN, SOBOL = Sampling("latin-hypercube", 640, 10), Sampling("sobol", 640, 10)
PATHS = [f"number.{i}" for i in range(6)]
MISSION = load("resilience")


def points(plan, seed=1, paths=PATHS, runs=None):
    """Uniform deviates, shape (n, paths)."""
    uniforms = plan.uniforms(list(paths), seed, np.arange(plan.runs) if runs is None else runs)
    return np.stack([uniforms[path] for path in paths], axis=1)


@pytest.mark.parametrize("plan", [LATIN, SOBOL])
def test_every_replicate_has_one_run_in_each_part_of_every_number(plan):
    whole = points(plan)
    assert ((whole > 0.0) & (whole < 1.0)).all()
    for low in range(0, plan.runs, plan.size):
        parts = np.sort(np.floor(whole[low : low + plan.size] * plan.size), axis=0)
        assert (parts == np.arange(plan.size)[:, None]).all()


def test_sobol_fills_every_pair_of_numbers_more_evenly_than_chance():
    """Centred discrepancy of each replicate, against that of independent points."""
    chance = np.random.default_rng(1).random((20, SOBOL.size, 6))
    least = min(qmc.discrepancy(sample) for sample in chance)
    whole = points(SOBOL)
    assert max(qmc.discrepancy(whole[low : low + 64]) for low in range(0, 640, 64)) < least


def test_a_sum_is_known_better_by_either_plan_than_by_chance():
    """The spread of the replicates' means of a smooth function, in many replicates; closed form for independent draws."""
    for kind in ("latin-hypercube", "sobol"):
        plan = Sampling(kind, 64 * 50, 50)
        means = (points(plan) ** 2).sum(axis=1).reshape(50, 64).mean(axis=1)
        independent = (6 * (1 / 5 - 1 / 9) / 64) ** 0.5
        assert means.std() < 0.2 * independent
        assert means.mean() == pytest.approx(2.0, abs=4.0 * means.std() / 50**0.5 + 1e-12)


@pytest.mark.parametrize("kind", ["latin-hypercube", "sobol"])
def test_replicates_are_independent_of_each_other(kind):
    """Runs of the same place in different replicates: neither correlated nor equal, and each uniform."""
    plan = Sampling(kind, 8 * 400, 400)
    whole = points(plan, paths=PATHS[:2]).reshape(400, 8, 2)
    for place in range(8):
        assert stats.kstest(whole[:, place, 0], "uniform").pvalue > 1e-3
        assert abs(np.corrcoef(whole[:-1, place, 0], whole[1:, place, 0])[0, 1]) < 4.0 / 400**0.5
        assert abs(np.corrcoef(whole[:, place, 0], whole[:, place, 1])[0, 1]) < 4.0 / 400**0.5


@pytest.mark.parametrize("plan", [None, Sampling(), LATIN, SOBOL])
def test_a_run_draws_the_same_alone_and_in_any_batch(plan):
    whole = draw(MISSION, 7, np.arange(640), plan)
    some = np.array([639, 3, 64, 3])
    batch, alone = draw(MISSION, 7, some, plan), draw(MISSION, 7, np.array([64]), plan)
    other = draw(MISSION, 8, np.array([64]), plan)
    for path, values in whole.items():
        assert batch[path].tolist() == values[some].tolist() and alone[path][0] == values[64]
    assert other["lander.main_engine.isp_s"] != alone["lander.main_engine.isp_s"]


def test_the_default_plan_is_independent_draws():
    plain, named = draw(MISSION, 7, np.arange(9)), draw(MISSION, 7, np.arange(9), Sampling("independent", 9))
    assert all((plain[path] == named[path]).all() for path in plain)
    assert Sampling("independent", 9).replicate_of(np.arange(9)).tolist() == [0] * 9


def test_a_case_that_holds_a_number_leaves_the_draws_of_the_others():
    held, whole = draw(load("resilience", case="as-flown"), 7, np.arange(64), SOBOL), draw(MISSION, 7, np.arange(64), SOBOL)
    differing = [path for path in whole if (held[path] != whole[path]).any()]
    assert differing == ["start.velocity_error_along_track_m_s"]


def test_one_more_dispersion_moves_no_other_in_a_latin_hypercube():
    one, two = read(with_dispersions(f"{DRY}\nsigma = 1.0")), read(with_dispersions(f"{ISP}\nsigma = 1.0", f"{DRY}\nsigma = 1.0"))
    path = "lander.mass.dry_mass_kg"
    assert (draw(one, 3, np.arange(640), LATIN)[path] == draw(two, 3, np.arange(640), LATIN)[path]).all()


def test_run_k_belongs_to_replicate_k_over_their_size():
    assert SOBOL.replicate_of(np.array([0, 63, 64, 639])).tolist() == [0, 0, 1, 9]


@pytest.mark.parametrize(
    "given, says",
    [
        (("sobl", 64, 2), "did you mean sobol?"),
        (("sobol", 64, 1), "needs at least 2"),
        (("latin-hypercube", 64, 10), "cannot be parted into 10 equal replicates; choose 60 or 70 runs"),
        (("sobol", 10_000, 10), "1000 each, and Sobol's sequence is even only over a power of two; choose 5120 or 10240 runs"),
        (("latin-hypercube", 0, 10), "0 runs cannot be parted"),
    ],
)
def test_plans_that_cannot_be_are_refused(given, says):
    with pytest.raises(PeriluneError) as caught:
        Sampling(*given)
    assert says in str(caught.value)


def test_runs_and_numbers_beyond_the_plan_are_refused():
    with pytest.raises(PeriluneError, match="run 640 is not in the plan of 640 runs"):
        draw(MISSION, 7, np.array([640]), SOBOL)
    with pytest.raises(PeriluneError, match="21202 numbers are dispersed, more than the 21201 dimensions"):
        Sampling("sobol", 4, 2).uniforms([f"{i}" for i in range(21_202)], 1, np.array([0]))
