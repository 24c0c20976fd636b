"""The cause of a loss must be what, taken away, lands the run; what was put in beside it must not be named."""

import json

import numpy as np
import polars as pl
import pytest
from planted import DEADLY, EASY, HARMLESS, easy_mission, fault

from perilune.base.start_warp import start_warp
from perilune.campaigns import counterfactual
from perilune.campaigns.campaign import resume, run_campaign
from perilune.campaigns.cause import NO_SINGLE, find_causes
from perilune.campaigns.counterfactual import NOISES, Again, Change, mission_without, other_noise, renumbered
from perilune.campaigns.fly_part import Given, fly_given, given_to
from perilune.campaigns.groups import group_of_drawn
from perilune.campaigns.plan import MOST_RUNS, Plan
from perilune.flight.flying import prepare
from perilune.mission.catalogue import FOLDER
from perilune.mission.loader import load, read
from perilune.validation.planted_failures import as_schedule

SEED = 1
RUNS = 24
HOT = {3: [DEADLY[0]], 9: [HARMLESS[0], DEADLY[8]], 14: [DEADLY[4], HARMLESS[1]], 17: [HARMLESS[2]], 20: [DEADLY[3], DEADLY[6]]}


@pytest.fixture(scope="module")
def scene():
    start_warp()
    return prepare(easy_mission())


@pytest.fixture(scope="module")
def plan(scene):
    return Plan("resilience", "planned", scene.mission.hash, RUNS, SEED, "pdi")


def gives(monkeypatch, faults=None, values=None):
    """Let every campaign give these faults and values, by run, beside what it draws."""

    def given(scene, plan, schedule, runs):
        own = given_to(scene, plan, schedule, runs)
        drawn = {path: column.copy() for path, column in own.drawn.items()}
        for k, run in enumerate(runs):
            for path, value in (values or {}).get(int(run), {}).items():
                drawn[path][k] = value
        return Given(own.runs, drawn, [tuple(fault(text) for text in (faults or {}).get(int(run), [])) for run in runs])

    monkeypatch.setattr(counterfactual, "given_to", given)
    return given


def flown(scene, plan, given, runs):
    return fly_given(scene, plan, given(scene, plan, None, np.asarray(runs, np.int64)))[1]


def test_planted_failures_and_no_others_are_found_with_their_cause(scene, plan, monkeypatch):
    given = gives(monkeypatch, HOT)
    table = flown(scene, plan, given, np.arange(RUNS))
    lost = table.filter(pl.col("verdict") != "landed")["run"].to_list()
    assert lost == [3, 9, 14, 20]
    found = find_causes(scene, plan, None, table, limit=50)
    assert [f.run for f in found.examined] == lost and found.lost == 4
    by_run = {f.run: f.names for f in found.examined}
    assert by_run[3] == ["main_engine.early_shutdown"] and by_run[9] == ["imu.stuck"] and by_run[14] == ["assist_engines.early_shutdown"]
    assert by_run[20] == ["assist_engines.stuck_closed and range_finder.stuck"]
    assert all(f.chance == 0 for f in found.examined)
    assert "in 4 of 4 with other noise" in found.examined[0].text and "no single one" in found.examined[3].text
    named = {row["cause"]: row["runs"] for row in found.ranking()}
    assert named["imu.stuck"] == [9] and not any("star_tracker" in name or "spike" in name for name in named)
    json.dumps(found.to_json(), allow_nan=False)
    tried = found.table()
    assert set(tried.filter(pl.col("is_cause"))["run"]) == set(lost)
    assert tried.filter((pl.col("run") == 14) & (pl.col("name") == "range_finder.spike"))["verdict"].to_list() != ["landed"]


def test_a_deadly_dispersion_is_named_and_not_the_harmless_fault_beside_it(scene, plan, monkeypatch):
    """An accelerometer that reads 6 mg too much along the thrust loses the lander; the fault beside it changes nothing of that."""
    given = gives(monkeypatch, {2: [HARMLESS[0]]}, {2: {"lander.imu.accel_bias_ug.2": 6000.0}})
    table = flown(scene, plan, given, [1, 2])
    assert table["verdict"][0] == "landed" and table["verdict"][1] != "landed"
    found = find_causes(scene, plan, None, table, limit=50)
    assert [(f.run, f.names) for f in found.examined] == [(2, ["lander.imu.accel"])]
    assert found.ranking() == [{"cause": "lander.imu.accel", "kind": "dispersions", "count": 1, "alone": 1, "runs": [2]}]


def test_a_mission_lost_undispersed_is_its_own_cause(plan, monkeypatch):
    scene = prepare(load("resilience", case="as-flown"))
    table = fly_given(scene, plan, given_to(scene, plan, None, np.array([0])))[1]
    found = find_causes(scene, plan, None, table, limit=50)
    assert [f.names for f in found.examined] == [["the mission itself"]] and "mission itself" in found.examined[0].text


def test_the_first_lost_by_index_are_examined_up_to_the_limit(scene, plan, monkeypatch):
    given = gives(monkeypatch, HOT)
    table = flown(scene, plan, given, [20, 3, 1])
    found = find_causes(scene, plan, None, table, limit=1)
    assert [f.run for f in found.examined] == [3] and (found.lost, found.limit) == (2, 1)
    assert found.to_json()["causes_how"].endswith("The first 1 of 2 lost.")
    assert find_causes(scene, plan, None, table, limit=0).examined == []


def test_a_change_of_nothing_flies_the_same_and_another_noise_does_not(scene, plan, monkeypatch):
    given = gives(monkeypatch, HOT)
    table = flown(scene, plan, given, [3, 5])
    again = Again(scene, plan, None, np.array([3, 5]))
    same, other = again.fly([(1, Change()), (1, Change(noise=1))])
    assert same.margin == table["margin_to_limit"][1] and same.verdict == table["verdict"][1]
    assert other.margin != same.margin


def test_a_group_at_the_missions_own_flies_as_the_values_given_by_hand(scene, plan):
    again = Again(scene, plan, None, np.array([7]))
    assert "lander.imu.gyro" in again.groups(0)
    outcome = again.fly([(0, Change(groups=frozenset(["lander.imu.gyro"])))])[0]
    own = given_to(scene, plan, None, np.array([7]))
    drawn = {path: np.zeros(1) if path.startswith("lander.imu.gyro_") else values for path, values in own.drawn.items()}
    assert outcome.margin == fly_given(scene, plan, Given(own.runs, drawn, own.faults))[1]["margin_to_limit"][0]


def test_a_fault_of_the_mission_itself_is_taken_away_as_if_it_were_not_planned(plan):
    text = (FOLDER / "resilience.toml").read_text("utf-8")
    planned = '[[faults]]\nfault = "range_finder.bias"\nsize_m = -150.0\nmode = "braking"\n'
    one = '\n[[faults]]\nfault = "range_finder.spike"\nheight_m = 1000.0\nsize_m = 50.0\n'
    dispersed = '[[dispersions]]\npath = "faults.1.size_m"\nsigma = 5.0\nsource = "assumed"\n'
    with_both, with_one = read(text + one + planned + dispersed, overrides=EASY), read(text + one, overrides=EASY)
    runs = np.array([4])
    outcome = Again(prepare(with_both), plan, None, runs).fly([(0, Change(faults=frozenset([1])))])[0]
    scene = prepare(with_one)
    alone = fly_given(scene, plan, given_to(scene, plan, None, runs))[1]
    assert outcome.landed and outcome.margin == alone["margin_to_limit"][0]
    assert mission_without(with_both, (0,)).dispersions[-1].path == "faults.0.size_m"
    assert renumbered("faults.3.size_m", (0, 1)) == "faults.1.size_m" and renumbered("faults.3.size_m", (3,)) is None


def test_a_campaign_keeps_its_causes_and_finds_them_anew_where_it_was_killed_before_its_end(tmp_path):
    schedule, seen = tmp_path / "planted.toml", []
    schedule.write_text(as_schedule({1: [DEADLY[3], HARMLESS[3]]}), encoding="utf-8")
    ask = {"start": "pdi", "faults": schedule, "watch": lambda stage, standing, share: seen.append((stage, share))}
    made = run_campaign(easy_mission(), 3, tmp_path / "campaign", **ask)
    assert [row["causes"] for row in made.numbers["causes_by_run"]] == [["assist_engines.stuck_closed"]]
    shares = [share for stage, share in seen if stage == "finding causes"]
    assert shares == sorted(shares) and len(shares) > 1
    kept = pl.read_parquet(tmp_path / "campaign" / "causes.parquet")
    table = (tmp_path / "campaign" / "runs.parquet").read_bytes()
    for name in ("campaign.json", "causes.parquet"):
        (tmp_path / "campaign" / name).unlink()
    again = resume(tmp_path / "campaign")
    assert again.numbers["causes"] == made.numbers["causes"] and again.numbers["causes_by_run"] == made.numbers["causes_by_run"]
    assert pl.read_parquet(tmp_path / "campaign" / "causes.parquet").equals(kept)
    assert (tmp_path / "campaign" / "runs.parquet").read_bytes() == table


def test_other_noise_is_of_runs_that_no_campaign_flies():
    keys = {other_noise(run, key) for run in range(500) for key in range(1, NOISES + 1)}
    assert len(keys) == 500 * NOISES and min(keys) >= MOST_RUNS and other_noise(MOST_RUNS - 1, NOISES) < 2**32


def test_groups_follow_from_paths_alone():
    paths = ["start.velocity_error_radial_m_s", "environment.map_error_m", "lander.imu.accel_bias_ug.1", "lander.mass.dry_cg_m.0", "faults.2.size_m"]
    assert [group_of_drawn(path) for path in paths] == ["start", "environment.map", "lander.imu.accel", "lander.mass", "faults.2"]
    assert NO_SINGLE == "no single one"
