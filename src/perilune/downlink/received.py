"""The packets that reached the ground: those that were sent, less what the link lost, in the order in which they came.

Assumptions and limitations: a packet is handed to the transmitter in the tick in which its row of telemetry was published. Which tick that was the
link knows from the record; the time in the packet is the computer's, and wrong where a fault sets its clock wrong.
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
    arrivals = link.arrivals_of_rows(np.array([packet.row for packet in sent]), np.array([8 * len(packet.data) for packet in sent]))
    heard = [Heard(float(when), packet) for packet, arrives, when in zip(sent, arrivals.arrives, arrivals.received_time_s, strict=True) if arrives]
    return sorted(heard, key=lambda one: one.received_time_s)
