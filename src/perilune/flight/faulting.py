"""The faults of a tick: what sets them off is looked up in the flight, and their begin and end are noted among its events."""

import warp as wp

from perilune.base.vector import ZERO
from perilune.flight.events import MARKS, EventRow, Kinematics, note
from perilune.flight.state import FlightPack, FlightState, World
from perilune.lander.faults import faults_now


@wp.func
def look_for_faults(
    world: wp.ref[World], pack: wp.ref[FlightPack], s: wp.ref[FlightState], before: Kinematics, events: wp.array2d(dtype=EventRow), i: int
):
    """Put the faults that are active in the tick that begins now into `s.active`; nothing at all where none is planned."""
    if pack.faults.count > 0:
        take_up_faults(world, pack, s, before, events, i)


@wp.func
def take_up_faults(
    world: wp.ref[World], pack: wp.ref[FlightPack], s: wp.ref[FlightState], before: Kinematics, events: wp.array2d(dtype=EventRow), i: int
):
    """The same, where some are planned."""
    happened = wp.int32(0)
    for k in range(MARKS):
        if events[i, k].time >= ZERO:
            happened = happened | (1 << k)
    begun = s.faults.begun
    ended = s.faults.ended
    s.active = faults_now(pack.faults, s.faults, s.time, before.height, s.mode, happened)
    begins = s.faults.begun & ~begun
    ends = s.faults.ended & ~ended
    first = MARKS + world.marks.shape[0]
    for k in range(pack.faults.count):
        if ((begins >> k) & 1) != 0 and first + 2 * k < events.shape[1]:
            note(events, i, first + 2 * k, s.time, before)
        if ((ends >> k) & 1) != 0 and first + 2 * k + 1 < events.shape[1]:
            note(events, i, first + 2 * k + 1, s.time, before)
