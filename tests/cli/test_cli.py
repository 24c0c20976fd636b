"""The command line must show what was asked for, and answer every mistake with one sentence and exit code 2, leaving nothing behind."""

import json
import os
import subprocess
import sys

import pytest

from perilune.mission.catalogue import FOLDER
from perilune.mission.loader import load

TEXT = (FOLDER / "resilience.toml").read_text("utf-8")


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["fly", "resiliense"], "did you mean resilience?"),
        (["check", "resiliense"], "did you mean resilience?"),
        (["fly", "nowhere.toml"], "nowhere.toml: there is no such file"),
        (["fly", "resilience", "--case", "asflown"], "did you mean as-flown?"),
        (["fly", "resilience", "--set", "lander.range_finder.rech_m=893"], "did you mean reach_m?"),
        (["fly", "resilience", "--set", "lander.range_finder.reach_km=0.893"], "the unit is fixed by the key"),
        (["fly", "resilience", "--set", "lander.range_finder.reach_m=far"], "must be a number"),
        (["fly", "resilience", "--set", "lander.range_finder.reach_m=nan"], "must be a finite number"),
        (["fly", "resilience", "--set", "lander.range_finder.reach_m=inf"], "must be a finite number"),
        (["fly", "resilience", "--set", "lander.range_finder.reach_m=-1"], "at least 0"),
        (["fly", "resilience", "--set", "site.latitude_deg=91"], "at most 90"),
        (["fly", "resilience", "--set", "lander.range_finder.reach_m"], "write path=value"),
        (["fly", "resilience", "--set", "start.perilune_altitude_km=200"], "above the apolune"),
        (["fly", "resilience", "--seed", "-1"], "seed -1"),
        (["fly", "resilience", "--seed", "18446744073709551616"], "0 to 2^64 - 1"),
        (["fly", "resilience", "--seed", "three"], "--seed"),
        (["fly", "resilience", "--seed", "1", "--run", "-1"], "run -1"),
        (["fly", "resilience", "--start", "now"], "'doi', 'pdi'"),
        (["fly", "resilience", "--sed", "3"], "--seed"),
        (["fly", "resilience", "another"], "another"),
        (["fly"], "MISSION"),
        (["flie", "resilience"], "fly"),
        (["fly", "resilience", "--out", "/proc/perilune"], "choose another folder"),
        (["fly", "resilience", "--out", "/dev/null/flight"], "choose another folder"),
        (["validate", "--ful"], "--full"),
    ],
)
def test_a_mistake_gets_one_sentence_and_leaves_nothing(shell, tmp_path, arguments, says):
    code, out, err = shell(*arguments)
    assert code == 2 and out == ""
    assert err.startswith("perilune: ") and err.count("\n") == 1 and says in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "old, new, says",
    [
        ("reach_m = 10000.0", "rech_m = 10000.0", "did you mean reach_m?"),
        ("dry_mass_kg = 340.0", 'dry_mass_kg = "heavy"', "must be a number"),
        ("[site]", "[site", "not valid TOML"),
    ],
)
def test_a_mistake_in_a_file_is_shown_with_its_line(shell, tmp_path, old, new, says):
    line = next(i for i, text in enumerate(TEXT.splitlines(), 1) if text.startswith(old))
    (tmp_path / "mine.toml").write_text(TEXT.replace(old, new, 1))
    code, out, err = shell("fly", "mine.toml")
    assert code == 2 and out == "" and err.count("\n") == 1
    assert f"mine.toml:{line}" in err and says in err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]


def test_an_orbit_below_the_ground_is_refused(shell, tmp_path):
    code, out, err = shell("fly", "resilience", "--set", "start.perilune_altitude_km=-3.0")
    assert code == 2 and out == "" and "meets the ground" in err and err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_help_and_missions_and_check_answer(shell):
    assert "fly" in shell("--help")[1] and "--start" in shell("fly", "--help")[1]
    code, out, _ = shell("missions")
    assert code == 0 and [line.split()[0] for line in out.splitlines() if line[:1].strip()] == [
        "apollo-11",
        "blue-ghost",
        "hakuto-r-m1",
        "resilience",
    ]
    code, out, err = shell("check", "resilience", "--case", "as-flown", "--set", "lander.range_finder.reach_m=500")
    assert (code, err) == (0, "") and out.endswith("valid\n") and "as-flown" in out


def test_a_flight_is_shown_and_kept_where_it_says(shell, tmp_path):
    code, out, err = shell("fly", "resilience", "--start", "pdi")
    assert code == 0, err
    for words in ("Relief: real LOLA heights", "ignition", "contact", "touchdown", "verdict", "landed", "planned touchdown", "difference"):
        assert words in out
    folder = tmp_path / "flights" / "resilience-planned-pdi"
    assert json.loads((folder / "flight.json").read_text())["verdict"] == "landed"
    where = out.splitlines()[-1]
    assert where.startswith("report ") and (tmp_path / where.removeprefix("report").strip()).is_file()


def test_an_override_flies_what_it_says_and_is_kept_apart(shell, tmp_path):
    override = ("--set", "lander.range_finder.reach_m=300")
    assert shell("fly", "resilience", "--case", "as-flown", "--start", "pdi", "--seed", 4, "--run", 2, *override)[0] == 0
    (folder,) = (tmp_path / "flights").iterdir()
    assert folder.name.startswith("resilience-as-flown-seed4-run2-pdi-")
    kept = json.loads((folder / "flight.json").read_text())
    assert kept["verdict"] == "crashed" and kept["seed"] == 4 and kept["run"] == 2
    first = next(event for event in kept["events"] if event["name"] == "first-range")
    assert first["height_m"] < 300.0
    assert load(folder / "mission.toml").lander.range_finder.reach_m == 300.0


def test_a_stopped_flight_says_so_and_leaves_nothing(shell, tmp_path, monkeypatch):
    import perilune

    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setitem(perilune.__dict__, "fly", stopped)
    code, out, err = shell("fly", "resilience")
    assert code == 130 and out == "" and err.splitlines()[-1] == "perilune: stopped before the end"
    assert list(tmp_path.iterdir()) == []


def test_validate_prints_rows_and_fails_with_one_of_them(shell, monkeypatch):
    from perilune.validation import rows

    row = rows.Row("name", "what", "a stranger", 1.0, 0.5, "m", "passed", "", 0.1)
    absent = rows.Row("name", "what", "a stranger", 1.0, None, "m", "not run", "absent", 0.1)
    missed = rows.Row("name", "what", "a stranger", 1.0, 2.0, "m", "missed", "as known", 0.1)
    failed = rows.Row("name", "what", "a stranger", 1.0, 2.0, "m", "failed", "too far", 0.1)
    for given, code in (([row, absent], 0), ([row, missed], 0), ([row, failed], 1)):
        monkeypatch.setattr(rows, "run_rows", lambda full, progress, given=given: [progress(r) or r for r in given])
        got, out, _ = shell("validate")
        assert got == code and f"{given[1].status} " in out
        assert out.splitlines()[-1].startswith("1 passed")


def python(*arguments, cwd):
    return subprocess.run([sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, timeout=300, env=dict(os.environ))


def test_json_is_all_that_stands_on_the_standard_output(tmp_path):
    done = python("-m", "perilune.cli.main", "fly", "resilience", "--start", "pdi", "--json", "--out", "kept", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == json.loads((tmp_path / "kept" / "flight.json").read_text())
    assert "CUDA" not in done.stderr and "Warning" not in done.stderr


def test_a_mistake_in_the_shell_has_no_traceback(tmp_path):
    done = python("-m", "perilune.cli.main", "fly", "resiliense", cwd=tmp_path)
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1


@pytest.mark.parametrize("heavy", ["warp", "polars", "numpy", "pydantic"])
def test_help_and_import_load_nothing_heavy(tmp_path, heavy):
    check = f"import sys, perilune, perilune.cli.main as m; m.run(['--help']); sys.exit({heavy!r} in sys.modules)"
    assert python("-c", check, cwd=tmp_path).returncode == 0
