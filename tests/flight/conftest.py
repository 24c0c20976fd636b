"""Flights that several tests look at, each flown once."""

import pytest

from perilune.flight.fly import fly


@pytest.fixture(scope="session")
def planned():
    """The undispersed planned flight."""
    return fly("resilience")


@pytest.fixture(scope="session")
def lost():
    """A flight whose range finder answers only at the very end: undispersed, it believes itself too high and is lost."""
    return fly("resilience", case="as-flown")
