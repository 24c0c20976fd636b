"""The state after the descent orbit insertion burn: an orbit whose plane holds the site at the planned touchdown.

Assumptions and limitations: the burn is an impulse at apolune; the ground track over the site has the mission's heading in the inertial sense
(the Moon turns by 0.6° during a descent of an hour).
"""

from dataclasses import dataclass

import numpy as np

from perilune.base.errors import PeriluneError
from perilune.environment.orientation import ME_FROM_PA, quat_of_rotation, rotation_pa_from_mci
from perilune.environment.relief_site import RADIUS_M, site_from_me, site_position_me
from perilune.environment.time import tdb_from_utc
from perilune.mission.schema import Mission


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
    start, site = mission.start, mission.site
    if start.perilune_altitude_km * 1e3 <= site_height_m:
        raise PeriluneError(
            f"start.perilune_altitude_km: {start.perilune_altitude_km:g} km lies below the ground of the site ({site_height_m / 1e3:.2f} km above "
            "the 1737.4 km sphere); choose a higher perilune"
        )
    epoch, touchdown = tdb_from_utc(start.epoch_utc), tdb_from_utc(site.planned_touchdown_utc)
    axes = site_from_me(site.latitude_deg, site.longitude_deg)
    mci_from_me = (ME_FROM_PA @ rotation_pa_from_mci(np.array([touchdown]))[0]).T
    heading = np.radians(site.heading_deg)
    up = mci_from_me @ axes[2]
    forward = mci_from_me @ (np.sin(heading) * axes[0] + np.cos(heading) * axes[1])
    angle = np.radians(start.range_to_site_deg)
    radial, along = np.cos(angle) * up - np.sin(angle) * forward, np.sin(angle) * up + np.cos(angle) * forward
    apolune, perilune = RADIUS_M + start.apolune_altitude_km * 1e3, RADIUS_M + start.perilune_altitude_km * 1e3
    speed = np.sqrt(gm * (2.0 / apolune - 2.0 / (apolune + perilune)))
    z, x = -along, radial
    return StartState(
        epoch_tdb_s=epoch,
        planned_touchdown_s=touchdown - epoch,
        site_height_m=site_height_m,
        site_position_me=site_position_me(site.latitude_deg, site.longitude_deg, site_height_m),
        site_axes_me=axes,
        position_mci=apolune * radial,
        velocity_mci=speed * along,
        attitude_mci_from_body=quat_of_rotation(np.column_stack([x, np.cross(z, x), z])),
    )


def orbit_axes(position: np.ndarray, velocity: np.ndarray) -> np.ndarray:
    """Rows: along track (horizontal), radial, normal, in the frame of the arguments."""
    radial = position / np.linalg.norm(position)
    normal = np.cross(position, velocity)
    normal /= np.linalg.norm(normal)
    return np.array([np.cross(normal, radial), radial, normal])
