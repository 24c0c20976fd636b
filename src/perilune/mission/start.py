"""Where the flight begins: the end of the descent orbit insertion burn, and how far the truth is from what navigation believes there.

The believed state is the perilune-raising orbit named here, passed `range_to_site_deg` before the site; the true state is the believed one
plus the errors, whose mean is 0 and whose spread stands among the dispersions. The filter starts with that spread as its covariance.

Assumptions and limitations: the burn is an impulse; the burn happens at apolune; the errors are in the along-track, radial and normal
directions of the believed orbit (a plain offset, not a change of orbital elements).
"""

from typing import Annotated

import numpy as np
from pydantic import Field

from perilune.base.parameters import Parameters
from perilune.mission.instant import Utc

LOWEST_TERRAIN_KM = -9.0  # LOLA: −8.73 km at 70.3° S, 172.4° W at 3.8 km a pixel
HIGHEST_ORBIT_KM = 60_000.0  # about the Moon's sphere of influence: above it, this is no lunar orbit

Error = Annotated[float, Field(ge=-1e5, le=1e5)]
SpeedError = Annotated[float, Field(ge=-1e3, le=1e3)]


class Start(Parameters):
    """The orbit and instant that the descent orbit insertion burn ends in, and the error of the state that navigation begins with."""

    epoch_utc: Annotated[Utc, Field(description="instant at which the descent orbit insertion burn ends")]
    apolune_altitude_km: Annotated[float, Field(ge=LOWEST_TERRAIN_KM, le=HIGHEST_ORBIT_KM, description="altitude of the burn, above 1737.4 km")]
    perilune_altitude_km: Annotated[float, Field(ge=LOWEST_TERRAIN_KM, le=HIGHEST_ORBIT_KM, description="altitude of perilune, above 1737.4 km")]
    range_to_site_deg: Annotated[
        float, Field(gt=0, le=360, description="central angle along track from the burn to the site, in the Moon-fixed sense at touchdown")
    ]
    position_error_along_track_m: Annotated[Error, Field(description="true minus believed position, along the velocity's horizontal")] = 0.0
    position_error_radial_m: Annotated[Error, Field(description="true minus believed position, away from the Moon")] = 0.0
    position_error_normal_m: Annotated[Error, Field(description="true minus believed position, along the orbit's normal")] = 0.0
    velocity_error_along_track_m_s: Annotated[SpeedError, Field(description="true minus believed velocity, along track")] = 0.0
    velocity_error_radial_m_s: Annotated[SpeedError, Field(description="true minus believed velocity, away from the Moon")] = 0.0
    velocity_error_normal_m_s: Annotated[SpeedError, Field(description="true minus believed velocity, along the orbit's normal")] = 0.0


# One element a run: the errors in SI, under the keys' names without unit, so that `pack_slot` reaches them like any pack of the kernel.
START_ERRORS = np.dtype([(f"{kind}_error_{axis}", np.float64) for kind in ("position", "velocity") for axis in ("along_track", "radial", "normal")])


def start_errors(packs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Position [m] and velocity [m/s] errors of packs of `START_ERRORS`, each of shape (n, 3) in (along track, radial, normal)."""
    position, velocity = (
        np.stack([packs[f"{kind}_error_{axis}"] for axis in ("along_track", "radial", "normal")], axis=1) for kind in ("position", "velocity")
    )
    return position, velocity
