"""Truth does not leak: the computer is loaded from the undispersed mission and learns of the world through its sensors alone."""

import numpy as np
import pytest
from flying import continue_to, copy_of
from scipy.spatial.transform import Rotation

from bitwise import bits
from perilune.base.parameters import leaves
from perilune.flight.setup import build_batch, build_scene
from perilune.mission.catalogue import FOLDER
from perilune.mission.loader import load, read
from perilune.mission.paths import find, is_inside
from perilune.mission.schema import Mission

NOT_MOVED = ("environment.gravity_degree", "environment.relief.", "lander.legs.count")  # what shapes a table, and what has one value


def moved(path, value):
    """Another value that the key allows, or None for what is no number."""
    if value is None or isinstance(value, bool | str):
        return None
    if isinstance(value, tuple):
        return [moved(f"{path}.{i}", v) for i, v in enumerate(value)]
    for other in (value * 0.99, 0.01, value + 1) if not isinstance(value, int) else (value + 1,):
        if other != value and is_inside(other, find(Mission, path).bounds):
            return other
    raise AssertionError(f"{path} cannot be moved")


@pytest.fixture(scope="module")
def moved_case():
    """The mission in a case that sets every number of the lander and of the environment to another one."""
    mission = load("resilience")
    numbers = [*leaves(mission.lander, "lander."), *leaves(mission.environment, "environment.")]
    others = {path: moved(path, value) for path, value in numbers if not path.startswith(NOT_MOVED)}
    settings = "\n".join(f"{path} = {other!r}" for path, other in others.items() if other is not None)
    text = (FOLDER / "resilience.toml").read_text("utf-8")
    return read(f'{text}\n[cases.moved]\ndescription = "everything moved"\n[cases.moved.set]\n{settings}\n', case="moved")


def test_no_number_of_the_truth_changes_a_bit_of_what_the_computer_is_loaded_with(scene, moved_case):
    truth = dict(leaves(moved_case.lander, "lander."))
    numbers = [
        (path, value) for path, value in leaves(scene.mission.lander, "lander.") if value not in (None, ()) and not isinstance(value, bool | str)
    ]
    same = [path for path, value in numbers if truth[path] == value and path not in NOT_MOVED]
    assert same == [], "the case must move them all"
    other = build_scene(moved_case)
    assert bits(other.avionics) == bits(scene.avionics)
    believed, flown = build_batch(scene, None, np.array([0])), build_batch(other, None, np.array([0]))
    assert bits(flown.packs) != bits(believed.packs)


def test_the_computer_is_loaded_with_the_mission_that_was_planned(scene):
    heavier = build_scene(load("resilience", ["lander.mass.dry_mass_kg=350"]))
    assert heavier.avionics["belief"]["dry_mass"][0] == 350.0
    assert bits(heavier.avionics) != bits(scene.avionics)


def test_all_runs_of_a_seed_share_one_computer(scene):
    """Dispersions are written into packs of the lander and the relief; the computer's is not among them."""
    before = bits(scene.avionics)
    batch = build_batch(scene, 1, np.arange(8))
    assert len(np.unique(batch.packs["lander"]["main_engine"]["thrust"])) == 8
    assert bits(scene.avionics) == before and "avionics" not in batch.packs.dtype.names


def turned_about_x(q, angle):
    """The attitude (x, y, z, w) of a body turned about its own x axis by `angle` [rad]."""
    x, y, z, w = q
    c, s = np.cos(0.5 * angle), np.sin(0.5 * angle)
    return np.array([x * c + w * s, y * c + z * s, z * c - y * s, w * c - x * s])


def turn_lander(state, angle):
    """Turn a lander about its own x axis [rad] as a whole: the liquids in its tanks, which the stars' axes hold, turn with it."""
    before = Rotation.from_quat(state["body"]["attitude"])
    state["body"]["attitude"] = turned_about_x(state["body"]["attitude"], angle)
    turn = Rotation.from_quat(state["body"]["attitude"]) * before.inv()
    for bob in ("fuel", "oxidiser"):
        for name in ("along", "swing", "bend"):
            state["lander"]["slosh"][bob][name] = turn.apply(state["lander"]["slosh"][bob][name])


def first_difference(a, b):
    """The first tick in which two rows of telemetry differ in any bit, or the number of ticks."""
    for tick in range(a.shape[1]):
        if bits(a[0, tick]) != bits(b[0, tick]):
            return tick
    return a.shape[1]


def test_no_command_knows_of_a_displacement_that_no_sensor_sees(scene, ignition_s, before_ignition):
    """A kilometre beside the believed orbit and 10 m/s off: before the range finder has a return, two minutes of commands are the same bits."""
    still, pushed = copy_of(before_ignition, slice(0, 1)), copy_of(before_ignition, slice(0, 1))
    pushed.states["body"]["position"] += [600.0, -700.0, 400.0]
    pushed.states["body"]["velocity"] += [3.0, 9.0, -4.0]
    until = round(ignition_s) + 60.0
    (path, sent), (other_path, other_sent) = continue_to(scene, still, until), continue_to(scene, pushed, until)
    assert not path["measured_range_valid"].any() and not other_path["measured_range_valid"].any()
    assert path["measured_star_tracker_valid"].any() and path["main_level"].max() > 0.9
    assert np.linalg.norm(path["position_mci"][0, -1] - other_path["position_mci"][0, -1]) > 1_000.0
    assert first_difference(sent, other_sent) == sent.shape[1]


def test_a_turn_becomes_known_with_the_first_star_tracker_reading_of_it(scene, ignition_s, before_ignition):
    """A tenth of a degree in braking: before, the commands differ by rounding alone (increments are differences of attitudes), then it is undone."""
    still = copy_of(before_ignition, slice(0, 1))
    continue_to(scene, still, round(ignition_s) + 60.0)
    turned = copy_of(still)
    turn_lander(turned.states[0], np.radians(0.1))
    until = float(still.states["time"][0]) + 5.0
    (path, sent), (_, other_sent) = continue_to(scene, still, until), continue_to(scene, turned, until)
    taken = path["time"][0] - scene.mission.lander.star_tracker.latency_s
    seen = np.flatnonzero(path["measured_star_tracker_valid"][0] & (taken > path["time"][0, 0] - 1e-6))[0]
    torque = np.linalg.norm(sent["torque_body"] - other_sent["torque_body"], axis=2)[0]
    assert seen > 0 and torque[:seen].max() < 1e-7 * 30.0
    assert torque[seen] > 0.01


def test_a_height_becomes_known_with_the_first_range_of_it(scene, before_ignition):
    """Late in the descent, with a range in every tick: 30 m higher is known one latency later, and not before."""
    batch = copy_of(before_ignition, slice(0, 1))
    scout = copy_of(batch)
    path, _ = continue_to(scene, scout, 3650.0)
    ranged = np.flatnonzero(path["measured_range_valid"][0])
    start = float(path["time"][0, ranged[200]])
    continue_to(scene, batch, start)
    higher = copy_of(batch)
    higher.states["body"]["position"] *= 1.0 + 30.0 / np.linalg.norm(higher.states["body"]["position"])
    (path, sent), (other_path, other_sent) = continue_to(scene, batch, start + 2.0), continue_to(scene, higher, start + 2.0)
    assert path["measured_range_valid"].all() and scene.mission.lander.range_finder.latency_s == 0.1
    assert other_path["height"][0, 0] - path["height"][0, 0] == pytest.approx(30.0, abs=0.1)
    assert first_difference(sent, other_sent) == 1
