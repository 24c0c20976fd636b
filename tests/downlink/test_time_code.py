"""The time of a packet keeps its millisecond on every way that is taken from it."""

import math
from datetime import UTC, datetime

import numpy as np
import pytest

from perilune.downlink.time_code import are_times, milliseconds_of, time_codes


def test_an_instant_is_what_the_calendar_says():
    assert time_codes("2025-06-05T18:15:00Z", np.array([0.0, 0.1])).tolist() == pytest.approx([1749147300.0, 1749147300.1], abs=3e-7)
    assert time_codes(datetime(1969, 7, 20, 20, 17, 40, tzinfo=UTC), np.array([0.0]))[0] == -14182940.0


@pytest.mark.parametrize(
    "epoch", ["1969-07-20T20:05:00Z", "1970-01-01T00:00:00Z", "2023-04-25T15:00:00.125Z", "2025-06-05T18:15:00Z", "2040-01-01T00:00:00Z"]
)
def test_cutting_the_rest_off_loses_no_millisecond(epoch):
    """Yamcs takes the whole part of the thousandfold."""
    start = round(datetime.fromisoformat(epoch).timestamp() * 1000)
    ticks = np.arange(-50, 100_000)
    codes = time_codes(epoch, ticks * 0.1)
    assert [math.trunc(code * 1000.0) for code in codes.tolist()] == [start + 100 * tick for tick in ticks.tolist()]
    assert milliseconds_of(codes).tolist() == [start + 100 * tick for tick in ticks.tolist()]


def test_what_is_no_time_is_told_apart():
    assert are_times(np.array([0.0, 1749147300.0, np.nan, np.inf, -np.inf, 1e12, -4e8])).tolist() == [True, True, *[False] * 5]
