"""The recorder on board: keeps what was sent, whether or not anybody received it, and sends it again when `dump-recorder` asks for it.

What is sent again is the same packet, byte for byte, with its own old count and time, so that an archive on the ground fills its gaps with it; it
goes out last of all, in what the present second's budget leaves.

Assumptions and limitations: a ring of `CAPACITY_BYTES` (assumed), the oldest packets make room; it has power of its own and outlives a restart of the
computer, but sends only while the computer does; times are the computer's, wrong where its clock was; packets that are sent again are not
recorded again; a new dump takes the place of one that is under way.
"""

from collections import OrderedDict, deque
from typing import NamedTuple

CAPACITY_BYTES = 4 << 20  # an hour at 8 kbit/s; assumed


class Kept(NamedTuple):
    """What is known of a packet before its bytes are made: when it was sent by the computer's clock, whose it is, its size in bytes."""

    time_s: float
    apid: int
    size: int


class Recorder:
    """The ring, told of packets by numbers that go up; their bytes follow when they have been made."""

    def __init__(self, capacity_bytes: int = CAPACITY_BYTES) -> None:
        self._capacity, self._held, self._next = capacity_bytes, 0, 0
        self._ring: OrderedDict[int, Kept] = OrderedDict()
        self._bytes: dict[int, tuple[int, bytes]] = {}
        self._asked: deque[int] = deque()

    @property
    def is_dumping(self) -> bool:
        """Whether something is still to be sent again."""
        return bool(self._asked)

    def keep(self, kept: Kept) -> int:
        """Make room for a packet; its number."""
        number, self._next = self._next, self._next + 1
        self._ring[number] = kept
        self._held += kept.size
        while self._held > self._capacity:
            _, oldest = self._ring.popitem(last=False)
            self._held -= oldest.size
        return number

    def ask(self, from_s: float, to_s: float) -> None:
        """Send again what was sent between two instants by the computer's clock, in the order in which it was."""
        self._asked = deque(number for number, kept in self._ring.items() if from_s <= kept.time_s <= to_s)

    def peek(self) -> tuple[int, Kept] | None:
        """The next packet that is to be sent again and is still there."""
        while self._asked and self._asked[0] not in self._ring:
            self._asked.popleft()
        return (self._asked[0], self._ring[self._asked[0]]) if self._asked else None

    def taken(self) -> None:
        """It has been."""
        self._asked.popleft()

    def fill(self, number: int, sequence: int, data: bytes) -> None:
        """Count and bytes of a packet."""
        self._bytes[number] = (sequence, data)

    def read(self, number: int) -> tuple[int, bytes]:
        """The same again."""
        return self._bytes[number]

    def forget(self) -> None:
        """Let go of the bytes of packets that had to make room."""
        oldest = next(iter(self._ring), self._next)
        while self._bytes and (first := next(iter(self._bytes))) < oldest:
            del self._bytes[first]
