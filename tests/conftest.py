"""For tests of any room."""

from pathlib import Path

import pytest
import warp as wp

LONGEST = (
    "validation/test_rows.py",
    "control_room/test_yamcs.py",
    "control_room/test_live.py",
    "house/test_tutorial.py",
    "house/test_docs.py",
    "report/test_html_report.py",
    "downlink/test_xtce.py",
    "flight/test_port.py",
    "flight/test_commands.py",
    "campaigns/test_campaign.py",
    "campaigns/test_store.py",
    "validation/test_kill_trials.py",
)


def pytest_collection_modifyitems(items):
    """The files that take longest come first, so that of two processes none waits at the end for the other's."""
    tests = Path(__file__).parent
    place = {tests / name: n for n, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


@pytest.fixture
def quickly_compiled(monkeypatch):
    """For a law that a single test flies, and briefly: code that runs slower is had in half the time."""
    monkeypatch.setattr(wp.config, "optimization_level", 0)
