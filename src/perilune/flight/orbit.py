"""The state that a flight begins with: after the descent burn, on an orbit whose plane holds the site, or as given in the site's guidance frame.

Assumptions and limitations: the burn is an impulse at apolune; the ground track of such an orbit over the site has the mission's heading in the
inertial sense (the Moon turns by 0.6° during a descent of an hour). The velocity of a state given at the site is relative to the turning ground.
"""

from dataclasses import dataclass

import numpy as np

from perilune.base.errors import PeriluneError
from perilune.environment.orientation import ME_FROM_PA, quat_of_rotation, rotation_pa_from_mci
from perilune.environment.relief_site import RADIUS_M, site_from_me, site_position_me
from perilune.environment.time import tdb_from_utc
from perilune.mission.schema import Mission
from perilune.mission.start import DescentOrbit, StateAtSite

RATE_SPAN_S = 10.0  # over which the ground's own velocity is taken, before and after; its error is below 1 nm/s


@dataclass(frozen=True)
class StartState:
    """Where a planned flight begins, and the site it begins for; SI, `t` in seconds past the epoch."""

    epoch_tdb_s: float
    planned_touchdown_s: float
    site_height_m: float
    site_position_me: np.ndarray
    site_axes_me: np.ndarray
    position_mci: np.ndarray
    velocity_mci: np.ndarray
    attitude_mci_from_body: np.ndarray


def start_state(mission: Mission, gm: float, site_height_m: float) -> StartState:
    """The believed state at the mission's epoch.

    Raises PeriluneError when the orbit's perilune lies below the ground of the site.
    """
    if isinstance(mission.start, StateAtSite):
        return _state_at_site(mission, mission.start, site_height_m)
    return _after_burn(mission, mission.start, gm, site_height_m)


def _after_burn(mission: Mission, start: DescentOrbit, gm: float, site_height_m: float) -> StartState:
    site = mission.site
    if start.perilune_altitude_km * 1e3 <= site_height_m:
        raise PeriluneError(
            f"start.perilune_altitude_km: {start.perilune_altitude_km:g} km lies below the ground of the site ({site_height_m / 1e3:.2f} km above "
            "the 1737.4 km sphere); choose a higher perilune"
        )
    epoch, touchdown = tdb_from_utc(start.epoch_utc), tdb_from_utc(site.planned_touchdown_utc)
    axes = site_from_me(site.latitude_deg, site.longitude_deg)
    mci_from_me = _mci_from_me(touchdown)
    heading = np.radians(site.heading_deg)
    up = mci_from_me @ axes[2]
    forward = mci_from_me @ (np.sin(heading) * axes[0] + np.cos(heading) * axes[1])
    angle = np.radians(start.range_to_site_deg)
    radial, along = np.cos(angle) * up - np.sin(angle) * forward, np.sin(angle) * up + np.cos(angle) * forward
    apolune, perilune = RADIUS_M + start.apolune_altitude_km * 1e3, RADIUS_M + start.perilune_altitude_km * 1e3
    speed = np.sqrt(gm * (2.0 / apolune - 2.0 / (apolune + perilune)))
    return StartState(
        epoch_tdb_s=epoch,
        planned_touchdown_s=touchdown - epoch,
        site_height_m=site_height_m,
        site_position_me=site_position_me(site.latitude_deg, site.longitude_deg, site_height_m),
        site_axes_me=axes,
        position_mci=apolune * radial,
        velocity_mci=speed * along,
        attitude_mci_from_body=quat_of_rotation(np.column_stack([radial, np.cross(-along, radial), -along])),
    )


def _state_at_site(mission: Mission, start: StateAtSite, site_height_m: float) -> StartState:
    site = mission.site
    epoch, touchdown = tdb_from_utc(start.epoch_utc), tdb_from_utc(site.planned_touchdown_utc)
    axes = site_from_me(site.latitude_deg, site.longitude_deg)
    site_me = site_position_me(site.latitude_deg, site.longitude_deg, site_height_m)
    heading, slope = np.radians(site.heading_deg), np.radians(start.flight_path_angle_deg)
    forward = np.sin(heading) * axes[0] + np.cos(heading) * axes[1]
    right = np.cross(forward, axes[2])
    position_me = site_me + start.position_up_m * axes[2] + start.position_downrange_m * forward + start.position_cross_m * right
    up = position_me / np.linalg.norm(position_me)
    level = np.cross(np.cross(up, forward), up)
    level /= np.linalg.norm(level)
    over_ground_me = start.speed_m_s * (np.cos(slope) * level + np.sin(slope) * up)
    mci_from_me = _mci_from_me(epoch)
    ground_mci = (_mci_from_me(epoch + RATE_SPAN_S) - _mci_from_me(epoch - RATE_SPAN_S)) @ position_me / (2.0 * RATE_SPAN_S)
    over_ground_mci = mci_from_me @ over_ground_me
    return StartState(
        epoch_tdb_s=epoch,
        planned_touchdown_s=touchdown - epoch,
        site_height_m=site_height_m,
        site_position_me=site_me,
        site_axes_me=axes,
        position_mci=mci_from_me @ position_me,
        velocity_mci=over_ground_mci + ground_mci,
        attitude_mci_from_body=_against(over_ground_mci / start.speed_m_s, mci_from_me @ up),
    )


def _mci_from_me(tdb_s: float) -> np.ndarray:
    return np.asarray((ME_FROM_PA @ rotation_pa_from_mci(np.array([tdb_s]))[0]).T)


def _against(direction: np.ndarray, up: np.ndarray) -> np.ndarray:
    """The attitude (mci from body) with the thrust axis against the unit vector `direction` and +x as near as may be to `up`."""
    z = -direction
    x = up - (up @ z) * z
    x /= np.linalg.norm(x)
    return quat_of_rotation(np.column_stack([x, np.cross(z, x), z]))


def orbit_axes(position: np.ndarray, velocity: np.ndarray) -> np.ndarray:
    """Rows: along track (horizontal), radial, normal, in the frame of the arguments."""
    radial = position / np.linalg.norm(position)
    normal = np.cross(position, velocity)
    normal /= np.linalg.norm(normal)
    return np.array([np.cross(normal, radial), radial, normal])
