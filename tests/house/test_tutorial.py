"""The tutorial works for who follows it, and shows what the program prints."""

import re

import pytest
from tutorial import PAGE, follow


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """Commands, exit codes and outputs of the tutorial, and the page as it would be written now."""
    return follow(PAGE.read_text("utf-8"), tmp_path_factory.mktemp("tutorial"))


def test_each_command_of_the_tutorial_works_or_is_refused_as_announced(followed):
    outputs, _ = followed
    codes = {command: code for command, code, _ in outputs}
    refused = [command for command, code in codes.items() if code != 0]
    assert len(codes) >= 10
    assert [codes[command] for command in refused] == [2, 2] and all(command.startswith("perilune check") for command in refused)


def test_the_lander_of_the_tutorial_lands(followed):
    outputs, _ = followed
    flown = next(output for command, _, output in outputs if command == "perilune fly kestrel.toml")
    assert re.search(r"^verdict +(\S+)", flown, re.MULTILINE)[1] == "landed"


def words(page):
    """The page without its numbers: they may move with the tuning of a law or the kind of processor, what is said may not."""
    return re.sub(r"\b[0-9a-f]{16}\b|[-+]?[0-9][0-9.:TZ]*", "#", page).split()


def test_the_tutorial_shows_what_the_program_prints(followed):
    assert words(followed[1]) == words(PAGE.read_text("utf-8")), "run: python tests/house/tutorial.py"
