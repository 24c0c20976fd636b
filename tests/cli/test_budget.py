"""`perilune budget` must keep what it found, print it or its JSON, and answer a mistake with one sentence."""

import json
import re

import pytest

from perilune.mission.catalogue import FOLDER


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["resiliense"], "did you mean resilience?"),
        (["resilience", "--runs", "3"], "runs is 3; choose 0 for the Δv budget alone, or at least 10"),
        (["resilience", "--runs", "-1"], "runs is -1; choose 0"),
        (["resilience", "--seed", "-4"], "seed -4 does not fit the generator"),
        (["resilience", "--case", "asflown"], "did you mean as-flown?"),
    ],
)
def test_a_mistake_is_answered_in_one_sentence_and_leaves_nothing(shell, tmp_path, arguments, says):
    code, out, err = shell("budget", *arguments)
    assert code == 2 and out == ""
    assert says in err.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


def test_a_delta_v_budget_is_shown_and_kept(shell, tmp_path):
    code, out, _ = shell("budget", "resilience", "--runs", "0")
    assert code == 0
    folder = tmp_path / "budgets" / "resilience-planned"
    assert {path.name for path in folder.iterdir()} == {"mission.toml", "report.html", "budget.json"}
    assert "no error budget: no dispersed flights were asked for" in out and "of hovering" in out
    kept = json.loads((folder / "budget.json").read_text("utf-8"))
    total = kept["delta_v"]["total"]
    for word in ("braking", "terminal", f"{total['delta_v_m_s']:.1f}", f"{total['gravity_loss_m_s']:.1f}"):
        assert word in out
    assert kept["error_budget"] is None and kept["undispersed"]["verdict"] == "landed"
    assert all(len(line) <= 80 for line in out.splitlines() if not line.startswith("report"))


def test_an_error_budget_is_shown_and_its_json_printed(shell, tmp_path):
    text = (FOLDER / "resilience.toml").read_text("utf-8")
    head, *dispersions = re.split(r"(?=^\[\[dispersions\]\])", text, flags=re.MULTILINE)
    few = [d for d in dispersions if re.search(r"accel_bias|velocity_error_along|map_", d)]  # the last holds the published numbers too
    (tmp_path / "few.toml").write_text(head + "".join(few), "utf-8")
    code, out, _ = shell("budget", "few.toml", "--runs", "10", "--json", "--out", "kept")
    assert code == 0
    made = json.loads(out)
    assert made == json.loads((tmp_path / "kept" / "budget.json").read_text("utf-8"))
    errors = made["error_budget"]
    assert errors["flights"]["sample"] == {"flown": 10, "kept": 10, "left_out": {}}
    assert {source["name"] for source in errors["sources"]} == {"state at the start", "accelerometers", "sensor noise", "map error"}
    assert len(errors["linear_covariance"]) == len(errors["covariance_order"]) == 7
