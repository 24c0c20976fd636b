"""Campaigns that were never flown: tables made up for the report's tests, kept and summed up as flown ones are."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from perilune.campaigns.builds import this_build
from perilune.campaigns.plan import Plan
from perilune.campaigns.results import Campaign, finish
from perilune.campaigns.sealed_table import write_table
from perilune.campaigns.store import make_store
from perilune.flight.fly import in_case
from perilune.mission.draws import draw
from perilune.mission.loader import load
from perilune.mission.schema import Mission


def mission_of(name: str = "resilience", case: str | None = None) -> Mission:
    """A mission of the catalogue."""
    return in_case(load(name), case)


def rows(mission: Mission, n: int, seed: int = 1) -> dict[str, Any]:
    """Columns of `n` runs that all landed."""
    generator = np.random.default_rng(seed)
    north, east = generator.normal(200.0, 2000.0, n), generator.normal(-40.0, 130.0, n)
    down, across = np.abs(generator.normal(1.5, 0.1, n)), np.abs(generator.normal(0.3, 0.15, n))
    left = generator.normal(16.0, 2.0, n)
    return {
        "run": np.arange(n, dtype=np.int64),
        "verdict": ["landed"] * n,
        "reason": ["Touched down softly."] * n,
        "faults": pl.Series("faults", [[]] * n, dtype=pl.List(pl.String)),
        "touchdown_time_utc": ["2025-06-05T19:17:13.233Z"] * n,
        "touchdown_t_s": generator.normal(3700.0, 10.0, n),
        "touchdown_latitude_deg": np.full(n, 60.5),
        "touchdown_longitude_deg": np.full(n, -4.6),
        "touchdown_north_m": north,
        "touchdown_east_m": east,
        "touchdown_miss_m": np.hypot(north, east),
        "touchdown_vertical_speed_m_s": down,
        "touchdown_horizontal_speed_m_s": across,
        "touchdown_tilt_deg": np.abs(generator.normal(0.2, 0.1, n)),
        "touchdown_slope_deg": generator.exponential(3.0, n),
        "touchdown_propellant_left_kg": left,
        "rest_tilt_deg": np.abs(generator.normal(2.0, 1.0, n)),
        "propellant_left_kg": left,
        "margin_to_limit": (2.0 - down) / 2.0,
        "estimate_worst_sigma": np.abs(generator.normal(3.0, 1.0, n)),
        "estimate_worst_t_s": generator.normal(3600.0, 10.0, n),
        "went_wrong": pl.Series("went_wrong", [None] * n, dtype=pl.String),
        "went_wrong_t_s": np.full(n, np.nan),
        **draw(mission, seed, np.arange(n)),
    }


def lose(columns: dict[str, Any], runs: list[int], verdict: str = "crashed") -> None:
    """Make runs lost, in place."""
    for run in runs:
        columns["verdict"][run] = verdict
        columns["reason"][run] = f"Hit the ground at {10 + run} m/s <em>&</em>."
        columns["touchdown_vertical_speed_m_s"][run] = 10.0 + 0.01 * run
        columns["margin_to_limit"][run] = -4.0 - 0.01 * run
    first = columns["went_wrong"].to_list()
    for run in runs:
        first[run] = "touch beyond a limit"
    columns["went_wrong"] = pl.Series("went_wrong", first, dtype=pl.String)
    columns["went_wrong_t_s"][runs] = 3650.0


def never_touch(columns: dict[str, Any], runs: list[int], verdict: str) -> None:
    """Make runs end without a touchdown, in place; invalid ones have no margin either."""
    for key, values in columns.items():
        if key.startswith("touchdown_") and key != "touchdown_time_utc":
            values[runs] = np.nan
    for run in runs:
        columns["verdict"][run], columns["touchdown_time_utc"][run] = verdict, None
    columns["margin_to_limit"][runs] = np.nan if verdict == "invalid" else -2.5
    columns["propellant_left_kg"] = np.where(np.isin(columns["run"], runs), np.nan if verdict == "invalid" else 0.0, columns["propellant_left_kg"])


def keep(folder: Path, mission: Mission, columns: dict[str, Any], **asked: Any) -> Campaign:
    """The campaign of a table, summed up, in its folder."""
    frame = pl.DataFrame(columns).with_columns(pl.col(pl.Float64).fill_nan(None))
    plan = Plan(
        mission=mission.mission.name, case=mission.case, mission_hash=mission.hash, **{"runs": len(frame), "seed": 1, "start": "pdi", **asked}
    )
    store = make_store(folder, plan, mission)
    write_table(store.table, frame.to_arrow(), {"plan": plan.key, "builds": [this_build()]})
    return finish(store, mission, None)
