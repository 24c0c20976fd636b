"""Telemetry written by hand: rows of zeros but for what a test sets."""

import numpy as np
import polars as pl

from perilune.avionics.sequencer import MODES
from perilune.downlink.dictionary import COLUMNS

EPOCH = "2025-06-05T18:15:00Z"
FLAGS, COUNTS = ("touchdown", "range_valid", "fix_used"), ("speeds_used", "range_rejections", "speed_rejections", "fix_rejections", "sun_rejections")


def rows(count, **columns):
    """`count` rows a tick apart from the epoch on; columns as lists, or as one value for all rows."""
    zeros = {name: np.zeros(count, bool if name in FLAGS else np.int32 if name in COUNTS else float) for name in COLUMNS if name != "mode"}
    frame = {"time_s": np.arange(count) * 0.1, "mode": ["coast"] * count}
    frame = {**zeros, **frame, **{name: value if isinstance(value, list | np.ndarray) else [value] * count for name, value in columns.items()}}
    return pl.DataFrame(frame).with_columns(pl.col("mode").cast(pl.Enum(MODES)))
