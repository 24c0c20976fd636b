"""A flight repeats: the same mission, seed and run give the same bits, however they are batched, spread over threads, paused or carried about."""

import pickle

import numpy as np
import pytest
from flying import SEED, continue_to, copy_of

from bitwise import bits
from perilune.flight.advance import LONGEST_S, advance, new_events
from perilune.flight.setup import build_batch
from perilune.flight.state import TICK_S

UNTIL_S = 3_900.0  # every flight has ended by then
FIELDS = ("states", "events", "history", "telemetry")


def fly(scene, start, keep=slice(None), **options):
    """The whole record of some flights from where they stand: end states, events, history, telemetry."""
    batch = copy_of(start, keep)
    events = new_events(scene, len(batch.runs))
    history, telemetry = continue_to(scene, batch, UNTIL_S, events=events, **options)
    return dict(zip(FIELDS, (batch.states, events, history, telemetry), strict=True))


def assert_same(record, other, keep=slice(None)):
    for field in FIELDS:
        assert bits(record[field][keep]) == bits(other[field]), field


@pytest.fixture(scope="module")
def together(scene, before_ignition):
    record = fly(scene, before_ignition, threads=2)
    assert (record["states"]["status"] > 0).all(), "every flight must end"
    assert len({bits(run) for run in record["history"]}) == 4, "four different flights"
    return record


def test_alone_as_in_a_batch(scene, before_ignition, together):
    for run in (0, 2):
        assert_same(together, fly(scene, before_ignition, slice(run, run + 1)), slice(run, run + 1))


def test_run_two_is_drawn_and_flown_alike_alone_and_in_a_batch(scene, ignition_s, before_ignition):
    alone = build_batch(scene, SEED, np.array([2]))
    assert bits(alone.packs) == bits(build_batch(scene, SEED, np.arange(4)).packs[2:3])
    advance(scene, alone, new_events(scene, 1), round(ignition_s) - 60.0)
    assert bits(alone.states) == bits(before_ignition.states[2:3])


@pytest.mark.parametrize(("threads", "slice_size"), [(1, 1), (1, 4), (2, 3)])
def test_on_any_number_of_threads_in_slices_of_any_size(scene, before_ignition, together, threads, slice_size):
    assert_same(together, fly(scene, before_ignition, threads=threads, slice_size=slice_size))


def test_paused_at_odd_ticks_carried_to_another_memory_and_resumed(scene, before_ignition, together):
    batch, events = copy_of(before_ignition), new_events(scene, 4)
    began = int(batch.states["tick"][0])
    pieces = []
    for pause_s in (*(began * TICK_S + np.array([3.3, 92.7, 733.9, 752.1])), UNTIL_S):
        pieces.append(continue_to(scene, batch, pause_s, events=events))
        batch, events = pickle.loads(pickle.dumps((batch, events)))
    assert bits(batch.states) == bits(together["states"]) and bits(events) == bits(together["events"])
    for k, field in enumerate(("history", "telemetry")):
        joined = np.concatenate([piece[k] for piece in pieces], axis=1)
        for run, state in enumerate(together["states"]):
            ticks = int(state["tick"]) - began
            assert bits(joined[run, :ticks]) == bits(together[field][run, :ticks]), field


def test_another_seed_and_another_run_are_other_flights(scene):
    ends = []
    for seed, run in ((SEED, 0), (SEED, 1), (SEED + 1, 0)):
        batch = build_batch(scene, seed, np.array([run]))
        advance(scene, batch, new_events(scene, 1), LONGEST_S)
        ends.append(bits(batch.states))
    assert len(set(ends)) == 3
