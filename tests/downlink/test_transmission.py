"""Packets in frames: each waits for the next frame, fills it in order, and goes on in the one behind."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from perilune.downlink.transmission import placed_in_frames


def test_a_packet_waits_for_the_next_frame():
    placed = placed_in_frames(np.array([0.0, 0.1, 0.99, 1.0, 2.5]), np.array([10, 10, 10, 10, 10]), 1.0, 100)
    assert placed.first.tolist() == placed.last.tolist() == [0, 1, 1, 1, 3]


def test_what_does_not_fit_goes_on_in_the_next_frame():
    placed = placed_in_frames(np.array([0.0, 0.0, 0.0]), np.array([60, 60, 100]), 1.0, 100)
    assert placed.first.tolist() == [0, 0, 1] and placed.last.tolist() == [0, 1, 2]


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(1, 250)), min_size=1, max_size=60))
def test_a_frame_by_frame_transmitter_places_them_alike(packets):
    times, bits = np.array([t for t, _ in packets]), np.array([b for _, b in packets])
    placed = placed_in_frames(times, bits, 1.0, 100)
    queue = sorted(range(len(packets)), key=lambda i: times[i])
    left = {i: int(bits[i]) for i in queue}
    first, last = {}, {}
    frame = 0
    while queue:
        room = 100
        while room and queue and times[queue[0]] <= frame + 1e-9:
            i = queue[0]
            first.setdefault(i, frame)
            taken = min(room, left[i])
            left[i] -= taken
            room -= taken
            if not left[i]:
                last[i] = frame
                queue.pop(0)
        frame += 1
    assert [first[i] for i in range(len(packets))] == placed.first.tolist()
    assert [last[i] for i in range(len(packets))] == placed.last.tolist()
