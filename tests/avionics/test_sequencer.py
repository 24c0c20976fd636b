"""What must be true of the sequencer: each mode gives way to the next at its one condition, never to another, and none comes back."""

import numpy as np
import pytest
import warp as wp
from hypothesis import given, settings
from hypothesis import strategies as st

from perilune.avionics.sequencer import BRAKING, COAST, LANDED, MODES, PITCH_UP, TERMINAL, VERTICAL, Situation, next_mode
from perilune.base.structs import records
from perilune.base.vector import real

IGNITION_RANGE, GATE_LEAD, GATE_FORWARD, VERTICAL_HEIGHT, TERMINAL_HEIGHT, PATIENCE = 650e3, 2.0, 30.0, 2000.0, 100.0, 0.5


@wp.kernel(module="unique")
def step(modes: wp.array(dtype=int), situations: wp.array(dtype=Situation), numbers: wp.array(dtype=real), out: wp.array(dtype=int)):
    i = wp.tid()
    out[i] = next_mode(modes[i], situations[i], numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5])


@wp.kernel(module="unique")
def run(mode: int, situations: wp.array(dtype=Situation), numbers: wp.array(dtype=real), out: wp.array(dtype=int)):
    m = mode
    for i in range(situations.shape[0]):
        m = next_mode(m, situations[i], numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5])
        out[i] = m


NUMBERS = wp.array(np.array([IGNITION_RANGE, GATE_LEAD, GATE_FORWARD, VERTICAL_HEIGHT, TERMINAL_HEIGHT, PATIENCE]), dtype=real, device="cpu")
ALOFT = {"ground_range": 1e6, "height": 2e4, "sink": 10.0, "horizontal_speed": 1600.0, "time_to_go": 500.0, "contact_for": 0.0}


def situation(**changes):
    record = records(Situation, 1)
    for name, value in {**ALOFT, **changes}.items():
        record[name] = value
    return record


def after(mode, **changes):
    out = wp.zeros(1, dtype=int, device="cpu")
    inputs = [wp.array([int(mode)], dtype=int, device="cpu"), wp.array(situation(**changes), dtype=Situation, device="cpu"), NUMBERS, out]
    wp.launch(step, 1, inputs, device="cpu")
    return MODES[out.numpy()[0]]


@pytest.mark.parametrize("mode", range(len(MODES)))
def test_nothing_happens_while_no_condition_is_met(mode):
    assert after(mode) == MODES[mode]


@pytest.mark.parametrize(
    ("mode", "name", "met", "not_yet"),
    [
        (COAST, "ground_range", IGNITION_RANGE, IGNITION_RANGE + 1.0),
        (BRAKING, "time_to_go", GATE_LEAD - 1e-6, GATE_LEAD),
        (BRAKING, "horizontal_speed", GATE_FORWARD - 1e-6, GATE_FORWARD),
        (PITCH_UP, "height", VERTICAL_HEIGHT, VERTICAL_HEIGHT + 1e-6),
        (VERTICAL, "height", TERMINAL_HEIGHT, TERMINAL_HEIGHT + 1e-6),
        (TERMINAL, "contact_for", PATIENCE, PATIENCE - 1e-6),
    ],
)
def test_a_mode_ends_at_its_condition_and_not_before(mode, name, met, not_yet):
    assert after(mode, **{name: met}) == MODES[int(mode) + 1] and after(mode, **{name: not_yet}) == MODES[int(mode)]


ALL_AT_ONCE = {"ground_range": 0.0, "height": 0.0, "sink": 0.0, "horizontal_speed": 0.0, "time_to_go": 0.0, "contact_for": 10.0}


@pytest.mark.parametrize("mode", range(len(MODES)))
def test_a_condition_of_another_mode_is_no_reason(mode):
    """With all conditions met at once a mode still gives way to the next alone; landed stays."""
    assert after(mode, **ALL_AT_ONCE) == MODES[min(mode + 1, int(LANDED))]


amounts = st.fixed_dictionaries(
    {
        "ground_range": st.floats(0.0, 1e6),
        "height": st.floats(-100.0, 2.5e3),
        "sink": st.floats(-50.0, 100.0),
        "horizontal_speed": st.floats(0.0, 100.0),
        "time_to_go": st.floats(-10.0, 20.0),
        "contact_for": st.floats(0.0, 1.0),
    }
)


@settings(max_examples=50, deadline=None)
@given(st.lists(amounts, min_size=1, max_size=60))
def test_no_mode_is_entered_twice_whatever_the_computer_believes(path):
    situations = np.concatenate([situation(**s) for s in path])
    out = wp.zeros(len(path), dtype=int, device="cpu")
    wp.launch(run, 1, [0, wp.array(situations, dtype=Situation, device="cpu"), NUMBERS, out], device="cpu")
    assert set(np.diff(np.r_[0, out.numpy()])) <= {0, 1} and out.numpy().max() <= LANDED
