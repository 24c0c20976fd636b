"""For tests of any room."""

import pytest
import warp as wp


@pytest.fixture
def quickly_compiled(monkeypatch):
    """For a law that a single test flies, and briefly: code that runs slower is had in half the time.

    Whatever is compiled first in such a test stays slow in its process: the plain laws are to be flown, and tables built, before it.
    """
    monkeypatch.setattr(wp.config, "optimization_level", 0)
