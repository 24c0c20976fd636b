"""From planned faults to the slots that the kernel holds for each run, by way of the numbers that a campaign may disperse, and back out of them."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from perilune.avionics.sequencer import MODES
from perilune.base.parameters import si_factor, split_unit
from perilune.base.structs import records
from perilune.lander.faults import (
    AFTER_EVENT,
    AT_HEIGHT,
    AT_TIME,
    BEFORE_TOUCHDOWN,
    FROM_START,
    IN_MODE,
    SLOTS,
    FaultSlots,
    fault_code,
)
from perilune.mission.event_names import EVENTS
from perilune.mission.faults import PlannedFault

if TYPE_CHECKING:
    from perilune.mission.schema import Mission

NUMBERS = ("time", "before_touchdown", "height", "duration", "size")
FAULT_NUMBERS = np.dtype([(str(i), [(name, np.float64) for name in NUMBERS]) for i in range(SLOTS)])
TRIGGER_KINDS = {
    None: FROM_START,
    "time_s": AT_TIME,
    "height_m": AT_HEIGHT,
    "mode": IN_MODE,
    "event": AFTER_EVENT,
    "before_touchdown_s": BEFORE_TOUCHDOWN,
}
FOR_GOOD = -1.0


def fault_leaves(mission: "Mission") -> Iterator[tuple[str, float]]:
    """Every number of the planned faults with its dotted path, in the file's units."""
    for i, planned in enumerate(mission.faults):
        for key, value in planned:
            if isinstance(value, float):
                yield f"faults.{i}.{key}", value


def fault_numbers(mission: "Mission", count: int) -> np.ndarray:
    """What of the planned faults a campaign may disperse, `count` equal elements, in SI; zero where nothing is given."""
    numbers = np.zeros(count, FAULT_NUMBERS)
    for path, value in fault_leaves(mission):
        _, slot, key = path.split(".")
        numbers[slot][split_unit(key)[0]] = value * si_factor(key)
    return numbers


def asked_slot(planned: PlannedFault) -> dict[str, float | int]:
    """What one slot is to hold for a fault, in SI, by the names of `FaultSlots`."""
    trigger = planned.trigger
    value: float = 0.0
    if trigger == "mode":
        value = MODES.index(planned.mode or "")
    elif trigger == "event":
        value = EVENTS.index(planned.event or "")
    elif trigger is not None:
        value = getattr(planned, trigger) * si_factor(trigger)
    return {
        "code": fault_code(planned.fault),
        "trigger": TRIGGER_KINDS[trigger],
        "trigger_value": value,
        "duration": FOR_GOOD if planned.duration_s is None else planned.duration_s * si_factor("duration_s"),
        "size": next((getattr(planned, key) * si_factor(key) for key in planned.sizes), 0.0),
        "axis": "xyz".index(planned.axis) if planned.axis is not None else -1 if planned.unit is None else planned.unit,
    }


def fault_slots(mission: "Mission", numbers: np.ndarray, planned_touchdown_s: float) -> np.ndarray:
    """The slots of each run from its `numbers`; `planned_touchdown_s` is past the flight's epoch."""
    slots = records(FaultSlots, len(numbers))
    slots["count"], slots["planned_touchdown"] = len(mission.faults), planned_touchdown_s
    for i, planned in enumerate(mission.faults):
        own, trigger = numbers[str(i)], planned.trigger
        for name, value in asked_slot(planned).items():
            slots[name][:, i] = value
        if trigger not in (None, "mode", "event"):
            slots["trigger_value"][:, i] = own[split_unit(trigger)[0]]
        if planned.duration_s is not None:
            slots["duration"][:, i] = own["duration"]
        slots["size"][:, i] = own["size"]
    return slots


def numbers_of(slots: np.ndarray) -> np.ndarray:
    """The dispersable numbers as the slots hold them, to be compared with what was asked for."""
    numbers = np.zeros(len(slots), FAULT_NUMBERS)
    for i in range(SLOTS):
        own = numbers[str(i)]
        own["duration"], own["size"] = slots["duration"][:, i], slots["size"][:, i]
        for name, kind in (("time", AT_TIME), ("height", AT_HEIGHT), ("before_touchdown", BEFORE_TOUCHDOWN)):
            is_that = slots["trigger"][:, i] == kind
            own[name][is_that] = slots["trigger_value"][is_that, i]
    return numbers
