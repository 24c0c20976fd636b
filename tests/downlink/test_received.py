"""The ground has of a lander what the link let through: in the order of arrival, and nothing from after the impact."""

from perilune.downlink.decode import decode
from perilune.downlink.link import link_of
from perilune.downlink.packets import sent_packets, stream_of
from perilune.downlink.received import received_packets


def test_a_lander_that_breaks_falls_silent_a_frame_before(flight):
    """The last frame is not wholly sent when the structure breaks: what was said in it is lost, as is what was handed over while it left."""
    link, began = link_of(flight), len(flight.telemetry) - 2000
    sent = sent_packets(flight.telemetry, flight.mission.planned.start.epoch_utc, link.radio.frame_bits / link.radio.frame_s)
    sent = [packet for packet in sent if packet.row >= began]
    heard = received_packets(sent, link)
    times = [one.received_time_s for one in heard]
    assert times == sorted(times) and {one.packet for one in heard} < set(sent)
    assert all(when > one.time_s for when, one in heard)
    said, until = max(one.packet.time_s for one in heard), sent[-1].time_s
    assert 0.0 < until - said < 3.0 * link.radio.frame_s
    decoded = decode(stream_of([one.packet for one in heard]))
    assert decoded.counters.packets == len(heard) and decoded.counters.skipped_bytes == 0


def test_stretches_make_no_difference_to_the_rows(telemetry, epoch, sent):
    from perilune.downlink.packets import Sender

    sender, some = Sender(epoch), telemetry.head(500)
    stretches = [packet for n in range(0, 500, 77) for packet in sender.send(some[n : n + 77])]
    assert stretches == [packet for packet in sent if packet.row < 500]


def test_nothing_sent_is_nothing_heard(flight):
    assert received_packets([], link_of(flight)) == []
