"""The check word finds what it promises: all errors of up to 3 bits and all bursts of up to 16, in packets of up to 4,095 bytes."""

import numpy as np
import pytest
from fastcrc import crc16

from perilune.messages.crc import LONGEST_GUARDED, check_word, is_whole, sealed


def plainly(data):
    """The check word bit by bit, from the polynomial alone."""
    register = 0xFFFF
    for byte in data:
        for bit in range(7, -1, -1):
            feedback = (register >> 15) ^ (byte >> bit & 1)
            register = (register << 1 & 0xFFFF) ^ (0x1021 if feedback else 0)
    return register


def syndromes(packet_bytes):
    """What damage of each single bit does to the check of a whole packet, shape (bits,): damage is found where they do not cancel."""
    out, register = [], 0x1021  # the last bit itself: x¹⁶ less the polynomial
    for _ in range(8 * packet_bytes):  # from the last bit to the first: one more bit behind it is one more step of the register
        out.append(register)
        register = (register << 1 & 0xFFFF) ^ (0x1021 if register >> 15 else 0)
    return np.array(out[::-1], dtype=np.uint16)


def damaged(packet, bits):
    value = int.from_bytes(packet, "big")
    for bit in bits:
        value ^= 1 << (8 * len(packet) - 1 - int(bit))
    return value.to_bytes(len(packet), "big")


def test_the_published_check_value_comes_out():
    assert check_word(b"123456789") == 0x29B1


def test_it_is_what_the_polynomial_and_another_library_say():
    draw = np.random.default_rng(1)
    for size in [0, 1, 2, 7, 30, 108, 1000]:
        data = draw.bytes(size)
        assert check_word(data) == plainly(data) == crc16.ibm_3740(data)


def test_a_sealed_packet_is_whole_and_nothing_shorter_is():
    packet = sealed(b"height")
    assert is_whole(packet) and not is_whole(packet[:-1]) and not is_whole(b"") and not is_whole(b"\xff\xff")


@pytest.mark.parametrize("size", [30, 108, LONGEST_GUARDED])
def test_damage_is_found_where_its_syndromes_do_not_cancel(size):
    draw = np.random.default_rng(size)
    packet, alone = sealed(draw.bytes(size - 2)), syndromes(size)
    for count in (1, 2, 3, 4, 20):
        for _ in range(50):
            bits = draw.choice(8 * size, count, replace=False)
            assert check_word(damaged(packet, bits)) == np.bitwise_xor.reduce(alone[bits])


@pytest.mark.parametrize("size", [7, 30, 108, LONGEST_GUARDED])
def test_no_error_of_up_to_three_bits_passes(size):
    alone = syndromes(size)
    taken = np.zeros(1 << 16, dtype=bool)
    taken[alone] = True
    assert not taken[0] and len(np.unique(alone)) == len(alone)  # one bit; two
    odd = np.array([bin(value).count("1") % 2 for value in range(1 << 16)], dtype=bool)
    if size < 1000:
        assert not any(taken[alone[n + 1 :] ^ one].any() for n, one in enumerate(alone))  # three, one by one
    else:  # three: the code of each single bit lies outside of a plane (a linear form is 1), so that three of them never cancel
        form = next(mask for mask in range(1, 1 << 16) if odd[alone[:64] & mask].all())
        assert odd[alone & form].all()


def test_the_guarantee_ends_behind_the_longest_guarded_packet():
    alone = syndromes(LONGEST_GUARDED + 2)
    assert len(np.unique(alone)) < len(alone)  # two bits 32,767 apart cancel


@pytest.mark.parametrize("size", [30, 108, LONGEST_GUARDED])
def test_no_burst_of_up_to_sixteen_bits_passes(size):
    alone = syndromes(size)
    rows = np.lib.stride_tricks.sliding_window_view(alone, 16).astype(np.int64)  # every burst cancels unless these sixteen are independent
    rows, rank = rows.copy(), np.zeros(len(rows), dtype=int)
    for bit in range(16):
        has = (rows >> bit & 1).astype(bool)
        pivot = has.argmax(axis=1)
        found = has.any(axis=1)
        value = np.where(found, rows[np.arange(len(rows)), pivot], 0)
        rows ^= np.where(has, value[:, None], 0)
        rank += found
    assert (rank == 16).all()


def test_every_error_of_up_to_two_bits_and_every_short_burst_is_refused_one_by_one():
    packet = sealed(bytes(range(10)))
    bits = 8 * len(packet)
    assert not any(is_whole(damaged(packet, {a, b})) for a in range(bits) for b in range(a, bits))
    value = int.from_bytes(packet, "big")
    for length in range(1, 11):
        for inner in range(1 << max(length - 2, 0)):
            burst = 1 if length == 1 else 1 << (length - 1) | inner << 1 | 1
            for shift in range(bits - length + 1):
                assert not is_whole((value ^ burst << shift).to_bytes(len(packet), "big"))
