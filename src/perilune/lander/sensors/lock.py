"""Lock: since when each beam of a sensor has had an unbroken return, so that it speaks only once the ground has answered for a while."""

import warp as wp

from perilune.base.vector import real, vec4


@wp.struct
class Locks:
    """Of up to four beams."""

    since: vec4  # s past the flight's epoch
    returning: wp.int32  # bit i is set while beam i has a return


@wp.func
def beam_locked(locks: wp.ref[Locks], beam: wp.int32, returned: wp.bool, time: real, acquisition: real, margin: real) -> wp.bool:
    """Note whether `beam` has a return at `time` [s]; whether it has had one for `acquisition` [s], within `margin` [s]."""
    bit = wp.int32(1) << beam
    if not returned:
        locks.returning = locks.returning & ~bit
        return False
    if (locks.returning & bit) == 0:
        locks.returning = locks.returning | bit
        locks.since[beam] = time
    return time + margin >= locks.since[beam] + acquisition
