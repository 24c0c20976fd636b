"""Clearance: whether the orbit after the descent burn stays above the ground, from the burn to the site and to perilune; or a state given lies above.

Assumptions and limitations: a Kepler orbit; the ground track is the great circle through the site on its heading, without the Moon's rotation (half a
degree in the hour of a descent); the ground is LOLA's nearest pixel of 3.8 km. Orbits above the Moon's highest pixel are passed without a look.
"""

import numpy as np

from perilune.mission.schema import Mission
from perilune.mission.start import StateAtSite

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


def below_ground(mission: Mission) -> tuple[str, str] | None:
    """The path of the key that leads into the ground and what is wrong with it, going on from the path; None where nothing does."""
    start, site = mission.start, mission.site
    if isinstance(start, StateAtSite):
        return _state_below_ground(mission, start)
    if start.perilune_altitude_km > HIGHEST_TERRAIN_KM:
        return None
    angle = np.arange(0.0, max(start.range_to_site_deg, 180.0) + STEP_DEG, STEP_DEG)
    orbit = orbit_altitude_km(start.apolune_altitude_km, start.perilune_altitude_km, angle)
    ground = ground_km(ground_track_me(site.latitude_deg, site.longitude_deg, site.heading_deg, start.range_to_site_deg - angle))
    under = np.flatnonzero(orbit <= ground)
    if not under.size:
        return None
    k = int(under[0])
    return "start.perilune_altitude_km", (
        f"is {start.perilune_altitude_km:g} km, and the orbit meets the ground {angle[k]:.1f}° after the burn, where the terrain is {ground[k]:.2f} "
        "km above the 1737.4 km sphere; choose a higher perilune"
    )


def _state_below_ground(mission: Mission, start: StateAtSite) -> tuple[str, str] | None:
    from perilune.environment.relief_site import site_from_me

    site = mission.site
    east, north, up = site_from_me(site.latitude_deg, site.longitude_deg)
    heading = np.radians(site.heading_deg)
    forward = np.sin(heading) * east + np.cos(heading) * north
    ground_at_site = REFERENCE_RADIUS_KM + float(ground_km(up[None, :])[0])
    across = start.position_downrange_m * forward + start.position_cross_m * np.cross(forward, up)
    at = (ground_at_site + start.position_up_m / 1e3) * up + across / 1e3
    radius = float(np.linalg.norm(at))
    above = radius - REFERENCE_RADIUS_KM - float(ground_km(at[None, :] / radius)[0])
    if above > 0.0:
        return None
    return "start.position_up_m", f"is {start.position_up_m:g}, and the state lies {-1e3 * above:.0f} m below the ground there; choose a higher one"
