"""A kept flight must be readable without this program, whole or absent, and complete enough to be flown again."""

import json
from pathlib import Path

import polars as pl
import pytest

import perilune
from perilune.base.errors import PeriluneError
from perilune.flight import save as saving
from perilune.mission.loader import load

DOCS = Path(__file__).parents[2] / "docs" / "results.md"
KEYS = ["mission", "case", "seed", "run", "verdict", "reason", "touchdown", "rest", "events", "faults"]
KEYS += ["commands", "without_commands", "published", "provenance", "not_yet_modelled"]
TOUCHDOWN = [
    "time_utc",
    "latitude_deg",
    "longitude_deg",
    "miss_m",
    "vertical_speed_m_s",
    "horizontal_speed_m_s",
    "tilt_deg",
    "slope_deg",
    "propellant_left_kg",
]
EVENT = ["name", "time_utc", "t_s", "altitude_m", "height_m", "vertical_speed_m_s", "horizontal_speed_m_s"]


@pytest.fixture(scope="module")
def folder(planned, tmp_path_factory):
    return planned.save(tmp_path_factory.mktemp("kept") / "deep" / "flight")


@pytest.fixture(scope="module")
def content(folder):
    return json.loads((folder / "flight.json").read_text())


def test_flight_json_has_exactly_its_keys(content):
    assert list(content) == KEYS
    assert list(content["touchdown"]) == TOUCHDOWN
    assert all(list(event) == EVENT for event in content["events"])
    assert all(list(number) == ["name", "published", "flown", "unit", "role"] for number in content["published"])
    assert {number["role"] for number in content["published"]} <= {"calibrated", "constrained", "predicted"}


def test_flight_json_says_what_the_flight_says(planned, content):
    assert content["verdict"] == planned.verdict and content["seed"] is None
    assert content["touchdown"]["miss_m"] == planned.touchdown.miss_m
    assert content["touchdown"]["time_utc"].endswith("Z")


def test_the_mission_as_flown_can_be_flown_again(planned, folder):
    assert load(folder / "mission.toml").hash == planned.mission.hash


def test_a_mission_with_overrides_in_a_case_is_kept_as_flown(lost, tmp_path):
    lost.save(tmp_path)
    again = load(tmp_path / "mission.toml")
    assert again.hash == lost.mission.hash and again.case == "as-flown"


def test_parquet_files_hold_the_record(planned, folder):
    assert pl.read_parquet(folder / "history.parquet").equals(planned.history)
    assert pl.read_parquet(folder / "telemetry.parquet").equals(planned.telemetry)


def test_every_column_and_key_is_documented(planned, content):
    text = DOCS.read_text("utf-8")
    names = [*planned.history.columns, *planned.telemetry.columns, *KEYS, *TOUCHDOWN, *EVENT, *content["provenance"]]
    assert [name for name in names if f"`{name}`" not in text] == []


def test_nothing_but_the_files_is_left(folder):
    names = {path.name for path in folder.iterdir()}
    assert names - {"report.html"} == {"mission.toml", "flight.json", "history.parquet", "telemetry.parquet"}


def test_the_report_is_written_where_its_room_is_loaded(planned, tmp_path):
    assert perilune.fly is not None
    planned.save(tmp_path)
    assert (tmp_path / "report.html").read_text("utf-8").lstrip().lower().startswith("<!doctype html")


@pytest.mark.parametrize("place", ["file", "file/below", "/proc/perilune/flight"])
def test_a_folder_that_cannot_be_written_is_refused_before_anything_is(planned, tmp_path, place):
    (tmp_path / "file").write_text("here")
    with pytest.raises(PeriluneError, match="choose another folder") as caught:
        planned.save(tmp_path / place)
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["file"] and (tmp_path / "file").read_text() == "here"


def test_asking_whether_a_folder_can_be_written_leaves_no_trace(tmp_path):
    saving.check_writable(tmp_path / "a" / "b")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_was_not_finished_has_no_flight_json(planned, tmp_path, monkeypatch):
    def stopped(flight, path):
        raise KeyboardInterrupt

    monkeypatch.setitem(saving.also_written, "report.html", stopped)
    with pytest.raises(KeyboardInterrupt):
        planned.save(tmp_path)
    assert not (tmp_path / "flight.json").exists() and not list(tmp_path.glob(".*"))


def test_numbers_that_are_not_finite_become_null(planned):
    import dataclasses

    odd = dataclasses.replace(planned, touchdown=dataclasses.replace(planned.touchdown, slope_deg=float("nan")))
    assert json.loads(saving.as_text(odd))["touchdown"]["slope_deg"] is None
