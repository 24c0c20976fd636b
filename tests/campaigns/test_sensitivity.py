"""Sensitivity must find what moves an outcome on functions whose answer is known, must not name what has no say, and must hold on real landings."""

from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from SALib.analyze import pawn as salib
from SALib.test_functions import Ishigami

from perilune.campaigns import sensitivity
from perilune.campaigns.fly_part import fly_part
from perilune.campaigns.plan import Plan
from perilune.campaigns.sensitivity import LEAST_RUNS, MOST_RUNS, OUTCOMES, bound_of_chance, dummy_indices, outcome_of, ranks, sensitivity_of
from perilune.flight.fly import in_case
from perilune.flight.flying import prepare
from perilune.mission.loader import load


def paths(about: dict) -> list[str]:
    return [row["path"] for row in about["inputs"]]


def distinct(about: dict) -> set[str]:
    return {row["path"] for row in about["inputs"] if row["distinct"]}


def test_inputs_of_a_sum_are_ranked_by_their_weights_and_what_is_not_in_it_is_told_apart() -> None:
    generator = np.random.default_rng(5)
    inputs = {name: generator.standard_normal(4000) for name in ("none a", "weak", "none b", "strong", "middle")}
    made = outcome_of(4.0 * inputs["strong"] - 2.0 * inputs["middle"] + 0.5 * inputs["weak"], inputs, "sum")
    assert paths(made)[:3] == ["strong", "middle", "weak"] and distinct(made) == {"strong", "middle", "weak"}
    signs = {row["path"]: np.sign(row["spearman"]) for row in made["inputs"][:3]}
    assert signs == {"strong": 1, "middle": -1, "weak": 1}


def test_an_input_that_only_widens_the_outcome_is_seen_although_no_correlation_is() -> None:
    """Ishigami's third input has no first-order effect on the mean (its Sobol index S1 is 0), and a fourth none at all."""
    x = np.random.default_rng(2).uniform(-np.pi, np.pi, (4000, 4))
    made = outcome_of(Ishigami.evaluate(x[:, :3]), {f"x{i + 1}": x[:, i] for i in range(4)}, "ishigami")
    assert distinct(made) == {"x1", "x2", "x3"} and paths(made)[-1] == "x4"
    third = next(row for row in made["inputs"] if row["path"] == "x3")
    assert third["pawn"] > made["pawn_bound"] and abs(third["spearman"]) < made["spearman_bound"]


def test_an_input_that_matters_at_its_end_alone_is_seen() -> None:
    x = np.random.default_rng(3).standard_normal((3000, 20))
    made = outcome_of(np.where(x[:, 7] > 1.5, -3.0, 0.0) + 0.1 * x[:, 0], {str(i): x[:, i] for i in range(20)}, "cliff")
    assert distinct(made) == {"0", "7"}


def test_the_bound_of_chance_is_that_of_salib_on_shuffled_inputs() -> None:
    n = 300
    x = np.stack([np.random.default_rng(k).permutation(n) for k in range(60)], axis=1).astype(float)
    y = np.random.default_rng(99).lognormal(size=n)
    of_salib = salib.analyze({"num_vars": 60, "names": [str(k) for k in range(60)]}, x, y, S=10)["mean"]
    ours = dummy_indices(n, 400)
    assert np.mean(of_salib) == pytest.approx(ours.mean(), rel=0.02)
    assert np.std(of_salib) == pytest.approx(ours.std(), rel=0.3)


def test_a_salib_index_is_the_mean_distance_of_its_slices() -> None:
    n = 500
    y = np.sort(np.random.default_rng(4).standard_normal(n))
    x = np.random.default_rng(0).permutation(n).astype(float)
    edges = np.quantile(x, np.linspace(0, 1, 11))
    found = [np.abs(np.cumsum(s) / s.sum() - np.arange(1, n + 1) / n).max() for s in ((x >= a) & (x < b) for a, b in pairwise(edges))]
    assert sensitivity.pawn(x[:, None], y)[0] == pytest.approx(np.mean(found), abs=1e-12)


def test_repeating_a_sample_for_speed_changes_no_index() -> None:
    x, y = ranks(np.random.default_rng(6).standard_normal((1200, 2))), np.random.default_rng(7).standard_normal(1200)
    once = salib.analyze({"num_vars": 2, "names": ["a", "b"]}, x, y, S=10)["mean"]
    assert sensitivity.pawn(x, y) == pytest.approx(once, abs=2e-3)


def test_inputs_without_a_say_pass_the_bound_as_rarely_as_it_promises() -> None:
    """Of 12 000 dummies other than those that made the bound, 0.5 % are allowed above it: 60, give or take 3 sigma, and the bound's own scatter."""
    above = int((dummy_indices(150, 12_000, seed=8) > bound_of_chance(150, 0.995)).sum())
    assert 25 <= above <= 95


def test_runs_without_the_number_are_left_out_and_counted() -> None:
    x = np.random.default_rng(1).standard_normal(400)
    made = outcome_of(np.where(np.arange(400) < 90, np.nan, x), {"x": x}, "speed")
    assert (made["runs"], made["left_out"], distinct(made)) == (310, 90, {"x"})
    few = outcome_of(np.where(np.arange(400) < 350, np.nan, x), {"x": x}, "speed")
    assert few["inputs"] == [] and str(LEAST_RUNS) in few["not"]
    assert outcome_of(np.full(400, np.nan), {"x": x}, "speed")["left_out"] == 400
    assert outcome_of(np.ones(400), {"x": x}, "speed")["not"] == "all runs are alike"


def test_a_fault_that_few_runs_have_is_an_input_like_any_other() -> None:
    mission = load("resilience")
    generator = np.random.default_rng(0)
    broken = generator.random(1000) < 0.05
    margin = generator.normal(0.3, 0.05, 1000) - 0.5 * broken
    table = pl.DataFrame({"margin_to_limit": margin, "faults": [["range_finder.silent@height_m=900"] if b else [] for b in broken]})
    made = sensitivity_of(table, mission)["outcomes"][0]
    assert paths(made) == ["fault range_finder.silent"] and made["inputs"][0]["spearman"] < -made["spearman_bound"]


def test_only_the_first_runs_of_a_very_long_campaign_are_read() -> None:
    x = np.random.default_rng(1).standard_normal(MOST_RUNS + 500)
    assert outcome_of(x, {"x": x}, "speed")["runs"] == MOST_RUNS


def test_real_landings_depend_on_what_they_must_and_not_on_what_cannot_matter() -> None:
    """Without ranges until 900 m, Resilience as flown hits the faster the lower its coast went in truth; the rocket equation decides what is left."""
    matter = ("start.velocity_error_radial_m_s", "lander.assist_engines.isp_s")
    idle = ("lander.imu.gyro_scale_ppm.*", "lander.main_engine.mixture_shift_percent")
    whole = in_case(load("resilience", case="as-flown"), None)
    few = whole.model_copy(update={"dispersions": tuple(d for d in whole.dispersions if d.path in matter + idle)})
    mission = few.beside(few, few)
    plan = Plan(mission="resilience", case="as-flown", mission_hash=mission.hash, runs=110, seed=3, start="pdi")
    table = fly_part(prepare(mission, None), plan, None, 0, 110)
    made = {about["outcome"]: about for about in sensitivity_of(table, mission)["outcomes"]}
    assert list(made) == list(OUTCOMES)
    speed, left = made["touchdown_vertical_speed_m_s"], made["propellant_left_kg"]
    assert paths(speed)[0] == "start.velocity_error_radial_m_s" and distinct(speed) == {"start.velocity_error_radial_m_s"}
    assert {row["path"]: row["spearman"] for row in left["inputs"]}["lander.assist_engines.isp_s"] > left["spearman_bound"]
