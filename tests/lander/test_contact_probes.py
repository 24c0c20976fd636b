"""What must be true of contact probes: they tell of the ground at their tips, each for itself."""

import numpy as np
import pytest
import warp as wp
from pydantic import ValidationError

from perilune.base.vector import real
from perilune.lander.faults import FaultsNow
from perilune.lander.sensors.contact_probes import ContactProbes, feel_probe
from perilune.messages.measurements import ProbesMeasurement


@wp.kernel(module="unique")
def feel(tips: wp.array2d(dtype=real), fault: FaultsNow, out: wp.array(dtype=wp.int32)):
    i = wp.tid()
    now = fault
    m = ProbesMeasurement()
    for k in range(tips.shape[1]):
        feel_probe(m, k, tips[i, k], now)
    out[i] = m.touching


@pytest.fixture
def felt(fault):
    def run(tips, told=None):
        tips = np.atleast_2d(np.asarray(tips, float))
        out = wp.zeros(len(tips), dtype=wp.int32, device="cpu")
        wp.launch(feel, len(tips), [wp.array(tips, dtype=real, device="cpu"), told or fault(), out], device="cpu")
        return out.numpy().tolist()

    return run


def test_a_probe_touches_where_its_tip_meets_the_ground(felt):
    assert felt([[0.01, 1.0, 2.0, 3.0], [-0.01, 0.0, 0.3, 0.4], [-1.0, -1.0, -1.0, -1.0]]) == [0, 0b0011, 0b1111]


def test_stuck_probes_tell_of_contact_always_or_never(felt, fault):
    high, low = [[1.0] * 4], [[-1.0] * 4]
    assert felt(high, fault("contact_probes.stuck_closed", axis=2)) == [0b0100]
    assert felt(low, fault("contact_probes.stuck_open", axis=2)) == [0b1011]
    assert felt(high, fault("contact_probes.stuck_closed")) == [0b1111] and felt(low, fault("contact_probes.stuck_open")) == [0]


@pytest.mark.parametrize("bad", [{"length_m": 0.0}, {"length_m": 11.0}, {"length_m": float("nan")}, {}])
def test_refuses_what_cannot_be(bad):
    with pytest.raises(ValidationError):
        ContactProbes(**bad)
