"""The changed site of HAKUTO-R Mission 1: its cases flown undispersed and over seeds, and what their outcome owes to the numbers that are assumed.

Assumptions and limitations: heading, the filter's tuning, the range finder's reach and cant, and the spread of the start are assumed; here each is
moved alone. The rim is the highest ground (LOLA) below the track within 40 km of the site.
"""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from perilune.flight.compare_ground import false_zero, ground_below
from perilune.flight.compare_published import measure
from perilune.flight.flight import Flight
from perilune.flight.flown import FlightRecord, Flown
from perilune.flight.fly import fly
from perilune.flight.fly_many import fly_many
from perilune.mission.loader import load

if TYPE_CHECKING:
    import polars as pl

MISSION = "hakuto-r-m1"
CASES = ("plain", "as-flown", "mended", "mended-plain")
SEED, RUNS = 1, 200
SOFT_M_S = 2.0
RIM_WITHIN_M = 40e3
ALOFT_M = 50.0
PUBLISHED_ZERO_M, PUBLISHED_SINK_M_S = 5000.0, 1.0

NAVIGATION = "avionics.navigation."
START = ("velocity_along_track_m_s", "velocity_radial_m_s", "velocity_normal_m_s")
AS_RESILIENCE = {**{NAVIGATION + key: 0.1667 for key in START}, NAVIGATION + "position_along_track_m": 333.3}
ASSUMED: tuple[tuple[str, dict[str, Any]], ...] = (
    ("as in the mission file", {}),
    *((f"ground expected to within {m:g} m (110)", {NAVIGATION + "map_error_m": m}) for m in (20.0, 50.0, 220.0, 500.0)),
    *((f"over {km:g} km (16)", {NAVIGATION + "map_correlation_km": km}) for km in (4.0, 64.0)),
    (
        "ground expected as white noise, 0.7 % of the range (100 m at the rim)",
        {NAVIGATION + "map_error_m": 1.0, NAVIGATION + "range_roughness_percent": 0.7},
    ),
    (
        "the same, 0.15 % (20 m at the rim)",
        {NAVIGATION + "map_error_m": 1.0, NAVIGATION + "range_roughness_percent": 0.15, NAVIGATION + "range_scale_percent": 0.0},
    ),
    *((f"process noise {q:g} m/s/√s (0.001)", {NAVIGATION + "gravity_error_m_s_rt_s": q}) for q in (0.01, 0.05)),
    *((f"gate of {s:g} sigma (5)", {NAVIGATION + "gate_sigma": s}) for s in (3.0, 8.0)),
    *((f"patience of {n} (5)", {NAVIGATION + "gate_patience": n}) for n in (1, 20)),
    *((f"reach {m / 1e3:g} km (15)", {"lander.range_finder.reach_m": m}) for m in (10e3, 12e3, 20e3)),
    *((f"beam canted {deg:g}° (30)", {"lander.range_finder.cant_deg": deg}) for deg in (0.0, 15.0, 45.0)),
    ("state after the burn known as Resilience's (twice as badly)", AS_RESILIENCE),
    ("LOLA on board (level)", {"avionics.belief.map": "lola"}),
)
HEADINGS_DEG = (0, 30, 60, 90, 120, 140, 150, 160, 170, 180, 190, 200, 210, 240, 270, 300, 330)


def locked_out(flown: Flown) -> FlightRecord | None:
    """The row of the record at which the range finder is distrusted for good; None where it never is, or nothing was recorded."""
    if not flown.last["avionics"]["navigation"]["distrusted"] or not len(flown.history):
        return None
    refused = np.flatnonzero(np.diff(flown.history["range_rejections"]) > 0)
    return flown.history[refused[-1] + 1] if refused.size else None


def zero_aloft(flown: Flown) -> FlightRecord | None:
    """The row in which the lander believes itself on the ground `ALOFT_M` or more above it; centimetres of error at touchdown are none."""
    row = false_zero(flown)
    return row if row is not None and row["height"] > ALOFT_M else None


def to_go(flown: Flown, row: FlightRecord) -> float:
    """Distance [m] over the ground from a row of the record to the site."""
    return float(np.hypot(*row["position_site"][:2]))


@dataclass(frozen=True)
class Outcome:
    """How one undispersed flight ended; None where there was no such moment."""

    verdict: str
    refused: int
    locked_at_km: float | None
    locked_height_m: float | None
    zero_height_m: float | None
    zero_sink_m_s: float | None
    step_m: float | None
    contact_sink_m_s: float | None
    contact_across_m_s: float | None

    @property
    def soft(self) -> bool:
        """Whether it met the ground at 2 m/s down at most."""
        return self.contact_sink_m_s is not None and self.contact_sink_m_s <= SOFT_M_S


def outcome_of(flight: Flight) -> Outcome:
    """What a flight shows of it."""
    flown, down = flight.flown, flight.touchdown
    locked, aloft = locked_out(flown), zero_aloft(flown)
    return Outcome(
        flight.verdict,
        int(flown.last["avionics"]["navigation"]["rejections"]),
        None if locked is None else to_go(flown, locked) / 1e3,
        None if locked is None else float(locked["height"]),
        None if aloft is None else float(aloft["height"]),
        None if aloft is None else float(aloft["vertical_speed"]),
        measure(flown, "track_step_m"),
        None if down is None else down.vertical_speed_m_s,
        None if down is None else down.horizontal_speed_m_s,
    )


@cache
def undispersed(case: str) -> Flight:
    """The flight of a case with every dispersion at its mean."""
    return fly(MISSION, case=case)


@cache
def _moved(case: str, values: tuple[tuple[str, Any], ...]) -> Outcome:
    return outcome_of(fly(load(MISSION, dict(values), case=case)))


def moved(case: str, values: dict[str, Any]) -> Outcome:
    """The outcome of a case with other values for some numbers."""
    return _moved(case, tuple(values.items())) if values else outcome_of(undispersed(case))


def from_heading(case: str, heading_deg: float) -> Outcome:
    """The outcome of a case with the approach from elsewhere."""
    return moved(case, {"site.heading_deg": float(heading_deg)} if heading_deg != load(MISSION).site.heading_deg else {})


@cache
def dispersed(case: str) -> "pl.DataFrame":
    """Runs 0 to 199 of the seed from powered descent initiation, one row each: the usual columns, `locked`, `locked_at_km` and `refused`."""
    return fly_many(MISSION, SEED, RUNS, case=case, start="pdi", look=_look)


def _look(flown: Flown) -> dict[str, float]:
    locked = locked_out(flown)
    refused = float(flown.last["avionics"]["navigation"]["rejections"])
    return {
        "locked": float(locked is not None),
        "locked_at_km": np.nan if locked is None else to_go(flown, locked) / 1e3,
        "refused": refused,
    }


def rim(flight: Flight) -> tuple[float, float]:
    """Where the rim lies: distance to go [m] and LOLA's height above the site [m]."""
    _, distance, ground = ground_below(flight.flown)
    top = int(np.argmax(np.where(distance < RIM_WITHIN_M, ground, -np.inf)))
    return float(distance[top]), float(ground[top] - flight.flown.scene.start.site_height_m)
