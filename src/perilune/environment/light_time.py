"""The way of a signal from a lander at the Moon to a station on Earth: where to, how far, and how long it takes.

Assumptions and limitations: the signal runs straight at the speed of light in axes at rest in the solar system's barycentre; the Sun's delay (below
0.3 µs between Moon and Earth), the atmosphere's (below 0.1 µs) and relativity of clocks are left out, and the direction is the geometric one,
without the aberration of the lander's own motion (20″). The station moves uniformly over the 21 ms by which its light time differs from that of the
Earth's centre.
Source: light time as SPICE's abcorr "XCN" defines it (NAIF, SPK Required Reading); positions of DE440.
"""

from typing import NamedTuple

import numpy as np

from perilune.environment.earth_orientation import rotation_earth_from_icrf
from perilune.environment.ephemeris import barycentric_position
from perilune.environment.stations import SPEED_OF_LIGHT_M_S, Station

EARTH_RATE_RAD_S = 7.292115e-5  # IERS Conventions 2010, table 1.2


class Way(NamedTuple):
    """From the lander when it sends to a station when it receives: unit vectors (n, 3) in mci, range [m], light time [s], elevation there [rad]."""

    direction_mci: np.ndarray
    range_m: np.ndarray
    light_time_s: np.ndarray
    station_elevation_rad: np.ndarray


def ways_to(places: tuple[Station, ...], position_mci_m: np.ndarray, tdb_s: np.ndarray) -> list[Way]:
    """The way to each station of signals that leave `position_mci_m` (n, 3) at TDB seconds past J2000 (n,)."""
    lander = barycentric_position("moon", tdb_s) + position_mci_m
    light_time = np.full(len(lander), 1.3)
    for _ in range(3):
        earth = barycentric_position("earth", tdb_s + light_time)
        light_time = np.linalg.norm(earth - lander, axis=1) / SPEED_OF_LIGHT_M_S
    earth_velocity = barycentric_position("earth", tdb_s + light_time + 0.5) - barycentric_position("earth", tdb_s + light_time - 0.5)
    earth = barycentric_position("earth", tdb_s + light_time)
    rotation = rotation_earth_from_icrf(tdb_s + light_time)
    return [_way_to(place, lander, earth, earth_velocity, rotation, light_time) for place in places]


def _way_to(place: Station, lander: np.ndarray, earth: np.ndarray, earth_velocity: np.ndarray, rotation: np.ndarray, light_time: np.ndarray) -> Way:
    at = np.einsum("nji,j->ni", rotation, place.position_earth_m)
    spin = EARTH_RATE_RAD_S * rotation[:, 2, :]
    velocity, there = earth_velocity + np.cross(spin, at), earth + at
    own = light_time
    for _ in range(2):
        apart = there + velocity * (own - light_time)[:, None] - lander
        own = np.linalg.norm(apart, axis=1) / SPEED_OF_LIGHT_M_S
    distance = np.linalg.norm(apart, axis=1)
    direction = apart / distance[:, None]
    up = np.einsum("nji,j->ni", rotation, place.up)
    elevation = np.arcsin(np.clip(-np.sum(up * direction, axis=1), -1.0, 1.0))
    return Way(direction, distance, own, elevation)
