"""The Earth's turn against ERFA's full model and against astropy with the measured orientation."""

import numpy as np
import pytest

from perilune.environment.earth_orientation import rotation_earth_from_icrf
from perilune.environment.stations import STATIONS, station_position_icrf
from perilune.environment.time import tdb_from_utc

INSTANTS = ("1969-07-20T20:17:40", "2010-01-07T03:00:00", "2023-04-25T16:40:00", "2025-03-02T08:34:00", "2025-06-05T19:17:00")


def test_the_rotation_is_that_of_the_full_model_within_a_metre_on_the_ground():
    erfa, time = pytest.importorskip("erfa"), pytest.importorskip("astropy.time")
    for instant in INSTANTS:
        t = time.Time(instant, scale="utc")
        full = erfa.c2t06a(t.tt.jd1, t.tt.jd2, t.jd1, t.jd2, 0.0, 0.0)
        ours = rotation_earth_from_icrf(np.array([tdb_from_utc(f"{instant}Z")]))[0]
        assert np.abs(ours - full).max() * 6.378e6 < 1.0


def test_stations_stand_where_the_measured_rotation_of_the_earth_puts_them_within_60_m():
    coordinates, time = pytest.importorskip("astropy.coordinates"), pytest.importorskip("astropy.time")
    from astropy.utils import iers

    with iers.conf.set_temp("auto_download", False), iers.conf.set_temp("auto_max_age", None):
        for instant in INSTANTS[2:]:
            for place in STATIONS.values():
                there = coordinates.EarthLocation.from_geodetic(place.longitude_deg, place.latitude_deg, place.height_m)
                theirs = there.get_gcrs_posvel(time.Time(instant, scale="utc"))[0].xyz.to_value("m")
                ours = station_position_icrf(place, np.array([tdb_from_utc(f"{instant}Z")]))[0]
                assert np.linalg.norm(ours - theirs) < 60.0


def test_after_a_stellar_day_the_earth_has_turned_once():
    t = tdb_from_utc("2025-06-05T19:17:00Z")
    before, after = rotation_earth_from_icrf(np.array([t, t + 86164.098903691]))
    assert np.abs(after - before).max() < 3e-7  # what precession and nutation move in a day
    assert np.allclose(before @ before.T, np.eye(3), atol=1e-14)
