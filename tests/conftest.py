"""For tests of any room."""

import pytest
import warp as wp


@pytest.fixture
def quickly_compiled(monkeypatch):
    """For a law that a single test flies, and briefly: code that runs slower is had in half the time."""
    monkeypatch.setattr(wp.config, "optimization_level", 0)
