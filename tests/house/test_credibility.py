"""The page on credibility gives each of the eight factors a level, evidence that is there, and why it is not higher."""

import re
from pathlib import Path

import pytest

from perilune.base.parameters import leaves
from perilune.mission.loader import load
from perilune.report.assumed import assumed

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "credibility.md").read_text("utf-8")
FACTORS = (
    "data pedigree",
    "verification",
    "validation",
    "input pedigree",
    "uncertainty characterization",
    "results robustness",
    "use history",
    "process and product management",
)


def section(name):
    """The text of one factor."""
    return next(part for part in re.split(r"^## ", PAGE, flags=re.MULTILINE) if part.lower().startswith(name + "\n"))


def level_in_table(name):
    """The level that the table gives a factor."""
    return int(re.search(rf"^\| \[{name}\]\(#[a-z-]+\) \| (\d) \|", PAGE, flags=re.MULTILINE)[1])


@pytest.mark.parametrize("name", FACTORS)
def test_a_factor_has_one_level_and_the_reason_why_not_more(name):
    text, level = section(name), level_in_table(name)
    assert 0 <= level <= 4 and f"**Level {level}**" in text
    assert level == 0 or (f"Not {level + 1}, because" in text and text.count("](") >= 2)


def test_the_whole_is_no_better_than_its_worst_factor():
    assert f"The least of them is {min(map(level_in_table, FACTORS))}," in PAGE


def test_what_is_said_of_assumed_numbers_is_true():
    assert "more than half of Resilience's numbers are assumed or solved" in PAGE and "the spreads are nearly all assumed" in PAGE
    mission = load("resilience")
    numbers = [path for path, value in leaves(mission) if isinstance(value, int | float | tuple) and not isinstance(value, bool)]
    assert 0.5 < len(assumed(mission)) / len(numbers) < 0.8
    sources = [dispersion.source for dispersion in mission.dispersions]
    assert sum(source.startswith("assumed") for source in sources) > 0.8 * len(sources)
