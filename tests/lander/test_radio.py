"""Antennas and frames of the radio: closed forms, and what cannot be."""

import numpy as np
import pytest
from pydantic import ValidationError

from perilune.environment.stations import band_of, station
from perilune.lander.radio import Radio, antenna_gains_db, frame_loss_probability
from perilune.mission.catalogue import catalogue
from perilune.mission.loader import load

RADIO = load("resilience").lander.radio


def looking(off_axis_deg):
    angle = np.radians(off_axis_deg)
    return np.stack([np.sin(angle), np.zeros_like(angle), np.cos(angle)], axis=1)


def test_a_lobe_is_3_db_down_at_half_its_width_and_never_below_the_floor():
    gains = antenna_gains_db(RADIO, looking(np.array([0.0, 40.0, 80.0, 180.0])))
    assert gains[:, 0] == pytest.approx([6.0, 3.0, -6.0, -12.0])
    assert gains[:, 1] == pytest.approx([-12.0, -12.0, -12.0, 6.0])


def test_the_antennas_radiate_no_more_than_they_are_given():
    """A pattern's mean over the sphere is at most 1, else the antenna would make power."""
    cosine = np.linspace(-1.0, 1.0, 20001)
    directions = np.stack([np.sqrt(1.0 - cosine**2), np.zeros_like(cosine), cosine], axis=1)
    mean = np.trapezoid(10.0 ** (antenna_gains_db(RADIO, directions) / 10.0), cosine, axis=0) / 2.0
    assert (mean <= 1.0).all() and (mean > 0.3).all()


def test_a_steered_antenna_follows_as_far_as_it_turns_and_falls_off_beyond():
    steered = RADIO.model_copy(update={"steered_deg": (60.0, 0.0)})
    gains = antenna_gains_db(steered, looking(np.array([0.0, 60.0, 100.0, 180.0])))
    assert gains[:, 0] == pytest.approx([6.0, 6.0, 3.0, -12.0])
    assert gains[:, 1] == pytest.approx([-12.0, -12.0, -6.0, 6.0])


def test_every_lander_of_the_catalogue_has_a_radio_that_its_stations_hear():
    for name, _ in catalogue():
        mission = load(name)
        band = band_of(mission.lander.radio.frequency_mhz * 1e6)
        assert any(band in station(place).bands for place in mission.ground.stations)


def test_one_frame_of_a_hundred_thousand_is_lost_at_the_required_energy_and_half_of_them_half_a_decibel_lower():
    loss = frame_loss_probability(RADIO, RADIO.required_eb_n0_db + np.array([-300.0, -0.5, 0.0, 30.0]))
    assert loss == pytest.approx([1.0, 0.5, 1e-5, 0.0], rel=1e-4, abs=1e-12)


def test_a_frame_takes_as_long_as_its_bits():
    assert RADIO.frame_s == pytest.approx(1115 * 8 / 8000)
    assert RADIO.frame_bits == (1115 - 8) * 8


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"peak_gain_dbi": (6.0,)}, "peak_gain_dbi has 1 numbers for 2 antennas"),
        ({"antenna_directions": ((0.0, 0.0, 1.0), (0.0, 0.0, 0.0))}, "one of length 0"),
        ({"steered_deg": (60.0,)}, "steered_deg has 1 numbers for 2 antennas"),
        ({"overhead_bytes": 1024, "codeword_bytes": 100}, "no room for packets"),
    ],
)
def test_a_radio_that_cannot_be_is_refused(changed, said):
    with pytest.raises(ValidationError, match=said):
        Radio(**{**RADIO.model_dump(), **changed})
