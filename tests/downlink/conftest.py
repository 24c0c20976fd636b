"""A flight that was lost as Resilience was, flown once: what its avionics published, and the packets of it."""

import pytest
from ground import heard_of

from perilune.downlink.packets import sent_packets
from perilune.flight.fly import fly


@pytest.fixture(scope="session")
def flight():
    return fly("resilience", case="as-flown", seed=3)


@pytest.fixture(scope="session")
def telemetry(flight):
    return flight.telemetry


@pytest.fixture(scope="session")
def epoch(flight):
    return flight.mission.planned.start.epoch_utc


@pytest.fixture(scope="session")
def sent(telemetry, epoch):
    return sent_packets(telemetry, epoch)


@pytest.fixture(scope="session")
def landed():
    """The planned landing, from powered descent initiation on."""
    return fly("resilience", start="pdi")


@pytest.fixture(scope="session")
def heard_landed(landed):
    return heard_of(landed)


@pytest.fixture(scope="session")
def heard_lost(flight):
    return heard_of(flight)
