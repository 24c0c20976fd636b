"""Published quantities of the ground that was flown over, and of a height that was believed of it wrongly: read from the record.

Assumptions and limitations: the ground below the track is LOLA's, 3.8 km a pixel, without what is laid over it; the track is looked at once a second,
from powered descent initiation on; a flight without a record has none of these numbers.
"""

from collections.abc import Callable

import numpy as np

from perilune.environment.relief_site import RADIUS_M, map_heights
from perilune.flight.flown import FlightRecord, Flown

TRACK_M, STEP_WITHIN_M = 60e3, 20e3
ROWS = 10  # of the record between two looks at the track


def false_zero(flown: Flown) -> FlightRecord | None:
    """The row of the record in which the lander first believes itself on the ground before it is; None where it never does."""
    history = flown.history
    contact = float(flown.last["contact"]["time"])
    aloft = (history["estimated_height"] <= 0.0) & (history["mode"] > 0)
    if contact >= 0.0:
        aloft &= history["time"] < contact
    first = np.flatnonzero(aloft)
    return history[first[0]] if first.size else None


def ground_below(flown: Flown) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Time [s], distance to the site over the ground [m] and LOLA's height [m] above the sphere below the track, once a second from ignition on."""
    start = flown.scene.start
    rows = flown.history[flown.history["mode"] > 0][::ROWS]
    place_me = rows["position_site"] @ start.site_axes_me + start.site_position_me
    up = place_me / np.linalg.norm(place_me, axis=1, keepdims=True)
    to_site = (RADIUS_M + start.site_height_m) * np.arccos(np.clip(up @ start.site_axes_me[2], -1.0, 1.0))
    return rows["time"], to_site, map_heights(flown.scene.world.relief, up) if len(up) else np.zeros(0)


def _false_zero_of(column: str) -> Callable[[Flown], float | None]:
    def look(flown: Flown) -> float | None:
        row = false_zero(flown)
        return None if row is None else float(row[column])

    return look


def _track_step(flown: Flown) -> float | None:
    _, to_site, ground = ground_below(flown)
    near = to_site <= TRACK_M
    if not near.any():
        return None
    way, ground = to_site[near], ground[near]
    ahead = (way[:, None] >= way[None, :]) & (way[:, None] - way[None, :] <= STEP_WITHIN_M)
    return float(np.where(ahead, ground[:, None] - ground[None, :], 0.0).max())


OF_GROUND: dict[str, Callable[[Flown], float | None]] = {
    "highest_false_zero_m": _false_zero_of("height"),
    "false_zero_sink_m_s": _false_zero_of("vertical_speed"),
    "track_step_m": _track_step,
}
