"""Published numbers must be held against what was flown, computed as their names say, misses as plainly as hits."""

import dataclasses
import math

import numpy as np
import pytest

from perilune.flight.compare_in_time import AT_TIME
from perilune.flight.compare_published import AT_HEIGHT, MEASURED, compare_published, in_figures, measure
from perilune.mission.published import QUANTITIES, Published

GM, RADIUS = 4.902800118457e12, 1737400.0


def beside(flight, **number):
    """The comparison of one made-up published number."""
    number = Published(name="n", role="predicted", source="here", **number)
    scene = dataclasses.replace(flight.flown.scene, mission=flight.mission.model_copy(update={"published": (number,)}))
    return compare_published(dataclasses.replace(flight.flown, scene=scene))[0]


def test_every_quantity_of_a_mission_file_is_computed():
    assert {*MEASURED, *AT_HEIGHT, *AT_TIME} == set(QUANTITIES)


def test_the_planned_flight_has_every_number_but_those_of_a_loss(planned):
    missing = {quantity for quantity in MEASURED if measure(planned.flown, quantity) is None}
    assert missing <= {"free_fall_impact_m_s", "highest_false_zero_m", "false_zero_sink_m_s", "throttle_recovery_s"}
    assert all(math.isfinite(measure(planned.flown, quantity)) for quantity in set(MEASURED) - missing)


def test_orbit_figures_are_those_of_two_bodies(planned):
    start = planned.mission.start
    apolune, perilune = RADIUS + start.apolune_altitude_km * 1e3, RADIUS + start.perilune_altitude_km * 1e3
    a = (apolune + perilune) / 2
    speed = math.sqrt(GM * (2 / apolune - 1 / a))
    assert measure(planned.flown, "descent_burn_m_s") == pytest.approx(math.sqrt(GM / apolune) - speed, abs=1e-3)
    assert measure(planned.flown, "half_period_min") == pytest.approx(math.pi * math.sqrt(a**3 / GM) / 60, rel=1e-6)
    assert measure(planned.flown, "perilune_speed_m_s") == pytest.approx(speed * apolune / perilune, rel=1e-6)


def test_the_miss_is_the_great_circle_to_the_touchdown(planned):
    site, touchdown = planned.mission.site, planned.touchdown
    lat1, lon1, lat2, lon2 = np.radians([site.latitude_deg, site.longitude_deg, touchdown.latitude_deg, touchdown.longitude_deg])
    haversine = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    radius = RADIUS + planned.flown.scene.start.site_height_m
    assert touchdown.miss_m == pytest.approx(2 * radius * np.arcsin(np.sqrt(haversine)), abs=0.01)
    assert measure(planned.flown, "miss_north_m") == pytest.approx(radius * (lat2 - lat1), abs=0.2)
    assert measure(planned.flown, "miss_east_m") == pytest.approx(radius * np.cos(lat1) * (lon2 - lon1), abs=0.2)


def test_speed_and_mass_at_a_height_are_those_of_the_record(lost):
    history = lost.history
    below = int(np.flatnonzero(history["height_m"].to_numpy() <= 192.0)[0])
    sink, mass = (measure(lost.flown, f"{kind}_at_height_{unit}", 192.0) for kind, unit in (("sink", "m_s"), ("mass", "kg")))
    around = history[below - 1 : below + 1]
    assert min(around["vertical_speed_m_s"]) <= sink <= max(around["vertical_speed_m_s"])
    assert min(around["mass_kg"]) <= mass <= max(around["mass_kg"])
    tanks = around["main_propellant_kg"] + around["rcs_propellant_kg"] + lost.mission.lander.mass.dry_mass_kg
    assert np.allclose(tanks, around["mass_kg"])


def test_the_first_range_is_the_first_that_arrived_and_its_height_error_is_that_before_it(lost):
    history = lost.history
    first = int(np.flatnonzero(history["measured_range_valid"].to_numpy())[0])
    assert measure(lost.flown, "first_range_m") == history["measured_range_m"][first]
    assert measure(lost.flown, "first_range_m") <= lost.mission.lander.range_finder.reach_m
    before = history.row(first - 1, named=True)
    assert measure(lost.flown, "first_range_height_error_m") == pytest.approx(before["estimated_height_m"] - before["height_m"], abs=1e-6)


def test_times_before_touchdown_count_to_the_planned_one(planned):
    planned_s = (planned.mission.site.planned_touchdown_utc - planned.mission.start.epoch_utc).total_seconds()
    contact = next(event for event in planned.events if event.name == "contact")
    assert measure(planned.flown, "before_planned_touchdown_at_contact_s") == pytest.approx(planned_s - contact.t_s, abs=1e-3)
    assert measure(planned.flown, "descent_min") * 60 == pytest.approx(contact.t_s)


@pytest.mark.parametrize("low, high, inside", [(-1e6, 1e6, True), (-1e6, -1e5, False), (1e5, 1e6, False)])
def test_a_band_is_met_or_missed_and_says_so(planned, low, high, inside):
    number = beside(planned, quantity="miss_m", value=max(low, min(high, 0.0)), low=low, high=high)
    assert number.inside is inside
    assert ("inside the band" in number.note) == inside and ("outside the band" in number.note) != inside


def test_a_number_without_a_band_shows_its_difference_and_claims_nothing(planned):
    number = beside(planned, quantity="touchdown_sink_m_s", value=1.0)
    assert number.inside is None
    assert float(number.note) == pytest.approx(planned.touchdown.vertical_speed_m_s - 1.0, abs=0.005)


def test_an_instant_is_compared_in_seconds(planned):
    number = beside(planned, quantity="touchdown_utc", value_utc=planned.mission.site.planned_touchdown_utc)
    assert number.unit == "UTC" and number.published == "2025-06-05T19:17:00Z"
    assert number.note == f"{-measure(planned.flown, 'before_planned_touchdown_at_contact_s'):+.1f} s"


def test_numbers_at_a_time_are_those_of_the_record(planned):
    t = planned.touchdown and measure(planned.flown, "braking_end_s")
    row = planned.history.filter(planned.history["time_s"] <= t + 1e-6)[-1]
    used = planned.mission.lander.mass.main_loaded_kg - row["main_propellant_kg"][0]
    assert measure(planned.flown, "height_at_time_m", at_time_s=t) == pytest.approx(row["height_m"][0], abs=10.0)
    assert measure(planned.flown, "braking_end_height_m") == pytest.approx(row["height_m"][0], abs=10.0)
    assert measure(planned.flown, "propellant_used_at_time_kg", at_time_s=t) == pytest.approx(used, abs=0.1)


def test_the_main_engine_burns_from_ignition_to_its_shutdown(planned):
    ignition, off, contact = (next(e.t_s for e in planned.events if e.name == n) for n in ("ignition", "terminal", "contact"))
    assert measure(planned.flown, "main_engine_burn_s") == pytest.approx(off - ignition, abs=1.0)
    assert measure(planned.flown, "main_engine_off_before_contact_s") == pytest.approx(contact - off, abs=1.0)
    assert measure(planned.flown, "throttle_recovery_s") is None


@pytest.mark.parametrize(
    "how, says",
    [
        ({"quantity": "free_fall_impact_m_s", "value": 90.0}, "did not run dry"),
        ({"quantity": "sink_at_height_m_s", "value": 1.0, "at_height_m": 123456.0}, "never passed"),
        ({"quantity": "height_at_time_m", "value": 1.0, "at_time_s": 9e4}, "had ended"),
    ],
)
def test_a_number_that_a_flight_does_not_have_says_so(planned, how, says):
    number = beside(planned, **how)
    assert number.flown is None and number.inside is None and says in number.note


def test_only_the_numbers_of_the_flown_case_stand_beside_it(planned, lost):
    assert {n.quantity for n in planned.published}.isdisjoint({"first_range_sink_m_s", "sink_at_height_m_s"})
    assert "first_range_sink_m_s" in {n.quantity for n in lost.published}


@pytest.mark.parametrize("value, published, text", [(61.955, 62.0, "61.95"), (1693.27, 1689.0, "1693"), (60.449123, 60.4445, "60.4491")])
def test_a_number_has_the_figures_of_the_published_one(value, published, text):
    assert in_figures(value, published) == text
