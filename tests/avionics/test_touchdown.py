"""What must be true of touchdown detection: what persists near the ground is a touchdown; a jolt, or anything aloft, is none."""

import numpy as np
import pytest
import warp as wp
from hypothesis import given, settings
from hypothesis import strategies as st

from perilune.avionics.touchdown import Touchdown, TouchdownParams, contact_time, probes_say_so
from perilune.base.parameters import pack
from perilune.base.vector import real

TICK, PATIENCE = 0.1, 0.5
DETECTOR = Touchdown(arming_height_m=30.0, force_excess_m_s2=0.6, patience_s=PATIENCE)


@wp.kernel(module="unique")
def watch(
    ps: wp.array(dtype=TouchdownParams),
    height: wp.array(dtype=real),
    sink: wp.array(dtype=real),
    force: wp.array(dtype=real),
    expected: real,
    out: wp.array(dtype=real),
):
    so_far = real(0.0)
    for i in range(height.shape[0]):
        so_far = contact_time(ps[0], height[i], sink[i], force[i], expected, so_far, real(0.1))
        out[i] = so_far


def signs(height, force, expected=1.62, sink=0.0, detector=DETECTOR):
    """For how long the sign has been there, tick by tick."""
    height, force, sink = np.broadcast_arrays(np.float64(height), np.float64(force), np.float64(sink))
    out = wp.zeros(len(force), dtype=real, device="cpu")
    packs = wp.array(pack(detector, TouchdownParams), dtype=TouchdownParams, device="cpu")
    arrays = [wp.array(np.ascontiguousarray(a), dtype=real, device="cpu") for a in (height, sink, force)]
    wp.launch(watch, 1, [packs, *arrays, expected, out], device="cpu")
    return out.numpy()


def test_ground_that_carries_the_lander_is_noticed_after_the_patience():
    """Thrust for half the weight, the ground gives the rest."""
    force = np.where(np.arange(30) < 10, 0.81, 1.62)
    assert np.argmax(signs(1.0, force, expected=0.81) >= PATIENCE - 1e-9) == 10 + round(PATIENCE / TICK) - 1


def test_a_jolt_shorter_than_the_patience_is_forgotten():
    force = np.full(60, 1.62)
    force[5:9] = 12.0
    force[20:24] = -3.0
    force[30] = 40.0
    so_far = signs(5.0, force)
    assert so_far.max() == pytest.approx(0.4) and so_far[[9, 24, 31, 59]].tolist() == [0.0] * 4


def test_interrupted_signs_do_not_add_up():
    assert signs(5.0, np.tile([4.0, 4.0, 4.0, 1.62], 20)).max() == pytest.approx(0.3)


WATCHFUL = DETECTOR.model_copy(update={"sink_gone_m_s": 0.3})


def test_a_lander_that_rocks_on_its_legs_is_noticed_once_its_sink_rate_is_gone():
    """Carried by turns, as Blue Ghost once was for 52 s: force alone never persists."""
    force = np.where(np.arange(60) < 10, 1.62, np.tile([2.8, 2.4, 1.62, 1.7, 0.9], 12))
    sink = np.where(np.arange(60) < 10, 1.0, np.tile([-0.03, 0.1, 0.05, -0.02, 0.08], 12))
    assert signs(0.1, force, sink=sink).max() < PATIENCE
    assert np.argmax(signs(0.1, force, sink=sink, detector=WATCHFUL) >= PATIENCE - 1e-9) == 10 + round(PATIENCE / TICK) - 1


def test_a_lost_sink_rate_counts_neither_without_a_jolt_nor_a_jolt_while_the_lander_sinks():
    assert not signs(5.0, np.full(60, 1.62), sink=0.0, detector=WATCHFUL).any()
    force = np.full(60, 1.62)
    force[20:24] = 4.0
    assert signs(5.0, force, sink=0.9, detector=WATCHFUL).max() == pytest.approx(0.4)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-100.0, 100.0), min_size=1, max_size=40), st.floats(30.0, 2e4))
def test_nothing_counts_aloft(force, height):
    assert not signs(height, np.array(force)).any() and not signs(height, np.array(force), detector=WATCHFUL).any()


def test_what_the_commanded_thrust_explains_is_no_contact():
    assert not signs(1.0, 1.62 + 0.59 * np.sin(np.arange(50.0))).any()


def test_free_fall_that_should_be_thrust_counts_as_a_sign():
    """An engine that gives nothing near the ground looks like contact: the limit of a detector without probes."""
    assert signs(1.0, np.zeros(8)).max() == pytest.approx(0.8)


@wp.kernel(module="unique")
def ask_probes(ps: wp.array(dtype=TouchdownParams), height: wp.array(dtype=real), touching: wp.array(dtype=int), out: wp.array(dtype=wp.bool)):
    i = wp.tid()
    out[i] = probes_say_so(ps[0], height[i], touching[i])


@pytest.mark.parametrize(("cut", "expected"), [(True, [False, True, True, False]), (False, [False] * 4)])
def test_one_probe_cuts_the_engines_near_the_ground_where_the_mission_says_so(cut, expected):
    packs = wp.array(pack(DETECTOR.model_copy(update={"cut_at_probes": cut}), TouchdownParams), dtype=TouchdownParams, device="cpu")
    height, touching = np.array([2.0, 2.0, 29.0, 31.0]), np.array([0, 1, 8, 15], np.int32)
    out = wp.zeros(4, dtype=wp.bool, device="cpu")
    wp.launch(ask_probes, 4, [packs, wp.array(height, dtype=real, device="cpu"), wp.array(touching, dtype=int, device="cpu"), out], device="cpu")
    assert out.numpy().astype(bool).tolist() == expected
