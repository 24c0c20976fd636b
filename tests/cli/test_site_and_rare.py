"""`perilune site` and `perilune rare` as they are typed: what they print, and what they leave."""

import json


def test_another_site_leaves_both_campaigns_their_flights_and_the_comparison_each_with_its_report(shell, tmp_path):
    out = tmp_path / "moved"
    place = ["--latitude-deg", "47.5", "--longitude-deg", "44.4"]
    code, said, errors = shell("site", "resilience", *place, "--runs", "3", "--start", "pdi", "--causes", "0", "--threads", "2", "--out", str(out))
    assert code == 0, errors
    assert "47.5° N, 44.4° E" in said and str(out / "comparison") in said.replace("\n", "")
    for name in ("original", "moved", "original-undispersed", "moved-undispersed", "comparison"):
        assert (out / name / "report.html").stat().st_size > 100_000, name
    written = json.loads((out / "site.json").read_text("utf-8"))
    assert written["sites"]["moved"]["latitude_deg"] == 47.5 and written["campaigns"]["moved"]["runs"] == 3


def test_rare_losses_are_printed_level_by_level_and_kept(shell, tmp_path):
    out = tmp_path / "rare"
    arguments = ["--case", "as-flown", "--start", "pdi", "--runs-a-level", "20", "--threads", "2", "--out", str(out)]
    code, said, errors = shell("rare", "resilience", *arguments)
    assert code == 0, errors
    found = json.loads((out / "rare.json").read_text("utf-8"))
    assert f"probability {found['probability']:.3g}" in said and (out / "mission.toml").exists()
