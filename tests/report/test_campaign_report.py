"""The page of a campaign must hold its numbers, stand all that can become of runs, stay small, need no network, and be drawn by a real browser."""

import base64
import re
import shlex
from collections.abc import Callable
from html import unescape
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from made_up import keep, lose, mission_of, never_touch, rows
from test_html_report import browse, embedded, without_plotly, words

from perilune.campaigns.results import Campaign, also_written
from perilune.mission.schema import Mission
from perilune.report.campaign_figures import bin_edges, touchdown_figures
from perilune.report.campaign_footprint import SHARES, footprint_of, window
from perilune.report.campaign_report import campaign_page, write_campaign_report
from perilune.report.campaign_view import MOST_LANDED, MOST_LOST, CampaignView
from perilune.report.ellipses import ellipse, reach, within

N = 160


@pytest.fixture(scope="module")
def mission() -> Mission:
    return mission_of()


@pytest.fixture(scope="module")
def made(mission: Mission, tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    """Landed, crashed, hard, dry, invalid, with faults drawn into some."""
    columns = rows(mission, N)
    lose(columns, [3, 60, 120])
    lose(columns, [17], "hard-landing")
    never_touch(columns, [40, 41], "out-of-propellant")
    never_touch(columns, [99], "invalid")
    faults = [["range_finder.silent@height_m=900"] if run in (3, 60, 70) else [] for run in range(N)]
    columns["faults"] = pl.Series("faults", faults, dtype=pl.List(pl.String))
    return keep(tmp_path_factory.mktemp("a campaign"), mission, columns)


@pytest.fixture(scope="module")
def page(made: Campaign) -> str:
    return campaign_page(made)


def array(packed: dict) -> np.ndarray:
    return np.frombuffer(base64.b64decode(packed["bdata"]), dtype="<" + packed["dtype"])


def test_page_refers_to_nothing_outside_itself(page: str) -> None:
    bare = without_plotly(page)
    assert not re.search(r"""<[^>]*\b(src|href|srcset|action|data)\s*=""", bare)
    assert not re.search(r"@import|url\(|https?://", re.sub(r'<script type="application/json".*?</script>', "", bare, flags=re.S))
    assert "default-src 'none'" in bare and "$$" not in bare


def test_the_verdict_line_is_the_probability_with_its_interval_and_the_requirements(made: Campaign, page: str) -> None:
    low, high = made.interval
    text = words(page)
    assert f"{100 * made.probability:.2f} % land {100 * low:.2f} to {100 * high:.2f} % at confidence 0.95" in text
    assert f"{N - 7} of {N - 1} valid runs landed. 1 runs are invalid." in text
    answers = [answer["answer"] for answer in made.numbers["requirements"]]
    assert answers and all(answer in text for answer in answers)


def test_invalid_runs_are_counted_and_listed(page: str) -> None:
    assert "Invalid (the computation broke down) and counted in no share: runs 99." in words(page)


def test_every_touchdown_is_in_the_footprint_and_nobody_else(made: Campaign, page: str) -> None:
    dots = {t["name"]: array(t["customdata"]).tolist() for t in embedded(page)["footprint"]["data"] if "customdata" in t}
    assert dots["crashed (3)"] == [3, 60, 120] and dots["hard-landing (1)"] == [17]
    assert sorted(run for runs in dots.values() for run in runs) == [run for run in range(N) if run not in (40, 41, 99)]


def test_shares_inside_the_ellipses_are_those_counted(made: Campaign, page: str) -> None:
    table = made.runs.filter(pl.col("verdict") != "invalid").drop_nulls("touchdown_north_m")
    points = table.select("touchdown_east_m", "touchdown_north_m").to_numpy()
    mean, covariance = points.mean(axis=0), np.cov(points.T)
    distance2 = np.einsum("ni,ij,nj->n", points - mean, np.linalg.inv(covariance), points - mean)
    for share, square in zip(SHARES, (1.386294, 5.991465, 11.618286), strict=True):  # quantiles of chi-square with 2 degrees of freedom
        assert f"{100 * share:g} % {100 * np.mean(distance2 <= square):.2f} %" in words(page)


def test_an_ellipse_reaches_as_far_and_points_where_it_must() -> None:
    along = np.array([np.sin(np.radians(30.0)), np.cos(np.radians(30.0))])  # east, north of a line 30° from north
    across = np.array([along[1], -along[0]])
    covariance = 400.0**2 * np.outer(along, along) + 50.0**2 * np.outer(across, across)
    found = reach(covariance, 0.95)
    assert (found.long, found.short, found.azimuth_deg) == pytest.approx((400.0 * 2.447747, 50.0 * 2.447747, 30.0), rel=1e-5)
    outline = ellipse(np.zeros(2), covariance, 0.95)
    assert np.abs(outline @ along).max() == pytest.approx(found.long, rel=1e-3)
    sample = np.random.default_rng(1).multivariate_normal(np.zeros(2), covariance, 40_000)
    assert [within(sample, np.zeros(2), covariance, share).mean() for share in SHARES] == pytest.approx(SHARES, abs=0.006)


def test_the_map_holds_the_site_all_touchdowns_and_the_ellipses(made: Campaign) -> None:
    found = footprint_of(CampaignView(made))
    assert found is not None
    middle, half = window([found])
    for points in (found.points, np.zeros((1, 2)), ellipse(found.mean, found.covariance, SHARES[-1])):
        assert np.abs(points - middle).max() < half


def test_the_worst_ten_stand_with_the_command_that_flies_each_again(made: Campaign, page: str) -> None:
    worst = made.runs.drop_nulls("margin_to_limit").sort("margin_to_limit", "run").head(10)["run"].to_list()
    assert set(worst) >= {3, 17, 40, 41, 60, 120}
    shown = re.search(r'<table id="worst">.*?</table>', page, flags=re.S)
    assert shown is not None
    commands = [unescape(cell) for cell in re.findall(r"<code>(perilune refly .*?)</code>", shown.group())]
    assert [int(shlex.split(command)[4]) for command in commands] == worst
    assert {shlex.split(command)[2] for command in commands} == {str(made.folder)} and " " in str(made.folder)
    assert "<em>" not in shown.group()


def test_losses_stand_by_what_went_wrong_where_no_cause_was_looked_for(page: str) -> None:
    text = words(page)
    assert "touch beyond a limit crashed 3 3, 60, 120" in text and "touch beyond a limit hard-landing 1 17" in text
    assert "nothing noticed out-of-propellant 2 40, 41" in text


def test_causes_found_by_counterfactual_are_ranked_with_their_runs(made: Campaign) -> None:
    found = [{"cause": "range_finder.silent", "kind": "fault", "count": 2, "alone": 2, "runs": [3, 60]}]
    by_run = [{"run": 60, "verdict": "crashed", "margin_to_limit": -4.6, "causes": ["range_finder.silent"], "text": "lands without <it>"}]
    told = Campaign(made.store, made.mission, {**made.numbers, "causes": found, "causes_by_run": by_run, "causes_how": "Flown again."})
    text = words(campaign_page(told))
    assert "range_finder.silent fault 2 2 3, 60 2 crashed" in text and "Flown again." in text and "lands without <it>" in text


def test_faults_drawn_are_told_with_how_many_of_their_runs_were_lost(page: str) -> None:
    assert "range_finder.silent 3 2 66.7 % 3, 60" in words(page)


def test_percentiles_and_dispersions_are_all_there(made: Campaign, page: str) -> None:
    text = words(page)
    for found in made.numbers["percentiles"].values():
        for p in found:
            assert f"{100 * p['share']:g}th" in text and (not p["refused"] or p["refused"] in text)
    for dispersion in made.mission.dispersions:
        assert f"<code>{dispersion.path}</code>" in page and dispersion.source in text
    assert made.numbers["provenance"]["mission_hash"] in text and made.numbers["plan"]["mission_hash"] in text
    assert all(sentence in text for sentence in made.numbers["not_yet_modelled"])


def test_figures_have_units_and_sensitivities_are_drawn_as_they_stand(made: Campaign, page: str) -> None:
    drawn = embedded(page)
    assert {"footprint", "footprint-stretched", "speeds", "tilts", "propellant", "margins", "convergence"} <= set(drawn)
    for figure in drawn.values():
        for key, axis in figure["layout"].items():
            if key.startswith(("xaxis", "yaxis")):
                assert re.search(r"\(.+\)$", axis["title"]["text"]), figure["name"]
    about = next(a for a in made.numbers["sensitivity"]["outcomes"] if a["outcome"] == "margin_to_limit")
    bars = [trace for trace in drawn["sensitivity-margin_to_limit"]["data"] if trace["type"] == "bar"]
    values = {k: x for bar in bars for k, x in zip(bar["y"], bar["x"], strict=True)}
    assert [values[k] for k in range(10)] == [row["pawn"] for row in about["inputs"][:10]]


def test_convergence_ends_at_the_result_and_counts_in_the_order_of_the_runs(made: Campaign, page: str) -> None:
    traces = {t["name"]: t for t in embedded(page)["convergence"]["data"]}
    share = traces["share that landed"]
    x, y = array(share["x"]), array(share["y"])
    assert x[-1] == N and y[-1] == pytest.approx(100 * made.probability, rel=1e-6)
    assert y[list(x).index(4)] == pytest.approx(75.0) and y[list(x).index(3)] == pytest.approx(100.0)
    band = next(t for name, t in traces.items() if name.startswith("interval") and "fill" in t)
    assert array(band["y"])[-1] == pytest.approx(100 * made.interval[1], rel=1e-5)


def test_no_bar_stands_on_both_sides_of_a_limit() -> None:
    for low, high in ((-0.013, 0.4), (-3.0, 0.2), (0.0, 31.0), (5.0, 5.0), (0.0, 0.0), (-2.5, -2.5)):
        edges = bin_edges(low, high)
        assert edges[0] <= low and edges[-1] >= high and len(edges) < 120
        assert np.abs(edges).min() < 1e-9 or edges[0] > 0.0 or edges[-1] < 0.0


def all_lost(columns: dict) -> None:
    lose(columns, list(range(len(columns["verdict"]))))


def all_invalid(columns: dict) -> None:
    never_touch(columns, list(range(len(columns["verdict"]))), "invalid")


def all_dry(columns: dict) -> None:
    never_touch(columns, list(range(len(columns["verdict"]))), "out-of-propellant")


def all_alike(columns: dict) -> None:
    for key in ("touchdown_north_m", "touchdown_east_m", "propellant_left_kg", "margin_to_limit", "touchdown_horizontal_speed_m_s"):
        columns[key][:] = 0.0


ENDS: list[tuple[str, int, Callable[[dict], None]]] = [
    ("none lost", 30, lambda _: None),
    ("all lost", 30, all_lost),
    ("all invalid", 5, all_invalid),
    ("no touchdown at all", 30, all_dry),
    ("one run", 1, lambda _: None),
    ("one run, lost", 1, all_lost),
    ("one run, invalid", 1, all_invalid),
    ("two runs", 2, lambda _: None),
    ("all alike", 30, all_alike),
]


@pytest.mark.parametrize(("n", "change"), [end[1:] for end in ENDS], ids=[end[0] for end in ENDS])
def test_whatever_becomes_of_the_runs_there_is_a_page(n: int, change: Callable[[dict], None], mission: Mission, tmp_path: Path) -> None:
    columns = rows(mission, n)
    change(columns)
    made = keep(tmp_path / "campaign", mission, columns)
    page = campaign_page(made)
    text = words(page)
    assert "$$" not in without_plotly(page) and "NaN" not in without_plotly(page)
    assert made.numbers["provenance"]["mission_hash"] in text
    touched = bool(CampaignView(made).touched.any())
    assert ("No run touched the ground." in text) != touched and ("footprint" in embedded(page)) == touched
    assert ("no valid run" in text) == (made.numbers["valid"] == 0)
    assert ("No run was lost." in text) == (made.numbers["landed"] == made.numbers["valid"])


def test_a_campaign_over_a_state_at_the_site_and_one_of_replicates_have_their_page(tmp_path: Path) -> None:
    eagle = mission_of("apollo-11")
    text = words(campaign_page(keep(tmp_path / "eagle", eagle, rows(eagle, 20), start="doi")))
    assert "started at the state in the mission file" in text
    resilience = mission_of()
    made = keep(tmp_path / "sobol", resilience, rows(resilience, 40), sampling="sobol", replicates=10)
    page = campaign_page(made)
    assert "10 replicates of a sobol plan" in words(page)
    assert not any(t["name"].startswith("interval") for t in embedded(page)["convergence"]["data"])


def test_a_campaign_that_stopped_says_where_and_why(mission: Mission, tmp_path: Path) -> None:
    made = keep(tmp_path / "stopped", mission, rows(mission, 40), runs=500, until_half_width=0.05)
    text = words(campaign_page(made))
    assert "40 runs of 500 asked for" in text and "Stopped after run 39, the first at which half the interval was 5 % or less." in text


def test_one_run_far_beyond_the_others_does_not_squeeze_them(mission: Mission, tmp_path: Path) -> None:
    columns = rows(mission, 500)
    usual = max(columns["touchdown_vertical_speed_m_s"])
    columns["touchdown_slope_deg"] = np.minimum(columns["touchdown_slope_deg"], 5.0)
    lose(columns, [7])
    columns["touchdown_vertical_speed_m_s"][7], columns["touchdown_tilt_deg"][7] = 69.0, 170.0
    drawn, tilts = touchdown_figures(CampaignView(keep(tmp_path / "one", mission, columns)))
    assert usual < drawn.layout["yaxis"]["range"][1] < 3.0 and tilts.layout["yaxis"]["range"][1] < 12.0
    for figure in (drawn, tilts):
        assert figure.caption.endswith("Run 7 lies beyond the edge; a double click on the figure shows all.")
    assert any(69.0 in array(trace["y"]) for trace in drawn.data if "customdata" in trace), "it is drawn all the same"
    lose(columns, list(range(250)))
    many = next(touchdown_figures(CampaignView(keep(tmp_path / "many", mission, columns))))
    assert many.layout["yaxis"]["range"][1] > 12.0, "many are no exception"


def test_a_hundred_thousand_runs_make_a_page_of_sensible_size(mission: Mission, tmp_path: Path) -> None:
    columns = rows(mission, 1000)
    columns = {key: pl.concat([values] * 100) if isinstance(values, pl.Series) else np.tile(np.array(values), 100) for key, values in columns.items()}
    columns["run"] = np.arange(100_000)
    columns = {key: values.tolist() if key in ("verdict", "reason", "touchdown_time_utc") else values for key, values in columns.items()}
    lost = list(range(0, 100_000, 10))
    lose(columns, lost)
    few = {key: values for key, values in columns.items() if "." not in key}
    made = keep(tmp_path / "many", mission, few)
    page = campaign_page(made)
    assert len(without_plotly(page)) < 2_000_000
    dots = {t["name"]: t for t in embedded(page)["footprint"]["data"] if "customdata" in t}
    assert len(array(dots["landed (90000)"]["x"])) == MOST_LANDED and len(array(dots["crashed (10000)"]["x"])) == MOST_LOST
    assert f"Drawn are {MOST_LANDED} of the 90000 that landed and {MOST_LOST} of the 10000 that were lost" in words(page)


def test_names_in_the_mission_cannot_break_the_page(made: Campaign) -> None:
    nasty = "</script><script>alert('&')</script><b>\"$$policy$$"
    about = made.mission.mission.model_copy(update={"title": nasty, "name": nasty})
    page = campaign_page(Campaign(made.store, made.mission.model_copy(update={"mission": about}), made.numbers))
    assert nasty not in page and "<b>" not in page


def test_a_campaign_of_the_package_leaves_its_report(mission: Mission, tmp_path: Path) -> None:
    import perilune

    assert perilune.run_campaign and "report.html" in also_written
    made = keep(tmp_path / "campaign", mission, rows(mission, 5))
    assert "5 of 5 valid runs landed" in words((made.folder / "report.html").read_text("utf-8"))


def test_a_real_browser_draws_every_figure_without_complaint(made: Campaign, tmp_path: Path) -> None:
    page = write_campaign_report(made, tmp_path / "report.html")
    wanted = list(embedded(page.read_text("utf-8")))
    dom, complaints = browse(page, tmp_path / "profile")
    assert complaints == []
    drawn = dom[dom.index("<main") : dom.index("</main>")]
    for name in wanted:
        assert re.search(rf'<div id="plot-{name}"[^>]*js-plotly-plot', drawn), name
    assert drawn.count('class="point"') > N and drawn.count('class="hm"') >= 1
