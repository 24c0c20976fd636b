"""Another site for a mission: orbit, corridor and map rebuilt for it, looked over before anything is dispersed, and both flown on the same seeds.

The approach heading and the phase relative to the site stay, so the orbit's plane turns with the site; the perilune rises or sinks with the ground
of the site, so that braking begins as high above it. All else is the mission's own: what the change costs is what the campaigns show.

Assumptions and limitations: the parking orbit is taken to hold the new site at the same time; Sun, Earth and stations move with it and are not judged
here. The published numbers belong to the old site and are left out of the mission at the new one.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from perilune.base.errors import PeriluneError
from perilune.flight.flight import Flight
from perilune.flight.fly import fly
from perilune.flight.flying import Progress
from perilune.mission.clearance import ground_km, ground_track_me, orbit_altitude_km
from perilune.mission.emit import to_toml
from perilune.mission.loader import read
from perilune.mission.schema import Mission
from perilune.mission.start import DescentOrbit

APPROACH_KM = 100.0  # of the ground under the approach that is looked at
STEP_WITHIN_KM = 15.0  # over which a rise or fall of it is told
RADIUS_KM = 1737.4
POINTS = 401


def move_site(mission: Mission, latitude_deg: float, longitude_deg: float, heading_deg: float | None = None) -> Mission:
    """The mission over another site, in the same case; `heading_deg` where the approach is to come from elsewhere.

    Raises PeriluneError where the place is none, or the orbit would meet the ground.
    """
    if not (np.isfinite(latitude_deg) and abs(latitude_deg) <= 90.0):
        raise PeriluneError(f"--latitude-deg is {latitude_deg:g}; it must be at least -90 and at most 90")
    if not (np.isfinite(longitude_deg) and -180.0 <= longitude_deg <= 360.0):
        raise PeriluneError(f"--longitude-deg is {longitude_deg:g}; it must be at least -180 and at most 360")
    overrides: dict[str, Any] = {
        "site.latitude_deg": latitude_deg,
        "site.longitude_deg": longitude_deg,
        "site.name": place_name(latitude_deg, longitude_deg),
    }
    if heading_deg is not None:
        overrides["site.heading_deg"] = heading_deg
    if isinstance(mission.start, DescentOrbit):
        rise_km = site_ground_km(latitude_deg, longitude_deg) - site_ground_km(mission.site.latitude_deg, mission.site.longitude_deg)
        overrides["start.perilune_altitude_km"] = round(mission.start.perilune_altitude_km + rise_km, 3)
    written = mission.written.model_copy(update={"published": ()})
    return read(to_toml(written), mission.mission.name, overrides, mission.case)


def place_name(latitude_deg: float, longitude_deg: float) -> str:
    """A place as words, such as `47.5° N, 44.4° E`."""
    east = (longitude_deg + 180.0) % 360.0 - 180.0
    return f"{abs(latitude_deg):g}° {'N' if latitude_deg >= 0 else 'S'}, {abs(east):g}° {'E' if east >= 0 else 'W'}"


def site_ground_km(latitude_deg: float, longitude_deg: float) -> float:
    """LOLA's height [km above 1737.4 km] at a place, to the nearest pixel."""
    return float(ground_km(ground_track_me(latitude_deg, longitude_deg, 0.0, np.zeros(1)))[0])


@dataclass(frozen=True)
class SiteLook:
    """What is known of a site before anything is dispersed; `step_m` is the largest rise or fall of the ground under the approach within 15 km.

    Heights count from the sphere of 1737.4 km; `clearance_km` is the least height of the descent orbit above the ground until the site, None
    for a mission that begins with a state; the rest is of the undispersed flight.
    """

    name: str
    latitude_deg: float
    longitude_deg: float
    heading_deg: float
    ground_m: float
    step_m: float
    step_at_km_to_go: float
    clearance_km: float | None
    verdict: str
    reason: str
    miss_m: float | None
    vertical_speed_m_s: float | None
    propellant_left_kg: float | None

    def to_json(self) -> dict[str, Any]:
        """As it stands in `site.json`."""
        return asdict(self)


def look_at(mission: Mission, progress: Progress | None = None) -> tuple[SiteLook, Flight]:
    """Look a mission's site over: the ground under the approach, the orbit above it, and the undispersed flight."""
    site, start = mission.site, mission.start
    to_go_km = np.linspace(APPROACH_KM, 0.0, POINTS)
    ground = ground_under(mission, to_go_km)
    step, at = largest_step(to_go_km, ground)
    clearance = None
    if isinstance(start, DescentOrbit):
        angle = np.linspace(0.0, start.range_to_site_deg, 4001)
        track = ground_track_me(site.latitude_deg, site.longitude_deg, site.heading_deg, start.range_to_site_deg - angle)
        clearance = float((orbit_altitude_km(start.apolune_altitude_km, start.perilune_altitude_km, angle) - ground_km(track)).min())
    flight = fly(mission, progress=progress)
    touchdown = flight.touchdown
    return SiteLook(
        name=site.name,
        latitude_deg=site.latitude_deg,
        longitude_deg=site.longitude_deg,
        heading_deg=site.heading_deg,
        ground_m=float(ground[-1]),
        step_m=step,
        step_at_km_to_go=at,
        clearance_km=clearance,
        verdict=flight.verdict,
        reason=flight.reason,
        miss_m=None if touchdown is None else touchdown.miss_m,
        vertical_speed_m_s=None if touchdown is None else touchdown.vertical_speed_m_s,
        propellant_left_kg=None if touchdown is None else touchdown.propellant_left_kg,
    ), flight


def ground_under(mission: Mission, to_go_km: np.ndarray) -> np.ndarray:
    """Heights of the map [m above 1737.4 km] under the approach, shape as `to_go_km`: along the heading, `to_go_km` before the site."""
    from perilune.environment.relief_site import build_relief, map_heights

    site = mission.site
    relief = build_relief(mission.environment.relief, site.latitude_deg, site.longitude_deg)
    track = ground_track_me(site.latitude_deg, site.longitude_deg, site.heading_deg, np.degrees(to_go_km / RADIUS_KM))
    return map_heights(relief, track * RADIUS_KM * 1e3)


def largest_step(to_go_km: np.ndarray, ground_m: np.ndarray) -> tuple[float, float]:
    """The largest rise (positive) or fall of the ground within 15 km of track, and how far from the site it begins [km]."""
    best, at = 0.0, float(to_go_km[0])
    for i in range(len(to_go_km)):
        within = (to_go_km[i] - to_go_km[i:] <= STEP_WITHIN_KM) & (to_go_km[i] - to_go_km[i:] >= 0.0)
        change = ground_m[i:][within] - ground_m[i]
        k = int(np.abs(change).argmax())
        if abs(change[k]) > abs(best):
            best, at = float(change[k]), float(to_go_km[i])
    return best, at
