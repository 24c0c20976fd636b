"""What must be true of thrust in time, against the closed form of a first-order lag and sums over very short steps."""

import numpy as np
import pytest
import warp as wp

from perilune.base.parameters import pack
from perilune.base.structs import records
from perilune.base.vector import real
from perilune.lander.engine_answer import EngineState, command_engine, engine_mean
from perilune.lander.engines import MAIN_ENGINE_FAULTS, Engine, EngineParams
from perilune.lander.faults import FaultsNow, fault_code

TICK = 0.1


@wp.kernel(module="unique")
def burn(
    ps: wp.array(dtype=EngineParams),
    commands: wp.array(dtype=real),
    steps: int,
    fed: wp.array(dtype=wp.bool),
    faults: wp.array(dtype=FaultsNow),
    means: wp.array2d(dtype=real),
    early: wp.array2d(dtype=real),
    states: wp.array(dtype=EngineState),
):
    s = EngineState()
    dt = real(0.1) / real(steps)
    for tick in range(commands.shape[0]):
        command_engine(ps[0], s, commands[tick], real(0.1), fed[tick], MAIN_ENGINE_FAULTS, faults[tick])
        for i in range(steps):
            mean = engine_mean(ps[0], s, dt * real(i), dt)
            means[tick, i] = mean[0]
            early[tick, i] = mean[1]
        states[tick] = s


ENGINE = {"count": 1, "thrust_n": 400.0, "isp_s": 320.0, "rise_s": 0.1, "fall_s": 0.04, "height_m": 0.4}
ENGINE |= {"misalignment_x_deg": 0.0, "misalignment_y_deg": 0.0}
PULSED = ENGINE | {"pulsed": True, "minimum_on_s": 0.03, "minimum_off_s": 0.02, "rise_s": 0.01, "fall_s": 0.008}


def burnt(engine, commands, steps=5, faults=(), fed=None):
    """Mean level of each step, shape (ticks, steps), and the state after each tick; `faults` are (name, size, from tick, to tick)."""
    n = len(commands)
    now = records(FaultsNow, n)
    for name, size, begin, end in faults:
        for tick in range(begin, end):
            k = now["count"][tick]
            now["code"][tick, k], now["size"][tick, k], now["axis"][tick, k] = fault_code(name), size, -1
            now["count"][tick] += 1
    means, early = (wp.zeros((n, steps), dtype=real, device="cpu") for _ in range(2))
    states = wp.zeros(n, dtype=EngineState, device="cpu")
    packs = wp.array(pack(Engine(**engine), EngineParams), dtype=EngineParams, device="cpu")
    inputs = [packs, wp.array(np.array(commands, float), dtype=real, device="cpu"), steps]
    inputs += [
        wp.array(np.ones(n, bool) if fed is None else np.array(fed), dtype=wp.bool, device="cpu"),
        wp.array(now, dtype=FaultsNow, device="cpu"),
    ]
    wp.launch(burn, 1, inputs, [means, early, states], device="cpu")
    burnt.early = early.numpy()
    return means.numpy(), states.numpy()


def test_thrust_rises_and_falls_as_the_closed_form_with_its_own_time_constants():
    means, states = burnt(ENGINE, [0.8] * 10 + [0.3] * 5 + [0.0] * 5)
    up = 0.8 * (1 - np.exp(-1.0 / 0.1))
    down = 0.3 + (up - 0.3) * np.exp(-0.5 / 0.04)
    assert states["level"][[9, 14, 19]] == pytest.approx([up, down, down * np.exp(-0.5 / 0.04)], rel=1e-12)
    assert means[:10].mean() == pytest.approx(0.8 - 0.1 * up, rel=1e-12)
    assert means[15:].mean() * 0.5 == pytest.approx(down * 0.04 * (1 - np.exp(-0.5 / 0.04)), rel=1e-12)


@pytest.mark.parametrize("delays", [(0.0, 0.0), (0.013, 0.027), (0.2, 0.15), (0.1, 0.1)])
def test_impulse_does_not_depend_on_the_step(delays):
    engine = ENGINE | {"start_delay_s": delays[0], "shutdown_delay_s": delays[1]}
    commands = [0.7] * 6 + [0.0] * 4 + [1.0] * 5 + [0.5] * 3 + [0.0] * 4
    coarse, fine = (burnt(engine, commands, steps)[0].mean(axis=1) for steps in (5, 1000))
    assert coarse == pytest.approx(fine, abs=1e-12)


def test_thrust_begins_a_delay_after_the_command_inside_the_step():
    means, _ = burnt(ENGINE | {"start_delay_s": 0.13, "rise_s": 0.0}, [1.0] * 2)
    assert means.ravel() == pytest.approx([0, 0, 0, 0, 0, 0, 0.5, 1, 1, 1], abs=1e-12)


def test_thrust_goes_on_for_the_shutdown_delay_and_then_falls():
    means, states = burnt(ENGINE | {"shutdown_delay_s": 0.05}, [1.0] * 10 + [0.0] * 2)
    before = states["level"][9]
    held = 1 - (1 - before) * np.exp(-0.05 / 0.1)
    assert states["level"][10] == pytest.approx(held * np.exp(-0.05 / 0.04), rel=1e-12)
    assert (means[10, :2] > before).all() and means[10, 4] < means[10, 3] < before


def test_a_command_taken_back_before_its_delay_lights_nothing():
    means, states = burnt(ENGINE | {"start_delay_s": 0.25}, [1.0, 1.0, 0.0, 1.0, 1.0, 1.0])
    assert (means[:5] == 0.0).all() and means[5, 3:].min() > 0.0
    assert not states["lit"][4]


def test_without_lag_the_engine_follows_at_once():
    assert burnt(ENGINE | {"rise_s": 0.0, "fall_s": 0.0}, [0.3, 0.8, 0.0])[0].tolist() == [[0.3] * 5, [0.8] * 5, [0.0] * 5]


def test_command_that_is_not_a_number_does_not_become_full_thrust():
    means, states = burnt(ENGINE, [0.5, np.nan])
    assert np.isfinite(means[0]).all() and np.isnan(states["level"][1])


def test_a_pulse_ends_at_its_true_time_inside_a_step():
    means, _ = burnt(PULSED | {"rise_s": 0.0, "fall_s": 0.0}, [0.47])
    assert means[0] == pytest.approx([1, 1, 0.35, 0, 0], abs=1e-12)


def test_pulse_delays_shift_its_edges():
    delayed = PULSED | {"rise_s": 0.0, "fall_s": 0.0, "start_delay_s": 0.005, "shutdown_delay_s": 0.015}
    means, _ = burnt(delayed, [0.5])
    assert means[0] == pytest.approx([0.75, 1, 1, 0.25, 0], abs=1e-12)


def test_duty_is_kept_over_many_ticks_though_single_pulses_cannot_give_it():
    for duty in (0.05, 0.13, 0.29, 0.31, 0.5, 0.79, 0.81, 0.93, 0.97, 1.0):
        means, states = burnt(PULSED | {"rise_s": 0.0, "fall_s": 0.0}, [duty] * 200)
        assert means.mean() == pytest.approx(duty, abs=0.1 / 20), f"a duty of {duty}"
        on = np.minimum(states["on_time"], TICK)
        assert ((on == 0) | (on >= 0.03 - 1e-12)).all(), "no pulse shorter than the shortest"
        assert ((on >= TICK) | (on <= TICK - 0.02 + 1e-12)).all(), "no pause shorter than the shortest"


def test_impulse_of_pulses_with_rise_and_fall_is_the_duty_times_full_thrust():
    """Every pulse loses at its rise what it gains at its fall, when it is long enough to reach full thrust and both take equally long."""
    commands = [0.0] * 3 + [0.6] * 30 + [0.0] * 5
    means, _ = burnt(PULSED | {"rise_s": 0.003, "fall_s": 0.003}, commands)
    assert means.sum() / 5 == pytest.approx(0.6 * 30, rel=1e-6)
    fine, _ = burnt(PULSED | {"rise_s": 0.003, "fall_s": 0.003}, commands, steps=500)
    assert means.mean(axis=1) == pytest.approx(fine.mean(axis=1), abs=1e-7), "but for the last millionth, which is cut off"


def test_what_is_owed_is_forgotten_when_the_engine_is_told_off():
    _, states = burnt(PULSED, [0.2, 0.0, 0.2])
    assert states["carried"] == pytest.approx([0.02, 0.0, 0.02])


def test_without_propellant_the_engine_is_off_at_once():
    means, states = burnt(ENGINE | {"shutdown_delay_s": 0.2}, [1.0] * 4, fed=[True, True, False, False])
    assert (means[2:] == 0.0).all() and not states["lit"][2]


def test_shutdown_fault_puts_the_engine_out_and_it_comes_back():
    means, _ = burnt(ENGINE, [1.0] * 30, faults=[("main_engine.early_shutdown", 0.0, 10, 20)])
    whole, _ = burnt(ENGINE, [1.0] * 30)
    assert (means[:10] == whole[:10]).all()
    assert means[19].max() < 1e-8 and means[29].min() > 0.99


def test_stuck_open_burns_against_the_command_and_stuck_closed_never():
    assert burnt(ENGINE, [0.0] * 20, faults=[("main_engine.stuck_open", 0.0, 0, 20)])[0][19].min() > 0.99
    assert (burnt(ENGINE, [1.0] * 20, faults=[("main_engine.stuck_closed", 0.0, 0, 20)])[0] == 0.0).all()


def test_hard_start_delays_the_ignition_asked_for_in_it_and_no_other():
    commands = [1.0] * 5 + [0.0] * 5 + [1.0] * 5
    means, _ = burnt(ENGINE | {"rise_s": 0.0, "fall_s": 0.0}, commands, faults=[("main_engine.hard_start", 0.25, 0, 1)])
    assert means[:5].mean() == pytest.approx(0.5) and means[10:].mean() == 1.0


def test_another_groups_fault_changes_nothing():
    assert (burnt(ENGINE, [1.0] * 5, faults=[("assist_engines.early_shutdown", 0.0, 0, 5)])[0] == burnt(ENGINE, [1.0] * 5)[0]).all()


@pytest.mark.parametrize("engine", [ENGINE | {"start_delay_s": 0.013, "shutdown_delay_s": 0.027}, PULSED | {"start_delay_s": 0.006}])
def test_how_early_the_impulse_comes_is_seen_in_how_far_it_carries(engine):
    """Distance flown per unit of acceleration, from means and moments of coarse steps and from the level in steps too short to matter."""

    def carried(means, early, h):
        speed = np.concatenate([[0.0], np.cumsum(means.ravel() * h)])
        return (speed[:-1] * h + means.ravel() * h * h / 2 + early.ravel()).sum()

    commands = [0.6] * 4 + [0.0] * 2 + [0.9] * 3 + [0.0]
    coarse = carried(burnt(engine, commands, 5)[0], burnt.early, 0.02)
    fine = carried(burnt(engine, commands, 2000)[0], 0 * burnt.early, 0.00005)
    assert np.abs(burnt(engine, commands, 5)[0]).max() > 0.5 and np.abs(burnt.early).max() > 5e-6
    assert coarse == pytest.approx(fine, abs=2e-8)
