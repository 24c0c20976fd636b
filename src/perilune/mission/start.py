"""Where the flight begins: after the descent burn or at a state near the site, and how far the truth is from what navigation believes there.

Two kinds. `descent-orbit`: the end of the descent orbit insertion burn, in the perilune-lowering orbit named here, `range_to_site_deg` before the
site. `state`: a position and a speed over the ground in the site's guidance frame at the epoch, in powered flight or just before it, as Apollo's
pad loads give it; some propellant may be used by then. The true state is the believed one plus the errors, whose mean is 0 and whose spread stands
among the dispersions; the filter starts with that spread as its covariance.

Assumptions and limitations: the burn is an impulse at apolune; a state's velocity has no component across the approach; the engines are out at the
start, the lander does not turn and its thrust axis points against its velocity; the errors are in the along-track, radial and normal directions of
the believed orbit (a plain offset, not a change of orbital elements).
"""

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Discriminator, Field, Tag

from perilune.base.parameters import Parameters
from perilune.mission.instant import Utc

LOWEST_TERRAIN_KM = -9.0  # LOLA: −8.73 km at 70.3° S, 172.4° W at 3.8 km a pixel
HIGHEST_ORBIT_KM = 60_000.0  # about the Moon's sphere of influence: above it, this is no lunar orbit

StartKind = Literal["descent-orbit", "state"]
Error = Annotated[float, Field(ge=-1e5, le=1e5)]
SpeedError = Annotated[float, Field(ge=-1e3, le=1e3)]


class StartErrors(Parameters):
    """The error of the state that navigation begins with."""

    position_error_along_track_m: Annotated[Error, Field(description="true minus believed position, along the velocity's horizontal")] = 0.0
    position_error_radial_m: Annotated[Error, Field(description="true minus believed position, away from the Moon")] = 0.0
    position_error_normal_m: Annotated[Error, Field(description="true minus believed position, along the orbit's normal")] = 0.0
    velocity_error_along_track_m_s: Annotated[SpeedError, Field(description="true minus believed velocity, along track")] = 0.0
    velocity_error_radial_m_s: Annotated[SpeedError, Field(description="true minus believed velocity, away from the Moon")] = 0.0
    velocity_error_normal_m_s: Annotated[SpeedError, Field(description="true minus believed velocity, along the orbit's normal")] = 0.0


class DescentOrbit(StartErrors):
    """The orbit and instant that the descent orbit insertion burn ends in."""

    kind: Annotated[StartKind, Field(description="how the start is described")] = "descent-orbit"
    epoch_utc: Annotated[Utc, Field(description="instant at which the descent orbit insertion burn ends")]
    apolune_altitude_km: Annotated[float, Field(ge=LOWEST_TERRAIN_KM, le=HIGHEST_ORBIT_KM, description="altitude of the burn, above 1737.4 km")]
    perilune_altitude_km: Annotated[float, Field(ge=LOWEST_TERRAIN_KM, le=HIGHEST_ORBIT_KM, description="altitude of perilune, above 1737.4 km")]
    range_to_site_deg: Annotated[
        float, Field(gt=0, le=360, description="central angle along track from the burn to the site, in the Moon-fixed sense at touchdown")
    ]


class StateAtSite(StartErrors):
    """A state in the site's guidance frame: x up at the site, z downrange along the approach, y to the right of it; the Moon's rotation is in it."""

    kind: Annotated[StartKind, Field(description="how the start is described")]
    epoch_utc: Annotated[Utc, Field(description="instant of the state")]
    position_up_m: Annotated[float, Field(ge=-1.8e6, le=1e6, description="position along the vertical of the site, from the ground there")]
    position_downrange_m: Annotated[float, Field(ge=-1.8e6, le=1.8e6, description="position along the site's heading; short of the site below zero")]
    position_cross_m: Annotated[float, Field(ge=-1e6, le=1e6, description="position to the right of the approach")] = 0.0
    speed_m_s: Annotated[float, Field(gt=0, le=3000, description="speed relative to the turning ground, in the vertical plane of the approach")]
    flight_path_angle_deg: Annotated[float, Field(ge=-89, le=89, description="velocity above the local horizontal; below it, negative")]
    main_used_kg: Annotated[float, Field(ge=0, le=1e6, description="main propellant already used of what was loaded")] = 0.0


def kind_of(value: Any) -> str:
    """The kind of a start, from its table or its model; a word that is none counts as the default, whose own check refuses it."""
    kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
    return "state" if kind == "state" else "descent-orbit"


Start = Annotated[Annotated[DescentOrbit, Tag("descent-orbit")] | Annotated[StateAtSite, Tag("state")], Discriminator(kind_of)]
"""Either kind; a table without `kind` is a descent orbit."""


def main_used_kg(start: DescentOrbit | StateAtSite) -> float:
    """Main propellant [kg] used before the flight begins."""
    return start.main_used_kg if isinstance(start, StateAtSite) else 0.0


# One element a run: the errors in SI, under the keys' names without unit, so that `pack_slot` reaches them like any pack of the kernel.
START_ERRORS = np.dtype([(f"{kind}_error_{axis}", np.float64) for kind in ("position", "velocity") for axis in ("along_track", "radial", "normal")])


def start_errors(packs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Position [m] and velocity [m/s] errors of packs of `START_ERRORS`, each of shape (n, 3) in (along track, radial, normal)."""
    position, velocity = (
        np.stack([packs[f"{kind}_error_{axis}"] for axis in ("along_track", "radial", "normal")], axis=1) for kind in ("position", "velocity")
    )
    return position, velocity
