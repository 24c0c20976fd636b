"""What must be true of the computer's hardware: which cycles run, and when a command acts."""

import numpy as np
import pytest
import warp as wp

from perilune.base.structs import records, struct_from
from perilune.base.vector import real
from perilune.lander.computer import (
    COMES_BACK,
    IS_AWAY,
    LOSES_CYCLE,
    RUNS,
    ComputerParams,
    ComputerState,
    computer_now,
    delay_command,
    fill_line,
    ticks_late,
)
from perilune.lander.faults import AT_TIME, FaultSlots, FaultState, fault_code, faults_now
from perilune.messages.actuation import Actuation


@wp.kernel(module="unique")
def run(slots: FaultSlots, params: ComputerParams, cycles: wp.array(dtype=wp.int32), acted: wp.array(dtype=real)):
    state = FaultState()
    computer = ComputerState()
    before = Actuation()
    for tick in range(cycles.shape[0]):
        now = faults_now(slots, state, real(tick) * real(0.1), real(0.0), 0, 0)
        cycles[tick] = computer_now(computer, now, real(tick) * real(0.1), real(0.1))
        computer.away = cycles[tick] == IS_AWAY
        command = Actuation()
        command.main_engine = real(tick + 1)
        late = ticks_late(params, now, real(0.1))
        acting = command
        if late > 0:
            if computer.late == 0:
                fill_line(computer, before)
            acting = delay_command(computer, command, late)
        computer.late = late
        before = command
        acted[tick] = acting.main_engine


def flown(fault=None, size=0.0, at_s=0.0, duration_s=-1.0, latency_s=0.0, ticks=40):
    slots, params = records(FaultSlots, 1), ComputerParams()
    if fault is not None:
        slots["count"], slots["code"][0, 0], slots["size"][0, 0] = 1, fault_code(f"computer.{fault}"), size
        slots["trigger"][0, 0], slots["trigger_value"][0, 0], slots["duration"][0, 0] = AT_TIME, at_s, duration_s
    params.latency = latency_s
    cycles, acted = np.zeros(ticks, np.int32), np.zeros(ticks)
    out = [wp.array(cycles, dtype=wp.int32, device="cpu", copy=False), wp.array(acted, dtype=real, device="cpu", copy=False)]
    wp.launch(run, 1, [struct_from(slots[0], FaultSlots), params, *out], device="cpu")
    return cycles, acted


def test_without_a_fault_every_cycle_runs_and_acts_at_once():
    cycles, acted = flown()
    assert (cycles == RUNS).all()
    assert acted.tolist() == list(range(1, 41))


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 0.5, 0.9, 1.0])
def test_an_overload_loses_exactly_its_share_evenly(share):
    cycles, _ = flown("overload", share)
    lost = cycles == LOSES_CYCLE
    assert np.array_equal(np.cumsum(lost), np.floor(np.round(np.arange(1, 41) * share, 6)))


def test_an_outage_ends_with_one_cycle_that_comes_back():
    cycles, _ = flown("restart", at_s=1.0, duration_s=0.5)
    assert cycles.tolist() == [RUNS] * 10 + [IS_AWAY] * 5 + [COMES_BACK] + [RUNS] * 24


def test_an_outage_without_end_stays():
    assert (flown("restart", at_s=1.0)[0][10:] == IS_AWAY).all()


@pytest.mark.parametrize("latency_s, ticks", [(0.04, 0), (0.06, 1), (0.1, 1), (0.3, 3), (0.5, 5)])
def test_latency_delays_by_whole_ticks(latency_s, ticks):
    _, acted = flown(latency_s=latency_s)
    assert acted[ticks:].tolist() == list(range(1, 41 - ticks))
    assert not acted[:ticks].any()


def test_a_latency_that_begins_repeats_the_last_command_until_the_first_delayed_one_arrives():
    _, acted = flown("latency", 0.3, at_s=1.0, duration_s=1.0)
    assert acted[8:15].tolist() == [9, 10, 10, 10, 10, 11, 12]
    assert acted[20:].tolist() == list(range(21, 41))
