"""Flights whose reports are tested: landed, lost, started late, and one whose record ends in the air."""

from dataclasses import replace

import pytest

from perilune.flight.flight import Flight
from perilune.flight.fly import fly


@pytest.fixture(scope="session")
def landed() -> Flight:
    return fly("resilience")


@pytest.fixture(scope="session")
def lost() -> Flight:
    return fly("resilience", case="as-flown", seed=3)


@pytest.fixture(scope="session")
def eagle() -> Flight:
    """A lander without a range finder or star tracker, whose computer is overloaded five times."""
    return fly("apollo-11", case="alarms-1202")


@pytest.fixture(scope="session")
def started_late() -> Flight:
    return fly("resilience", start="pdi")


@pytest.fixture(scope="session")
def in_the_air(landed: Flight) -> Flight:
    """The landed flight cut off ten minutes after the burn, before any engine was lit."""
    return cut(landed, 600.0)


def cut(flight: Flight, t: float) -> Flight:
    """A flight as if its record had ended at `t`, without a touchdown."""
    history, sent = flight.flown.history, flight.telemetry_rows
    return replace(
        flight,
        verdict="not-landed",
        reason="Had not touched the ground; it was then far above it.",
        events=[event for event in flight.events if event.t_s <= t],
        touchdown=None,
        flown=replace(flight.flown, history=history[history["time"] <= t]),
        telemetry_rows=sent[sent["time"] <= t],
    )
