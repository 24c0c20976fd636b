"""The front end finds commands in whatever pieces a line hands over, finds its way back after bytes that are none, and stamps what goes up."""

import numpy as np
import pytest

from perilune.control_room.front_end import CommandStream, stamped
from perilune.messages.command_packet import command_packet
from perilune.messages.commands import COMMANDS

ARGUMENTS = {"arm": {"command": "restart-computer"}, "switch-antenna": {"antenna": "best"}, "dump-recorder": {"from_s": 1.0, "to_s": 2.0}}
ARGUMENTS |= {"update-site": {"east_m": 3.0, "north_m": -4.0}, "hold": {"duration_s": 9.0}, "select-sensor": {"sensor": "star_tracker", "use": "no"}}
ARGUMENTS |= {"set-range-gate": {"sigmas": 7.0}}
PACKETS = [command_packet(one.name, ARGUMENTS.get(one.name, {}), count) for count, one in enumerate(COMMANDS)]


def fed(stream, data, lengths):
    found, at = [], 0
    while at < len(data):
        end = at + int(lengths.integers(1, 9))
        found += stream.feed(data[at:end])
        at = end
    return found


def test_commands_are_found_in_pieces_of_any_size():
    stream = CommandStream()
    assert fed(stream, b"".join(PACKETS), np.random.default_rng(1)) == PACKETS
    assert stream.skipped == 0


def test_what_is_no_command_is_counted_and_the_next_one_is_found():
    stream, noise = CommandStream(), bytes(range(256))
    assert fed(stream, noise + PACKETS[0] + b"\x18\xc8\xff" + PACKETS[3], np.random.default_rng(2)) == [PACKETS[0], PACKETS[3]]
    assert stream.skipped == 256 + 3


def test_a_length_field_that_lies_costs_no_more_than_its_own_packet():
    lying = bytearray(PACKETS[7])
    lying[5] = 200
    stream = CommandStream()
    assert stream.feed(bytes(lying) + PACKETS[1] + PACKETS[2]) == [PACKETS[1], PACKETS[2]]
    assert stream.skipped == len(lying)


@pytest.mark.parametrize("packet", PACKETS)
def test_a_stamped_packet_is_that_of_the_encoder_whatever_its_count_and_check_word_were(packet):
    left_out = packet[:2] + b"\x00\x00" + (len(packet) - 9).to_bytes(2, "big") + packet[6:-2]
    not_filled = packet[:2] + b"\x00\x00" + packet[4:-2] + b"\x00\x00"
    for given in (left_out, not_filled):
        [found] = CommandStream().feed(given)
        count = int.from_bytes(packet[2:4], "big") & 0x3FFF
        assert stamped(found, count) == packet
    assert stamped(packet, 16_384 + 5)[2:4] == b"\xc0\x05"


def test_a_raw_line_passes_on_what_the_front_end_would_refuse():
    strange = b"\x10\x01\xc0\x00\x00\x40" + bytes(65)
    assert CommandStream().feed(strange) == []
    assert CommandStream(is_raw=True).feed(b"\xff" + strange + PACKETS[0]) == [strange, PACKETS[0]]
