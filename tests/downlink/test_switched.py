"""The link sends through the antenna that is switched to, and not while the transmitter is off."""

import numpy as np

from perilune.downlink.switched import silences_of, switched_antenna


def rows_of(sends, antenna=None):
    rows = {"time": np.arange(len(sends)) * 0.1, "transmitting": np.array(sends, dtype=bool)}
    return rows if antenna is None else rows | {"antenna": np.array(antenna)}


def test_spans_of_silence_begin_and_end_with_their_rows():
    assert silences_of(rows_of([1, 1, 1])) == []
    spans = silences_of(rows_of([1, 0, 0, 1, 0, 1]))
    assert np.allclose(spans, [(0.1, 0.3), (0.4, 0.5)])


def test_silence_at_the_end_does_not_end():
    assert silences_of(rows_of([1, 0, 0])) == [(0.1, float("inf"))]
    assert silences_of(rows_of([0]))[0][1] == float("inf")


def test_a_record_of_before_tells_nothing():
    assert silences_of({"time": np.arange(3.0)}) == [] and switched_antenna({"time": np.arange(3.0)}) is None


def test_antennas_count_from_zero_and_the_best_is_below():
    assert switched_antenna(rows_of([1, 1], [0, 2])).tolist() == [-1, 1]
