"""A command is packed as the dictionary says, and whatever else is asked for is refused in one sentence."""

import pytest
from spacepackets.ccsds.spacepacket import PacketType, SpacePacketHeader

from perilune.base.errors import PeriluneError
from perilune.messages.command_packet import command_packet
from perilune.messages.commands import COMMAND_APID, COMMANDS
from perilune.validation.plain_receiver import PlainReceiver

NO_NUMBERS = [None, [], {}, "fast", "0x10", "\ud800"]
OUT_OF_RANGE = [1e39, -1e39, 10**400, "1e39", float("nan"), float("inf"), 0.999, 1000.1, "nan"]


@pytest.mark.parametrize("value", NO_NUMBERS + OUT_OF_RANGE, ids=lambda value: ascii(value)[:12])
def test_a_number_that_the_dictionary_does_not_hold_is_refused(value):
    with pytest.raises(PeriluneError, match=r"sigmas is .*give 1 to 1000"):
        command_packet("set-range-gate", {"sigmas": value})


@pytest.mark.parametrize("value", [None, [], {}, 5, "lidar", "\ud800"], ids=ascii)
def test_a_label_that_there_is_not_is_refused(value):
    with pytest.raises(PeriluneError, match="choose one of range_finder"):
        command_packet("select-sensor", {"sensor": value, "use": "yes"})


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_packet_is_what_an_independent_receiver_takes(command):
    arguments = {one.name: one.labels[-1] if one.labels else one.most for one in command.arguments}
    packet = command_packet(command.name, arguments, 7)
    header = SpacePacketHeader.unpack(packet)
    assert (header.packet_type, header.apid, header.seq_count, header.packet_len) == (PacketType.TC, COMMAND_APID, 7, len(packet))
    told = PlainReceiver().take(packet, 1.0, command.modes[0] if command.modes else "coast", False)
    assert told.outcome == ("not-armed" if command.is_critical else "executed") and told.code == command.code
