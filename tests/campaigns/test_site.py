"""Another site: what is rebuilt for it, what stays, and what is seen of it before anything flies."""

import numpy as np
import pytest

from perilune.base.errors import PeriluneError
from perilune.base.start_warp import start_warp
from perilune.campaigns.site import ground_under, largest_step, move_site, place_name, site_ground_km
from perilune.environment.orientation import ME_FROM_PA, rotation_pa_from_mci
from perilune.environment.relief_site import site_from_me
from perilune.flight.orbit import start_state
from perilune.mission.loader import load

GM = 4.9028e12
ATLAS = (47.5, 44.4)


@pytest.fixture(scope="module")
def moved():
    """Resilience over Atlas."""
    start_warp()
    return move_site(load("resilience"), *ATLAS)


def test_heading_and_phase_stay_and_the_perilune_moves_with_the_ground(moved):
    mission = load("resilience")
    assert (moved.site.heading_deg, moved.start.range_to_site_deg) == (mission.site.heading_deg, mission.start.range_to_site_deg)
    rise = site_ground_km(*ATLAS) - site_ground_km(mission.site.latitude_deg, mission.site.longitude_deg)
    assert moved.start.perilune_altitude_km - mission.start.perilune_altitude_km == pytest.approx(rise, abs=1e-3)


def test_orbit_passes_over_the_new_site_at_the_planned_touchdown(moved):
    """The site lies in the orbit's plane when the lander is due there."""
    start = start_state(moved, GM, 0.0)
    normal = np.cross(start.position_mci, start.velocity_mci)
    normal /= np.linalg.norm(normal)
    pa_from_mci = rotation_pa_from_mci(np.array([start.epoch_tdb_s + start.planned_touchdown_s]))[0]
    up_mci = (ME_FROM_PA @ pa_from_mci).T @ site_from_me(*ATLAS)[2]
    assert abs(float(up_mci @ normal)) < 1e-9


def test_flight_software_is_told_of_the_new_site_and_of_nothing_else(moved):
    mission = load("resilience")
    assert (moved.planned.site.latitude_deg, moved.planned.site.longitude_deg) == ATLAS
    assert moved.planned.avionics == mission.planned.avionics
    assert moved.lander == mission.lander
    assert not moved.published


def test_case_stays_that_of_the_mission():
    asked = load("resilience", case="as-flown")
    moved = move_site(asked, *ATLAS, heading_deg=90.0)
    assert (moved.case, moved.site.heading_deg) == ("as-flown", 90.0)
    assert moved.lander.range_finder.reach_m == 893.0
    assert moved.planned.lander.range_finder.reach_m == 10_000.0


def test_rim_of_atlas_is_the_largest_step_of_its_approach(moved):
    """2.2 km down from 21 km to go on (feasibility study with the same relief)."""
    to_go = np.linspace(100.0, 0.0, 401)
    step, at = largest_step(to_go, ground_under(moved, to_go))
    assert step == pytest.approx(-2222.0, abs=15.0)
    assert at == pytest.approx(21.0, abs=0.5)


def test_step_is_taken_within_fifteen_kilometres():
    """A ramp of 10 m a kilometre rises 150 m in 15 km, however long it is."""
    to_go = np.linspace(100.0, 0.0, 101)
    assert largest_step(to_go, 10.0 * (100.0 - to_go))[0] == pytest.approx(150.0)


def test_places_are_named_by_hemisphere():
    assert [place_name(*p) for p in ((47.5, 44.4), (-3.2, 336.6))] == ["47.5° N, 44.4° E", "3.2° S, 23.4° W"]


@pytest.mark.parametrize(("place", "sentence"), [((91.0, 0.0), "--latitude-deg is 91"), ((0.0, 400.0), "--longitude-deg is 400")])
def test_no_place_is_refused(place, sentence):
    with pytest.raises(PeriluneError, match=sentence):
        move_site(load("resilience"), *place)
