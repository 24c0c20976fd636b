"""Thinning a record must lose no spike."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.report.decimation import extremes


def test_short_records_are_kept_whole() -> None:
    assert np.array_equal(extremes(np.arange(30.0), 30), np.arange(30))


@given(st.integers(31, 5000), st.integers(4, 300), st.integers(0, 2**31))
def test_extremes_ends_and_limit_hold_for_any_record(n: int, limit: int, seed: int) -> None:
    values = np.random.default_rng(seed).standard_cauchy(n)
    kept = extremes(values, limit)
    assert len(kept) <= max(limit, n if n <= limit else 0)
    assert kept[0] == 0 and kept[-1] == n - 1
    assert np.all(np.diff(kept) > 0)
    assert values[kept].min() == values.min()
    assert values[kept].max() == values.max()


@pytest.mark.parametrize("place", [0, 1, 49_999, 25_000, 31_234])
@pytest.mark.parametrize("height", [5.0, -5.0])
def test_a_spike_of_one_row_survives(place: int, height: float) -> None:
    values = np.sin(np.linspace(0.0, 20.0, 50_000))
    values[place] = height
    assert place in extremes(values, 1000)


def test_gaps_hide_no_spike() -> None:
    values = np.full(10_000, np.nan)
    values[7_777] = 3.0
    assert 7_777 in extremes(values, 500)
