"""A run of a campaign as one row: what it was given, how it ended, how far inside the limits, and when it went wrong; read from the states alone.

No record is kept of the flights, so a row costs next to nothing. `touchdown_*` are the numbers of `flight.json`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from perilune.avionics.guidance.choice import label_of
from perilune.campaigns.margin import margins
from perilune.environment.orientation import ME_FROM_PA, rotation_pa_from_mci
from perilune.environment.relief_site import RADIUS_M, map_heights
from perilune.environment.time import format_utc
from perilune.flight.events import EVENTS
from perilune.flight.flown import miss_of, place_of
from perilune.flight.setup import Batch, Scene
from perilune.flight.verdict import explain, judge
from perilune.lander.tanks import main_left_kg
from perilune.mission.faults import PlannedFault

if TYPE_CHECKING:
    import polars as pl

WENT_WRONG = ("fault began", "estimate beyond 5 sigma", "ranges refused for good", "thrusters dry", "tanks dry", "touch beyond a limit", "fell over")
"""What may be the first thing that went wrong in a lost run."""


def rows_of(scene: Scene, batch: Batch, events: np.ndarray, faults: Sequence[Sequence[PlannedFault]]) -> "pl.DataFrame":
    """One row a run of a batch that has flown to its end.

    Parameters
    ----------
    events : shape (n, k), the event table of the batch
    faults : for each run what was drawn to break, beside the mission's own planned faults
    """
    import polars as pl

    states, mission = batch.states, scene.mission
    heights_m = heights_at_end(scene, batch)
    verdicts = judge(mission.limits, states)
    law = label_of(mission.planned.avionics.guidance.law)
    reasons = []
    for i, verdict in enumerate(verdicts):
        dry = events[i, EVENTS.index("dry")]
        height = float(dry["height"]) if verdict == "out-of-propellant" and dry["time"] >= 0.0 else float(heights_m[i])
        reasons.append(explain(mission.limits, str(verdict), states[i], height, law))
    frame: dict[str, Any] = {"run": np.asarray(batch.runs, np.int64), "verdict": [str(v) for v in verdicts], "reason": reasons}
    frame["faults"] = pl.Series("faults", [[str(fault) for fault in own] for own in faults], dtype=pl.List(pl.String))
    frame |= touchdown_columns(scene, batch)
    frame["margin_to_limit"] = margins(mission.limits, batch.packs, states, heights_m)
    watch = states["watch"]
    frame["estimate_worst_sigma"], frame["estimate_worst_t_s"] = watch["worst"], watch["worst_time"]
    frame["went_wrong"], frame["went_wrong_t_s"] = went_wrong(mission.limits, states, events, verdicts)
    frame |= batch.drawn
    made = pl.DataFrame({key: value if isinstance(value, list | pl.Series) else np.ascontiguousarray(value) for key, value in frame.items()})
    return made.with_columns(pl.col(pl.Float64).fill_nan(None), pl.col(pl.Null).cast(pl.String))  # the words that no run of these has


def touchdown_columns(scene: Scene, batch: Batch) -> dict[str, Any]:
    """The columns of the first touch; NaN or None in a run that never touched."""
    contact = batch.states["contact"]
    touched = contact["time"] >= 0.0
    n = len(touched)
    times: list[str | None] = [None] * n
    latitude, longitude, north, east = (np.full(n, np.nan) for _ in range(4))
    for i in np.flatnonzero(touched):
        place = contact["position_me"][i]
        times[i] = format_utc(scene.start.epoch_tdb_s + float(contact["time"][i]), 3)
        latitude[i], longitude[i] = place_of(place)
        north[i], east[i] = miss_of(scene, place)
    left = np.maximum(contact["main_left"] - batch.packs["lander"]["mass"]["main_unusable"], 0.0)
    numbers = {
        "latitude_deg": latitude,
        "longitude_deg": longitude,
        "north_m": north,
        "east_m": east,
        "miss_m": np.hypot(north, east),
        "vertical_speed_m_s": contact["vertical_speed"],
        "horizontal_speed_m_s": contact["horizontal_speed"],
        "tilt_deg": np.degrees(contact["tilt"]),
        "slope_deg": np.degrees(contact["slope"]),
        "propellant_left_kg": left,
    }
    out: dict[str, Any] = {"touchdown_time_utc": times, "touchdown_t_s": np.where(touched, contact["time"], np.nan)}
    out |= {f"touchdown_{name}": np.where(touched, values, np.nan) for name, values in numbers.items()}
    rested = touched & (contact["still_for"] > 0.0)
    out["rest_tilt_deg"] = np.where(rested, np.degrees(contact["rest_tilt"]), np.nan)
    now = main_left_kg(batch.states["lander"]) - batch.packs["lander"]["mass"]["main_unusable"]
    out["propellant_left_kg"] = np.where(touched, left, np.maximum(now, 0.0))
    return out


def went_wrong(limits: Any, states: np.ndarray, events: np.ndarray, verdicts: np.ndarray) -> tuple[list[str | None], np.ndarray]:
    """The first thing that went wrong in each lost run, one of `WENT_WRONG`, and its time [s past the epoch]; None and NaN in a run that landed.

    An estimate counts from five of its own sigmas; the touch counts where a limit was exceeded at it.
    """
    contact, watch = states["contact"], states["watch"]
    never = np.full(len(states), np.inf)

    def since(times: np.ndarray, happened: np.ndarray) -> np.ndarray:
        return np.where(happened, times, never)

    begun = np.array([[int(bits) >> k & 1 for k in range(states["faults"]["began"].shape[1])] for bits in states["faults"]["begun"]], dtype=bool)
    fault = np.where(begun, states["faults"]["began"], np.inf).min(axis=1) if begun.size else never
    thrusters = events["time"][:, EVENTS.index("attitude-dry")]
    beyond = (contact["vertical_speed"] > limits.vertical_speed_m_s) | (contact["horizontal_speed"] > limits.horizontal_speed_m_s)
    beyond |= contact["tilt"] > np.radians(limits.tilt_deg)
    touch = contact["time"] >= 0.0
    times = np.stack(
        [
            fault,
            since(watch["beyond_time"], watch["beyond_time"] > 0.0),
            since(watch["distrusted_time"], watch["distrusted_time"] > 0.0),
            since(thrusters, thrusters >= 0.0),
            since(states["dry_time"], states["dry_time"] >= 0.0),
            since(contact["time"], touch & beyond),
            since(states["time"], touch & (verdicts == "tipped-over")),
        ]
    )
    first = times.argmin(axis=0)
    when = times.min(axis=0)
    lost = (verdicts != "landed") & np.isfinite(when)
    words = [WENT_WRONG[int(k)] if is_lost else None for k, is_lost in zip(first, lost, strict=True)]
    return words, np.where(lost, when, np.nan)


def heights_at_end(scene: Scene, batch: Batch) -> np.ndarray:
    """Height [m] above the map of each run that never touched, at its end; 0 for the others."""
    heights = np.zeros(len(batch.states))
    aloft = np.flatnonzero(~(batch.states["contact"]["time"] >= 0.0))
    aloft = aloft[np.isfinite(batch.states["body"]["position"][aloft]).all(axis=1)]
    if aloft.size:
        position, times = batch.states["body"]["position"][aloft], scene.start.epoch_tdb_s + batch.states["time"][aloft]
        position_me = np.einsum("ij,njk,nk->ni", ME_FROM_PA, rotation_pa_from_mci(times), position)
        heights[aloft] = np.linalg.norm(position_me, axis=1) - RADIUS_M - map_heights(scene.world.relief, position_me)
    return heights
