"""The events of a flight, each with its exact time and the true state at it."""

import warp as wp

from perilune.base.vector import ONE, ZERO, real
from perilune.flight.state import World
from perilune.mission.event_names import EVENTS as EVENTS

FIRST_RANGE, DRY, CONTACT, ATTITUDE_DRY, MARKS = (wp.constant(i) for i in (5, 6, 7, 8, 9))


@wp.struct
class EventRow:
    """One event; `time` is below zero while it has not happened."""

    time: real  # s past the epoch
    altitude: real  # m above the 1737.4 km sphere
    height: real  # m above the ground
    vertical_speed: real  # m/s, positive down
    horizontal_speed: real  # m/s


@wp.struct
class Kinematics:
    """Where the lander truly is over the ground: of the middle of its footpad plane."""

    altitude: real
    height: real
    vertical_speed: real
    horizontal_speed: real
    tilt: real


@wp.func
def note(events: wp.array2d(dtype=EventRow), i: int, k: int, time: real, now: Kinematics):
    """Write event `k` of flight `i` unless it has happened already."""
    if events[i, k].time < ZERO:
        row = EventRow()
        row.time = time
        row.altitude = now.altitude
        row.height = now.height
        row.vertical_speed = now.vertical_speed
        row.horizontal_speed = now.horizontal_speed
        events[i, k] = row


@wp.func
def blend(a: Kinematics, b: Kinematics, f: real) -> Kinematics:
    """The kinematics at the fraction `f` from `a` to `b`."""
    k = Kinematics()
    k.altitude = a.altitude + (b.altitude - a.altitude) * f
    k.height = a.height + (b.height - a.height) * f
    k.vertical_speed = a.vertical_speed + (b.vertical_speed - a.vertical_speed) * f
    k.horizontal_speed = a.horizontal_speed + (b.horizontal_speed - a.horizontal_speed) * f
    k.tilt = b.tilt
    return k


@wp.func
def note_marks(world: wp.ref[World], events: wp.array2d(dtype=EventRow), i: int, t0: real, before: Kinematics, t1: real, after: Kinematics):
    """Note the heights passed downward between two instants, interpolated linearly."""
    for k in range(world.marks.shape[0]):
        mark = world.marks[k]
        if before.height > mark and after.height <= mark:
            f = (before.height - mark) / (before.height - after.height)
            note(events, i, MARKS + k, t0 + (t1 - t0) * wp.clamp(f, ZERO, ONE), blend(before, after, f))
