"""The summary of a campaign's table: the landing probability and its interval, the answers to the requirements, and percentiles."""

from typing import TYPE_CHECKING, Any

import numpy as np

from perilune.campaigns.plan import Plan
from perilune.campaigns.standing import INVALID, LANDED
from perilune.mission.schema import Mission

if TYPE_CHECKING:
    import polars as pl


def summary_of(table: "pl.DataFrame", plan: Plan, mission: Mission) -> dict[str, Any]:
    """Keys of `campaign.json` that follow from the table alone."""
    from perilune.campaigns.intervals import wilson

    verdicts = table["verdict"].to_numpy()
    landed = verdicts[verdicts != INVALID] == LANDED
    low, high = wilson(int(landed.sum()), len(landed), plan.confidence)
    return {
        "landed": int(landed.sum()),
        "probability": float(np.mean(landed)) if len(landed) else None,
        "interval_low": low,
        "interval_high": high,
        "confidence": plan.confidence,
        "method": "wilson",
    }
