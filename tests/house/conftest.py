"""The planned descent of Resilience, paused where a rule is looked at."""

import numpy as np
import pytest
from flying import SEED

from perilune.flight.advance import advance, new_events
from perilune.flight.setup import build_batch, build_scene
from perilune.mission.loader import load


@pytest.fixture(scope="session")
def scene():
    return build_scene(load("resilience"), marks_m=[2000.0, 192.0])


@pytest.fixture(scope="session")
def ignition_s(scene):
    """When the undispersed flight starts to brake [s past the epoch]."""
    batch = build_batch(scene, None, np.array([0]))
    events = new_events(scene, 1)
    advance(scene, batch, events)
    assert batch.states["contact"]["time"][0] > 0
    return float(events["time"][0, 0])


@pytest.fixture(scope="session")
def before_ignition(scene, ignition_s):
    """Four dispersed flights a little before they brake."""
    batch = build_batch(scene, SEED, np.arange(4))
    advance(scene, batch, new_events(scene, 4), round(ignition_s) - 60.0)
    return batch
