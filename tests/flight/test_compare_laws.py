"""What must be true of laws side by side: every law flies the same runs, none is dropped, and the table is what the flights say."""

import json

import numpy as np
import pytest

import perilune
from perilune.base.errors import PeriluneError
from perilune.cli.main import run
from perilune.flight.compare_laws import NUMBERS, compare_laws


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """The as-flown case, which is lost, by a law and by a file that holds the same law."""
    law = tmp_path_factory.mktemp("laws") / "same.py"
    law.write_text("from perilune.avionics.guidance.e_guidance import e_guidance as guide\n")
    return compare_laws("resilience", ["e-guidance", str(law)], case="as-flown", seed=3, runs=3)


def test_one_law_under_two_names_flies_the_same_runs(compared):
    one, other = compared.laws
    assert one.rows == other.rows and [row["run"] for row in one.rows] == [0, 1, 2]
    assert one.mission.hash != other.mission.hash


def test_a_lost_flight_counts_with_its_reason(compared):
    flights = compared.laws[0]
    assert sum(flights.verdicts.values()) == 3 and "landed" not in flights.verdicts
    alone = perilune.fly("resilience", case="as-flown", seed=3, run=1)
    row = flights.rows[1]
    assert (row["verdict"], row["reason"]) == (alone.verdict, alone.reason)
    assert row["miss_m"] == alone.touchdown.miss_m and row["vertical_speed_m_s"] == alone.touchdown.vertical_speed_m_s
    history = alone.flown.history
    left = history["main_propellant"] + history["rcs_propellant"]
    assert row["propellant_used_kg"] == pytest.approx(left[0] - left[-1], abs=0.1)
    braking = history[history["mode"] == 1]
    full = (braking["command_thrust"] >= 1600.0 * (1 - 1e-4)) | (braking["command_thrust"] <= 0.6 * 1600.0 * (1 + 1e-3))
    assert row["saturated_percent"] == pytest.approx(100.0 * full.mean(), abs=0.2)


def test_the_folder_holds_laws_numbers_and_picture_without_a_machines_paths(compared, tmp_path):
    folder = compared.save(tmp_path / "out")
    assert sorted(path.name for path in folder.iterdir()) == ["guidance.json", "guidance.png", "mission.toml", "same.py"]
    assert (folder / "guidance.png").read_bytes()[:4] == b"\x89PNG"
    text = (folder / "guidance.json").read_text("utf-8")
    content = json.loads(text)
    for listed, flights in zip(content["laws"], compared.laws, strict=True):
        assert listed["mission_hash"] == flights.mission.hash
        for key in NUMBERS:
            assert listed[key]["mean"] == pytest.approx(np.mean([row[key] for row in listed["flights"]]))
    assert str(tmp_path.parent) not in text and "/" not in content["laws"][1]["law"]


def test_a_mistake_is_told_before_anything_is_flown_or_written(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for arguments, told in (
        (["--laws", "e-guidance,apollo"], "names no law: 'apollo'"),
        (["--laws", "absent.py"], "absent.py: this guidance law cannot be read"),
        (["--runs", "0"], "runs is 0"),
        (["--laws", ","], "no law is named"),
    ):
        assert run(["guidance", "resilience", *arguments]) == 2
        assert told in capsys.readouterr().err.strip().splitlines()[-1]
    assert not list(tmp_path.iterdir())


def test_laws_must_be_named():
    with pytest.raises(PeriluneError, match="name one or more"):
        compare_laws("resilience", [])
