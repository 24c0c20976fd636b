"""What must be true of what engines push, turn and burn, against geometry, the rocket equation and the engine's own map."""

import numpy as np
import pytest
import warp as wp
from pydantic import ValidationError

from perilune.base.parameters import pack
from perilune.base.structs import records, struct_from
from perilune.base.vector import real, vec3
from perilune.lander.engines import ASSIST_ENGINES_FAULTS, Engine, EngineParams, Push, engine_place, engine_push, throttle_level
from perilune.lander.faults import FaultsNow, fault_code


@wp.kernel(module="unique")
def throttle(ps: wp.array(dtype=EngineParams), command: wp.array(dtype=real), out: wp.array(dtype=real)):
    i = wp.tid()
    out[i] = throttle_level(ps[0], command[i])


@wp.kernel(module="unique")
def push(ps: wp.array(dtype=EngineParams), level: real, cg: vec3, faults: wp.array(dtype=FaultsNow), out: wp.array(dtype=Push)):
    out[0] = engine_push(ps[0], level, cg, ASSIST_ENGINES_FAULTS, faults[0])


def throttled(engine, *commands):
    out = wp.zeros(len(commands), dtype=real, device="cpu")
    wp.launch(throttle, len(commands), [packed(engine), wp.array(np.array(commands), dtype=real, device="cpu"), out], device="cpu")
    return out.numpy().tolist()


def packed(engine):
    return wp.array(pack(engine, EngineParams), dtype=EngineParams, device="cpu")


def faulty(*slots):
    """The faults of a tick, from (name, size, axis)."""
    now = records(FaultsNow, 1)
    now["count"] = len(slots)
    for k, (name, size, axis) in enumerate(slots):
        now["code"][0, k], now["size"][0, k], now["axis"][0, k] = fault_code(name), size, axis
    return wp.array(now, dtype=FaultsNow, device="cpu")


def pushed(engine, level=1.0, cg=(0.0, 0.0, 0.0), faults=()):
    out = wp.zeros(1, dtype=Push, device="cpu")
    wp.launch(push, 1, [packed(engine), level, vec3(*cg), faulty(*faults), out], device="cpu")
    return out.numpy()[0]


@pytest.fixture
def engine_file(lander_file):
    return lander_file["main_engine"]


def test_level_stays_between_the_lowest_and_full_thrust(engine_file):
    assert throttled(Engine(**engine_file | {"minimum_level": 0.4}), -1.0, 0.0, 1e-9, 0.39, 0.41, 1.7) == [0.0, 0.0, 0.4, 0.4, 0.41, 1.0]


def test_descent_engine_never_runs_inside_its_forbidden_band(engine_file):
    band = engine_file | {"minimum_level": 0.1, "forbidden_low_level": 0.60, "forbidden_high_level": 0.92}
    assert throttled(Engine(**band), 0.05, 0.3, 0.60, 0.61, 0.75, 0.77, 0.92, 0.95) == [0.1, 0.3, 0.60, 0.60, 0.60, 0.92, 0.92, 0.95]
    assert throttled(Engine(**band | {"forbidden_policy": "up"}), 0.59, 0.61, 0.91) == [0.59, 0.92, 0.92]


def test_thrust_is_that_of_the_whole_group(engine_file):
    given = pushed(Engine(**engine_file | {"count": 6}))
    assert given["force"].tolist() == [0.0, 0.0, 2400.0]
    assert given["torque"].tolist() == [0.0, 0.0, 0.0]


def test_misalignment_tilts_the_thrust_right_handed_and_keeps_its_length(engine_file):
    about_x = pushed(Engine(**engine_file | {"misalignment_x_deg": 2.0}))["force"]
    about_y = pushed(Engine(**engine_file | {"misalignment_y_deg": 2.0}))["force"]
    assert about_x == pytest.approx([0.0, -400 * np.sin(np.radians(2)), 400 * np.cos(np.radians(2))], abs=1e-10)
    assert about_y == pytest.approx([400 * np.sin(np.radians(2)), 0.0, 400 * np.cos(np.radians(2))], abs=1e-10)
    both = pushed(Engine(**engine_file | {"misalignment_x_deg": 5.0, "misalignment_y_deg": -7.0}))["force"]
    assert np.linalg.norm(both) == pytest.approx(400.0, rel=1e-14)


def test_torque_is_the_lever_arm_times_the_offset(engine_file):
    assert pushed(Engine(**engine_file), cg=(0.01, 0.0, 1.0))["torque"] == pytest.approx([0.0, 400 * 0.01, 0.0], abs=1e-12)
    tilted = pushed(Engine(**engine_file | {"misalignment_y_deg": 1.0}), cg=(0.0, 0.0, 1.0))["torque"]
    assert tilted == pytest.approx([0.0, -0.6 * 400 * np.sin(np.radians(1)), 0.0], abs=1e-10)


@pytest.mark.parametrize("lost", [0, 1, 4])
def test_a_lost_nozzle_turns_the_lander_about_the_others(engine_file, lost):
    engine = Engine(**engine_file | {"count": 6, "thrust_n": 200.0, "ring_radius_m": 0.8, "misalignment_x_deg": 0.5})
    cg = np.array([0.02, -0.01, 1.1])
    whole, given = pushed(engine, cg=cg), pushed(engine, cg=cg, faults=[("assist_engines.nozzle_loss", 0.0, lost)])
    one = whole["force"] / 6
    places = [np.array([0.8 * np.cos(k * np.pi / 3), 0.8 * np.sin(k * np.pi / 3), 0.4]) for k in range(6)]
    assert given["force"] == pytest.approx(5 * one)
    assert given["torque"] == pytest.approx(sum(np.cross(p - cg, one) for k, p in enumerate(places) if k != lost), abs=1e-9)
    assert whole["torque"] == pytest.approx(sum(np.cross(p - cg, one) for p in places), abs=1e-9)
    assert given["fuel_flow"] == pytest.approx(5 / 6 * whole["fuel_flow"])


def test_first_engine_of_the_ring_stands_towards_body_x(engine_file):
    params = struct_from(pack(Engine(**engine_file | {"count": 4, "ring_radius_m": 0.5}), EngineParams)[0], EngineParams)
    assert [float(x) for x in engine_place(params, 0)] == [0.5, 0.0, 0.4]
    assert [float(x) for x in engine_place(params, 1)] == pytest.approx([0.0, 0.5, 0.4], abs=1e-16)


def test_shortfall_takes_thrust_and_not_flow(engine_file):
    whole, short = pushed(Engine(**engine_file)), pushed(Engine(**engine_file), faults=[("assist_engines.shortfall", 0.15, -1)])
    assert short["force"] == pytest.approx(0.85 * whole["force"])
    assert short["fuel_flow"] == whole["fuel_flow"]
    other = pushed(Engine(**engine_file), faults=[("main_engine.shortfall", 0.15, -1)])
    assert other["force"].tolist() == whole["force"].tolist(), "another group's fault"


def test_mass_flow_keeps_the_rocket_equation(engine_file):
    given = pushed(Engine(**engine_file))
    flow = given["fuel_flow"] + given["oxidiser_flow"]
    mass, seconds = 785.0, 700.0
    gained = 400.0 / flow * np.log(mass / (mass - flow * seconds))
    assert gained == pytest.approx(320 * 9.80665 * np.log(mass / (mass - 400 / (320 * 9.80665) * seconds)), rel=1e-13)
    assert flow == pytest.approx(0.127465, abs=1e-6)


def test_mixture_shift_moves_the_two_flows_and_not_their_sum(engine_file):
    as_planned, shifted = (pushed(Engine(**engine_file | {"mixture_ratio": 1.65, "mixture_shift_percent": s})) for s in (0.0, 2.0))
    assert as_planned["oxidiser_flow"] / as_planned["fuel_flow"] == pytest.approx(1.65, rel=1e-14)
    assert shifted["oxidiser_flow"] / shifted["fuel_flow"] == pytest.approx(1.65 * 1.02, rel=1e-14)
    assert shifted["oxidiser_flow"] + shifted["fuel_flow"] == pytest.approx(as_planned["oxidiser_flow"] + as_planned["fuel_flow"], rel=1e-15)


def test_deep_throttling_costs_specific_impulse(engine_file):
    engine = Engine(**engine_file | {"isp_droop_percent": 2.0, "isp_droop_quadratic_percent": 3.0})
    flows = [sum(pushed(engine, level)[k] for k in ("fuel_flow", "oxidiser_flow")) for level in (1.0, 0.5, 0.1)]
    full = 400.0 / (320.0 * 9.80665)
    assert flows == pytest.approx([full, full / (1 - 0.01 - 0.0075), full / (1 - 0.018 - 0.0243)], rel=1e-13)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"thrust_n": 0}, "thrust_n"),
        ({"isp_s": -320}, "isp_s"),
        ({"rise_s": -0.1}, "rise_s"),
        ({"count": 0}, "count"),
        ({"minimum_level": 1.5}, "minimum_level"),
        ({"thrust": 1.0}, "thrust"),
        ({"forbidden_low_level": 0.9, "forbidden_high_level": 0.6}, "forbidden_high_level"),
        ({"forbidden_low_level": 0.6, "forbidden_high_level": 0.9, "minimum_level": 0.7}, "minimum_level"),
        ({"pulsed": True, "minimum_on_s": 0.06, "minimum_off_s": 0.05}, "control tick"),
        ({"pulsed": True, "minimum_on_s": 0.02, "start_delay_s": 0.03}, "minimum_on_s"),
        ({"forbidden_policy": "down"}, "forbidden_policy"),
    ],
)
def test_refuses_an_engine_that_cannot_be(engine_file, bad, words):
    with pytest.raises(ValidationError, match=words):
        Engine(**engine_file | bad)
