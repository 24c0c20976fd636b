"""What must be true of the attitude thrusters."""

import numpy as np
import pytest
import warp as wp
from pydantic import ValidationError

from perilune.base.parameters import pack
from perilune.base.vector import real, vec3
from perilune.lander.attitude_thrusters import AttitudeThrusters, AttitudeThrustersParams, attitude_mass_flow, torque_given


@wp.kernel(module="unique")
def turn(ps: wp.array(dtype=AttitudeThrustersParams), command: vec3, left: real, torque: wp.array(dtype=vec3), flow: wp.array(dtype=real)):
    torque[0] = torque_given(ps[0], command, left)
    flow[0] = attitude_mass_flow(ps[0], torque[0])


def turned(thrusters_file, command, left=10.0):
    packs = wp.array(pack(AttitudeThrusters(**thrusters_file), AttitudeThrustersParams), dtype=AttitudeThrustersParams, device="cpu")
    torque, flow = wp.zeros(1, dtype=vec3, device="cpu"), wp.zeros(1, dtype=real, device="cpu")
    wp.launch(turn, 1, [packs, vec3(*command), left, torque, flow], device="cpu")
    return torque.numpy()[0].tolist(), flow.numpy()[0]


@pytest.fixture
def thrusters_file(lander_file):
    return lander_file["attitude_thrusters"]


def test_torque_is_given_as_asked_up_to_the_limit_of_each_axis(thrusters_file):
    assert turned(thrusters_file, (1.0, -2.0, 3.0))[0] == [1.0, -2.0, 3.0]
    assert turned(thrusters_file, (100.0, -100.0, 21.9))[0] == [20.0, -21.0, 21.9]


def test_command_that_is_not_a_number_does_not_become_full_torque(thrusters_file):
    assert np.isnan(turned(thrusters_file, (0.0, np.nan, 0.0))[0][1])


def test_dry_thrusters_give_nothing_and_use_nothing(thrusters_file):
    assert turned(thrusters_file, (1.0, -2.0, 3.0), left=0.0) == ([0.0, 0.0, 0.0], 0.0)


def test_mass_flow_is_that_of_the_forces_at_the_arm(thrusters_file):
    flow = turned(thrusters_file | {"arm_m": 0.5}, (1.0, -2.0, 3.0))[1]
    assert flow == pytest.approx((2.0 + 4.0 + 6.0) / (220 * 9.80665), rel=1e-14)


def test_refuses_a_negative_limit(thrusters_file):
    with pytest.raises(ValidationError, match="torque_limit_n_m"):
        AttitudeThrusters(**thrusters_file | {"torque_limit_n_m": (1.0, -1.0, 1.0)})
