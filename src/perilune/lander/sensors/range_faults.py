"""Faults of a measured range: longer by an amount or a share, stuck at one value, one sample that jumps; for every sensor that measures one."""

import warp as wp

from perilune.base.vector import ONE, ZERO, real
from perilune.lander.faults import FaultsNow, any_fault, fault_on, fault_size


@wp.struct
class RangeFaultState:
    """What a fault has to remember."""

    held: real  # m, at which the range is stuck
    holds: wp.bool
    has_jumped: wp.bool


@wp.func
def faulty_range(
    now: wp.ref[FaultsNow],
    state: wp.ref[RangeFaultState],
    bias: wp.int32,
    scale: wp.int32,
    stuck: wp.int32,
    spike: wp.int32,
    measured: real,
) -> real:
    """A sample [m] as the faults with these codes leave it; to be called once a valid sample."""
    if not any_fault(now):
        state.holds = False
        state.has_jumped = False
        return measured
    out = measured * (ONE + fault_size(now, scale)) + fault_size(now, bias)
    jumps = fault_on(now, spike)
    if jumps and not state.has_jumped:
        out += fault_size(now, spike)
    state.has_jumped = jumps
    sticks = fault_on(now, stuck)
    if sticks and not state.holds:
        state.held = out
    if sticks:
        out = state.held
    state.holds = sticks
    return wp.max(out, ZERO)
