"""The page of two campaigns compared must hold what was changed, who flipped and why, and both footprints, and must stand empty campaigns."""

import base64
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_up import keep, lose, mission_of, never_touch, rows
from test_html_report import browse, embedded, without_plotly, words

from perilune.campaigns.compare import Comparison, compare_campaigns
from perilune.campaigns.compare import also_written as of_comparisons
from perilune.campaigns.pairs import ranking
from perilune.report.compare_report import compare_page, write_compare_report

N = 40


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """As planned, where one run is lost, and as flown, where that one lands and others are lost; two flips were looked into."""
    folder = tmp_path_factory.mktemp("campaigns")
    planned, flown = mission_of(), mission_of(case="as-flown")
    a, b = rows(planned, N), rows(planned, N)
    lose(a, [5, 6])
    lose(b, [1, 2, 3, 4, 6])
    never_touch(b, [30], "out-of-propellant")
    never_touch(b, [31], "invalid")
    b["touchdown_vertical_speed_m_s"] += 0.25
    keep(folder / "planned", planned, a)
    keep(folder / "flown", flown, b)
    found = compare_campaigns(folder / "planned", folder / "flown", folder / "out", limit=0)
    for flip, cause in zip(found.flips, ("policy", "lander.range_finder"), strict=False):
        flip.cause, flip.text, flip.agrees = cause, f"{flip.direction}: {cause} flips it in A <&>", True
    return replace(found, numbers={**found.numbers, "causes": ranking(found.flips), "flips_examined": 2})


@pytest.fixture(scope="module")
def page(made: Comparison) -> str:
    return compare_page(made)


def test_page_refers_to_nothing_outside_itself(page: str) -> None:
    bare = without_plotly(page)
    assert not re.search(r"""<[^>]*\b(src|href|srcset|action|data)\s*=""", bare)
    assert "default-src 'none'" in bare and "$$" not in bare and "<&>" not in bare


def test_the_verdict_line_is_the_paired_change(made: Comparison, page: str) -> None:
    text = words(page)
    assert f"−{100 * 4 / 39:.2f} percentage points A lands 95.00 %, B lands" in text
    assert f"Of 39 valid pairs 5 flipped to lost and 1 to landed (McNemar's exact test: p = {made.numbers['mcnemar_p']:.2g})" in text


def test_the_cross_table_counts_every_run_once(page: str) -> None:
    cross = re.search(r'<table id="cross">.*?</table>', page, flags=re.S)
    assert cross is not None
    cells = {
        row[0]: row[1:] for row in (re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", r) for r in re.findall(r"<tr>(.*?)</tr>", cross.group(), flags=re.S))
    }
    heads = cells.pop("A \\ B")
    assert heads == ["landed", "crashed", "out-of-propellant", "invalid", "in all"]
    assert cells["landed"] == ["32", "4", "1", "1", "38"] and cells["crashed"] == ["1", "1", "0", "0", "2"] and cells["in all"][-1] == str(N)


def test_what_was_changed_stands_with_both_values(made: Comparison, page: str) -> None:
    assert made.groups
    for group in made.numbers["differences"]:
        for leaf in group["paths"]:
            assert f"<code>{leaf['path']}</code>" in page


def test_flipped_runs_stand_with_their_cause_and_both_commands(made: Comparison, page: str) -> None:
    text = words(page)
    assert [flip.run for flip in made.flips] == [1, 2, 3, 4, 5, 30]
    for flip in made.flips:
        assert f"{flip.verdict_a} → {flip.verdict_b}" in text
        assert f"perilune refly {made.a.folder} --run {flip.run} perilune refly {made.b.folder} --run {flip.run}" in text
    assert "policy flips it in A <&>" in text and text.count("not looked into") == 4
    assert "The first 2 of 6 flipped runs. what flipped them runs to lost to landed which lander.range_finder 1 1 0 2 policy 1 1 0 1" in text


def test_changes_are_those_run_by_run(page: str) -> None:
    assert "vertical speed at the first touch 0.25" in words(page)


def test_both_footprints_are_drawn_at_one_scale_and_flips_in_the_margins(page: str) -> None:
    drawn = embedded(page)
    widths = [np.ptp(drawn[name]["layout"]["xaxis"]["range"]) for name in ("footprint-a", "footprint-b")]
    assert widths[0] == pytest.approx(widths[1], rel=1e-6)
    flipped = {t["name"]: t for t in drawn["margin-pairs"]["data"] if "customdata" in t}
    numbers = np.frombuffer(base64.b64decode(flipped["landed in A, lost in B (5)"]["customdata"]["bdata"]), "<i4")
    assert numbers.tolist() == [1, 2, 3, 4, 30]
    for figure in drawn.values():
        assert all(re.search(r"\(.+\)$", axis["title"]["text"]) for key, axis in figure["layout"].items() if key.startswith(("xaxis", "yaxis")))


def test_a_campaign_compared_with_itself_says_so(made: Comparison, tmp_path: Path) -> None:
    text = words(compare_page(compare_campaigns(made.a.folder, made.a.folder, tmp_path / "same", limit=0)))
    assert "Nothing: the two missions are the same." in text and "No run flipped." in text and "0.00 percentage points" in text


def test_campaigns_of_which_nothing_is_left_have_a_page(tmp_path: Path) -> None:
    mission = mission_of()
    for name, verdict in (("invalid", "invalid"), ("dry", "out-of-propellant")):
        columns = rows(mission, 3)
        never_touch(columns, [0, 1, 2], verdict)
        keep(tmp_path / name, mission, columns)
    page = compare_page(compare_campaigns(tmp_path / "invalid", tmp_path / "dry", tmp_path / "out", limit=0))
    text = words(page)
    assert "no valid pair" in text and "No run touched the ground in either." in text and "No run touched the ground in both." in text
    assert embedded(page) == {}


def test_a_comparison_of_the_package_leaves_its_report(made: Comparison, tmp_path: Path) -> None:
    import perilune

    assert perilune.compare_campaigns and "report.html" in of_comparisons
    compare_campaigns(made.a.folder, made.b.folder, tmp_path / "out", limit=0)
    assert "percentage points" in words((tmp_path / "out" / "report.html").read_text("utf-8"))


def test_a_real_browser_draws_every_figure_without_complaint(made: Comparison, tmp_path: Path) -> None:
    page = write_compare_report(made, tmp_path / "report.html")
    dom, complaints = browse(page, tmp_path / "profile")
    assert complaints == []
    drawn = dom[dom.index("<main") : dom.index("</main>")]
    for name in ("footprint-a", "footprint-b", "margin-pairs"):
        assert re.search(rf'<div id="plot-{name}"[^>]*js-plotly-plot', drawn), name
