"""What must be true of flights by a user's guidance law: the same law by file flies the same bits, and one that answers with NaN ends its flight."""

import json

import numpy as np
import pytest

import perilune
from perilune.cli.main import run


def test_a_law_by_file_flies_as_by_name_and_its_folder_can_be_flown_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text("from perilune.avionics.guidance.e_guidance import e_guidance as guide\n")
    by_file = perilune.fly(perilune.load("resilience", guidance="mine.py"), start="pdi")
    by_name = perilune.fly(perilune.load("resilience"), start="pdi")
    for column in ("position_mci", "velocity_mci", "command_thrust"):
        assert np.array_equal(by_file.flown.history[column], by_name.flown.history[column])
    folder = by_file.save(tmp_path / "flown")
    assert (folder / "mine.py").read_bytes() == (tmp_path / "mine.py").read_bytes()
    assert 'law = "mine.py"' in (folder / "mission.toml").read_text()
    (tmp_path / "mine.py").unlink()
    again = perilune.load(folder / "mission.toml")
    assert again.hash == by_file.provenance["mission_hash"] != by_name.provenance["mission_hash"]
    assert by_file.provenance["guidance_law"] == "mine.py" and by_name.provenance["guidance_law_sha256"] is None


@pytest.mark.usefixtures("quickly_compiled")
def test_a_law_that_answers_with_nan_ends_its_flight_as_invalid(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nan.py").write_text(
        "import warp as wp\nfrom perilune.avionics.guidance.leg import Guided, Leg\n\n@wp.func\ndef guide(leg: Leg) -> Guided:\n"
        "    guided = Guided()\n    guided.time_to_go = wp.float64(600.0)\n"
        "    guided.acceleration = leg.velocity / wp.float64(0.0)\n    return guided\n"
    )
    assert run(["fly", "resilience", "--start", "pdi", "--guidance", "nan.py", "--out", "flown"]) == 2
    told = capsys.readouterr().err.strip().splitlines()[-1]
    assert told.startswith("perilune: nan.py:5: the law answered with NaN or infinity in the mode braking, ")
    assert json.loads((tmp_path / "flown" / "flight.json").read_text())["verdict"] == "invalid"


def test_a_law_that_cannot_be_flown_leaves_nothing_behind(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "wrong.py").write_text("import warp as wp\n\n@wp.func\ndef guide(t: wp.float64):\n    return t\n")
    for verb in ("fly", "check"):
        assert run([verb, "resilience", "--guidance", "wrong.py"]) == 2
        said = capsys.readouterr()
        assert said.err.strip().splitlines()[-1].startswith("perilune: wrong.py:4: `guide` takes a float64 where a law takes a Leg") and not said.out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["wrong.py"]
