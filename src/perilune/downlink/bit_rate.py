"""The bit-rate budget: what does not fit into a second is left out by priority.

Each whole second of the computer's clock carries as many bits as the link sends in it. A packet goes out in its tick if what is left of the second,
less what packets of better priority will still need in it, holds the packet; room for `EVENTS_HELD` packets that come as it happens (events, reports
on commands) is kept free. So a packet is decided on when it is made, and no packet of better priority is ever left out for one of worse.

Assumptions and limitations: packets are whole or left out, never queued; what is held free and not needed goes unused; frames, coding and
idle data around the packets are the link's business; all assumed.
"""

from collections.abc import Sequence
from math import isfinite

from perilune.base.errors import PeriluneError
from perilune.downlink.fields import TICKS_A_SECOND, Packet

EVENTS_HELD = 2  # a second; assumed


class Budget:
    """The budget of one flight, told of its packets in the order of time and, within a tick, of priority."""

    def __init__(self, packets: Sequence[Packet], bit_rate_bit_s: float) -> None:
        if not (isfinite(bit_rate_bit_s) and bit_rate_bit_s > 0.0):
            raise PeriluneError(f"bit rate: {bit_rate_bit_s:g} bit/s carries nothing; give a finite number above 0")
        self.capacity = bit_rate_bit_s
        self._bits = {packet.apid: 8 * packet.size for packet in packets}
        self._needs = {packet.apid: [needed(packets, packet.priority, tick) for tick in range(TICKS_A_SECOND)] for packet in packets}
        self._held = {
            packet.apid: EVENTS_HELD
            * max((8 * other.size for other in packets if not other.is_periodic and other.priority < packet.priority), default=0)
            for packet in packets
        }
        self._occasional = {packet.apid for packet in packets if not packet.is_periodic}
        self._all_needs = [needed(packets, 1 + max(packet.priority for packet in packets), tick) for tick in range(TICKS_A_SECOND)]
        self._all_held = EVENTS_HELD * sum(8 * packet.size for packet in packets if not packet.is_periodic)
        self._second: int | None = None
        self._left = self._events = 0.0

    def takes(self, apid: int, tick: int) -> bool:
        """Whether the packet of this kind, made in this tick (counted from the epoch), is sent; if so its bits are gone."""
        second, part = divmod(tick, TICKS_A_SECOND)
        if second != self._second:
            self._second, self._left, self._events = second, self.capacity, 0.0
        bits = self._bits[apid]
        kept = self._needs[apid][part] + max(self._held[apid] - self._events, 0.0)
        if self._left - kept < bits:
            return False
        self._left -= bits
        if apid in self._occasional:
            self._events += bits
        return True

    def takes_again(self, bits: int, tick: int) -> bool:
        """Whether a packet from the recorder goes out, after all others of this tick; if so its bits are gone."""
        second, part = divmod(tick, TICKS_A_SECOND)
        if second != self._second:
            self._second, self._left, self._events = second, self.capacity, 0.0
        held = max(self._all_held - self._events, 0.0) if part < TICKS_A_SECOND - 1 else 0.0  # of the last tick all is known
        if self._left - self._all_needs[part] - held < bits:
            return False
        self._left -= bits
        return True


def needed(packets: Sequence[Packet], priority: int, part: int) -> int:
    """Bits of the periodic packets of better priority in the rest of a second, after its tick `part`."""
    later = range(part + 1, TICKS_A_SECOND)
    return sum(
        8 * other.size for other in packets if other.is_periodic and other.priority < priority for tick in later if tick % other.every_ticks == 0
    )
