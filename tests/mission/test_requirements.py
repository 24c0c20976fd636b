"""A requirement must be read as it is written, or refused in one sentence; it is part of the mission, and decides nothing in a flight."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perilune.base.errors import PeriluneError
from perilune.mission.catalogue import FOLDER
from perilune.mission.emit import to_toml
from perilune.mission.loader import load, read
from perilune.mission.requirements import QUANTITIES, requirement_of

TEXT = (FOLDER / "resilience.toml").read_text("utf-8")


def mission_with(sentence):
    start = TEXT.index("requirements = [")
    end = TEXT.index("]", start) + 1
    return TEXT[:start] + f"requirements = [\n  {sentence},\n]" + TEXT[end:]


def test_both_forms_are_read():
    lands = requirement_of("landing probability >= 0.99 at confidence 0.9")
    assert (lands.quantity, lands.share, lands.confidence, lands.column) == (None, 0.99, 0.9, "verdict")
    near = requirement_of("  miss_m   < 5e2 at .95 confidence 0.9 ")
    assert (near.quantity, near.comparison, near.bound, near.share, near.confidence) == ("miss_m", "<", 500.0, 0.95, 0.9)
    assert near.column == "touchdown_miss_m" and near.text == "miss_m < 5e2 at .95 confidence 0.9"


@pytest.mark.parametrize("comparison, meets", [("<", [1, 0, 0]), ("<=", [1, 1, 0]), (">", [0, 0, 1]), (">=", [0, 1, 1])])
def test_a_comparison_means_what_it_says(comparison, meets):
    import numpy as np

    asked = requirement_of(f"tilt_deg {comparison} 2 at 0.5 confidence 0.5")
    assert asked.holds(np.array([1.0, 2.0, 3.0, np.nan])).tolist() == [*map(bool, meets), False]


@pytest.mark.parametrize(
    "sentence, says",
    [
        ("mis_m < 500 at 0.95 confidence 0.9", ['asks for "mis_m"', "did you mean miss_m?"]),
        ("touchdown_tilt_deg < 5 at 0.95 confidence 0.9", ["did you mean tilt_deg?"]),
        ("colour < 5 at 0.95 confidence 0.9", ["there are landing probability, miss_m"]),
        ("miss_km < 5 at 0.95 confidence 0.9", ["did you mean miss_m?"]),
        ("miss_m == 5 at 0.95 confidence 0.9", ['compares miss_m by "=="', "<, <=, >, >="]),
        ("landing probability > 0.99 at confidence 0.9", ["it must be >="]),
        ("landing probability >= 1.0 at confidence 0.9", ['a share of "1.0"', "above 0, at most 0.9999999"]),
        ("landing probability >= 99 at confidence 0.9", ['a share of "99"', "such as 0.99"]),
        ("landing probability >= 0.99 at confidence 0.4", ['a confidence of "0.4"', "at least 0.5"]),
        ("landing probability >= 0.99 at confidence 1", ['a confidence of "1"']),
        ("landing probability >= 0.99", ["cannot be read", '"landing probability >= 0.99 at confidence 0.9"']),
        ("miss_m < 500 with 0.95 confidence 0.9", ["cannot be read"]),
        ("miss_m < 500m at 0.95 confidence 0.9", ['gives "500m"', "it must be a number"]),
        ("miss_m < nan at 0.95 confidence 0.9", ['gives "nan"']),
        ("miss_m < 1e999 at 0.95 confidence 0.9", ["bounds miss_m by 1e999", "at most 10000000"]),
        ("miss_m < -1 at 0.95 confidence 0.9", ["at least 0"]),
        ("tilt_deg < 200 at 0.95 confidence 0.9", ["at most 180"]),
        ("", ["cannot be read"]),
    ],
)
def test_a_mistake_is_refused_in_one_sentence_with_its_place(sentence, says):
    with pytest.raises(PeriluneError) as caught:
        read(mission_with(f'"{sentence}"'), "my.toml")
    message = str(caught.value)
    line = next(i for i, text in enumerate(TEXT.splitlines(), 2) if text.startswith("requirements"))
    assert message.startswith(f"my.toml:{line}: ") and "requirements.0" in message and len(message.splitlines()) == 1
    assert all(words in message for words in says), message


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(text):
    try:
        requirement_of(text)
    except ValueError as error:
        assert str(error)


def test_what_is_no_text_is_refused():
    with pytest.raises(PeriluneError, match=r"requirements\.0 is 0\.99; it must be a text in quotes"):
        read(mission_with("0.99"), "my.toml")


@pytest.mark.parametrize("name", ["resilience", "blue-ghost", "apollo-11"])
def test_the_catalogue_requires_something_and_gives_it_back(name):
    mission = load(name)
    assert mission.requirements and read(to_toml(mission)).requirements == mission.requirements


def test_a_requirement_changes_the_mission_but_not_what_is_flown():
    other = load("resilience", ["requirements=['tilt_deg < 5 at 0.9 confidence 0.9']"])
    assert other.requirements == ("tilt_deg < 5 at 0.9 confidence 0.9",)
    assert other != load("resilience") and other.hash == load("resilience").hash


def test_a_requirement_cannot_be_dispersed():
    from perilune.mission.dispersions import refusal

    assert refusal(load("resilience"), "requirements.0")


def test_every_quantity_is_one_of_a_touchdown():
    from dataclasses import fields

    from perilune.flight.flown import Touchdown

    assert set(QUANTITIES) <= {field.name for field in fields(Touchdown)}
