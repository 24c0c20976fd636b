"""A run of a campaign that is flown again alone must be the same to the last bit, and say so where it is not."""

import json

import numpy as np
import polars as pl
import pytest
from planted import DEADLY, easy_mission

from perilune.base.errors import PeriluneError
from perilune.campaigns import refly as module
from perilune.campaigns.builds import this_build
from perilune.campaigns.campaign import run_campaign
from perilune.campaigns.fly_part import given_values
from perilune.campaigns.refly import columns_that_differ, refly
from perilune.flight.fly import fly
from perilune.validation.planted_failures import as_schedule

RUNS = 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("campaign")
    schedule = tmp_path_factory.mktemp("schedule") / "planted.toml"
    schedule.write_text(as_schedule({1: [DEADLY[0]]}), encoding="utf-8")
    run_campaign(easy_mission(), RUNS, folder, start="pdi", causes=0, faults=schedule)
    return folder


def test_a_run_flown_again_alone_is_the_one_of_the_campaign(folder):
    again = refly(folder, 3)
    assert again.is_same and "bit for bit: all" in again.sentence
    assert again.folder == folder / "refly" / "run-3"
    kept = json.loads((again.folder / "flight.json").read_text("utf-8"))
    assert (kept["run"], kept["seed"], kept["start"] if "start" in kept else "pdi") == (3, 1, "pdi")
    row = pl.read_parquet(folder / "runs.parquet").row(3, named=True)
    assert kept["touchdown"]["miss_m"] == row["touchdown_miss_m"] and kept["verdict"] == row["verdict"]
    assert kept["provenance"]["given_values"]["lander.main_engine.thrust_n"] == row["lander.main_engine.thrust_n"]
    assert len(pl.read_parquet(again.folder / "history.parquet")) > 1000


def test_its_folder_holds_the_mission_that_flies_it_once_more(folder, tmp_path):
    again = refly(folder, 2, tmp_path / "elsewhere")
    once_more = fly(tmp_path / "elsewhere" / "mission.toml", seed=1, run=2, start="pdi")
    assert once_more.touchdown == again.flight.touchdown


def test_faults_of_a_run_are_flown_again_and_kept_in_its_mission(folder, tmp_path):
    again = refly(folder, 1, tmp_path)
    assert again.is_same and again.flight.verdict != "landed" and [f.planned for f in again.flight.faults] == [DEADLY[0]] == again.row["faults"]
    once_more = fly(tmp_path / "mission.toml", seed=1, run=1, start="pdi")
    assert once_more.touchdown == again.flight.touchdown and once_more.verdict == again.flight.verdict


def test_a_row_that_does_not_come_out_again_is_told_with_the_reason(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "given_values", given_values_without_faults)
    again = refly(folder, 1, tmp_path / "same-build")
    assert not again.is_same and "did not fly again bit for bit: verdict" in again.sentence and "the build is the same" in again.sentence
    monkeypatch.setattr(module, "this_build", lambda: {**this_build(), "cpu": "another"})
    assert "was flown with another build (processor" in refly(folder, 1, tmp_path / "other").sentence


def given_values_without_faults(mission, plan, schedule, runs):
    return given_values(mission, plan, None, runs)


def test_one_bit_makes_a_difference():
    row = {"run": 1, "verdict": "landed", "touchdown_miss_m": 10.0, "rest_tilt_deg": None, "faults": ["a"], "build": 0}
    assert columns_that_differ(row, {key: value for key, value in row.items() if key != "build"}) == []
    assert columns_that_differ(row, {**row, "touchdown_miss_m": float(np.nextafter(10.0, 11.0))}) == ["touchdown_miss_m"]


def test_runs_and_folders_that_are_not_there_are_refused(folder, tmp_path):
    with pytest.raises(PeriluneError, match=r"run 4711 is not in .*; it holds the runs 0 to 4"):
        refly(folder, 4711)
    with pytest.raises(PeriluneError, match="holds no campaign"):
        refly(tmp_path, 1)
    (tmp_path / "plan.json").write_text((folder / "plan.json").read_text("utf-8"), encoding="utf-8")
    with pytest.raises(PeriluneError, match="is not finished; go on with `perilune resume"):
        refly(tmp_path, 1)
