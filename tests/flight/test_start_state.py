"""A start by state must be where the file says, seen from the site, and as fast over the ground as it says while the ground turns below."""

import numpy as np
import pytest

from perilune.environment.orientation import ME_FROM_PA, rotation_pa_from_mci
from perilune.flight.orbit import start_state
from perilune.mission.loader import load
from perilune.mission.start import StateAtSite

GM = 4.9028e12
SIDEREAL_RATE = 2.0 * np.pi / (27.321661 * 86400.0)  # rad/s, mean


def started(heading_deg, **changes):
    keys = {"position_up_m": -39782.4, "position_downrange_m": -436655.7, "position_cross_m": 0.0, "speed_m_s": 1690.256}
    start = StateAtSite(kind="state", epoch_utc="2025-06-05T19:05:00Z", flight_path_angle_deg=-0.5, **{**keys, **changes})
    mission = load("resilience", [f"site.heading_deg={heading_deg}", "site.latitude_deg=0.7"])
    return start_state(mission.model_copy(update={"start": start}), GM, -1982.0)


def moon_fixed(state):
    return ME_FROM_PA @ rotation_pa_from_mci(np.array([state.epoch_tdb_s]))[0]


def test_apollos_ignition_point_lies_fifteen_and_a_half_kilometres_above_the_sites_sphere():
    state = started(270.0)
    assert np.linalg.norm(state.position_mci) == pytest.approx(np.hypot(1735418.0 - 39782.4, 436655.7), abs=0.1)
    from_site = moon_fixed(state) @ state.position_mci - state.site_position_me
    east, north, up = state.site_axes_me @ from_site
    assert (east, north, up) == pytest.approx((436655.7, 0.0, -39782.4), abs=1e-3)


@pytest.mark.parametrize("heading_deg, westward", [(270.0, 1.0), (90.0, -1.0)])
def test_the_speed_is_over_the_ground_so_a_westward_lander_is_slower_in_inertial_space(heading_deg, westward):
    state = started(heading_deg)
    rotation = SIDEREAL_RATE * np.linalg.norm(state.position_mci)
    assert np.linalg.norm(state.velocity_mci) == pytest.approx(1690.256 - westward * rotation, abs=0.05)


def test_the_velocity_over_the_ground_has_the_speed_and_the_angle_asked_for():
    state = started(200.0, position_cross_m=5000.0)
    pole = moon_fixed(state)[2]  # the Moon's axis in inertial components
    over_ground = state.velocity_mci - np.cross(SIDEREAL_RATE * pole, state.position_mci)
    up = state.position_mci / np.linalg.norm(state.position_mci)
    assert np.linalg.norm(over_ground) == pytest.approx(1690.256, abs=0.02)
    assert np.degrees(np.arcsin(over_ground @ up / 1690.256)) == pytest.approx(-0.5, abs=1e-3)


def test_a_lander_to_the_right_of_the_approach_is_there():
    """Flying south, right is west."""
    state = started(180.0, position_cross_m=5000.0)
    east = state.site_axes_me[0] @ (moon_fixed(state) @ state.position_mci - state.site_position_me)
    assert east == pytest.approx(-5000.0, abs=1e-3)
