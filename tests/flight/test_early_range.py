"""What a newcomer broke: a range finder that sees too far, and attitude tanks that run dry."""

from perilune.flight.fly import fly
from perilune.mission.loader import load


def test_a_range_early_in_braking_does_not_take_the_site_away_from_guidance():
    flight = fly(load("resilience", ["lander.range_finder.reach_m=40000"]))
    assert flight.verdict == "landed"
    first = next(event for event in flight.events if event.name == "first-range")
    assert first.height_m > 15_000.0


def test_a_lander_whose_attitude_tanks_run_dry_says_so():
    flight = fly(load("resilience", ["lander.mass.rcs_loaded_kg=0.005"]))
    assert any(event.name == "attitude-dry" for event in flight.events)
    assert flight.verdict != "landed" and "attitude thrusters had run dry" in flight.reason
