"""The way to a station against SPICE's light time and astropy's places and elevations."""

import numpy as np
import pytest

from perilune.environment.light_time import ways_to
from perilune.environment.stations import STATIONS
from perilune.environment.time import tdb_from_utc

INSTANT = "2025-06-05T19:17:00"
NAMES = ("cebreros", "malargue", "kourou", "goonhilly")


def test_range_and_light_time_are_those_of_spice_to_a_station_of_astropy():
    pytest.importorskip("spiceypy")
    coordinates, time = pytest.importorskip("astropy.coordinates"), pytest.importorskip("astropy.time")
    from astropy.utils import iers

    from perilune.validation.strangers import spice

    s, et = spice(), tdb_from_utc(f"{INSTANT}Z")
    lander = np.array([1.0e6, -1.2e6, 0.9e6])
    moon = np.array(s.spkssb(301, et, "J2000")[:3]) * 1e3
    light_time = s.spkpos("399", et, "J2000", "XCN", "301")[1]
    ways = ways_to(tuple(STATIONS[name] for name in NAMES), lander[None, :], np.array([et]))
    with iers.conf.set_temp("auto_download", False), iers.conf.set_temp("auto_max_age", None):
        for name, way in zip(NAMES, ways, strict=True):
            place = STATIONS[name]
            there = coordinates.EarthLocation.from_geodetic(place.longitude_deg, place.latitude_deg, place.height_m)
            own = light_time
            for _ in range(4):
                earth = np.array(s.spkssb(399, et + own, "J2000")[:3]) * 1e3
                at = there.get_gcrs_posvel(time.Time(INSTANT, scale="utc") + time.TimeDelta(own, format="sec"))[0].xyz.to_value("m")
                own = np.linalg.norm(earth + at - moon - lander) / 299792458.0
            assert abs(way.light_time_s[0] - own) < 1e-7  # 30 m, of the Earth's turn
            direction = (earth + at - moon - lander) / np.linalg.norm(earth + at - moon - lander)
            assert np.linalg.norm(way.direction_mci[0] - direction) < 1e-7


def test_a_station_sees_the_moon_as_high_as_astropy_does():
    coordinates, time = pytest.importorskip("astropy.coordinates"), pytest.importorskip("astropy.time")
    from astropy.utils import iers

    from perilune.environment.ephemeris import EPHEMERIS_MD5, lunar_data_file

    with iers.conf.set_temp("auto_download", False), iers.conf.set_temp("auto_max_age", None):
        t = time.Time(INSTANT, scale="utc")
        received = np.array([tdb_from_utc(f"{INSTANT}Z") - 1.33])
        for name in NAMES:
            place = STATIONS[name]
            there = coordinates.EarthLocation.from_geodetic(place.longitude_deg, place.latitude_deg, place.height_m)
            with coordinates.solar_system_ephemeris.set(str(lunar_data_file("de440s.bsp", EPHEMERIS_MD5))):
                seen = coordinates.get_body("moon", t, there).transform_to(coordinates.AltAz(obstime=t, location=there))
            ours = ways_to((place,), np.zeros((1, 3)), received)[0].station_elevation_rad[0]
            assert abs(np.degrees(ours) - seen.alt.deg) < 0.01  # aberration is 0.006°
