"""Blue Ghost's landing beside ours: one undispersed flight for the published phases, and seeds for the miss, which no input was solved for.

Assumptions and limitations: the place that the lander was redesignated to is not published; ours is the mission file's. Miss here is the distance on
the ground from the mission's site to the first contact, as the published one is. The flight software was tuned on one seed; the miss is that of
another, flown once.
"""

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from perilune.avionics.guidance.legs import Guidance
from perilune.flight.flight import Flight
from perilune.flight.fly import fly
from perilune.flight.fly_many import fly_many
from perilune.mission.loader import load
from perilune.mission.schema import Mission

if TYPE_CHECKING:
    import polars as pl

SEED, RUNS = 7, 200
TUNING_SEED, TUNING_RUNS = 1, 40
PUBLISHED_MISS_M, ELLIPSE_M = 118.0, 100.0


@cache
def undispersed() -> Flight:
    """The flight with every dispersion at its mean."""
    return fly("blue-ghost")


@cache
def dispersed() -> "pl.DataFrame":
    """Runs 0 to 199 of a seed that no tuning has seen, one row each."""
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


AT_FULL_THRUST = {
    "lander.main_engine.thrust_n": 1100.0,
    "avionics.sequence.ignition_range_km": 471.0,
    "avionics.guidance.tuning.time_weight_m2_s4": 4.9,
}
OF_ERROR = {"avionics.control.integral_of": "error"}
LITTLE = {"avionics.control.integral_limit_n_m": 5.0}
MENDED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("all mended", {}),
    ("braking planned at full thrust: ignition at 471 km, 2 700 N", AT_FULL_THRUST),
    ("integral of the error, up to 34 N m", OF_ERROR),
    ("integral of the error, up to 5 N m", OF_ERROR | LITTLE),
    ("gate 300 m short of the target", {"avionics.guidance.gate_behind_m": 300.0}),
    ("all four as they were", AT_FULL_THRUST | OF_ERROR | LITTLE | {"avionics.guidance.gate_behind_m": 300.0}),
)
"""What was found wrong with this mission when its misses had a tail, one by one put back."""


@cache
def put_back(what: str) -> "pl.DataFrame":
    """The flights that the software was tuned on with one of `MENDED` put back."""
    return fly_many(load("blue-ghost", dict(MENDED)[what]), TUNING_SEED, TUNING_RUNS, record=False)


INTEGRALS = (("error", 5.0), ("error", 34.0), ("torque", 34.0))
OFFSETS_MM = (0.0, 5.0, 10.0, 15.0)


@cache
def with_offset(integral_of: str, limit_n_m: float, offset_mm: float) -> dict[str, Any]:
    """The row of an undispersed flight whose centre of mass, dry, lies so far beside the middle."""
    values = {"avionics.control.integral_of": integral_of, "avionics.control.integral_limit_n_m": limit_n_m}
    mission = load("blue-ghost", values | {"lander.mass.dry_cg_m": [offset_mm / 1e3, 0.0, load("blue-ghost").lander.mass.dry_cg_m[2]]})
    return fly_many(mission, None, 1, record=False).row(0, named=True)
