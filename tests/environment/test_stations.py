"""Ground stations: published coordinates, closed forms of dish and noise, and refusals."""

import numpy as np
import pytest

from perilune.base.errors import PeriluneError
from perilune.environment.stations import MOON_K, MOON_RADIUS_M, STATIONS, band_of, dish_gain, noise_temperature, station

CARTESIAN_KM = {  # NAIF, malargue.tf (epoch 2003); iau-comm4.jpl.nasa.gov, stations27oct2008 (ITRF 2005)
    "malargue": (1823.343363400, -4850.457990300, -3708.971815400),
    "goldstone-mars": (-2353.6213873, -4641.3414492, 3677.0522629),
    "goldstone-apollo": (-2354.7633193, -4646.7874121, 3669.3869959),
}


@pytest.mark.parametrize("name", CARTESIAN_KM)
def test_a_station_stands_at_its_published_cartesian_place(name):
    assert np.linalg.norm(STATIONS[name].position_earth_m - 1e3 * np.array(CARTESIAN_KM[name])) < 10.0


def test_every_station_says_where_its_place_comes_from():
    for place in STATIONS.values():
        assert place.source and place.bands and -90 < place.latitude_deg < 90 and -180 <= place.longitude_deg <= 180


def test_a_dish_has_the_gain_of_its_area():
    place = station("new-norcia")
    assert 10 * np.log10(dish_gain(place, 8.4e9) / dish_gain(place, 7.9e9)) == pytest.approx(20 * np.log10(8.4 / 7.9))
    assert 10 * np.log10(dish_gain(place, 8.42e9) / 60.0) == pytest.approx(50.1, abs=0.3)  # G/T on a cold sky, as ESA's 35 m dishes are said to have


def test_a_narrow_beam_is_full_of_the_moon_and_a_wide_one_sees_its_share():
    high, far = np.array([np.pi / 2]), np.array([3.84e8])
    narrow, wide = noise_temperature(station("cebreros"), 8.4e9, high, far), noise_temperature(station("santiago"), 2.25e9, high, far)
    assert narrow[0] - 60.0 == pytest.approx(MOON_K, rel=0.02)
    beam = 1.18 * 0.299792458 / 2.25 / 13.0
    share = np.log(2.0) * (2.0 * MOON_RADIUS_M / 3.84e8 / beam) ** 2
    assert wide[0] - 120.0 == pytest.approx(MOON_K * share, rel=0.2)


def test_a_station_hears_nothing_in_a_band_that_it_lacks():
    assert np.isinf(noise_temperature(station("cebreros"), 2.25e9, np.array([1.0]), np.array([3.84e8]))).all()


def test_what_is_not_there_is_refused_in_one_sentence():
    with pytest.raises(PeriluneError, match="there is no 'nowhere'"):
        station("nowhere")
    with pytest.raises(PeriluneError, match="5000 MHz lies in no band"):
        band_of(5e9)
