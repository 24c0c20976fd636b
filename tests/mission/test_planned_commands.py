"""Planned commands: read from the mission file, refused with the line, kept with the flight; the page is that of the dictionary."""

from pathlib import Path

import pytest

from perilune.base.errors import PeriluneError
from perilune.messages.command_packet import command_packet
from perilune.mission.commands import uplink_of
from perilune.mission.commands_page import commands_markdown
from perilune.mission.emit import to_toml
from perilune.mission.loader import load, read

CATALOGUE = Path(__file__).parents[2] / "src" / "perilune" / "mission" / "catalogue" / "resilience.toml"
HOLD = '[[commands]]\ncommand = "hold"\narguments = { duration_s = 20.0 }\nbefore_touchdown_s = 60.0\n'
RAW = '[[commands]]\npacket_hex = "18c8c0"\ntime_s = 100.04\n'


def with_commands(text):
    return CATALOGUE.read_text("utf-8") + "\n" + text


def test_commands_are_packets_in_their_ticks():
    mission = read(with_commands(HOLD + RAW), "file.toml")
    assert uplink_of(mission, 3720.0, 0.1) == [(36600, command_packet("hold", {"duration_s": 20.0}, 0)), (1001, bytes.fromhex("18c8c0"))]


def test_a_case_adds_its_commands_to_those_of_the_file():
    mission = read(with_commands(HOLD), "file.toml", case="computer-restart")
    assert [one.command for one in mission.commands] == ["hold", "arm", "restart-computer"]
    assert [one.command for one in mission.planned.commands] == ["hold"]


@pytest.mark.parametrize("case", ["planned", "computer-restart"])
def test_a_mission_with_commands_survives_the_round_trip(case):
    mission = read(with_commands(HOLD + RAW), "file.toml", case=case)
    again = read(to_toml(mission), "again.toml")
    assert again.hash == mission.hash and again.commands == mission.commands


def test_commands_count_into_the_identity():
    assert read(with_commands(HOLD), "file.toml").hash != read(with_commands(""), "file.toml").hash


@pytest.mark.parametrize(
    "text, says",
    [
        ('[[commands]]\ncommand = "hover"\ntime_s = 1.0\n', "'hover', which there is not"),
        ("[[commands]]\ntime_s = 1.0\n", "neither command nor packet_hex"),
        ('[[commands]]\ncommand = "hold"\npacket_hex = "00"\ntime_s = 1.0\n', "both command and packet_hex"),
        ('[[commands]]\ncommand = "no-operation"\n', "give time_s or before_touchdown_s"),
        ('[[commands]]\ncommand = "no-operation"\ntime_s = 1.0\nbefore_touchdown_s = 1.0\n', "give time_s or before_touchdown_s"),
        ('[[commands]]\ncommand = "hold"\ntime_s = 1.0\n', "argument duration_s is missing"),
        ('[[commands]]\ncommand = "hold"\narguments = { duration_s = 900.0 }\ntime_s = 1.0\n', "give 0.1 to 60 s"),
        ('[[commands]]\ncommand = "hold"\narguments = { height_m = 9.0 }\ntime_s = 1.0\n', "there is no argument 'height_m'"),
        ('[[commands]]\ncommand = "arm"\narguments = { command = "hold" }\ntime_s = 1.0\n', "choose one of restart-computer"),
        ('[[commands]]\npacket_hex = "xyz"\ntime_s = 1.0\n', "packet_hex"),
    ],
)
def test_what_is_no_command_is_refused_in_one_sentence(text, says):
    with pytest.raises(PeriluneError) as refused:
        read(with_commands(text), "file.toml")
    assert says in str(refused.value) and str(refused.value).startswith("file.toml") and "\n" not in str(refused.value)


def test_the_page_on_commands_is_that_of_the_dictionary():
    page = Path(__file__).parents[2] / "docs" / "commands.md"
    assert page.read_text("utf-8") == commands_markdown(), "run: python -m perilune.mission.commands_page > docs/commands.md"


def test_the_catalogue_has_the_case():
    assert load("resilience", case="computer-restart").commands[1].command == "restart-computer"
