"""Two campaigns of the same seeds: what was changed must be told apart from what flipped the runs."""

import json

import numpy as np
import polars as pl
import pytest
from planted import EASY, easy_mission
from scipy.stats import binomtest

from perilune.base.errors import PeriluneError
from perilune.campaigns import compare as module
from perilune.campaigns.campaign import run_campaign
from perilune.campaigns.compare import compare_campaigns
from perilune.campaigns.differences import _unequal, _views, between, differences
from perilune.campaigns.groups import group_of_difference
from perilune.campaigns.pairs import counts, mcnemar
from perilune.mission.loader import load

RUNS = 6
WEAK = "lander.main_engine.isp_s=230"  # takes more propellant than there is
HARMLESS = "avionics.touchdown.arming_height_m=25"


@pytest.fixture(scope="module")
def campaigns(tmp_path_factory):
    """Folders of an easy mission, of it with one deadly and one harmless change, and of it with a fault planted in run 2."""
    folder = tmp_path_factory.mktemp("campaigns")
    schedule = folder / "planted.toml"
    schedule.write_text('kind = "planted"\n[[planted]]\nrun = 2\nfault = "assist_engines.stuck_closed"\nmode = "terminal"\n', encoding="utf-8")
    run_campaign(easy_mission(), RUNS, folder / "easy", start="pdi", causes=0)
    run_campaign(load("resilience", overrides=[*EASY, WEAK, HARMLESS]), RUNS, folder / "weak", start="pdi", causes=0)
    run_campaign(easy_mission(), RUNS, folder / "planted", start="pdi", causes=0, faults=schedule)
    return folder


@pytest.fixture(scope="module")
def weak(campaigns):
    return compare_campaigns(campaigns / "easy", campaigns / "weak", campaigns / "out" / "weak", limit=3)


def test_what_flipped_the_runs_is_named_and_the_harmless_change_is_not(weak):
    assert [group.name for group in weak.groups] == ["lander.main_engine.isp_s", "avionics.touchdown.arming_height_m"]
    assert len(weak.flips) == RUNS and {flip.direction for flip in weak.flips} == {"landed to lost"}
    looked_into = [flip for flip in weak.flips if flip.text is not None]
    assert [flip.run for flip in looked_into] == [0, 1, 2]
    assert all(flip.cause == "lander.main_engine.isp_s" and flip.agrees for flip in looked_into)
    assert all((flip.repeats_a, flip.repeats_b) == (4, 4) for flip in looked_into)
    assert weak.numbers["causes"] == [{"cause": "lander.main_engine.isp_s", "count": 3, "to_lost": 3, "to_landed": 0, "runs": [0, 1, 2]}]


def test_the_comparison_is_kept_as_other_tools_read_it(weak):
    kept = json.loads((weak.folder / "compare.json").read_text("utf-8"))
    assert kept == weak.numbers and kept["joint"] == {"landed_landed": 0, "landed_lost": RUNS, "lost_landed": 0, "lost_lost": 0}
    flips = pl.read_parquet(weak.folder / "flips.parquet")
    assert flips["run"].to_list() == list(range(RUNS)) and flips["cause"].null_count() == RUNS - 3


def test_changes_are_those_of_the_two_tables_run_by_run(weak, campaigns):
    a, b = (pl.read_parquet(campaigns / name / "runs.parquet") for name in ("easy", "weak"))
    change = (b["touchdown_vertical_speed_m_s"] - a["touchdown_vertical_speed_m_s"]).drop_nulls().to_numpy()
    row = next(row for row in weak.numbers["touchdown_changes"] if row["column"] == "touchdown_vertical_speed_m_s")
    assert row["runs"] == len(change) and row["median"] == np.median(change) and row["low_90"] <= row["median"] <= row["high_90"]


def test_a_fault_schedule_in_one_of_them_is_a_change_like_others(campaigns, monkeypatch):
    seen = []
    monkeypatch.setitem(module.also_written, "report.html", lambda made, path: seen.append(path))
    made = compare_campaigns(campaigns / "planted", campaigns / "easy", campaigns / "out" / "planted")
    assert [(flip.run, flip.direction, flip.cause) for flip in made.flips] == [(2, "lost to landed", "fault schedule")]
    assert made.numbers["mcnemar_p"] == 1.0 and seen == [made.folder / "report.html"]


def test_a_campaign_is_the_same_as_itself(campaigns):
    made = compare_campaigns(campaigns / "easy", campaigns / "easy", campaigns / "out" / "same")
    assert made.groups == [] and made.flips == [] and made.numbers["mcnemar_p"] == 1.0
    assert all(row["median"] == row["low_90"] == row["high_90"] == 0.0 for row in made.numbers["touchdown_changes"])


def test_campaigns_that_do_not_go_together_are_refused(campaigns, tmp_path):
    run_campaign(easy_mission(), 1, tmp_path / "seed", start="pdi", causes=0, seed=2)
    with pytest.raises(PeriluneError, match=r"seed 1 in .* and 2 in .*: their runs have no draws in common"):
        compare_campaigns(campaigns / "easy", tmp_path / "seed")
    with pytest.raises(PeriluneError, match="holds no campaign"):
        compare_campaigns(campaigns / "easy", tmp_path)


@pytest.mark.parametrize("to_lost, to_landed", [(0, 0), (1, 0), (5, 1), (1, 9), (14, 0), (7, 7)])
def test_mcnemar_is_the_sign_test_of_the_flipped_runs(to_lost, to_landed):
    flips = to_lost + to_landed
    assert mcnemar(to_lost, to_landed) == pytest.approx(binomtest(to_lost, flips, 0.5).pvalue if flips else 1.0, rel=1e-12)


def test_invalid_runs_are_counted_and_flip_nothing():
    both = pl.DataFrame({"run": [0, 1, 2], "verdict": ["landed", "landed", "crashed"], "verdict_b": ["invalid", "crashed", "landed"]})
    numbers = counts(both)
    assert (numbers["valid"], numbers["invalid_runs"], numbers["flipped_to_lost"], numbers["flipped_to_landed"]) == (2, [0], [1], [2])


@pytest.mark.parametrize("pair", [("planned", "as-flown"), ("as-flown", "planned")])
def test_a_mission_between_two_has_one_group_of_the_other_in_truth_and_plan(pair):
    a, b = (load("resilience", case=case) for case in pair)
    groups = differences(a, b)
    assert [group.name for group in groups] == ["start.velocity_error_along_track_m_s", "lander.range_finder.reach_m", "dispersions"]
    assert not any(list(_unequal(x, y)) for x, y in zip(_views(between(a, b, [])), _views(a), strict=True))
    assert not any(list(_unequal(x, y)) for x, y in zip(_views(between(a, b, groups)), _views(b), strict=True))
    one = between(a, b, groups[1:2])
    assert one.lander.range_finder.reach_m == b.lander.range_finder.reach_m
    assert one.planned.lander.range_finder.reach_m == a.planned.lander.range_finder.reach_m == load("resilience").lander.range_finder.reach_m
    assert one.start == a.start and one.held == a.held


def test_a_change_of_site_and_one_of_policy_have_these_names():
    cases = {case: load("hakuto-r-m1", case=case) for case in ("plain", "as-flown", "mended")}
    assert [group.name for group in differences(cases["plain"], cases["as-flown"])] == ["terrain"]
    assert [group.name for group in differences(cases["as-flown"], cases["mended"])] == ["policy"]
    assert {group.name for group in differences(cases["plain"], cases["mended"])} == {"terrain", "policy"}
    policy = next(group for group in differences(cases["plain"], cases["mended"]) if group.name == "policy")
    mended_plain = between(cases["plain"], cases["mended"], [policy])
    assert not any(list(_unequal(x, y)) for x, y in zip(_views(mended_plain), _views(load("hakuto-r-m1", case="mended-plain")), strict=True))


def test_groups_of_differences_follow_from_paths_alone():
    paths = ["start.epoch_utc", "start.position_error_radial_m", "avionics.navigation.gate_patience", "avionics.control.x", "limits.tilt_deg"]
    assert [group_of_difference(path) for path in paths] == ["start", "start.errors", "avionics.navigation.gate", "avionics.control", "limits"]
