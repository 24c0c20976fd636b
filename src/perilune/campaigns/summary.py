"""The summary of a campaign's table: the landing probability and its interval, the answers to the requirements, and percentiles."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np

from perilune.campaigns.demonstration import answer
from perilune.campaigns.estimate import INDEPENDENT, estimate
from perilune.campaigns.percentiles import percentile
from perilune.campaigns.plan import Plan
from perilune.mission.schema import Mission

if TYPE_CHECKING:
    import polars as pl

HIGH, LOW = (0.5, 0.95, 0.997), (0.5, 0.05, 0.003)
PERCENTILES = {
    "touchdown_miss_m": HIGH,
    "touchdown_vertical_speed_m_s": HIGH,
    "touchdown_horizontal_speed_m_s": HIGH,
    "touchdown_tilt_deg": HIGH,
    "estimate_worst_sigma": HIGH,
    "propellant_left_kg": LOW,
    "margin_to_limit": LOW,
}
"""The percentiles that stand in `campaign.json`: the middle, and the end that worries."""


def summary_of(table: "pl.DataFrame", plan: Plan, mission: Mission) -> dict[str, Any]:
    """Keys of `campaign.json` that follow from the table alone."""
    is_independent = plan.sampling == INDEPENDENT
    said = asdict(estimate(table["verdict"].to_numpy(), plan.sampling, plan.replicates, plan.confidence))
    return {
        **{key: value for key, value in said.items() if key not in ("runs", "valid")},
        "requirements": [asdict(answer(text, table, is_independent)) for text in mission.requirements],
        "percentiles": {
            quantity: [asdict(percentile(_numbers(table, quantity), share, plan.confidence, is_independent)) for share in shares]
            for quantity, shares in PERCENTILES.items()
            if quantity in table.columns
        },
    }


def _numbers(table: "pl.DataFrame", quantity: str) -> np.ndarray:
    """A column as floats, NaN where a run has none."""
    return table[quantity].cast(float).fill_null(float("nan")).to_numpy()
