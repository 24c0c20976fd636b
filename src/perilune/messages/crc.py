"""Packet error control: the check word at the end of a packet, by which ground and lander tell a packet from a damaged one.

CRC-16-CCITT of CCSDS: polynomial x¹⁶ + x¹² + x⁵ + 1, all ones at the start, most significant bit first, nothing inverted. Over a packet with its
check word it comes to zero.

Assumptions and limitations: every error of up to 3 bits and every burst of up to 16 bits is found in packets of at most 4,095 bytes, header and
check word included; beyond that, and for other errors, one in 65,536 passes.
Sources: CCSDS 132.0-B-3 (TM Space Data Link Protocol), frame error control field, and ECSS-E-ST-70-41C, annex B, which both give this polynomial and
start; check value 0x29B1 of "123456789", catalogue of parametrised CRC algorithms (CRC-16/IBM-3740); the length within which three bits are found
is the order of the polynomial, 32,767 bits.
"""

import binascii

START = 0xFFFF
CHECK_BYTES = 2
LONGEST_GUARDED = 4095
"""Longest packet [bytes], header and check word included, for which the guarantee above holds."""


def check_word(data: bytes) -> int:
    """The check word of `data`, 0 to 65,535."""
    return binascii.crc_hqx(data, START)


def sealed(data: bytes) -> bytes:
    """`data` with its check word behind it."""
    return data + check_word(data).to_bytes(CHECK_BYTES, "big")


def is_whole(packet: bytes) -> bool:
    """Whether the last two bytes are the check word of all before them."""
    return len(packet) > CHECK_BYTES and check_word(packet) == 0
