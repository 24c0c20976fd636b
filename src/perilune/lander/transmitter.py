"""The transmitter in flight: when it sends, and which antenna it is switched to; the link reads both from the record.

Assumptions and limitations: a restart takes `RESTART_S`, ends a failure and leaves the antenna switched as it is; nothing else of the flight depends
on it. Switched to an antenna that the lander lacks, it is heard nowhere.
Source: none; all assumed.
"""

import warp as wp

from perilune.base.vector import real
from perilune.lander.faults import FaultsNow, any_fault, fault_code, fault_on

RESTART_S = 2.0  # silent for so long in a restart; assumed
RESTART = wp.constant(real(RESTART_S))
FAILS = wp.constant(fault_code("transmitter.fails"))


@wp.struct
class TransmitterState:
    """All zero at the start of a flight."""

    silent_until: real  # s past the epoch


@wp.func
def restart_transmitter(state: wp.ref[TransmitterState], time: real):
    """Cut its power and start it again at `time` [s past the epoch]."""
    state.silent_until = time + RESTART


@wp.func
def is_transmitting(state: wp.ref[TransmitterState], now: wp.ref[FaultsNow], time: real) -> wp.bool:
    """Whether it sends in the tick that begins at `time` [s past the epoch]."""
    if any_fault(now):
        if fault_on(now, FAILS):
            return False
    return time >= state.silent_until
