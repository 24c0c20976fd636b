"""A flight that starts before ignition must be what the coast would have made of the same draws."""

import polars as pl
import pytest

from perilune.base.errors import PeriluneError
from perilune.flight.compare_published import compare_published
from perilune.flight.fly import fly
from perilune.flight.fly_many import fly_many


def test_undispersed_it_is_the_same_flight_bit_for_bit(planned):
    from_pdi = fly("resilience", start="pdi")
    assert from_pdi.touchdown == planned.touchdown
    assert from_pdi.events == planned.events
    rows = from_pdi.flown.history
    assert (planned.flown.history[-len(rows) :]["position_mci"] == rows["position_mci"]).all()


def test_of_a_burn_that_it_does_not_begin_with_it_says_nothing(planned):
    burn, there = (
        next(number for number in compare_published(flight.flown) if number.quantity == "descent_burn_m_s")
        for flight in (fly("resilience", start="pdi"), planned)
    )
    assert burn.flown is None and burn.note == "this flight does not begin with a descent burn"
    assert there.flown > 0.0


def test_it_starts_half_a_minute_to_a_minute_before_ignition():
    flight = fly("resilience", start="pdi")
    ignition = next(event for event in flight.events if event.name == "ignition")
    assert 30.0 <= ignition.t_s - flight.history["time_s"][0] <= 60.5


@pytest.fixture(scope="module")
def both():
    """The same dispersed runs from the burn and from before ignition."""
    runs = [0, 1, 2, 3]
    return fly_many("resilience", 7, runs).join(fly_many("resilience", 7, runs, start="pdi"), on="run", suffix="_pdi")


def test_dispersed_runs_reach_ignition_where_the_coast_brings_them(both):
    assert both["ignition_t_s"].to_list() == both["ignition_t_s_pdi"].to_list()
    for key, metres in (("height_m", 1.0), ("altitude_m", 1.0), ("vertical_speed_m_s", 1e-3), ("horizontal_speed_m_s", 1e-3)):
        assert both.select((pl.col(f"ignition_{key}_pdi") - pl.col(f"ignition_{key}")).abs().max()).item() < metres
    assert both["ignition_altitude_m"].std() > 100.0, "the runs differ among themselves by far more"


def test_dispersed_runs_believe_what_the_coast_taught_them(both):
    error = (pl.col("braking_start_height_error_m_pdi") - pl.col("braking_start_height_error_m")).abs().max()
    assert both.select(error).item() < 1.0


def test_dispersed_runs_end_alike(both):
    assert both["verdict"].to_list() == both["verdict_pdi"].to_list()
    assert both.select((pl.col("touchdown_vertical_speed_m_s_pdi") - pl.col("touchdown_vertical_speed_m_s")).abs().max()).item() < 0.5
    for axis in ("north", "east"):
        assert both.select((pl.col(f"miss_{axis}_m_pdi") - pl.col(f"miss_{axis}_m")).abs().max()).item() < 150.0


def test_a_dispersed_lander_whose_computer_has_position_fixes_in_the_coast_is_refused():
    with pytest.raises(PeriluneError, match=r"^start pdi with a seed: position fixes .* fly from doi$"):
        fly_many("blue-ghost", 1, [0], start="pdi")
