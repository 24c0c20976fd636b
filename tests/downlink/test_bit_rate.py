"""What does not fit in a second is left out by priority, never split, and always the same."""

import numpy as np
import pytest
from handmade import EPOCH, rows

from perilune.base.errors import PeriluneError
from perilune.downlink.bit_rate import EVENTS_HELD, Budget
from perilune.downlink.dictionary import BY_APID, EVENT_PACKET, FULL_BIT_RATE_BIT_S, PACKETS
from perilune.downlink.fields import Field, Packet
from perilune.downlink.packets import sent_packets
from perilune.mission.loader import load

A = Packet("a", 1, 2, 1, "", (Field("x", "f32", "", ""),))  # 20 bytes, 160 bits, twice a second
B = Packet("b", 2, 5, 2, "", tuple(Field(f"y{n}", "f64", "", "") for n in range(3)))  # 40 bytes, 320 bits, five times
C = Packet("c", 3, 10, 3, "", (Field("z", "u16", "", ""),))  # 18 bytes, 144 bits, ten times


def chosen(packets, bit_rate, seconds=3):
    """How many of each are sent in each second."""
    budget, counts = Budget(packets, bit_rate), np.zeros((seconds, len(packets)), int)
    for tick in range(10 * seconds):
        for n, packet in enumerate(packets):
            if tick % packet.every_ticks == 0:
                counts[tick // 10, n] += budget.takes(packet.apid, tick)
    return counts.tolist()


@pytest.mark.parametrize(
    ("bit_rate", "each_second"),
    [
        (143, [0, 0, 0]),
        (159, [0, 0, 1]),  # in tick 9, when nobody of better priority comes any more
        (160, [1, 0, 0]),
        (303, [1, 0, 0]),
        (304, [1, 0, 1]),  # 144 are left by the first of a: not for b, which is larger, nor for the second of a
        (320, [2, 0, 0]),
        (320 + 320, [2, 1, 0]),
        (320 + 5 * 320, [2, 5, 0]),
        (320 + 5 * 320 + 3 * 144, [2, 5, 3]),
        (320 + 5 * 320 + 10 * 144, [2, 5, 10]),
        (1e9, [2, 5, 10]),
    ],
)
def test_a_second_holds_what_can_be_worked_out_by_hand(bit_rate, each_second):
    assert chosen((A, B, C), bit_rate) == [each_second] * 3


def test_priority_is_never_turned_round():
    """What is sent of the better ones does not depend on the worse ones."""
    for bit_rate in range(100, 4000, 37):
        alone, both, all_three = chosen((A,), bit_rate), chosen((A, B), bit_rate), chosen((A, B, C), bit_rate)
        assert [second[:1] for second in both] == alone and [second[:2] for second in all_three] == both


@pytest.mark.parametrize("bit_rate", [300, 1000, 2500, 5000, 8000])
def test_no_second_carries_more_than_the_link(telemetry, epoch, bit_rate):
    last = telemetry.tail(3000)
    bits = {}
    packets = sent_packets(last, epoch, bit_rate)
    for packet in packets:
        second = round(packet.time_s * 10) // 10
        bits[second] = bits.get(second, 0) + 8 * len(packet.data)
        assert len(packet.data) == BY_APID[packet.apid].size
    assert 0 < max(bits.values()) <= bit_rate
    assert packets == sent_packets(last, epoch, bit_rate)


def test_all_fits_what_all_needs():
    events = EVENTS_HELD * 8 * EVENT_PACKET.size
    sent = sent_packets(rows(30), EPOCH, FULL_BIT_RATE_BIT_S + events)
    assert [sum(packet.apid == kind.apid for packet in sent) for kind in PACKETS] == [
        1 if kind is EVENT_PACKET else 3 * kind.rate_hz for kind in PACKETS
    ]


def test_an_event_goes_before_all_else():
    """The link carries one event a second and nothing besides."""
    sent = sent_packets(rows(20, mode=["coast"] * 15 + ["braking"] * 5), EPOCH, 8 * EVENT_PACKET.size)
    assert [(packet.apid, round(packet.time_s, 1)) for packet in sent] == [(100, 0.0), (100, 1.5)]


@pytest.mark.parametrize("bit_rate", [0.0, -1.0, float("nan"), float("inf")])
def test_a_rate_that_carries_nothing_is_refused(bit_rate):
    with pytest.raises(PeriluneError, match="bit rate"):
        sent_packets(rows(1), EPOCH, bit_rate)


def test_the_radio_of_resilience_carries_all_packets_and_two_events_a_second():
    radio = load("resilience").lander.radio
    assert FULL_BIT_RATE_BIT_S + EVENTS_HELD * 8 * EVENT_PACKET.size <= radio.frame_bits / radio.frame_s
