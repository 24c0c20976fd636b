"""What the computer derives on board is what the published rows say, in one stretch or in many."""

import polars as pl
import pytest
from handmade import EPOCH, rows

from perilune.downlink.decode import decode
from perilune.downlink.packets import Sender, sent_packets, stream_of


def approx(value):
    return pytest.approx(value, abs=1e-5)  # single precision


def told(telemetry):
    """The events of telemetry: seconds past the epoch, what, value."""
    table = decode(stream_of(sent_packets(telemetry, EPOCH))).table("events")
    times = (table["time_utc"] - pl.Series([EPOCH]).str.to_datetime(time_zone="UTC")[0]).dt.total_milliseconds() / 1000
    return list(zip(times.round(3).to_list(), table["event"].to_list(), table["event_value"].to_list(), strict=True))


def test_a_quiet_flight_tells_that_it_began_and_no_more():
    assert told(rows(50)) == [(0.0, "started", 0.0)]


def test_a_change_of_mode_is_told_with_the_new_mode():
    table = decode(stream_of(sent_packets(rows(4, mode=["coast", "braking", "braking", "landed"]), EPOCH))).table("events")
    assert table["event_mode"].to_list() == ["coast", "braking", "landed"]


def test_ranges_are_told_of_once_and_refusals_once_a_run():
    telemetry = rows(8, range_valid=[False, True, True, False] * 2, range_m=[0.0] + [893.0] * 7, range_rejections=[0, 0, 0, 1, 2, 3, 3, 4])
    assert told(telemetry)[1:] == [(0.1, "first-range-used", 893.0), (0.3, "range-refused", 1.0), (0.7, "range-refused", 4.0)]


def test_a_touchdown_that_is_believed_is_told():
    assert told(rows(5, touchdown=[False] * 3 + [True] * 2))[1:] == [(0.3, "touchdown-believed", 0.0)]


def test_an_absence_is_told_when_it_is_over():
    assert told(rows(4, time_s=[0.0, 0.1, 12.5, 12.6]))[1:] == [(12.5, "computer-back", approx(12.4))]
    assert told(rows(4, time_s=[0.0, 0.1, 0.4, 0.5]))[1:] == []  # two cycles lost: an overload
    assert told(rows(3, time_s=[5.0, 5.1, 3.0]))[1:] == [(3.0, "clock-set-back", approx(-2.1))]


def test_the_range_grows_old_and_is_new_again():
    table = decode(stream_of(sent_packets(rows(11, range_valid=[False] * 5 + [True] + [False] * 5), EPOCH))).table("guidance")
    assert table["range_age_s"].to_list() == [approx(age) for age in (0.0, 0.2, 0.4, 0.1, 0.3, 0.5)]


def test_stretches_make_no_difference(telemetry, epoch, sent):
    last = telemetry.tail(1500)
    whole = sent_packets(last, epoch, 5000.0)
    sender = Sender(epoch, 5000.0)
    pieces = [packet for at in range(0, 1500, 7) for packet in sender.send(last[at : at + 7])]
    assert pieces == whole and sender.send(last[:0]) == []
