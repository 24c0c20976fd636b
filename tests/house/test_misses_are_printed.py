"""Misses are printed: each published number says what it was used for, and stands beside the flown one, inside or outside its band."""

import json

import pytest

from perilune.cli.main import run
from perilune.mission.catalogue import catalogue
from perilune.mission.loader import load

ROLES = {"calibrated", "constrained", "predicted"}


def test_each_published_number_of_the_catalogue_says_what_it_was_used_for_and_where_it_was_found():
    for name, _ in catalogue():
        published = load(name).published
        assert published and all(number.role in ROLES and number.source for number in published)
        assert any(number.role == "predicted" for number in published), f"{name} predicts nothing"


@pytest.fixture(scope="module")
def as_flown(tmp_path_factory):
    """The folder of a lost flight, and what the shell showed of it."""
    import contextlib
    import io

    folder = tmp_path_factory.mktemp("as-flown")
    with contextlib.redirect_stdout(io.StringIO()) as shown, pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "200")
        assert run(["fly", "resilience", "--case", "as-flown", "--out", str(folder)]) == 0
    return folder, shown.getvalue()


def test_every_published_number_of_the_case_stands_in_the_result_beside_the_flown_one(as_flown):
    folder, _ = as_flown
    rows = json.loads((folder / "flight.json").read_text("utf-8"))["published"]
    asked = [number.name for number in load("resilience").published if number.case in (None, "as-flown")]
    assert [row["name"] for row in rows] == asked
    assert all(row["role"] in ROLES and row["flown"] is not None for row in rows)


def test_the_shell_and_the_report_show_hit_and_miss_alike(as_flown):
    folder, shown = as_flown
    rows = json.loads((folder / "flight.json").read_text("utf-8"))["published"]
    report = (folder / "report.html").read_text("utf-8")
    lines = shown.splitlines()
    for row in rows:
        line = next(line for line in lines if line.startswith(row["name"]))
        assert row["role"] in line
        assert row["name"] in report
    assert "outside" in shown and "inside" in shown
