"""What must be true of the allocation: the torque asked and nothing else, with the least propellant, in pulses that a valve can make."""

from itertools import combinations

import numpy as np
import pytest
import warp as wp
from hypothesis import given, settings
from hypothesis import strategies as st

from perilune.avionics.allocation import (
    COLUMNS,
    Allocation,
    AllocationParams,
    AllocationState,
    Allotted,
    allocation_of,
    allot,
    rcs_used,
    solve_columns,
    torque_limit,
)
from perilune.base.errors import PeriluneError
from perilune.base.parameters import pack
from perilune.base.vector import real, vec3

TICK, G0, CG = 0.1, 9.80665, np.array([0.0, 0.0, 0.95])


def pods(radius=0.75):
    """Four pods around the lander, each with one thruster up, one down, one along the rim."""
    positions, directions = [], []
    for k, (x, y) in enumerate([(1, 0), (0, 1), (-1, 0), (0, -1)]):
        positions += 3 * [[radius * x, radius * y, 1.0]]
        directions += [[0, 0, 1], [0, 0, -1], [-y, x, 0] if k % 2 == 0 else [y, -x, 0]]
    return np.array(positions, float), np.array(directions, float), np.full(12, 20.0)


def askew(count, seed):
    """Thrusters anywhere, pointing anywhere."""
    rng = np.random.default_rng(seed)
    return rng.uniform(-1.0, 1.0, (count, 3)), rng.normal(size=(count, 3)), rng.uniform(5.0, 25.0, count)


def effects(positions, directions, thrusts):
    forces = directions / np.linalg.norm(directions, axis=1)[:, None] * thrusts[:, None]
    return np.cross(positions - CG, forces), forces


@pytest.fixture(scope="module", params=["pods", "askew"])
def thrusters(request):
    return pods() if request.param == "pods" else askew(14, 3)


def allocation(thrusters, minimum_on_s=0.0, open_delay_s=0.0, close_delay_s=0.0):
    return allocation_of(*thrusters, CG, 220.0, minimum_on_s, open_delay_s, close_delay_s)


@wp.kernel(module="unique")
def run(ps: wp.array(dtype=AllocationParams), torques: wp.array(dtype=vec3), out: wp.array(dtype=Allotted), used: wp.array(dtype=real)):
    state = AllocationState()
    for k in range(torques.shape[0]):
        allotted = allot(ps[0], state, torques[k], real(0.1))
        out[k] = allotted
        used[k] = rcs_used(ps[0], allotted.on)


def allotted(belief: Allocation, torques):
    torques = np.atleast_2d(np.asarray(torques, float))
    packs = wp.array(pack(belief, AllocationParams), dtype=AllocationParams, device="cpu")
    out, used = wp.zeros(len(torques), dtype=Allotted, device="cpu"), wp.zeros(len(torques), dtype=real, device="cpu")
    wp.launch(run, 1, [packs, wp.array(torques, dtype=vec3, device="cpu"), out, used], device="cpu")
    return out.numpy(), used.numpy()


def test_any_torque_that_fits_is_given_and_nothing_else(thrusters):
    torques, _ = effects(*thrusters)
    belief = allocation(thrusters)
    asked = np.random.default_rng(5).uniform(-1.0, 1.0, (200, 3)) * torque_limit(belief) / 3.0
    out, used = allotted(belief, asked)
    on = out["on"][:, : len(torques)]
    assert np.abs(on @ torques / TICK - asked).max() < 1e-12 * np.abs(asked).max() + 1e-12
    assert on.min() >= 0.0 and on.max() <= TICK and not out["saturated"].any()
    assert used == pytest.approx(on @ thrusters[2] / (220.0 * G0), rel=1e-12)


def test_thrusters_that_can_turn_without_a_push_do():
    _, forces = effects(*pods())
    columns = solve_columns(*pods(), CG)
    assert np.abs(forces.T @ columns).max() < 1e-13
    assert np.abs(columns).max(axis=0) == pytest.approx(1.0 / 30.0, rel=1e-12) and (columns > 0).sum(axis=0).tolist() == 6 * [2]


def test_columns_use_the_least_propellant_of_all_that_can_be():
    """Against every vertex of the linear program: each choice of three thrusters that turns about the axis alone."""
    positions, directions, thrusts = askew(9, 8)
    torques, forces = effects(positions, directions, thrusts)
    columns = solve_columns(positions, directions, thrusts, CG)
    for k in range(len(COLUMNS)):
        wanted = np.zeros(3)
        wanted[k // 2] = 1.0 if k % 2 == 0 else -1.0
        costs = [
            thrusts[list(three)] @ x for three in combinations(range(9), 3) if (x := np.linalg.solve(torques[list(three)].T, wanted)).min() >= -1e-12
        ]
        if np.abs(forces.T @ columns[:, k]).max() > 1e-9:
            assert thrusts @ columns[:, k] == pytest.approx(min(costs), rel=1e-6)
        else:
            assert min(costs) * (1 - 1e-6) <= thrusts @ columns[:, k] <= 3.0 * min(costs)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*3 * [st.floats(-200.0, 200.0)]), min_size=1, max_size=30), st.floats(0.0, 50.0), st.floats(-10.0, 10.0))
def test_on_times_are_never_negative_nor_longer_than_the_tick_nor_shorter_than_a_valve_can(asked, minimum_ms, longer_ms):
    belief = allocation(pods(), minimum_ms / 1e3, 0.01, 0.01 + longer_ms / 1e3)
    on = allotted(belief, asked)[0]["on"]
    assert on.min() >= 0.0 and on.max() <= TICK and (on[on > 0.0] >= minimum_ms / 1e3).all()


@pytest.mark.parametrize("torque", [(0.3, -0.2, 0.05), (2.9, 3.1, -3.0), (-0.001, 0.0, 10.0)])
def test_mean_of_the_pulses_comes_to_the_torque_asked_within_one_bit(thrusters, torque):
    torques, _ = effects(*thrusters)
    belief = allocation(thrusters, minimum_on_s=0.02)
    asked = np.array(torque) * min(torque_limit(belief)) / 30.0
    out, _ = allotted(belief, np.tile(asked, (3000, 1)))
    pushed = np.cumsum(out["on"][:, : len(torques)] @ torques, axis=0)
    owed = asked * TICK * np.arange(1, 3001)[:, None] - pushed
    bits = np.array(belief.bit_n_m_s).reshape(3, 2).max(axis=1) + 0.02 * np.abs(torques).sum(axis=0) * (np.ptp(thrusters[2]) > 0.0)
    assert (np.abs(owed) <= bits + 1e-9).all()
    assert (pushed[-1][np.abs(asked) * 300.0 > 2.0 * bits] != 0.0).all()


def test_noise_about_zero_fires_nothing():
    belief = allocation(pods(), minimum_on_s=0.02)
    noise = np.random.default_rng(1).normal(0.0, 1.0, (1000, 3))
    noise[1::2] = -noise[::2]
    assert not allotted(belief, noise)[0]["on"].any()


def test_torque_beyond_the_tick_keeps_its_axis_and_is_told():
    torques, _ = effects(*pods())
    out, _ = allotted(allocation(pods()), [60.0, -45.0, 15.0])
    given_torque = out[0]["on"][:12] @ torques / TICK
    assert out[0]["saturated"] and out[0]["on"].max() == TICK and given_torque == pytest.approx([30.0, -22.5, 7.5], rel=1e-12)
    assert out[0]["torque"] == pytest.approx(given_torque, rel=1e-12)


def test_pulse_is_told_shorter_by_what_the_valve_closes_late():
    out, _ = allotted(allocation(pods(), open_delay_s=0.004, close_delay_s=0.010), [15.0, 0.0, 0.0])
    on = out[0]["on"]
    assert on[on > 0.0] == pytest.approx([0.05 - 0.006] * 2, rel=1e-12)
    whole = allotted(allocation(pods(), open_delay_s=0.004, close_delay_s=0.010), [30.0, 0.0, 0.0])[0][0]["on"]
    assert whole[whole > 0.0].tolist() == [TICK] * 2


def test_thrusters_that_cannot_turn_an_axis_are_refused():
    positions, directions, thrusts = pods()
    with pytest.raises(PeriluneError, match=r"turns the lander about \+z alone"):
        allocation((positions[np.arange(12) % 3 != 2], directions[np.arange(12) % 3 != 2], thrusts[:8]))
