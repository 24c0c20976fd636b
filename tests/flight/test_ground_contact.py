"""From the first touch on a lander must move as a body on legs does, on the ground that is there, and its computer must feel it."""

import numpy as np
import pytest

from perilune.base.structs import records
from perilune.flight.advance import advance, new_events
from perilune.flight.flown import Flown
from perilune.flight.fly import in_case, reason_of
from perilune.flight.record import HistoryRow
from perilune.flight.rest import rest_of
from perilune.flight.setup import build_batch, build_scene
from perilune.flight.state import DESTROYED, FALLEN, STANDING
from perilune.flight.verdict import judge
from perilune.messages.measurements import ImuMeasurement
from perilune.mission.loader import load

RUNS = np.arange(6)
ABOVE_S = 0.3


@pytest.fixture(scope="module")
def scene():
    return build_scene(load("resilience"))


@pytest.fixture(scope="module")
def touching(scene):
    """Runs stopped just above the ground."""
    whole = build_batch(scene, 3, RUNS)
    advance(scene, whole, new_events(scene, len(RUNS)))
    batch = build_batch(scene, 3, RUNS)
    for i in range(len(RUNS)):
        one = build_batch(scene, 3, RUNS[i : i + 1])
        advance(scene, one, new_events(scene, 1), until_s=np.floor(10.0 * (float(whole.states["contact"]["time"][i]) - ABOVE_S)) / 10.0)
        batch.states[i] = one.states[0]
    return whole, batch


def go_on(scene, batch, ticks=700, **changes):
    """The batch from just above the ground to its end, with its history and increments."""
    again = build_batch(scene, 3, RUNS)
    again.states[:] = batch.states
    for path, value in changes.items():
        slot = again.packs["lander"]["legs"][path] if path in again.packs["lander"]["legs"].dtype.names else again.states["body"][path]
        slot[:] = value
    events = new_events(scene, len(RUNS))
    history, felt = records(HistoryRow, len(RUNS), ticks), records(ImuMeasurement, len(RUNS), 5 * ticks)
    first = int(again.states["tick"].min())
    advance(scene, again, events, history=history, increments=felt, first_tick=first)
    return again, events, history, felt


def test_planned_landings_come_to_rest_upright(scene, touching):
    states = touching[0].states
    assert np.all(states["status"] == STANDING) and np.all(judge(scene.mission.limits, states) == "landed")
    assert np.all(states["contact"]["still_for"] >= 2.0 - 1e-9)
    assert np.degrees(states["contact"]["rest_tilt"]).max() < 25.0
    assert np.all(states["time"] - states["contact"]["time"] >= 5.0)


def test_the_energy_of_every_rest_is_accounted_for(touching):
    for state in touching[0].states:
        energy = rest_of(state).energy
        assert abs(energy.unaccounted_j) < 1e-3 * energy.at_contact_j
        assert energy.motion_j < 1e-3 and min(energy.crushed_j, energy.damped_j, energy.friction_j) > 0.0


def test_a_landing_is_the_same_in_one_go_and_after_a_pause(scene, touching):
    whole, batch = touching
    again = go_on(scene, batch)[0]
    for name in ("position", "velocity", "rate"):
        assert again.states["body"][name].tobytes() == whole.states["body"][name].tobytes()
    assert again.states["contact"]["strokes"].tobytes() == whole.states["contact"]["strokes"].tobytes()


def test_at_rest_the_lander_moves_with_the_moon(touching):
    states = touching[0].states
    moon = 2.6617e-6 * np.linalg.norm(states["body"]["position"][:, :2], axis=1)  # the Moon's axis is 1.5° from the pole of the ecliptic
    assert np.linalg.norm(states["body"]["velocity"], axis=1) == pytest.approx(moon, rel=0.3)
    assert np.linalg.norm(states["body"]["rate"], axis=1) == pytest.approx(2.6617e-6, abs=2e-4)


def test_the_inertial_unit_feels_the_jolt_and_then_the_weight(scene, touching):
    again, _, _, felt = go_on(scene, touching[1])
    for i in range(len(RUNS)):
        rows = felt[i][felt[i]["time"] > 0.0]
        jolt = np.linalg.norm(rows["delta_velocity"], axis=1).max() / 0.02
        weight = np.linalg.norm(rows["delta_velocity"][-50:], axis=1).mean() / 0.02
        gravity = np.linalg.norm(again.states["ground"]["gravity"][i])
        assert jolt > 4.0 and weight == pytest.approx(gravity, rel=2e-3) and gravity == pytest.approx(1.62, abs=0.02)


def test_what_the_inertial_unit_feels_is_how_the_lander_moves(scene, touching):
    """Velocity over the contact is what was felt, turned by the recorded attitude, and gravity."""
    from scipy.spatial.transform import Rotation

    again, _, history, felt = go_on(scene, touching[1])
    i = 0
    rows = history[i]
    written = np.flatnonzero(rows["time"] > 0.0)
    begin, end = written[0], written[-1]
    velocity = rows["velocity_mci"][begin].copy()
    attitude = Rotation.from_quat(touching[1].states["body"]["attitude"][i])
    assert rows["time"][begin] == touching[1].states["time"][i]
    g = again.states["ground"]["gravity"][i]
    up = again.states["body"]["position"][i] / np.linalg.norm(again.states["body"]["position"][i])
    for sample in felt[i][5 * begin : 5 * end]:
        half = Rotation.from_rotvec(0.5 * sample["delta_angle"])
        velocity += (attitude * half).apply(sample["delta_velocity"]) - up * np.linalg.norm(g) * 0.02
        attitude = attitude * half * half
    assert velocity == pytest.approx(rows["velocity_mci"][end], abs=0.02)


def test_the_computer_finds_the_ground_and_cuts_the_engines(touching):
    states = touching[0].states
    assert np.all(states["avionics"]["touchdown"]) and np.all(states["lander"]["assist_engines"]["duty"] == 0.0)


def test_without_friction_a_lander_slides_on(scene, touching):
    """A minute after its touch none is at rest; one may have come back to where it touched, in a hollow that holds it."""
    held = touching[0].states["contact"]["slide"]
    slid, _, history, _ = go_on(scene, touching[1], friction=0.0)
    assert np.all(judge(scene.mission.limits, slid.states) == "not-landed")
    for i, rows in enumerate(history):
        down = rows[rows["time"] > slid.states["contact"]["time"][i]]
        assert np.linalg.norm(np.diff(down["position_site"][:, :2], axis=0), axis=1).sum() > 10.0 * held[i]


def test_a_lander_that_comes_in_turning_falls_over_and_is_said_to(scene, touching):
    over = go_on(scene, touching[1], rate=(2.5, 0.0, 0.0))[0]
    fallen = over.states["status"] == FALLEN
    assert fallen.any() and np.all(judge(scene.mission.limits, over.states)[fallen] == "tipped-over")
    i = int(np.argmax(fallen))
    flown = Flown(scene, over.packs[i], over.states[i], over.states[i], new_events(scene, 1)[0], np.zeros(0))
    assert "fallen over" in reason_of(flown, "tipped-over") and not rest_of(over.states[i]).is_at_rest


def test_a_lander_that_broke_has_no_rest(lost):
    assert int(lost.flown.last["status"]) == DESTROYED and lost.rest is None and lost.to_json()["rest"] is None


def test_the_result_says_where_the_lander_rests(planned):
    rest = planned.to_json()["rest"]
    assert rest["is_at_rest"] and 0.2 < rest["after_s"] < 10.0 and 0.0 < max(rest["stroke_m"]) < 0.25
    assert rest["tilt_deg"] < 5.0 and rest["slide_m"] < 1.0 and "stands" in planned.reason
    assert in_case("resilience", None).lander.legs.radius_m == 1.3
