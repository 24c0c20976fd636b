"""A flight whose computation breaks down ends as invalid, and harms no other."""

import numpy as np
import pytest

from perilune.flight.advance import advance, new_events
from perilune.flight.setup import build_batch, build_scene
from perilune.flight.state import FLYING, INVALID
from perilune.mission.loader import load


@pytest.mark.parametrize("part", ["position", "velocity", "rate"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_flight_that_is_no_longer_a_number_is_invalid_and_its_neighbour_flies_on(part, value):
    scene = build_scene(load("resilience"))
    batch = build_batch(scene, 1, np.arange(2))
    events = new_events(scene, 2)
    advance(scene, batch, events, until_s=1.0)
    batch.states["body"][part][0] = value
    advance(scene, batch, events, until_s=2.0)
    assert batch.states["status"].tolist() == [INVALID, FLYING]


def test_lander_that_tumbles_on_dry_tanks_is_lost_and_not_invalid():
    """A thruster that stays shut turns the lander at more than 10 rad/s; swinging liquids at that rate once broke the computation down."""
    from perilune.flight.fly_many import fly_many

    mission = load("resilience", faults=["attitude_thrusters.stuck_closed@mode=braking"])
    verdicts = fly_many(mission, 1, [5, 15], start="pdi", record=False)["verdict"].to_list()
    assert set(verdicts) <= {"out-of-propellant", "crashed"}


def test_ground_under_a_lander_upside_down_is_no_steeper_than_a_wall():
    """Run 1586 of seed 1 runs its attitude thrusters dry and meets the ground head first; the plane of its pads is turned over."""
    from perilune.flight.fly import fly

    touchdown = fly("resilience", seed=1, run=1586, start="pdi").touchdown
    assert touchdown.tilt_deg > 150.0 and touchdown.slope_deg < 40.0
