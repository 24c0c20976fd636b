"""What was asked was flown: every drawn or overridden value is read back out of the plant, and a wrong bit stops the flight."""

import numpy as np
import pytest

from bitwise import bits
from perilune.base.errors import PeriluneError
from perilune.flight import setup
from perilune.flight.advance import advance, new_events
from perilune.flight.setup import build_batch, build_scene
from perilune.mission.draws import apply
from perilune.mission.loader import load


def test_an_override_is_in_the_plant_in_the_plants_unit(scene):
    mission = load("resilience", ["lander.range_finder.reach_m=893", "lander.imu.gyro_bias_deg_h=[0.01, 0.0, 0.0]"])
    batch = build_batch(build_scene(mission), None, np.array([0]))
    assert batch.packs["lander"]["range_finder"]["reach"][0] == 893.0
    assert batch.packs["lander"]["imu"]["gyro_bias"][0, 0] == pytest.approx(np.radians(0.01) / 3600.0, rel=1e-15)


def test_drawn_values_are_in_the_plant_and_reach_the_flight(scene):
    batch = build_batch(scene, 5, np.arange(3))
    assert batch.packs["lander"]["mass"]["dry_mass"] == pytest.approx(batch.drawn["lander.mass.dry_mass_kg"], abs=0.0)
    advance(scene, batch, new_events(scene, 3), 1.0)
    assert len({bits(state) for state in batch.states["body"]}) == 3


@pytest.mark.parametrize("path", ["lander.main_engine.thrust_n", "start.velocity_error_radial_m_s"])
def test_one_wrong_bit_in_the_plant_is_caught_and_named(scene, monkeypatch, path):
    def slip(drawn, packs):
        apply({**drawn, path: np.nextafter(drawn[path], np.inf)}, packs)

    monkeypatch.setattr(setup, "apply", slip)
    with pytest.raises(PeriluneError, match=path):
        build_batch(scene, 5, np.arange(3))
