"""The uplink: the packets that reach the lander's receiver, byte for byte as they came, each in the control tick in which its last bit is in."""

import warp as wp

from perilune.messages.commands import LONGEST_COMMAND

vec32b = wp.types.vector(length=LONGEST_COMMAND, dtype=wp.uint8)


@wp.struct
class UplinkPacket:
    """One packet; one that is longer than `LONGEST_COMMAND` bytes keeps its true `length` and loses what is beyond."""

    tick: wp.int32  # control tick of the flight in which it is complete at the receiver
    length: wp.int32  # bytes as it came
    data: vec32b
