"""What must be true of the fault slots: when a fault begins and ends, and what a device is told of it."""

import numpy as np
import pytest
import warp as wp

from perilune.base.structs import records, struct_from
from perilune.base.vector import real
from perilune.lander.faults import (
    AFTER_EVENT,
    AT_HEIGHT,
    AT_TIME,
    FAULTS,
    FROM_START,
    IN_MODE,
    SLOTS,
    FaultSlots,
    FaultState,
    fault_axis,
    fault_code,
    fault_on,
    fault_on_axis,
    fault_since,
    fault_size,
    fault_size_on,
    fault_vector,
    faults_now,
)


@wp.kernel(module="unique")
def run(
    slots: FaultSlots,
    code: wp.int32,
    height: wp.array(dtype=real),
    mode: wp.array(dtype=wp.int32),
    events: wp.array(dtype=wp.int32),
    numbers: wp.array2d(dtype=real),
    began: wp.array(dtype=real),
):
    state = FaultState()
    for tick in range(height.shape[0]):
        now = faults_now(slots, state, real(tick) * real(0.1), height[tick], mode[tick], events[tick])
        numbers[tick, 0] = real(1.0) if fault_on(now, code) else real(0.0)
        numbers[tick, 1] = fault_size(now, code)
        numbers[tick, 2] = real(fault_axis(now, code))
        numbers[tick, 3] = fault_since(now, code)
        numbers[tick, 4] = real(1.0) if fault_on_axis(now, code, 1) else real(0.0)
        numbers[tick, 5] = fault_size_on(now, code, 1)
        v = fault_vector(now, code)
        for i in range(3):
            numbers[tick, 6 + i] = v[i]
    for i in range(began.shape[0]):
        began[i] = state.began[i]


def flown(slots, code="imu.gyro_bias", ticks=20, height=None, mode=None, events=None):
    record = records(FaultSlots, 1)
    record["count"] = len(slots)
    for i, slot in enumerate(slots):
        given = {"code": fault_code(code), "trigger": FROM_START, "duration": -1.0, "axis": -1, **slot}
        for key, value in given.items():
            record[key][0, i] = value
    numbers, began = np.zeros((ticks, 9)), np.zeros(SLOTS)
    height = np.full(ticks, 1e4) if height is None else np.asarray(height, float)
    mode, events = (np.zeros(ticks, np.int32) if x is None else np.asarray(x, np.int32) for x in (mode, events))
    out = [wp.array(x, dtype=real, device="cpu", copy=False) for x in (numbers.ravel(), began)]
    inputs = [wp.array(x, dtype=d, device="cpu") for x, d in ((height, real), (mode, wp.int32), (events, wp.int32))]
    wp.launch(run, 1, [struct_from(record[0], FaultSlots), fault_code(code), *inputs, out[0].reshape((ticks, 9)), out[1]], device="cpu")
    return numbers, began


def active(numbers):
    return np.flatnonzero(numbers[:, 0]).tolist()


def test_an_empty_list_tells_nothing():
    numbers, _ = flown([])
    assert not numbers[:, [0, 1, 4, 5, 6, 7, 8]].any()
    assert (numbers[:, 2] == -1).all() and (numbers[:, 3] == -1).all()


def test_a_fault_at_a_time_lasts_its_duration_to_the_tick():
    numbers, began = flown([{"trigger": AT_TIME, "trigger_value": 0.7, "duration": 0.5, "size": 3.0}])
    assert active(numbers) == [7, 8, 9, 10, 11]
    assert began[0] == pytest.approx(0.7)
    assert numbers[7:12, 3] == pytest.approx([0.0, 0.1, 0.2, 0.3, 0.4])
    assert (numbers[7:12, 1] == 3.0).all() and (numbers[12:, 1] == 0.0).all()


def test_a_fault_without_duration_stays():
    assert active(flown([{"trigger": AT_TIME, "trigger_value": 1.5}])[0]) == list(range(15, 20))


def test_a_fault_at_a_height_begins_the_first_time_at_or_below_it_and_only_once():
    height = [60, 50, 40, 60, 60, 40, *[70] * 14]
    assert active(flown([{"trigger": AT_HEIGHT, "trigger_value": 50.0, "duration": 0.3}], height=height)[0]) == [1, 2, 3]


def test_a_fault_in_a_mode_begins_with_it():
    assert active(flown([{"trigger": IN_MODE, "trigger_value": 2, "duration": 0.2}], mode=[0] * 5 + [1] * 5 + [2] * 10)[0]) == [10, 11]


def test_a_fault_after_an_event_waits_for_that_event_alone():
    assert active(flown([{"trigger": AFTER_EVENT, "trigger_value": 5}], events=[0b10000] * 12 + [0b110000] * 8)[0]) == list(range(12, 20))


def test_two_slots_of_one_fault_strike_two_axes():
    numbers, _ = flown([{"axis": 0, "size": 2.0}, {"axis": 1, "size": 5.0, "trigger": AT_TIME, "trigger_value": 1.0}])
    assert numbers[5, 6:].tolist() == [2.0, 0.0, 0.0]
    assert numbers[15, 6:].tolist() == [2.0, 5.0, 0.0]
    assert numbers[5, 4] == 0.0 and numbers[15, 4] == 1.0
    assert numbers[15, 5] == 5.0


def test_an_axis_left_out_strikes_all():
    assert flown([{"size": 2.0}])[0][0, 4:].tolist() == [1.0, 2.0, 2.0, 2.0, 2.0]


def test_another_fault_of_the_same_device_is_not_confused_with_it():
    numbers, _ = flown([{"code": fault_code("imu.accel_bias"), "size": 2.0}])
    assert not active(numbers)


def test_every_fault_has_one_code_and_one_name():
    assert len({fault.name for fault in FAULTS}) == len(FAULTS)
    assert [fault_code(fault.name) for fault in FAULTS] == list(range(1, len(FAULTS) + 1))
