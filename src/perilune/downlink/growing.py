"""Reception of a flight that is underway: the link over a growing record, which decides on each packet as soon as its last frame has been sent.

What has been decided stays as it is, and is what `received_packets` says of the finished flight: the link at a row of the record depends on that row
alone, and a frame on the rows up to its end.

Assumptions and limitations: as of `downlink.link`; what is sent after the last row is decided when the record has been closed.
"""

import math
from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from perilune.downlink.link import Place, link_from
from perilune.downlink.packets import SentPacket
from perilune.downlink.received import Heard
from perilune.downlink.reception import Course, course_of, frames_received, received_time_s
from perilune.downlink.switched import Silences
from perilune.lander.radio import Radio


class _Waiting(NamedTuple):
    packet: SentPacket
    first: int  # frame
    last: int


class Uplink(NamedTuple):
    """How it stands between station and lander: light time [s], and whether a station that may send sees the lander's sky."""

    light_time_s: float
    is_open: bool


class GrowingLink:
    """The link of one flight underway; told of rows of truth and of packets as they come, it gives out what is received, and when, and no more.

    Of the rows it keeps what the frames not yet decided on need, so that a step costs the same early and late in a flight.
    """

    def __init__(self, place: Place, draw: Any, seed: int | None, run: int) -> None:
        self._asked = (place, draw, seed, run)
        self._course: Course | None = None
        self._last: dict[str, Any] = {}  # the link at the last row
        self._silences = Silences()
        self._published: list[np.ndarray] = []
        self._published_before = 0
        self._waiting: deque[_Waiting] = deque()
        self._free = 0  # first bit of the endless row of frames that is not taken
        self._decided = -1  # last frame decided on
        self._frames: dict[int, bool] = {}
        self._broke_s: float | None = None

    def add(self, rows: np.ndarray, packets: Sequence[SentPacket], broke_s: float | None = None) -> list[Heard]:
        """What is decided with these rows of the history (n,) and the packets made in them: those that arrive, in the order of arrival.

        `broke_s` is when the lander broke, once it has.
        """
        place, draw, seed, run = self._asked
        self._broke_s = broke_s
        if len(rows):
            piece = link_from(place, rows, draw, seed, run)
            self._course = course_of(piece.margin, piece.radio, self._course)
            self._last = piece.margin.row(-1, named=True)
            self._silences.add(rows)
            self._published.append(piece.published_s if piece.published_s is not None else np.zeros(0))
        if self._course is None:
            return []
        self._take(packets)
        return self._decide(math.floor(float(self._course.time_s[-1]) / self._radio.frame_s + 1e-9) - 1)

    def close(self) -> list[Heard]:
        """What is decided now that no row will come; as `add`."""
        return self._decide(self._waiting[-1].last) if self._waiting else []

    def uplink(self) -> Uplink:
        """As it stands at the last row."""
        if not self._last:
            return Uplink(0.0, False)
        ground = self._asked[0].mission.ground
        mask = math.radians(ground.elevation_mask_deg) if ground else 0.0
        is_seen = bool(self._last["is_earth_visible"]) and self._last["station_elevation_rad"] >= mask
        return Uplink(self._last["light_time_s"], is_seen and self._broke_s is None)

    @property
    def _radio(self) -> Radio:
        radio = self._asked[0].mission.lander.radio
        assert radio is not None
        return radio

    def _take(self, packets: Sequence[SentPacket]) -> None:
        """Place packets in frames, as `transmission.placed_in_frames` places all of a flight."""
        radio, known = self._radio, np.concatenate(self._published) if self._published else np.zeros(0)
        for packet in packets:
            earliest = math.ceil(float(known[packet.row - self._published_before]) / radio.frame_s - 1e-9) * radio.frame_bits
            begin = max(earliest, self._free)
            self._free = begin + 8 * len(packet.data)
            self._waiting.append(_Waiting(packet, begin // radio.frame_bits, (self._free - 1) // radio.frame_bits))
        self._published_before += len(known)
        self._published = []

    def _decide(self, frame: int) -> list[Heard]:
        """On all packets up to the end of a frame."""
        if self._course is None or frame <= self._decided:
            return []
        _, _, seed, run = self._asked
        silences = self._silences.until_now if self._broke_s is None else [*self._silences.until_now, (self._broke_s, math.inf)]
        frames = np.arange(self._decided + 1, frame + 1)
        are_received = frames_received(self._course, self._radio, frames, seed or 0, run, silences)
        self._frames.update(zip(frames.tolist(), are_received.tolist(), strict=True))
        self._decided = frame
        done = []
        while self._waiting and self._waiting[0].last <= frame:
            one = self._waiting.popleft()
            if all(self._frames[n] for n in range(one.first, one.last + 1)):
                done.append(one)
        received = received_time_s(self._course, self._radio, np.array([one.last for one in done], dtype=np.int64))
        self._course = self._course.since((frame + 1) * self._radio.frame_s)
        oldest = self._waiting[0].first if self._waiting else frame
        self._frames = {n: is_received for n, is_received in self._frames.items() if n >= oldest}
        return [Heard(float(when), one.packet) for when, one in zip(received, done, strict=True)]
