"""A clock that jumped misdates packets and moves none of them: the link is asked for the tick in which each really left."""

import numpy as np
import pytest

from perilune.base.errors import PeriluneError
from perilune.downlink.decode import decode
from perilune.downlink.link import link_of
from perilune.downlink.packets import sent_packets, stream_of
from perilune.downlink.received import received_packets
from perilune.flight.fly import fly
from perilune.mission.faults import PlannedFault

JUMP_AT_S, JUMP_FOR_S = 90.0, 20.0  # before the planned touchdown, and for so long


@pytest.fixture(scope="module", params=[600.0, -30.0], ids=lambda jump: f"{jump:+g} s")
def jumped(request):
    """A descent whose clock jumps while one cycle in three is lost, what was sent of it and what was heard."""
    faults = [
        PlannedFault(fault="computer.clock_jump", before_touchdown_s=JUMP_AT_S, duration_s=JUMP_FOR_S, size_s=request.param),
        PlannedFault(fault="computer.overload", before_touchdown_s=JUMP_AT_S + 10.0, duration_s=15.0, size_percent=33.0),
    ]
    flight = fly("resilience", start="pdi", seed=4, faults=faults)
    link = link_of(flight)
    sent = sent_packets(flight.telemetry, flight.mission.planned.start.epoch_utc, link.radio.frame_bits / link.radio.frame_s)
    return request.param, flight, link, sent, received_packets(sent, link)


def true_times(flight):
    """When each row of telemetry was published, shape (rows,): found by the believed position, which stands to the last bit in both records."""
    believed = flight.telemetry.select("^position_mci_.*$").to_numpy()
    beside = flight.flown.record["estimated_position_mci"]
    times, at = [], 0
    for position in believed:
        while not np.array_equal(beside[at], position):
            at += 1
        times.append(flight.flown.record["time"][at])
        at += 1
    return np.array(times)


def test_a_packet_is_heard_after_it_left_and_not_after_its_clock(jumped):
    jump, flight, link, sent, heard = jumped
    left = true_times(flight)
    assert len(heard) > 0.8 * len([one for one in sent if left[one.row] < flight.flown.last["time"] - 10.0])
    way = np.array([one.received_time_s - left[one.packet.row] for one in heard])
    light = link.margin["light_time_s"].min()
    assert (way > light).all() and (way < light + 8.0 * link.radio.frame_s).all()
    off = {round(one.packet.time_s - left[one.packet.row], 6) for one in heard}
    assert off == {0.0, jump}, "the time in the packet is still the computer's"


def test_the_order_is_that_in_which_they_left(jumped):
    _, _, _, _, heard = jumped
    assert [one.packet.row for one in heard] == sorted(one.packet.row for one in heard)
    assert [one.received_time_s for one in heard] == sorted(one.received_time_s for one in heard)
    counters = decode(stream_of([one.packet for one in heard])).counters
    assert not counters.out_of_order and counters.skipped_bytes == 0


def test_a_kept_flight_gives_the_same(jumped, tmp_path):
    _, flight, _, sent, heard = jumped
    folder = flight.save(tmp_path / "kept")
    assert received_packets(sent, link_of(folder)) == heard


def test_a_record_that_does_not_tell_is_refused(jumped):
    from dataclasses import replace

    _, _, link, sent, _ = jumped
    with pytest.raises(PeriluneError, match="fly it again"):
        received_packets(sent, replace(link, published_s=None))
    with pytest.raises(PeriluneError, match="fly it again"):
        received_packets([sent[0]._replace(row=len(link.published_s))], link)
