"""A start by state must be read, refused and written like any other table, and an old file without `kind` must mean the descent orbit."""

import re

import pytest

from perilune.base.errors import PeriluneError
from perilune.mission.catalogue import FOLDER
from perilune.mission.emit import to_toml
from perilune.mission.loader import load, read
from perilune.mission.start import DescentOrbit, StateAtSite

RESILIENCE = (FOLDER / "resilience.toml").read_text("utf-8")
STATE = """[start]
kind = "state"
epoch_utc = 2025-06-05T19:05:00Z
position_up_m = -39782.4
position_downrange_m = -436655.7
speed_m_s = 1690.256
flight_path_angle_deg = -0.1
main_used_kg = 30.0
"""
BY_STATE = re.sub(r"\[start\]\n.*?(?=position_error_along)", STATE, RESILIENCE, count=1, flags=re.DOTALL)


def test_a_file_without_kind_begins_in_a_descent_orbit():
    assert "kind" not in RESILIENCE.split("[start]")[1].split("[lander]")[0]
    assert isinstance(load("resilience").start, DescentOrbit)
    assert read(RESILIENCE.replace("[start]\n", '[start]\nkind = "descent-orbit"\n')).hash == load("resilience").hash


def test_a_state_reads_back_equal_with_its_errors_and_its_case():
    mission = read(BY_STATE, overrides={"start.position_error_radial_m": 12.0}, case="as-flown")
    assert isinstance(mission.start, StateAtSite) and mission.start.position_error_radial_m == 12.0
    assert mission.planned.start.velocity_error_along_track_m_s == 0.0 != mission.start.velocity_error_along_track_m_s
    assert read(to_toml(mission)) == mission


@pytest.mark.parametrize("path", ["start.range_to_site_deg", "lander.landing_radar.range_bias_m"])
def test_what_the_mission_does_not_have_cannot_be_dispersed(path):
    with pytest.raises(PeriluneError, match="stands nowhere in this mission"):
        read(BY_STATE.replace('path = "lander.range_finder.scale_percent"', f'path = "{path}"'))


@pytest.mark.parametrize(
    ("line", "instead", "says"),
    [
        ('kind = "state"', 'kind = "stat"', ["start.kind", 'did you mean "state"', '"descent-orbit"']),
        ("speed_m_s = 1690.256", "", ["the key start.speed_m_s is missing"]),
        ("speed_m_s = 1690.256", "speed_m_s = 0.0", ["start.speed_m_s is 0", "above 0"]),
        (
            "speed_m_s = 1690.256",
            "speed_m_s = 1690.256\nperilune_altitude_km = 15.0",
            ["unknown key start.perilune_altitude_km", "the keys here are"],
        ),
        ("position_up_m = -39782.4", "position_up_m = -60000.0", ["start.position_up_m is -60000", "below the ground"]),
        ("main_used_kg = 30.0", "main_used_kg = 430.0", ["start.main_used_kg is 430", "lander.mass.main_loaded_kg"]),
    ],
)
def test_a_state_that_cannot_be_is_refused_in_one_sentence(line, instead, says):
    with pytest.raises(PeriluneError) as refused:
        read(BY_STATE.replace(line, instead, 1), "my.toml")
    assert all(word in str(refused.value) for word in says), str(refused.value)
    assert str(refused.value).startswith("my.toml:")
