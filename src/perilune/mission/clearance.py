"""Clearance: whether the orbit after the descent burn stays above the ground, from the burn to the site and to perilune.

Assumptions and limitations: a Kepler orbit; the ground track is the great circle through the site on its heading, without the Moon's rotation (half a
degree in the hour of a descent); the ground is LOLA's nearest pixel of 3.8 km. Orbits above the Moon's highest pixel are passed without a look.
"""

import numpy as np

from perilune.mission.schema import Mission

REFERENCE_RADIUS_KM = 1737.4
HIGHEST_TERRAIN_KM = 10.6  # LOLA at 3.8 km a pixel: 10.55 km at 5.4° N, 158.7° W
STEP_DEG = 0.05


def orbit_altitude_km(apolune_km: float, perilune_km: float, angle_deg: np.ndarray) -> np.ndarray:
    """Altitude of the orbit at `angle_deg` past apolune, all above the 1737.4 km sphere."""
    far, near = REFERENCE_RADIUS_KM + apolune_km, REFERENCE_RADIUS_KM + perilune_km
    eccentricity = (far - near) / (far + near)
    altitude: np.ndarray = far * (1.0 - eccentricity) / (1.0 - eccentricity * np.cos(np.radians(angle_deg))) - REFERENCE_RADIUS_KM
    return altitude


def ground_track_me(latitude_deg: float, longitude_deg: float, heading_deg: float, before_deg: np.ndarray) -> np.ndarray:
    """Unit vectors (ME), shape (n, 3), of the points `before_deg` before the site on a great circle of this heading."""
    from perilune.environment.relief_site import site_from_me

    east, north, up = site_from_me(latitude_deg, longitude_deg)
    forward = np.sin(np.radians(heading_deg)) * east + np.cos(np.radians(heading_deg)) * north
    angle = np.radians(before_deg)[:, None]
    return np.cos(angle) * up - np.sin(angle) * forward


def ground_km(points_me: np.ndarray) -> np.ndarray:
    """LOLA's nearest pixel [km above 1737.4 km] below unit vectors (ME), shape (n, 3)."""
    from perilune.environment.relief import LOLA_MARGIN
    from perilune.environment.relief_site import lola_tables

    heights = lola_tables()["height"]
    rows, columns = heights.shape[0] - 2 * LOLA_MARGIN, heights.shape[1] - 2 * LOLA_MARGIN
    latitude, longitude = np.arcsin(np.clip(points_me[:, 2], -1.0, 1.0)), np.arctan2(points_me[:, 1], points_me[:, 0])
    row = np.clip((0.5 - latitude / np.pi) * rows, 0, rows - 1).astype(int)
    column = ((longitude / (2.0 * np.pi) + 0.5) * columns).astype(int) % columns
    return np.asarray(heights[row + LOLA_MARGIN, column + LOLA_MARGIN], dtype=np.float64) / 1e3


def below_ground(mission: Mission) -> str | None:
    """What is wrong with the orbit's perilune, going on from its path; None when the orbit stays above the ground."""
    start, site = mission.start, mission.site
    if start.perilune_altitude_km > HIGHEST_TERRAIN_KM:
        return None
    angle = np.arange(0.0, max(start.range_to_site_deg, 180.0) + STEP_DEG, STEP_DEG)
    orbit = orbit_altitude_km(start.apolune_altitude_km, start.perilune_altitude_km, angle)
    ground = ground_km(ground_track_me(site.latitude_deg, site.longitude_deg, site.heading_deg, start.range_to_site_deg - angle))
    under = np.flatnonzero(orbit <= ground)
    if not under.size:
        return None
    k = int(under[0])
    return (
        f"is {start.perilune_altitude_km:g} km, and the orbit meets the ground {angle[k]:.1f}° after the burn, where the terrain is {ground[k]:.2f} "
        "km above the 1737.4 km sphere; choose a higher perilune"
    )
