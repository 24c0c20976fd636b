"""The published miss must be the distance between the two published places, and ours must be measured from the target that was chosen last."""

import numpy as np
import polars as pl
import pytest

from perilune.mission.loader import load
from perilune.validation import blue_ghost
from perilune.validation.blue_ghost_page import TOUCHDOWN_EAST_M, TOUCHDOWN_NORTH_M, miss_part

RADIUS_M = 1737400.0 - 3645.0  # Mare Crisium lies that low


def test_the_published_places_are_the_published_miss_apart():
    mission = load("blue-ghost")
    published = {number.quantity: number.value for number in mission.published}
    north = np.radians(published["touchdown_latitude_deg"] - mission.site.latitude_deg) * RADIUS_M
    east = np.radians(published["touchdown_longitude_deg"] - mission.site.longitude_deg) * RADIUS_M * np.cos(np.radians(mission.site.latitude_deg))
    assert (TOUCHDOWN_EAST_M, TOUCHDOWN_NORTH_M) == pytest.approx((east, north), abs=0.5)
    assert np.hypot(east, north) == pytest.approx(published["miss_m"], abs=1.0) and published["miss_m"] == blue_ghost.PUBLISHED_MISS_M


def test_the_roles_tell_what_was_put_in_from_what_came_out():
    roles = {number.quantity: number.role for number in load("blue-ghost").published}
    assert roles["miss_m"] == "predicted" and roles["powered_descent_min"] == roles["main_engine_off_speed_m_s"] == "constrained"


def test_the_miss_is_measured_from_the_site_and_from_the_place_chosen_last(monkeypatch):
    east, north = blue_ghost.redesignated(load("blue-ghost"))
    guidance = load("blue-ghost").avionics.guidance
    assert guidance.divert_height_m[0] > guidance.divert_height_m[1] > 0.0 == guidance.divert_height_m[2]  # two manoeuvres
    assert (east, north) == (guidance.divert_east_m[1], guidance.divert_north_m[1])
    table = pl.DataFrame({"miss_east_m": [east, 0.0], "miss_north_m": [north + 3.0, 0.0], "miss_m": [np.hypot(east, north + 3.0), 0.0]})
    table = table.with_columns(verdict=pl.lit("landed"))
    monkeypatch.setattr(blue_ghost, "dispersed", lambda: table)
    assert blue_ghost.miss_from_redesignated() == pytest.approx([3.0, np.hypot(east, north)])
    monkeypatch.setattr(blue_ghost, "undispersed", lambda: type("flight", (), {"mission": load("blue-ghost")})())
    text = "\n".join(miss_part())
    assert "**outside**" in text and "0 % of ours" in text and "2 landed" in text
