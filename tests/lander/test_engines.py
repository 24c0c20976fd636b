"""What must be true of engines, against the closed form of a first-order lag and the rocket equation."""

import numpy as np
import pytest
import warp as wp
from pydantic import ValidationError

from perilune.base.parameters import pack
from perilune.base.vector import real, vec2, vec3
from perilune.lander.engines import Engine, EngineParams, engine_level, engine_mass_flow, engine_thrust_body, engine_torque_body


@wp.kernel(module="unique")
def levels(ps: wp.array(dtype=EngineParams), level: wp.array(dtype=real), command: wp.array(dtype=real), dt: real, out: wp.array(dtype=vec2)):
    i = wp.tid()
    out[i] = engine_level(ps[0], level[i], command[i], dt)


@wp.kernel(module="unique")
def push(ps: wp.array(dtype=EngineParams), level: real, cg: vec3, out: wp.array(dtype=vec3), flow: wp.array(dtype=real)):
    force = engine_thrust_body(ps[0], level)
    out[0] = force
    out[1] = engine_torque_body(ps[0], force, cg)
    flow[0] = engine_mass_flow(ps[0], level)


def answered(engine, level, command, dt):
    start, asked = np.broadcast_arrays(np.atleast_1d(np.float64(level)), np.atleast_1d(np.float64(command)))
    out = wp.zeros(len(start), dtype=vec2, device="cpu")
    packs = wp.array(pack(engine, EngineParams), dtype=EngineParams, device="cpu")
    inputs = [packs, wp.array(start, dtype=real, device="cpu"), wp.array(asked, dtype=real, device="cpu"), dt, out]
    wp.launch(levels, len(start), inputs, device="cpu")
    return out.numpy()


def pushed(engine, level=1.0, cg=(0.0, 0.0, 0.0)):
    out, flow = wp.zeros(2, dtype=vec3, device="cpu"), wp.zeros(1, dtype=real, device="cpu")
    wp.launch(push, 1, [wp.array(pack(engine, EngineParams), dtype=EngineParams, device="cpu"), level, vec3(*cg), out, flow], device="cpu")
    return out.numpy()[0], out.numpy()[1], flow.numpy()[0]


@pytest.fixture
def engine_file(lander_file):
    return lander_file["main_engine"]


@pytest.mark.parametrize("dt", [1e-6, 1e-4, 0.02, 0.1, 3.0])
def test_lag_is_the_closed_form(engine_file, dt):
    end, mean = answered(Engine(**engine_file), 0.2, 0.9, dt)[0]
    decay = np.exp(-dt / 0.1)
    assert end == pytest.approx(0.9 + (0.2 - 0.9) * decay, rel=1e-14)
    assert mean == pytest.approx(0.9 - 0.7 * 0.1 * -np.expm1(-dt / 0.1) / dt, rel=1e-12)


def test_mean_level_does_not_depend_on_the_step(engine_file):
    engine, level, total = Engine(**engine_file), 0.0, 0.0
    for _ in range(50):
        level, mean = answered(engine, level, 1.0, 0.02)[0]
        total += mean * 0.02
    end, mean = answered(engine, 0.0, 1.0, 1.0)[0]
    assert [level, total] == pytest.approx([end, mean], rel=1e-13)


def test_without_lag_the_engine_follows_at_once(engine_file):
    assert answered(Engine(**engine_file | {"lag_s": 0.0}), 0.3, 0.8, 0.02)[0].tolist() == [0.8, 0.8]


def test_command_is_held_between_the_lowest_level_and_full_thrust(engine_file):
    engine = Engine(**engine_file | {"lag_s": 0.0, "minimum_level": 0.4})
    assert answered(engine, 0.0, [-1.0, 0.0, 1e-9, 0.39, 0.41, 1.7], 0.02)[:, 1].tolist() == [0.0, 0.0, 0.4, 0.4, 0.41, 1.0]


def test_command_that_is_not_a_number_does_not_become_full_thrust(engine_file):
    assert np.isnan(answered(Engine(**engine_file), 0.5, np.nan, 0.02)).all()


def test_thrust_is_that_of_the_whole_group(engine_file):
    force, torque, _ = pushed(Engine(**engine_file | {"count": 6}), 0.5)
    assert force.tolist() == [0.0, 0.0, 1200.0]
    assert torque.tolist() == [0.0, 0.0, 0.0]


def test_misalignment_tilts_the_thrust_right_handed_and_keeps_its_length(engine_file):
    about_x = pushed(Engine(**engine_file | {"misalignment_x_deg": 2.0}))[0]
    about_y = pushed(Engine(**engine_file | {"misalignment_y_deg": 2.0}))[0]
    assert about_x == pytest.approx([0.0, -400 * np.sin(np.radians(2)), 400 * np.cos(np.radians(2))], abs=1e-10)
    assert about_y == pytest.approx([400 * np.sin(np.radians(2)), 0.0, 400 * np.cos(np.radians(2))], abs=1e-10)
    both = pushed(Engine(**engine_file | {"misalignment_x_deg": 5.0, "misalignment_y_deg": -7.0}))[0]
    assert np.linalg.norm(both) == pytest.approx(400.0, rel=1e-14)


def test_torque_is_the_lever_arm_times_the_offset(engine_file):
    torque = pushed(Engine(**engine_file), cg=(0.01, 0.0, 1.0))[1]
    assert torque == pytest.approx([0.0, 400 * 0.01, 0.0], abs=1e-12)
    tilted = pushed(Engine(**engine_file | {"misalignment_y_deg": 1.0}), cg=(0.0, 0.0, 1.0))[1]
    assert tilted == pytest.approx([0.0, -0.6 * 400 * np.sin(np.radians(1)), 0.0], abs=1e-10)


def test_mass_flow_keeps_the_rocket_equation(engine_file):
    flow = pushed(Engine(**engine_file))[2]
    mass, seconds = 785.0, 700.0
    gained = 400.0 / flow * np.log(mass / (mass - flow * seconds))
    assert gained == pytest.approx(320 * 9.80665 * np.log(mass / (mass - 400 / (320 * 9.80665) * seconds)), rel=1e-13)
    assert flow == pytest.approx(0.127465, abs=1e-6)


@pytest.mark.parametrize("bad", [{"thrust_n": 0}, {"isp_s": -320}, {"lag_s": -0.1}, {"count": 0}, {"minimum_level": 1.5}, {"thrust": 1.0}])
def test_refuses_an_engine_that_cannot_be(engine_file, bad):
    with pytest.raises(ValidationError):
        Engine(**engine_file | bad)
