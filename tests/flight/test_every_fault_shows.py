"""No fault of the list is a dead letter: each, on a lander that has every device, changes the flight; and what some do can be worked out by hand."""

import numpy as np
import pytest
from equipment import LANDING_RADAR, LISTENING, PLAIN, POSITION_FIX, SUN_SENSOR, TOLD_OF_RADAR, VELOCIMETER, scene_of

from perilune.base.structs import records
from perilune.flight.advance import advance, new_events
from perilune.flight.record import HistoryRow
from perilune.flight.setup import build_batch
from perilune.lander.faults import AT_TIME, FAULTS, FROM_START, fault_code
from perilune.mission.faults import devices_of

TOLD_OF_SUN = """
[avionics.navigation.sun_sensor]
noise_arcsec = 60.0
slow_arcsec = 0.0
gate_sigma = 5.0
"""
WHOLE = (
    PLAIN
    + VELOCIMETER.format(noise=0.03, latency=0.1, acquisition=0.0, dropout=0.0)
    + POSITION_FIX.format(noise=15.0, share=0.3, slow=10.0, sun=3.0, match=1.0, latency=0.2)
    + LANDING_RADAR
    + SUN_SENSOR
    + LISTENING
    + TOLD_OF_RADAR
    + TOLD_OF_SUN
)
PHASES = {"before ignition": ("ignition", -3.0, 12.0), "in the descent": ("vertical", 5.0, 8.0), "at the ground": ("contact", -6.0, 8.0)}
SIZES = {"range_finder.short_reach": 100.0, "landing_radar.short_reach": 100.0, "velocimeter.short_reach": 100.0, "imu.accel_saturation": 0.5}


@pytest.fixture(scope="module")
def scene():
    return scene_of(WHOLE)


@pytest.fixture(scope="module")
def begins(scene):
    """A sound flight paused where each phase begins, and for how long the phase is flown."""
    from perilune.flight.events import EVENTS

    events = new_events(scene, 1)
    advance(scene, build_batch(scene, None, np.array([0])), events, threads=1)
    found = {}
    for phase, (event, offset_s, for_s) in PHASES.items():
        at = round(float(events["time"][0, EVENTS.index(event)]) + offset_s, 1)
        batch = build_batch(scene, None, np.array([0]))
        advance(scene, batch, new_events(scene, 1), at, threads=1)
        found[phase] = batch, for_s
    return found


def si_size(fault):
    """One unit of the fault's size, or less or more where one says nothing."""
    from perilune.base.parameters import si_factor

    if fault.unit is None:
        return 0.0
    return SIZES.get(fault.name, 0.1 if fault.unit == "s" else 50.0 if fault.unit == "percent" else 1.0) * si_factor(f"size_{fault.unit}")


def flown(scene, begin, for_s, faults, sizes):
    """One flight for each fault beside a sound one (the first): history and last states."""
    count = len(faults) + 1
    batch = build_batch(scene, None, np.zeros(count, int))
    batch.states = np.repeat(begin.states, count)
    slots = batch.packs["faults"]
    slots["count"][1:] = 1
    slots["trigger"][:, 0], slots["duration"][:, 0], slots["axis"][:, 0] = FROM_START, -1.0, -1
    for k, (fault, size) in enumerate(zip(faults, sizes, strict=True), start=1):
        slots["code"][k, 0], slots["size"][k, 0] = fault_code(fault), size
        if fault == "computer.restart":
            slots["duration"][k, 0] = 1.0
        if fault == "main_engine.hard_start":
            slots["trigger"][k, 0], slots["trigger_value"][k, 0] = AT_TIME, 0.0
    history = records(HistoryRow, count, round(for_s * 10.0))
    start = float(begin.states["time"][0])
    advance(scene, batch, new_events(scene, count), start + for_s, history, first_tick=round(start * 10.0))
    return history, batch.states


def test_this_lander_has_every_device_that_can_break(scene):
    assert devices_of(scene.mission.lander) == list(dict.fromkeys(fault.device for fault in FAULTS))


def test_every_fault_changes_the_flight(scene, begins):
    names, sizes = [fault.name for fault in FAULTS], [si_size(fault) for fault in FAULTS]
    dead = set(names)
    for batch, for_s in begins.values():
        history, _ = flown(scene, batch, for_s, names, sizes)
        for name, rows in zip(names, history[1:], strict=True):
            if any(rows[key].tobytes() != history[0][key].tobytes() for key in history.dtype.names):
                dead.discard(name)
    assert not dead, f"these do nothing: {sorted(dead)}"


def test_what_leaks_is_gone_from_mass_and_tanks_and_pushes_nothing(scene, begins):
    """2 kg/s and 0.05 kg/s over the two seconds and nine tenths before ignition: 5.8 kg and 0.145 kg."""
    batch, _ = begins["before ignition"]
    history, _ = flown(scene, batch, 2.9, ["tanks.leak", "attitude_thrusters.leak"], [2.0, 0.05])
    last = history[:, -1]
    assert last["main_propellant"][0] - last["main_propellant"][1] == pytest.approx(5.6, abs=1e-9)
    answered = last["rcs_propellant"][0] - last["rcs_propellant"][1]  # the lighter lander is held by other pulses
    assert last["mass"][0] - last["mass"][1] == pytest.approx(5.6 + answered, abs=1e-9) and abs(answered) < 1e-3
    assert last["rcs_propellant"][0] - last["rcs_propellant"][2] == pytest.approx(0.14, abs=1e-3)
    assert np.linalg.norm(last["velocity_mci"][0] - last["velocity_mci"][1]) < 1e-6


def test_engines_that_lack_thrust_lack_it_in_the_motion(scene, begins):
    """A quarter of the main engine's thrust gone at once: in the first tick, before anything answers, a quarter of its push is missing."""
    batch, _ = begins["in the descent"]
    history, _ = flown(scene, batch, 3.0, ["main_engine.shortfall", "main_engine.stuck_closed", "assist_engines.stuck_closed"], [0.25, 0.0, 0.0])
    lander = scene.mission.lander
    push = lander.main_engine.count * lander.main_engine.thrust_n / history["mass"][0, 0]
    assert history["main_level"][0, 0] > 0.99
    gained = history["velocity_mci"][:, 1] - history["velocity_mci"][:, 0]
    assert np.linalg.norm(gained[1] - gained[0]) == pytest.approx(0.25 * push * 0.1, rel=0.01)
    assert history["main_level"][2, -1] < 1e-3 and history["assist_level"][3, -1] < 1e-3
