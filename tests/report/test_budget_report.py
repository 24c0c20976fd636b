"""The page of a budget must hold its numbers, need no network, and be drawn by a real browser without complaint."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_html_report import browse, embedded, without_plotly, words

from perilune.flight.budget.budget import Budget, budget
from perilune.flight.budget.touchdowns import COMPONENTS
from perilune.mission.loader import load
from perilune.report.budget_figures import ellipse, within
from perilune.report.budget_report import budget_page, write_budget_report
from perilune.report.numbers import fixed, number

FEW = ("start.velocity_error_normal_m_s", "environment.map_error_m", "environment.map_offset_east_m")


@pytest.fixture(scope="module")
def made() -> Budget:
    """A budget of few flights and few sources."""
    whole = load("resilience")
    few = whole.model_copy(update={"dispersions": tuple(d for d in whole.dispersions if d.path in FEW)})
    return budget(few.beside(few, few), seed=1, runs=10)


@pytest.fixture(scope="module")
def page(made: Budget) -> str:
    return budget_page(made)


def spaced(text: str) -> str:
    """A number with plain spaces, as `words` gives the page."""
    return " ".join(text.split())


def test_page_refers_to_nothing_outside_itself(page: str) -> None:
    bare = without_plotly(page)
    assert not re.search(r"""<[^>]*\b(src|href|srcset|action|data)\s*=""", bare)
    assert not re.search(r"@import|url\(|https?://", re.sub(r'<script type="application/json".*?</script>', "", bare, flags=re.S))
    assert "default-src 'none'" in bare and "$$" not in bare


def test_every_phase_component_and_source_is_there(made: Budget, page: str) -> None:
    text = words(page)
    assert made.errors is not None
    for phase in made.delta_v.phases:
        assert f"<td>{phase.name}</td>" in page and spaced(fixed(phase.delta_v_m_s, 1)) in text
    for i, (_, words_of_it, unit) in enumerate(COMPONENTS):
        assert f"{words_of_it} {unit} {spaced(number(float(made.errors.reference[i])))}" in text
        assert spaced(number(float(made.errors.sample_sigma[i]))) in text
    for contribution in made.errors.contributions:
        assert f"<td>{contribution.name}</td>" in page
    assert "everything dispersed: 10 of 10 count; noise alone: 10 of 10 count; map error alone: 10 of 10 count" in text
    assert made.flight.provenance["mission_hash"] in text
    assert all(sentence in text for sentence in made.flight.not_yet_modelled)


def test_stacked_bars_add_up_to_the_delta_v(made: Budget, page: str) -> None:
    traces = embedded(page)["delta-v"]["data"]
    stacked = np.sum([trace["x"] for trace in traces if trace["type"] == "bar"], axis=0)
    powered = [phase.delta_v_m_s for phase in made.delta_v.phases if phase.delta_v_m_s > 0.0]
    assert stacked == pytest.approx(powered, abs=1e-3)


def test_a_budget_of_delta_v_alone_says_why_there_is_no_more(made: Budget) -> None:
    page = budget_page(replace(made, errors=None, no_errors="no dispersed flights were asked for", runs=0))
    assert "No error budget: no dispersed flights were asked for." in words(page)
    assert set(embedded(page)) == {"delta-v", "propellant-use"}


def test_left_out_flights_are_printed_with_their_verdicts(made: Budget) -> None:
    assert made.errors is not None
    sample = replace(made.errors.sample, flown=13, left_out={"crashed": 2, "not-landed": 1})
    text = words(budget_page(replace(made, errors=replace(made.errors, sample=sample))))
    assert "everything dispersed: 10 of 13 count (left out: 2 crashed, 1 not-landed)" in text


def test_the_ellipse_holds_95_percent_of_a_normal_pair() -> None:
    covariance = np.array([[4.0, 1.5], [1.5, 1.0]])
    points = np.random.default_rng(3).multivariate_normal([1.0, 2.0], covariance, 40_000)
    assert within(points, np.array([1.0, 2.0]), covariance).mean() == pytest.approx(0.95, abs=0.004)
    outline = ellipse(np.array([1.0, 2.0]), covariance)
    assert not within(outline * 1.001 - 0.001 * np.array([1.0, 2.0]), np.array([1.0, 2.0]), covariance).any()
    assert within(outline * 0.999 + 0.001 * np.array([1.0, 2.0]), np.array([1.0, 2.0]), covariance).all()


def test_a_real_browser_draws_every_figure_without_complaint(made: Budget, tmp_path: Path) -> None:
    page = write_budget_report(made, tmp_path / "report.html")
    dom, complaints = browse(page, tmp_path / "profile")
    assert complaints == []
    drawn = dom[dom.index("<main") : dom.index("</main>")]
    for name in ("delta-v", "propellant-use", "sources-of-error", "ellipse-position", "ellipse-velocity"):
        assert re.search(rf'<div id="plot-{name}"[^>]*js-plotly-plot', drawn), name
    assert drawn.count('class="point"') > 20
