"""What must be true of the gate: what fits passes, what does not is dealt with as the mission says, and a slow error is never averaged away."""

import numpy as np
import pytest
import warp as wp
from hypothesis import given, settings
from hypothesis import strategies as st

from perilune.avionics.gate import ask_gate, noise_with_slow
from perilune.avionics.navigation import POLICY_DISTRUST, POLICY_INFLATE, POLICY_REJECT, Gate, NavigationParams
from perilune.base.structs import records
from perilune.base.vector import real

REFUSED, PASSED, INFLATED = range(3)


@wp.kernel(module="unique")
def ask(ps: wp.array(dtype=NavigationParams), innovation: wp.array(dtype=real), out: wp.array(dtype=int), gates: wp.array(dtype=Gate)):
    gate = Gate()
    for i in range(innovation.shape[0]):
        out[i] = ask_gate(ps[0], gate, innovation[i], real(4.0), real(3.0))
        if out[i] != 0:
            gate.in_row = 0
    gates[0] = gate


@wp.kernel(module="unique")
def weigh(predicted: wp.array(dtype=real), noise: wp.array(dtype=real), slow: wp.array(dtype=real), out: wp.array(dtype=real)):
    i = wp.tid()
    out[i] = noise_with_slow(predicted[i], noise[i], slow[i])


def asked(policy, innovation, patience=3):
    p = records(NavigationParams, 1)
    p["gate_policy"], p["gate_patience"] = policy, patience
    out, gates = wp.zeros(len(innovation), dtype=int, device="cpu"), wp.zeros(1, dtype=Gate, device="cpu")
    inputs = [wp.array(p, dtype=NavigationParams, device="cpu"), wp.array(np.array(innovation, float), dtype=real, device="cpu")]
    wp.launch(ask, 1, [*inputs, out, gates], device="cpu")
    return out.numpy().tolist(), gates.numpy()[0]


def weighed(*arguments):
    out = wp.zeros(1, dtype=real, device="cpu")
    wp.launch(weigh, 1, [*(wp.array([float(x)], dtype=real, device="cpu") for x in arguments), out], device="cpu")
    return out.numpy()[0]


@pytest.mark.parametrize("policy", [POLICY_REJECT, POLICY_DISTRUST, POLICY_INFLATE])
def test_passes_within_so_many_sigma_and_refuses_beyond(policy):
    answers, gate = asked(policy, [5.99, -5.99, 6.01, -6.01, 0.0])
    assert answers == [PASSED, PASSED, REFUSED, REFUSED, PASSED] and gate["refused"] == 2 and gate["in_row"] == 0


@pytest.mark.parametrize(
    ("policy", "answers", "refused"),
    [
        (POLICY_REJECT, [REFUSED] * 5 + [PASSED], 5),
        (POLICY_DISTRUST, [REFUSED] * 6, 3),
        (POLICY_INFLATE, [REFUSED, REFUSED, INFLATED, REFUSED, REFUSED, PASSED], 5),
    ],
)
def test_after_its_patience_the_policy_decides(policy, answers, refused):
    given_, gate = asked(policy, [9.0] * 5 + [0.0])
    assert given_ == answers and gate["refused"] == refused and bool(gate["distrusted"]) == (policy == POLICY_DISTRUST)


@settings(max_examples=200, deadline=None)
@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6), st.floats(0.0, 1e6))
def test_no_update_knows_better_than_the_slow_error(predicted, noise, slow):
    variance = weighed(predicted, noise, slow)
    if predicted <= slow:
        assert variance < 0.0
    else:
        assert variance >= noise + slow
        assert predicted * variance / (predicted + variance) >= slow * (1.0 - 1e-9)


def test_without_a_slow_error_the_noise_is_taken_as_it_is():
    assert weighed(3.0, 0.25, 0.0) == 0.25


def test_a_thousand_measurements_end_at_the_slow_error():
    known = 100.0
    for _ in range(1000):
        variance = weighed(known, 1.0, 0.04)
        known = known if variance < 0 else known * variance / (known + variance)
    assert known == pytest.approx(0.04, rel=1e-6)
