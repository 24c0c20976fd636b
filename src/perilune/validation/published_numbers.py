"""Numbers that a correct implementation reproduces: of ephemeris, frames, field, relief and Sun, as they were published or computed elsewhere."""

import numpy as np

from perilune.environment.ephemeris import moon_centred_position
from perilune.environment.gravity import load_coefficients
from perilune.environment.orientation import ME_FROM_PA, rotation_pa_from_mci
from perilune.environment.relief_site import lola_tables, site_from_me
from perilune.environment.time import tdb_from_utc
from perilune.validation.gravity import accelerations
from perilune.validation.rows import Check, Measured

INSTANT = "2026-03-04T12:00:00Z"


def moon_position_error() -> Measured:
    """Distance [m] of the geocentric Moon from DE440's [−385615.6360547, 29659.2367469, 1300.7082668] km."""
    earth = moon_centred_position("earth", np.array([tdb_from_utc(INSTANT)]))[0]
    return float(np.linalg.norm(-earth - 1e3 * np.array([-385615.6360547, 29659.2367469, 1300.7082668])))


def rotation_row_error() -> Measured:
    """Largest difference of the first row of ICRF to ME from the published eight digits."""
    row = (ME_FROM_PA @ rotation_pa_from_mci(np.array([tdb_from_utc(INSTANT)]))[0])[0]
    return float(np.abs(row - [0.98807378, -0.13858582, -0.06711323]).max())


def degree_two_error() -> Measured:
    """Largest relative difference of C20 and C22 from the published seven digits."""
    c = load_coefficients(8).c
    return float(np.abs(np.array([c[2, 0], c[2, 2]]) / [-9.088434e-05, 3.467307e-05] - 1.0).max())


def surface_gravity_error() -> Measured:
    """Largest difference [m/s²] of least and greatest gravity on the 1738 km sphere at degree 165 from the published 1.6165 and 1.6311.

    On a grid of two degrees first, then of a quarter around its eight lowest and eight highest points; the published pair stands on half a degree.
    """

    def gravity(latitude: np.ndarray, longitude: np.ndarray) -> np.ndarray:
        la, lo = np.radians(latitude), np.radians(longitude)
        up = np.stack([np.cos(la) * np.cos(lo), np.cos(la) * np.sin(lo), np.sin(la)], axis=1)
        return np.asarray(np.linalg.norm(accelerations(165, 1738.0e3 * up), axis=1))

    latitude, longitude = (a.ravel() for a in np.meshgrid(np.arange(-88.0, 90.0, 2.0), np.arange(0.0, 360.0, 2.0)))
    order = np.argsort(gravity(latitude, longitude))
    to_north, to_east = (a.ravel() for a in np.meshgrid(np.arange(-2.0, 2.1, 0.25), np.arange(-2.0, 2.1, 0.25)))
    found = []
    for near in (order[:8], order[-8:]):
        la = np.clip(latitude[near, None] + to_north, -89.9, 89.9)
        lo = longitude[near, None] + to_east / np.cos(np.radians(np.clip(la, -87.0, 87.0)))
        found.append(gravity(la.ravel(), lo.ravel()))
    least, greatest = float(found[0].min()), float(found[1].max())
    return max(abs(least - 1.6165), abs(greatest - 1.6311)), f"{least:.4f} to {greatest:.4f} m/s²"


def relief_extremes_error() -> Measured:
    """Largest difference [m] of LOLA's highest and lowest pixel from +10.552 and −8.729 km, where they are to be found."""
    height = np.asarray(lola_tables()["height"], dtype=float)[2:-2, 2:-2]
    worst = 0.0
    for value, latitude, longitude in ((10552.0, 5.44, -158.69), (-8729.0, -70.31, -172.44)):
        row, column = int((90.0 - latitude) * 8.0), int((longitude + 180.0) * 8.0)
        around = height[row - 1 : row + 2, column - 1 : column + 2]
        extreme = height.max() if value > 0 else height.min()
        if extreme not in around:
            raise ValueError(f"the extreme of {extreme:.0f} m does not lie at {latitude}° N, {longitude}° E")
        worst = max(worst, abs(float(extreme) - value))
    return worst


def sun_elevation_error() -> Measured:
    """Difference [deg] of the Sun's elevation at the Apollo 11 site at touchdown from the documented 10.8°."""
    t = np.array([tdb_from_utc("1969-07-20T20:17:40Z")])
    up = site_from_me(0.67416, 23.47314)[2]
    sun = (ME_FROM_PA @ rotation_pa_from_mci(t)[0]) @ moon_centred_position("sun", t)[0]
    ray = sun - 1735.5e3 * up
    elevation = float(np.degrees(np.arcsin(ray @ up / np.linalg.norm(ray))))
    return abs(elevation - 10.8), f"{elevation:.2f}°, 10.70° computed elsewhere"


CHECKS = [
    Check(
        "the Moon's place",
        "geocentric Moon, 2026-03-04 12:00 UTC",
        "DE440 by jplephem, SPICE and ANISE, published digits",
        0.01,
        "m",
        moon_position_error,
    ),
    Check("mean-Earth axes", "first row of ICRF to ME(DE440), same instant", "published eight digits", 6e-9, "", rotation_row_error),
    Check("C20 and C22", "normalised coefficients, relative", "GRGM1200A (Lemoine et al. 2014), seven digits", 1e-6, "", degree_two_error),
    Check("surface gravity", "least and greatest at 1738 km, degree 165", "published 1.6165 and 1.6311 m/s²", 2e-4, "m/s²", surface_gravity_error),
    Check(
        "relief",
        "highest and lowest pixel, where published",
        "LOLA: +10.552 km at 5.44° N 158.69° W, −8.729 km at 70.31° S 172.44° W",
        0.5,
        "m",
        relief_extremes_error,
    ),
    Check("the Sun over Apollo 11", "elevation at touchdown, 1969-07-20 20:17:40 UTC", "documented 10.8°", 0.15, "deg", sun_elevation_error),
]
