"""A campaign: the same table however it is cut and on however many threads, every number of it that of the flight alone."""

import numpy as np
import polars as pl
import pytest

import perilune
from perilune.base.errors import PeriluneError
from perilune.campaigns.campaign import run_campaign
from perilune.campaigns.columns import WENT_WRONG
from perilune.campaigns.engine import Threads
from perilune.campaigns.results import read_campaign
from perilune.mission.loader import load

RUNS = 24
ASKED = {"start": "pdi", "causes": 0}


@pytest.fixture(scope="module")
def planned(tmp_path_factory):
    """Some planned landings."""
    return run_campaign(load("resilience"), RUNS, tmp_path_factory.mktemp("planned") / "c", **ASKED)


@pytest.fixture(scope="module")
def lost(tmp_path_factory):
    """Some landings as flown, most of them lost."""
    return run_campaign(load("resilience", case="as-flown"), RUNS, tmp_path_factory.mktemp("lost") / "c", **ASKED)


def test_parts_and_threads_change_no_bit_of_the_table(planned, tmp_path):
    cut = run_campaign(load("resilience"), RUNS, tmp_path / "cut", part_runs=7, engine=Threads(1), **ASKED)
    assert cut.runs.equals(planned.runs)


def test_run_of_a_campaign_is_the_flight_of_that_run(planned, lost):
    for made, case, run in ((planned, "planned", 17), (lost, "as-flown", 5)):
        flight = perilune.fly("resilience", case=case, seed=1, run=run, start="pdi")
        row = made.runs.row(run, named=True)
        assert (row["verdict"], row["reason"]) == (flight.verdict, flight.reason)
        assert row["touchdown_vertical_speed_m_s"] == flight.touchdown.vertical_speed_m_s
        assert row["touchdown_miss_m"] == flight.touchdown.miss_m
        assert row["touchdown_time_utc"] == flight.touchdown.time_utc
        assert row["touchdown_propellant_left_kg"] == flight.touchdown.propellant_left_kg
        for path, value in flight.drawn.items():
            assert row[path] == value


def test_margin_is_negative_where_and_only_where_the_lander_is_lost(planned, lost):
    both = pl.concat([planned.runs, lost.runs])
    assert set(both["verdict"]) >= {"landed", "crashed"}
    assert ((both["margin_to_limit"] >= 0.0) == (both["verdict"] == "landed")).all()


def test_margin_is_that_of_the_worst_limit(lost):
    """By hand, for a landing whose sink alone is beyond its limit."""
    crashed = lost.runs.filter(pl.col("verdict") == "crashed")
    fastest = crashed.sort("touchdown_vertical_speed_m_s")[-1]
    assert fastest["margin_to_limit"][0] == pytest.approx((2.0 - fastest["touchdown_vertical_speed_m_s"][0]) / 2.0, rel=1e-12)


def test_only_lost_runs_tell_what_went_wrong_first(planned, lost):
    both = pl.concat([planned.runs, lost.runs])
    landed = both.filter(pl.col("verdict") == "landed")
    assert landed["went_wrong"].null_count() == len(landed)
    wrong = both.filter(pl.col("verdict") != "landed")
    assert set(wrong["went_wrong"]) <= set(WENT_WRONG)
    assert (wrong["went_wrong_t_s"] <= wrong["touchdown_t_s"]).all()


def test_counts_of_the_summary_are_those_of_the_table(lost):
    n = lost.numbers
    assert sum(n["verdicts"].values()) == n["runs"] == n["valid"] == RUNS
    assert n["landed"] == (lost.runs["verdict"] == "landed").sum()
    assert n["probability"] == n["landed"] / RUNS
    assert n["interval_low"] < n["probability"] < n["interval_high"]


def test_finished_campaign_is_read_again_and_not_flown(lost):
    again = read_campaign(lost.folder)
    assert again.numbers == lost.numbers
    assert run_campaign(load("resilience", case="as-flown"), RUNS, lost.folder, **ASKED).numbers == lost.numbers


def test_other_requirements_are_answered_from_the_same_flights(lost):
    assert "requirements" in lost.numbers
    asked = load("resilience", {"requirements": ["landing probability >= 0.5 at confidence 0.9"]}, case="as-flown")
    made = run_campaign(asked, RUNS, lost.folder, **ASKED)
    assert [(a["requirement"], a["answer"]) for a in made.numbers["requirements"]] == [("landing probability >= 0.5 at confidence 0.9", "refuted")]
    assert made.runs.equals(lost.runs)


def test_folder_of_another_campaign_is_refused(lost):
    with pytest.raises(PeriluneError, match=r"another campaign.*seed 1 there, 2 asked"):
        run_campaign(load("resilience", case="as-flown"), RUNS, lost.folder, seed=2, **ASKED)


def test_stopping_rule_stops_at_the_same_run_however_parts_are_cut(tmp_path):
    asked = {"until_half_width": 0.06, **ASKED}
    stopped = [run_campaign(load("resilience"), 100, tmp_path / str(size), part_runs=size, **asked).numbers["runs"] for size in (11, 40)]
    assert stopped[0] == stopped[1] < 60


@pytest.mark.usefixtures("quickly_compiled")
def test_invalid_runs_are_counted_and_listed_and_keep_their_rows(tmp_path):
    law = tmp_path / "broken.py"
    law.write_text(
        "import warp as wp\n\nfrom perilune.avionics.guidance.leg import Guided, Leg\nfrom perilune.base.vector import real, vec3\n\n\n"
        "@wp.func\ndef guide(leg: Leg) -> Guided:\n    g = Guided()\n    nothing = real(0.0)\n"
        "    g.acceleration = vec3(nothing / nothing, nothing, nothing)\n    return g\n"
    )
    made = run_campaign(load("resilience", guidance=str(law)), 3, tmp_path / "c", **ASKED)
    assert made.numbers["verdicts"] == {"invalid": 3}
    assert (made.numbers["invalid_runs"], made.numbers["valid"], made.numbers["probability"]) == ([0, 1, 2], 0, None)
    assert made.runs["margin_to_limit"].null_count() == 3
    assert "law answered with NaN" in made.runs["reason"][0]


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"runs": 0}, "runs is 0"),
        ({"runs": 5, "seed": -1}, "seed -1"),
        ({"runs": 5, "confidence": 1.0}, "confidence is 1"),
        ({"runs": 5, "until_half_width": 0.7}, "until-half-width is 0.7"),
        ({"runs": 5, "sampling": "sobl"}, "did you mean sobol"),
        ({"runs": 25, "sampling": "latin-hypercube", "replicates": 10}, "20 or 30"),
        ({"runs": 80, "sampling": "sobol", "until_half_width": 0.1}, "independent runs"),
        ({"runs": 5, "start": "pdo"}, "did you mean pdi"),
    ],
)
def test_what_cannot_be_flown_is_refused_in_one_sentence_before_a_folder_is_made(asked, sentence, tmp_path):
    with pytest.raises(PeriluneError, match=sentence):
        run_campaign(load("resilience"), out=tmp_path / "c", **asked)
    assert not (tmp_path / "c").exists()


def test_table_of_a_sampling_plan_is_drawn_by_that_plan(tmp_path):
    """Ten points of a Latin hypercube lie in ten tenths of a normal's probability."""
    from scipy.stats import norm

    made = run_campaign(load("resilience"), 20, tmp_path / "c", sampling="latin-hypercube", replicates=2, **ASKED)
    path = "start.velocity_error_radial_m_s"
    for half in (made.runs[path][:10], made.runs[path][10:]):
        assert sorted(np.floor(10.0 * norm.cdf(half.to_numpy() / 0.1667)).astype(int).tolist()) == list(range(10))


def test_start_that_the_mission_does_not_have_is_refused_before_a_folder_is_made(tmp_path):
    with pytest.raises(PeriluneError, match="position fixes"):
        run_campaign("blue-ghost", 3, tmp_path / "c", start="pdi")
    assert not (tmp_path / "c").exists()
