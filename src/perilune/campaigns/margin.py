"""The margin to the limit: one continuous number a run, how far its worst quantity lay inside what the mission allows, below zero where it was lost.

Each part is a share of its limit: the speeds and the tilt of the first touch, the tilt of the rest, the most that the lander leant on its legs of
the tilt at which it falls, and the propellant as seconds of hover of a minute. The margin is the least of them.

Assumptions and limitations: a minute of hover is taken as a whole propellant margin (assumed). A lander that never touched has -1 and less, by its
height; one that touched but came to no rest counts what of the rest is missing. An invalid run has none (NaN).
"""

import numpy as np

from perilune.base.vector import STANDARD_GRAVITY
from perilune.flight.state import FALLEN, INVALID, REST_FOR_S, STANDING
from perilune.mission.limits import Limits

FALLEN_TILT_DEG = 75.0  # as flight.ground_contact has it
WHOLE_HOVER_S = 60.0  # assumed
MOON_GRAVITY_M_S2 = 1.62  # mean; recalled
HEIGHT_M = 1000.0  # of which a lander that never touched loses one for each


def margins(limits: Limits, packs: np.ndarray, states: np.ndarray, heights_m: np.ndarray) -> np.ndarray:
    """The margin of each run, shape (n,).

    `packs` and `states` are those of the runs at their end, `heights_m`, shape (n,), the true heights above ground then.
    """
    contact = states["contact"]
    touched = contact["time"] >= 0.0
    parts = [
        _inside(contact["vertical_speed"], limits.vertical_speed_m_s),
        _inside(contact["horizontal_speed"], limits.horizontal_speed_m_s),
        _inside(np.degrees(contact["tilt"]), limits.tilt_deg),
        _inside(np.degrees(contact["rest_tilt"]), limits.rest_tilt_deg),
        _inside(np.degrees(contact["most_tilt"]), FALLEN_TILT_DEG),
        propellant_margin(packs, states),
    ]
    margin = np.minimum.reduce(parts)
    restless = (states["status"] == STANDING) & (contact["still_for"] < REST_FOR_S - 1e-9)
    margin = np.where(restless, np.minimum(margin, (contact["still_for"] - REST_FOR_S) / REST_FOR_S), margin)
    margin = np.where(states["status"] == FALLEN, np.minimum(margin, -1e-9), margin)
    margin = np.where(touched, margin, -1.0 - np.abs(heights_m) / HEIGHT_M)
    return np.where((states["status"] == INVALID) | ~np.isfinite(margin), np.nan, margin)


def propellant_margin(packs: np.ndarray, states: np.ndarray) -> np.ndarray:
    """Seconds of hover that were left at the first touch, of a minute; where the tanks ran dry before it, how long before, negative."""
    lander, contact = packs["lander"], states["contact"]
    assist = lander["assist_engines"]
    isp = np.where(assist["present"], assist["isp"], lander["main_engine"]["isp"])
    left = contact["main_left"] - lander["mass"]["main_unusable"]
    mass = lander["mass"]["dry_mass"] + contact["main_left"] + contact["rcs_left"]
    hover_s = left * isp * float(STANDARD_GRAVITY) / (mass * MOON_GRAVITY_M_S2)
    dry = states["dry_time"]
    early_s = np.maximum(contact["time"] - dry, 1e-6)
    return np.asarray(np.where(dry >= 0.0, np.where(dry <= contact["time"], -early_s, 0.0), np.maximum(hover_s, 0.0)) / WHOLE_HOVER_S)


def _inside(value: np.ndarray, limit: float) -> np.ndarray:
    return (limit - value) / limit
