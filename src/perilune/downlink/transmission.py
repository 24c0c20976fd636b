"""When packets leave: the transmitter's endless row of frames, and in which of them each packet lies.

Bits wait until a frame begins, fill it in the order in which they were sent, and go on in the next where it is full. Frames follow one another
without a gap from the start of the flight on, whether or not there is something to put in them.

Assumptions and limitations: no packet is left out here, a queue may grow without end (what does not fit is chosen where packets are made); a packet
that lies in several frames needs them all; synchronisation marks are counted into the bit rate.
"""

from typing import NamedTuple

import numpy as np


class Placed(NamedTuple):
    """The first and the last frame of each packet, counted from the start of the flight, shape (n,)."""

    first: np.ndarray
    last: np.ndarray


def placed_in_frames(send_times_s: np.ndarray, bits: np.ndarray, frame_s: float, frame_bits: int) -> Placed:
    """The frames of packets handed to the transmitter at `send_times_s` (n,), in the order of time, with `bits` (n,) each."""
    order = np.argsort(send_times_s, kind="stable")
    size = bits[order].astype(np.int64)
    # A packet handed over as a frame begins is still in time for it; times are decimal, so a rounding error must not cost it a frame.
    earliest = np.ceil(send_times_s[order] / frame_s - 1e-9).astype(np.int64) * frame_bits
    before = np.cumsum(size) - size
    begin = np.maximum.accumulate(earliest - before) + before
    first, last = np.empty_like(begin), np.empty_like(begin)
    first[order], last[order] = begin // frame_bits, (begin + np.maximum(size, 1) - 1) // frame_bits
    return Placed(first, last)
