"""How the Earth is turned: from inertial axes to the Earth-fixed axes in which ground stations stand.

Assumptions and limitations: UT1 is taken as UTC (at most 0.9 s apart by definition, below 0.1 s since 2018: 419 m and below 47 m at the equator);
the poles do not move (below 0.6″, 19 m); of the nutation the twelve largest terms are kept (the rest is below 0.03″, 1 m). Since 2018 a station is
within 60 m of its true place, 0.00001° as seen from the Moon and 0.0006° in its own elevation: a link does not feel it.
Sources: precession and frame bias, Fukushima-Williams angles of IAU 2006 (Capitaine, Wallace and Chapront 2003; Hilton et al. 2006); sidereal time
and Earth rotation angle, IERS Conventions 2010, chapter 5; nutation, leading terms of IAU 2000B (McCarthy and Luzum 2003). Coefficients recalled,
and held against ERFA and astropy in `validation.link`.
"""

from datetime import UTC, datetime
from functools import cache

import numpy as np

from perilune.environment.orientation import axis_rotation
from perilune.environment.time import tdb_from_utc, utc_from_tdb

_ARCSECOND = np.pi / 648000.0
_CENTURY_S = 36525.0 * 86400.0
_J2000_UTC = datetime(2000, 1, 1, 12, tzinfo=UTC)

# Polynomials in Julian centuries of TDB from J2000 [″], lowest power first.
_GAMMA = (-0.052928, 10.556378, 0.4932044, -0.00031238)
_PHI = (84381.412819, -46.811016, 0.0511268, 0.00053289)
_PSI = (-0.041775, 5038.481484, 1.5584175, -0.00018522)
_OBLIQUITY = (84381.406, -46.836769, -0.0001831, 0.00200340)
_SIDEREAL = (0.014506, 4612.156534, 1.3915817, -0.00000044)
# Delaunay's arguments l, l', F, D, Ω [″].
_ARGUMENTS = (
    (485868.249036, 1717915923.2178),
    (1287104.79305, 129596581.0481),
    (335779.526232, 1739527262.8478),
    (1072260.70369, 1602961601.2090),
    (450160.398036, -6962890.5431),
)
# Multiples of l, l', F, D, Ω; longitude (sine) and obliquity (cosine) [″].
_NUTATION = np.array(
    [
        [0, 0, 0, 0, 1, -17.2064161, 9.2052331],
        [0, 0, 2, -2, 2, -1.3170906, 0.5730336],
        [0, 0, 2, 0, 2, -0.2276413, 0.0978459],
        [0, 0, 0, 0, 2, 0.2074554, -0.0897492],
        [0, 1, 0, 0, 0, 0.1475877, 0.0073871],
        [0, 1, 2, -2, 2, -0.0516821, 0.0224386],
        [1, 0, 0, 0, 0, 0.0711159, -0.0006750],
        [0, 0, 2, 0, 1, -0.0387298, 0.0200728],
        [1, 0, 2, 0, 2, -0.0301461, 0.0129025],
        [0, -1, 2, -2, 2, 0.0215829, -0.0095929],
        [-1, 0, 0, 2, 0, 0.0156994, -0.0001235],
        [0, 0, 2, -2, 1, 0.0128227, -0.0068982],
    ]
)


def rotation_earth_from_icrf(tdb_s: np.ndarray) -> np.ndarray:
    """Rotations (n, 3, 3) from axes of the ICRF to Earth-fixed ones (z north, x through the meridian of Greenwich) at TDB seconds past J2000 (n,).

    Raises PeriluneError before February 1968, where UTC begins here.
    """
    tdb = np.atleast_1d(np.asarray(tdb_s, dtype=float))
    century = tdb / _CENTURY_S
    longitude, obliquity = _nutation(century)
    mean_obliquity = _polynomial(_OBLIQUITY, century)
    of_date = axis_rotation(0, -(mean_obliquity + obliquity)) @ axis_rotation(2, -(_polynomial(_PSI, century) + longitude))
    of_date = of_date @ axis_rotation(0, _polynomial(_PHI, century)) @ axis_rotation(2, _polynomial(_GAMMA, century))
    sidereal = _rotation_angle(tdb) + _polynomial(_SIDEREAL, century) + longitude * np.cos(mean_obliquity)
    return np.asarray(axis_rotation(2, sidereal) @ of_date)


def _polynomial(coefficients: tuple[float, ...], century: np.ndarray) -> np.ndarray:
    return np.asarray(np.polyval(coefficients[::-1], century) * _ARCSECOND)


def _nutation(century: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Nutation in longitude and in obliquity [rad]."""
    arguments = np.array([(first + rate * century) * _ARCSECOND for first, rate in _ARGUMENTS])
    angles = _NUTATION[:, :5] @ arguments
    return _NUTATION[:, 5] @ np.sin(angles) * _ARCSECOND, _NUTATION[:, 6] @ np.cos(angles) * _ARCSECOND


def _rotation_angle(tdb: np.ndarray) -> np.ndarray:
    """Earth rotation angle [rad], UT1 taken as UTC."""
    utc_s = tdb - _tdb_minus_utc(round(float(tdb[len(tdb) // 2]) / 86400.0) if tdb.size else 0)
    day, second = np.divmod(utc_s, 86400.0)
    turns = 0.7790572732640 + 0.00273781191135448 * (utc_s / 86400.0) + second / 86400.0 + np.mod(day, 1.0)
    return np.asarray(2.0 * np.pi * np.mod(turns, 1.0))


@cache
def _tdb_minus_utc(day: int) -> float:
    """TDB less UTC [s], UTC counted as if every day had 86,400 s; of a whole flight, which no leap second interrupts."""
    instant = utc_from_tdb(day * 86400.0)
    return tdb_from_utc(instant) - (instant - _J2000_UTC).total_seconds()
