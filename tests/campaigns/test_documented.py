"""docs/results.md must name every column and every key that a campaign and a comparison of two leave behind."""

import json
import re
from pathlib import Path

import polars as pl
import pytest
from planted import easy_mission

from perilune.campaigns.campaign import run_campaign
from perilune.campaigns.compare import compare_campaigns
from perilune.campaigns.pairs import flips_table
from perilune.campaigns.results import Campaign

PAGE = (Path(__file__).parents[2] / "docs" / "results.md").read_text("utf-8")


@pytest.fixture(scope="module")
def flown(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    """One easy run and one that a fault loses, with its cause."""
    folder = tmp_path_factory.mktemp("documented")
    schedule = folder / "planted.toml"
    schedule.write_text('kind = "planted"\n[[planted]]\nrun = 1\nfault = "assist_engines.stuck_closed"\nmode = "terminal"\n', encoding="utf-8")
    return run_campaign(easy_mission(), 2, folder / "campaign", start="pdi", faults=schedule)


def named(part: str) -> set[str]:
    """All that stands in backticks in one part of the page."""
    text = re.search(rf"^## {part}.*?(?=^## )", PAGE, flags=re.S | re.M)
    assert text is not None
    return set(re.findall(r"`([^`]+)`", text.group()))


def keys(value: object) -> set[str]:
    """Every key of nested tables and lists."""
    if isinstance(value, dict):
        return set(value).union(*(keys(part) for part in value.values())) if value else set()
    return set().union(*(keys(part) for part in value)) if isinstance(value, list) else set()


def test_every_column_and_file_of_a_campaign_is_documented(flown: Campaign) -> None:
    there = named("A campaign")
    table = pl.read_parquet(flown.folder / "runs.parquet")
    assert {column for column in table.columns if "." not in column} <= there
    assert set(pl.read_parquet(flown.folder / "causes.parquet").columns) <= there
    files = {path.name for path in flown.folder.iterdir() if path.is_file() and not path.name.startswith(".")}
    assert {"runs.parquet", "campaign.json", "plan.json", "causes.parquet"} <= files and {f for f in files if f != "mission.toml"} <= there | {
        "faults.toml"
    }


def test_every_key_of_campaign_json_is_documented(flown: Campaign) -> None:
    numbers = json.loads((flown.folder / "campaign.json").read_text("utf-8"))
    own = {key: value for key, value in numbers.items() if key not in ("provenance", "builds", "percentiles", "verdicts")}
    of_percentiles = {key for found in numbers["percentiles"].values() for p in found for key in p}
    assert (set(numbers) | keys(own) | of_percentiles) - named("A campaign") == set()


def test_every_key_of_a_comparison_is_documented(flown: Campaign, tmp_path: Path) -> None:
    there = named("Two campaigns")
    numbers = compare_campaigns(flown.folder, flown.folder, tmp_path / "compare", limit=0).numbers
    assert keys(numbers) - there == set()
    assert set(flips_table([]).columns) <= there
