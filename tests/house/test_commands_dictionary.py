"""The dictionary of commands holds together, and speaks of modes that there are."""

from perilune.avionics.sequencer import MODES
from perilune.messages.commands import BY_CODE, BY_NAME, COMMANDS, CRITICAL, LONGEST_COMMAND


def test_names_and_codes_are_each_used_once():
    assert len(BY_NAME) == len(BY_CODE) == len(COMMANDS)
    assert all(0 < command.code < 256 for command in COMMANDS)


def test_every_command_fits_the_receiver():
    assert max(command.size for command in COMMANDS) <= LONGEST_COMMAND


def test_modes_are_those_of_the_sequencer():
    assert {mode for command in COMMANDS for mode in command.modes} <= set(MODES)


def test_what_can_be_armed_is_what_is_critical():
    assert {command.name for command in COMMANDS if command.is_critical} == set(CRITICAL)


def test_ranges_are_ranges():
    for command in COMMANDS:
        for argument in command.arguments:
            assert argument.labels if argument.encoding == "enumeration" else argument.least < argument.most
