"""Reception of a flight that is underway: the link over a growing record, which decides on each packet as soon as its last frame has been sent.

What has been decided stays as it is, and is what `received_packets` says of the finished flight: the link at a row of the record depends on that row
alone, and a frame on the rows up to its end.

Assumptions and limitations: as of `downlink.link`; what is sent after the last row is decided when the record has been closed.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from perilune.downlink.link import Link, Place, link_from
from perilune.downlink.packets import SentPacket
from perilune.downlink.received import Heard
from perilune.downlink.switched import silences_of

if TYPE_CHECKING:
    import polars as pl


class _Waiting(NamedTuple):
    packet: SentPacket
    first: int  # frame
    last: int


class Uplink(NamedTuple):
    """How it stands between station and lander: light time [s], and whether a station that may send sees the lander's sky."""

    light_time_s: float
    is_open: bool


class GrowingLink:
    """The link of one flight underway; told of rows of truth and of packets as they come, it gives out what is received, and when, and no more."""

    def __init__(self, place: Place, draw: Any, seed: int | None, run: int) -> None:
        self._asked = (place, draw, seed, run)
        self._margins: list[pl.DataFrame] = []
        self._published: list[np.ndarray] = []
        self._published_before = 0
        self._sending: list[dict[str, np.ndarray]] = []
        self._link: Link | None = None
        self._waiting: deque[_Waiting] = deque()
        self._free = 0  # first bit of the endless row of frames that is not taken
        self._decided = -1  # last frame decided on
        self._frames: dict[int, bool] = {}
        self._broke_s: float | None = None

    def add(self, rows: np.ndarray, packets: Sequence[SentPacket], broke_s: float | None = None) -> list[Heard]:
        """What is decided with these rows of the history (n,) and the packets made in them: those that arrive, in the order of arrival.

        `broke_s` is when the lander broke, once it has.
        """
        import polars as pl

        place, draw, seed, run = self._asked
        self._broke_s = broke_s
        if len(rows):
            piece = link_from(place, rows, draw, seed, run)
            self._margins.append(piece.margin)
            self._published.append(piece.published_s if piece.published_s is not None else np.zeros(0))
            self._link = replace(piece, margin=pl.concat(self._margins))
            self._margins = [self._link.margin]
            self._sending.append({"time": rows["time"].copy(), "transmitting": rows["transmitting"].copy()})
        if self._link is None:
            return []
        self._take(packets)
        covered = math.floor(float(self._link.margin["time_s"][-1]) / self._link.radio.frame_s + 1e-9) - 1
        return self._decide(covered)

    def close(self) -> list[Heard]:
        """What is decided now that no row will come; as `add`."""
        return self._decide(self._waiting[-1].last) if self._waiting else []

    def uplink(self) -> Uplink:
        """As it stands at the last row."""
        if self._link is None:
            return Uplink(0.0, False)
        last = self._link.margin.row(-1, named=True)
        ground = self._asked[0].mission.ground
        mask = math.radians(ground.elevation_mask_deg) if ground else 0.0
        return Uplink(last["light_time_s"], bool(last["is_earth_visible"]) and last["station_elevation_rad"] >= mask and self._broke_s is None)

    def _take(self, packets: Sequence[SentPacket]) -> None:
        """Place packets in frames, as `transmission.placed_in_frames` places all of a flight."""
        assert self._link is not None
        radio, known = self._link.radio, np.concatenate(self._published) if self._published else np.zeros(0)
        for packet in packets:
            earliest = math.ceil(float(known[packet.row - self._published_before]) / radio.frame_s - 1e-9) * radio.frame_bits
            begin = max(earliest, self._free)
            self._free = begin + 8 * len(packet.data)
            self._waiting.append(_Waiting(packet, begin // radio.frame_bits, (self._free - 1) // radio.frame_bits))
        self._published_before += len(known)
        self._published = []

    def _decide(self, frame: int) -> list[Heard]:
        """On all packets up to the end of a frame."""
        link = self._link
        if link is None or frame <= self._decided:
            return []
        self._sending = [{name: np.concatenate([one[name] for one in self._sending]) for name in self._sending[0]}]
        silences = tuple(silences_of(self._sending[0]))
        link = replace(link, silences=silences if self._broke_s is None else (*silences, (self._broke_s, math.inf)))
        frames = np.arange(self._decided + 1, frame + 1)
        self._frames.update(zip(frames.tolist(), link.frames_received(frames).tolist(), strict=True))
        self._decided = frame
        done = []
        while self._waiting and self._waiting[0].last <= frame:
            one = self._waiting.popleft()
            if all(self._frames[n] for n in range(one.first, one.last + 1)):
                done.append(one)
        received = link.received_time_s(np.array([one.last for one in done], dtype=np.int64))
        oldest = self._waiting[0].first if self._waiting else frame
        self._frames = {n: is_received for n, is_received in self._frames.items() if n >= oldest}
        return [Heard(float(when), one.packet) for when, one in zip(received, done, strict=True)]
