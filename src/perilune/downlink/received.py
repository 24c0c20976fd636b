"""The packets that reached the ground: those that were sent, less what the link lost, in the order in which they came.

Assumptions and limitations: a packet is handed to the transmitter in its tick by the computer's clock; where a fault sets that clock wrong, the
link is asked for the wrong instant by as much.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from perilune.downlink.packets import SentPacket

if TYPE_CHECKING:
    from perilune.downlink.link import Link


class Heard(NamedTuple):
    """A packet that arrived, and when [s past the flight's epoch]."""

    received_time_s: float
    packet: SentPacket


def received_packets(sent: Sequence[SentPacket], link: "Link") -> list[Heard]:
    """What of the packets sent arrives, in the order of arrival; those of one frame in that in which they were sent."""
    if not sent:
        return []
    arrivals = link.arrivals(np.array([packet.time_s for packet in sent]), np.array([8 * len(packet.data) for packet in sent]))
    heard = [Heard(float(when), packet) for packet, arrives, when in zip(sent, arrivals.arrives, arrivals.received_time_s, strict=True) if arrives]
    return sorted(heard, key=lambda one: one.received_time_s)
