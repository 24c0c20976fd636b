"""Faults are the truth's: they change no bit of what the computer is loaded with, and none of a flight in which they are not there."""

import numpy as np
import pytest
from flying import continue_to, copy_of

from bitwise import bits
from perilune.flight.belief_of import avionics_pack
from perilune.flight.setup import build_batch
from perilune.lander.faults import FAULTS
from perilune.mission.draws import truth_packs
from perilune.mission.fault_slots import fault_slots
from perilune.mission.faults import devices_of
from perilune.mission.loader import load

MISSION = load("resilience")
HERE = [fault for fault in FAULTS if fault.device in devices_of(MISSION.lander)]


def written(fault):
    """The fault from the start, of a size that its unit allows."""
    given = [] if fault.unit is None else [f"size_{fault.unit}={min(max(1.0, fault.least), fault.most):g}"]
    given += ["unit=0"] if fault.names_one else []
    return f"{fault.name}@{','.join(given)}" if given else fault.name


def with_faults(scene, batch, *faults):
    """The same flights with these faults in their slots."""
    mission = load("resilience", faults=faults)
    broken = copy_of(batch)
    broken.packs["faults"] = fault_slots(mission, truth_packs(mission, len(batch.runs))["faults"], scene.start.planned_touchdown_s)
    return broken


def test_no_fault_changes_a_bit_of_what_the_computer_is_loaded_with(scene):
    sound = bits(avionics_pack(scene.mission.planned, scene.start))
    for fault in HERE:
        broken = load("resilience", faults=[written(fault)])
        assert bits(avionics_pack(broken.planned, scene.start)) == sound, fault.name


def test_a_fault_changes_the_pack_of_the_truth_and_nothing_else_of_it(scene):
    sound = build_batch(scene, 1, np.arange(2)).packs
    broken = with_faults(scene, build_batch(scene, 1, np.arange(2)), "imu.stuck").packs
    assert [name for name in sound.dtype.names if bits(sound[name]) != bits(broken[name])] == ["faults"]


@pytest.fixture(scope="module")
def sound_flight(scene, before_ignition):
    """To contact and beyond, nothing broken."""
    batch = copy_of(before_ignition, slice(0, 1))
    history, telemetry = continue_to(scene, batch, 3900.0)
    assert batch.states["contact"]["time"][0] > 0
    return batch, history, telemetry


@pytest.mark.parametrize("when", ["height_m=-100000", "time_s=9000", "before_touchdown_s=-5000"])
def test_a_fault_that_does_not_come_changes_no_bit_of_the_flight(scene, before_ignition, sound_flight, when):
    sound, history, telemetry = sound_flight
    faults = [f"{fault.name}@{when}" for fault in HERE if fault.unit is None and not fault.names_one][:6]
    batch = with_faults(scene, copy_of(before_ignition, slice(0, 1)), *faults)
    other_history, other_telemetry = continue_to(scene, batch, 3900.0)
    assert batch.packs["faults"]["count"][0] == 6 and batch.states["faults"]["begun"][0] == 0
    assert bits(other_history) == bits(history) and bits(other_telemetry) == bits(telemetry)
    assert bits(batch.states["body"]) == bits(sound.states["body"])


def test_a_fault_that_begins_after_touchdown_changes_nothing_of_the_descent_and_of_the_touchdown(scene, before_ignition, sound_flight):
    sound, history, _ = sound_flight
    faults = ["imu.gyro_axis_dead", "range_finder.dropout", "main_engine.stuck_closed", "star_tracker.dropout", "computer.restart", "tanks.leak"]
    batch = with_faults(
        scene,
        copy_of(before_ignition, slice(0, 1)),
        *[f"{fault}@event=contact{',size_kg_s=1' if 'leak' in fault else ''}" for fault in faults],
    )
    other, _ = continue_to(scene, batch, 3900.0)
    assert batch.states["faults"]["begun"][0] == 0b111111
    contact = float(sound.states["contact"]["time"][0])
    assert batch.states["faults"]["began"][0] == pytest.approx(np.ceil(contact * 10.0) / 10.0)
    until = int(((history["time"][0] > 0.0) & (history["time"][0] <= contact)).sum())
    assert bits(other[:, :until]) == bits(history[:, :until])
    for key in ("time", "position_me", "vertical_speed", "horizontal_speed", "tilt", "slope", "main_left", "rcs_left"):
        assert bits(batch.states["contact"][key]) == bits(sound.states["contact"][key]), key
    assert batch.states["status"][0] == sound.states["status"][0]
