"""Blue Ghost's landing beside ours: one undispersed flight for the published phases, and seeds for the miss, which no input was solved for.

Assumptions and limitations: the place that the lander was redesignated to is not published; ours is the mission file's. Miss here is the distance on
the ground from the mission's site to the first contact, as the published one is.
"""

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from perilune.avionics.guidance.legs import Guidance
from perilune.flight.flight import Flight
from perilune.flight.fly import fly
from perilune.flight.fly_many import fly_many
from perilune.mission.loader import load
from perilune.mission.schema import Mission

if TYPE_CHECKING:
    import polars as pl

SEED, RUNS = 1, 200
PUBLISHED_MISS_M, ELLIPSE_M = 118.0, 100.0


@cache
def undispersed() -> Flight:
    """The flight with every dispersion at its mean."""
    return fly("blue-ghost")


@cache
def dispersed() -> "pl.DataFrame":
    """Runs 0 to 199 of seed 1, one row each."""
    return fly_many("blue-ghost", SEED, RUNS)


def redesignated(mission: Mission) -> tuple[float, float]:
    """East and north [m] from the site of the target that was chosen last."""
    guidance = mission.avionics.guidance
    assert isinstance(guidance, Guidance)
    chosen = [k for k in range(3) if guidance.divert_height_m[k] > 0.0]
    return (guidance.divert_east_m[chosen[-1]], guidance.divert_north_m[chosen[-1]]) if chosen else (0.0, 0.0)


def contacts() -> tuple[np.ndarray, np.ndarray]:
    """East and north [m] from the site of every contact of the seeds."""
    table = dispersed().drop_nulls("miss_m")
    return table["miss_east_m"].to_numpy(), table["miss_north_m"].to_numpy()


def miss_from_redesignated() -> np.ndarray:
    """Distance [m] of every contact of the seeds from the target that was chosen last."""
    east, north = contacts()
    to_east, to_north = redesignated(load("blue-ghost"))
    return np.hypot(east - to_east, north - to_north)
