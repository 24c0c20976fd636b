"""A flight must be what was asked for, end where the physics ends it, and be the same whoever flies it."""

import dataclasses
import json

import numpy as np
import polars as pl
import pytest

from perilune.base.errors import PeriluneError
from perilune.flight.fly import fly, in_case
from perilune.flight.fly_many import fly_many
from perilune.mission.loader import load


def test_the_planned_landing_lands(planned):
    limits = planned.mission.limits
    assert planned.verdict == "landed"
    assert planned.touchdown.vertical_speed_m_s <= limits.vertical_speed_m_s
    assert planned.touchdown.horizontal_speed_m_s <= limits.horizontal_speed_m_s


def test_the_case_as_flown_is_lost(lost):
    assert lost.verdict == "crashed"
    assert lost.touchdown.vertical_speed_m_s > lost.mission.limits.structural_speed_m_s


def test_events_come_in_the_order_of_time_and_of_the_descent(planned):
    times = [event.t_s for event in planned.events]
    assert times == sorted(times)
    names = [event.name for event in planned.events]
    order = ["ignition", "pitch-up", "vertical", "terminal", "contact"]
    assert [name for name in names if name in order] == order


def test_an_event_has_the_record_of_its_instant(planned):
    history = planned.history
    for event in planned.events:
        if event.name in ("contact", "touchdown-detected"):
            continue
        times = history["time_s"].to_numpy()
        for key, column in (("altitude_m", "altitude_m"), ("vertical_speed_m_s", "vertical_speed_m_s")):
            assert getattr(event, key) == pytest.approx(np.interp(event.t_s, times, history[column].to_numpy()), abs=0.05)


def test_a_passed_height_is_that_height(planned):
    marks = {event.name: event for event in planned.events if event.name.startswith("height-")}
    assert {"height-1000-m", "height-192-m", "height-100-m", "height-10-m"} <= set(marks)
    for name, event in marks.items():
        assert event.height_m == pytest.approx(float(name.split("-")[1]), abs=1e-6)


def test_the_record_holds_ten_rows_a_second_from_the_burn_to_the_end(planned):
    for frame in (planned.history, planned.telemetry):
        assert np.allclose(np.diff(frame["time_s"].to_numpy()), 0.1, atol=1e-9)
        assert frame["time_s"][0] == 0.0
        assert frame["time_s"][-1] > planned.events[-1].t_s - 0.2


def test_the_record_is_finite_throughout(planned):
    for frame in (planned.history, planned.telemetry):
        assert all(frame[name].is_finite().all() for name in frame.columns if frame[name].dtype == pl.Float64)


def test_the_record_ends_where_the_lander_stands(planned):
    row = planned.history.row(-1, named=True)
    assert row["latitude_deg"] == pytest.approx(planned.touchdown.latitude_deg, abs=1e-6)
    assert row["longitude_deg"] == pytest.approx(planned.touchdown.longitude_deg, abs=1e-5)


def test_telemetry_is_belief_and_not_truth(lost):
    at = lost.events[0].t_s
    row = lost.telemetry.filter(pl.col("time_s") >= at).row(0, named=True)
    truth = lost.history.filter(pl.col("time_s") >= at).row(0, named=True)
    assert abs(row["height_m"] - truth["height_m"]) > 100.0
    assert row["height_m"] == pytest.approx(truth["estimated_height_m"], abs=1e-9)


def test_a_run_is_the_same_alone_and_among_others():
    alone = fly("resilience", seed=5, run=2, start="pdi")
    among = fly_many("resilience", 5, [7, 2], start="pdi").filter(pl.col("run") == 2).row(0, named=True)
    assert among["verdict"] == alone.verdict and among["reason"] == alone.reason
    for key, value in dataclasses.asdict(alone.touchdown).items():
        assert among[f"touchdown_{key}"] == value
    for event in alone.events:
        assert among[f"{event.name.replace('-', '_')}_t_s"] == event.t_s
    assert {path: among[path] for path in alone.drawn} == alone.drawn


def test_a_record_that_had_to_grow_is_the_same(planned, monkeypatch):
    from perilune.flight import flying

    scene = planned.flown.scene
    short = dataclasses.replace(scene, start=dataclasses.replace(scene.start, planned_touchdown_s=3000.0))
    batch = flying_batch(short)
    recording = flying.fly_recorded(short, batch)
    rows = recording.history[0][: len(planned.flown.history)]
    assert rows.dtype.names == planned.flown.history.dtype.names
    assert all(np.array_equal(rows[name], planned.flown.history[name]) for name in rows.dtype.names)


def flying_batch(scene):
    from perilune.flight.setup import build_batch

    return build_batch(scene, None, np.array([0]))


def test_every_run_has_its_row_and_what_was_drawn_for_it():
    table = fly_many("resilience", 11, 4, start="pdi")
    assert table["run"].to_list() == [0, 1, 2, 3]
    thrust = table["lander.main_engine.thrust_n"]
    assert thrust.n_unique() == 4 and abs(thrust.mean() - 400.0) < 12.0
    assert table["sink_at_192_m_m_s"].is_not_null().all() and table["first_range_height_error_m"].is_not_null().all()


def test_what_looks_at_each_run_adds_its_columns():
    table = fly_many("resilience", 11, [3], start="pdi", look=lambda flown: {"rows": float(len(flown.history))})
    assert table["rows"][0] > 8000


def test_without_a_record_only_the_looked_up_numbers_are_missing():
    row = fly_many("resilience", 11, [3], start="pdi", record=False).row(0, named=True)
    assert row["touchdown_vertical_speed_m_s"] is not None and row["mass_at_192_m_kg"] is None


def test_switching_the_case_is_loading_in_the_case():
    assert in_case(load("resilience"), "as-flown").hash == load("resilience", case="as-flown").hash
    assert in_case(load("resilience", case="as-flown"), "planned").hash == load("resilience").hash


def test_seed_and_run_change_the_flight():
    a, b, c = (fly("resilience", seed=seed, run=run, start="pdi").touchdown for seed, run in ((1, 0), (1, 1), (2, 0)))
    assert len({a.miss_m, b.miss_m, c.miss_m}) == 3


def test_progress_is_told_up_to_the_end():
    told = []
    fly("resilience", start="pdi", progress=lambda label, share: told.append((label, share)))
    assert told[-1] == ("flying", 1.0)
    shares = [share for label, share in told if label == "flying"]
    assert shares == sorted(shares)


@pytest.mark.parametrize(
    "how, says",
    [
        ({"case": "asflown"}, "did you mean as-flown?"),
        ({"start": "dpi"}, "did you mean pdi?"),
        ({"start": "orbit"}, "choose one of doi, pdi"),
        ({"seed": -1}, "seed -1"),
        ({"seed": 1, "run": -1}, "run -1"),
    ],
)
def test_what_cannot_be_flown_is_refused_in_one_sentence(how, says):
    with pytest.raises(PeriluneError, match=says.replace("?", r"\?")) as caught:
        fly("resilience", **how)
    assert "\n" not in str(caught.value)


def test_provenance_names_all_that_shaped_the_flight(planned):
    told = planned.provenance
    assert told["mission_hash"] == planned.mission.hash
    assert told["field"] | {"degree_of_truth": 150, "degree_on_board": 50} == told["field"]
    assert len(told["kernel_sources_sha256"]) == 64 and told["relief"].startswith("Relief: real LOLA heights")
    assert {"warp", "numpy", "python", "perilune", "cpu", "seed", "run", "case"} <= set(told)
    json.dumps(told, allow_nan=False)


def test_a_plot_shows_the_flight(planned):
    assert len(planned.plot().axes) == 4


def test_a_flight_introduces_itself_in_one_line(planned):
    assert repr(planned) == "<Flight of resilience, planned, undispersed: landed>"
