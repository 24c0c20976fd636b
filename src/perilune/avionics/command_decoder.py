"""The command decoder: what of the uplink is a command, whose count is new and that may be obeyed; it runs whatever becomes of the computer.

A packet is refused for the first of `OUTCOMES` that applies: length, header, check word, count, code, arming, mode, range. One whose check word is
right and whose count is new uses up its count, whatever becomes of it then, so that the same packet is never obeyed twice. A critical command needs
`arm` for it within `ARMED_FOR_S` before; arming is used up by the next critical command.

Assumptions and limitations: hardware of its own with a true clock, which never fails; one packet is taken in a control tick; the first packet may
bear any count.
Source: telecommand packets CCSDS 133.0-B-2 (4.1.3), check word as in CCSDS 232.0-B-4 (frame error control field); counts and arming: assumed.
"""

import warp as wp

from perilune.base.vector import ZERO, real
from perilune.messages.commands import ARMED_FOR_S, BY_NAME, COMMAND_APID, COMMANDS, COUNTS_AHEAD, CRITICAL, LONGEST_COMMAND, OUTCOMES, Argument
from perilune.messages.uplink import UplinkPacket

CODES = 16  # room for codes 0 to 15
vec16i = wp.types.vector(length=CODES, dtype=wp.int32)
vec16r = wp.types.vector(length=CODES, dtype=real)

(
    NOTHING,
    EXECUTED,
    WRONG_LENGTH,
    WRONG_HEADER,
    WRONG_CHECK_WORD,
    USED_COUNT,
    UNKNOWN_CODE,
    NOT_ARMED,
    WRONG_MODE,
    OUT_OF_RANGE,
    NO_COMPUTER,
) = (wp.constant(i) for i in range(len(OUTCOMES)))
ARM, RESTART_COMPUTER, RESTART_TRANSMITTER = (wp.constant(BY_NAME[name].code) for name in ("arm", *CRITICAL))
PACKET_ID = wp.constant(1 << 12 | 1 << 11 | COMMAND_APID)  # version 0, telecommand, with a secondary header
UNSEGMENTED = wp.constant(3)
SHORTEST, LONGEST = wp.constant(10), wp.constant(LONGEST_COMMAND)
AHEAD, COUNT_MASK = wp.constant(COUNTS_AHEAD), wp.constant(0x3FFF)
ARMED_FOR = wp.constant(real(ARMED_FOR_S))


def _of_each(value: object) -> list:
    """A number of every command by its code, 0 where there is none."""
    table = [0] * CODES
    for command in COMMANDS:
        table[command.code] = value(command)  # type: ignore[operator]
    return table


def _end(arguments: tuple[Argument, ...], place: int, is_most: bool) -> float:
    """The least or the most that an argument may be; 0 for one that there is not."""
    if place >= len(arguments):
        return 0.0
    one = arguments[place]
    if one.encoding == "enumeration":
        return float(len(one.labels) - 1) if is_most else 0.0
    return one.most if is_most else one.least


SIZES = wp.constant(vec16i(*_of_each(lambda c: c.size)))
ARGUMENTS = wp.constant(vec16i(*_of_each(lambda c: len(c.arguments))))
IN_BYTES = wp.constant(vec16i(*_of_each(lambda c: int(all(a.encoding == "enumeration" for a in c.arguments)))))
IS_CRITICAL = wp.constant(vec16i(*_of_each(lambda c: int(c.is_critical))))
IS_BY_HARDWARE = wp.constant(vec16i(*_of_each(lambda c: int(c.is_by_hardware))))
LEAST_1, LEAST_2 = (wp.constant(vec16r(*_of_each(lambda c, k=k: _end(c.arguments, k, False)))) for k in range(2))
MOST_1, MOST_2 = (wp.constant(vec16r(*_of_each(lambda c, k=k: _end(c.arguments, k, True)))) for k in range(2))


@wp.struct
class DecoderState:
    """The decoder's registers; all zero at the start of a flight."""

    has_count: wp.bool  # a count has been used
    count: wp.int32  # the last one
    armed: wp.int32  # code of the critical command that may follow, 0: none
    armed_until: real  # s past the epoch
    reports: wp.int32  # packets that came
    refused: wp.int32  # of them
    code: wp.int32  # of the last packet, as far as it could be read: 0 if not
    sequence: wp.int32  # its count
    outcome: wp.int32
    argument_1: real
    argument_2: real


@wp.func
def byte_of(packet: wp.ref[UplinkPacket], i: wp.int32) -> wp.int32:
    """A byte as a number."""
    return wp.int32(packet.data[i])


@wp.func
def word_of(packet: wp.ref[UplinkPacket], i: wp.int32) -> wp.int32:
    """Two bytes from `i` on as a number, the first the higher."""
    return (byte_of(packet, i) << 8) | byte_of(packet, i + 1)


@wp.func
def check_word_over(packet: wp.ref[UplinkPacket], count: wp.int32) -> wp.int32:
    """CRC-16-CCITT over the first `count` bytes: 0 over a packet that ends with its right check word."""
    word = wp.int32(0xFFFF)
    for i in range(count):
        word = word ^ (byte_of(packet, i) << 8)
        for _ in range(8):
            top = word & 0x8000
            word = (word << 1) & 0xFFFF
            if top != 0:
                word = word ^ 0x1021
    return word


@wp.func
def number_at(packet: wp.ref[UplinkPacket], i: wp.int32) -> real:
    """A number in single precision, from its four bytes."""
    bits = (wp.uint32(packet.data[i]) << wp.uint32(24)) | (wp.uint32(packet.data[i + 1]) << wp.uint32(16))
    bits = bits | (wp.uint32(packet.data[i + 2]) << wp.uint32(8)) | wp.uint32(packet.data[i + 3])
    return real(wp.cast(bits, wp.float32))


@wp.func
def read_arguments(d: wp.ref[DecoderState], packet: wp.ref[UplinkPacket]):
    """The arguments of a packet whose code and length are right."""
    if IN_BYTES[d.code] != 0:
        if ARGUMENTS[d.code] > 0:
            d.argument_1 = real(byte_of(packet, 8))
        if ARGUMENTS[d.code] > 1:
            d.argument_2 = real(byte_of(packet, 9))
    else:
        d.argument_1 = number_at(packet, 8)
        if ARGUMENTS[d.code] > 1:
            d.argument_2 = number_at(packet, 12)


@wp.func
def is_in_range(d: wp.ref[DecoderState]) -> wp.bool:
    """Whether the arguments are what the dictionary allows; what is no number is not."""
    c = d.code
    first = ARGUMENTS[c] < 1 or (d.argument_1 >= LEAST_1[c] and d.argument_1 <= MOST_1[c])
    second = ARGUMENTS[c] < 2 or (d.argument_2 >= LEAST_2[c] and d.argument_2 <= MOST_2[c])
    return first and second


@wp.func
def read_packet(d: wp.ref[DecoderState], packet: wp.ref[UplinkPacket]) -> wp.int32:
    """The first reason why a packet is no command to be taken, else EXECUTED; its count is then used, its code and arguments are known."""
    d.code = 0
    d.sequence = 0
    d.argument_1 = ZERO
    d.argument_2 = ZERO
    if packet.length < SHORTEST or packet.length > LONGEST:
        return WRONG_LENGTH
    if word_of(packet, 4) + 7 != packet.length:
        return WRONG_LENGTH
    if word_of(packet, 0) != PACKET_ID or (byte_of(packet, 2) >> 6) != UNSEGMENTED or byte_of(packet, 7) != 0:
        return WRONG_HEADER
    if check_word_over(packet, packet.length) != 0:
        return WRONG_CHECK_WORD
    d.sequence = word_of(packet, 2) & COUNT_MASK
    ahead = (d.sequence - d.count) & COUNT_MASK
    if d.has_count and (ahead == 0 or ahead > AHEAD):
        return USED_COUNT
    d.has_count = True
    d.count = d.sequence
    code = byte_of(packet, 6)
    if code >= CODES:
        return UNKNOWN_CODE
    if SIZES[code] == 0:
        return UNKNOWN_CODE
    if SIZES[code] != packet.length:
        return WRONG_LENGTH
    d.code = code
    read_arguments(d, packet)
    return EXECUTED


@wp.func
def is_armed(d: wp.ref[DecoderState], time: real) -> wp.bool:
    """Whether the critical command that has come may act; arming is used up."""
    armed = d.armed == d.code and time <= d.armed_until
    d.armed = 0
    return armed


@wp.func
def decode(d: wp.ref[DecoderState], packet: wp.ref[UplinkPacket], time: real) -> wp.int32:
    """What the decoder makes of a packet at `time` [s past the epoch]: a refusal, or EXECUTED where hardware acts or the computer is asked."""
    outcome = read_packet(d, packet)
    if outcome != EXECUTED:
        return outcome
    if IS_CRITICAL[d.code] != 0 and not is_armed(d, time):
        return NOT_ARMED
    if d.code == ARM:
        if not is_in_range(d):
            return OUT_OF_RANGE
        d.armed = RESTART_COMPUTER + wp.int32(d.argument_1)
        d.armed_until = time + ARMED_FOR
    return EXECUTED


@wp.func
def report(d: wp.ref[DecoderState], outcome: wp.int32):
    """Keep what became of the packet until the computer has told of it."""
    d.reports += 1
    d.outcome = outcome
    if outcome != EXECUTED:
        d.refused += 1
