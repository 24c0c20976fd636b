"""What must be true of tanks and engines together: what is left when thrust ends, what leaks, and when liquids swing."""

import numpy as np
import pytest
import warp as wp

from perilune.base.parameters import pack
from perilune.base.structs import records
from perilune.base.vector import real
from perilune.flight.propulsion import burn, command_engines, drive_of, is_fed, masses
from perilune.flight.state import FlightPack, FlightState
from perilune.lander.faults import fault_code
from perilune.lander.lander import LanderParams
from perilune.lander.tanks import load_tanks, main_left_kg
from perilune.messages.actuation import Actuation
from perilune.mission.loader import load


@wp.kernel(module="unique")
def run(packs: wp.array(dtype=FlightPack), states: wp.array(dtype=FlightState), commands: wp.array(dtype=Actuation), given: wp.array2d(dtype=real)):
    pack = packs[0]
    s = states[0]
    for tick in range(commands.shape[0]):
        whole = masses(pack, s)
        command_engines(pack, s, commands[tick], is_fed(pack, s))
        drive = drive_of(pack, s, whole)
        for i in range(5):
            thrust = burn(pack, s, drive, real(0.02) * real(i), real(0.02))
            given[tick, 0] += thrust.force[2] * real(0.02)
            given[tick, 1] += thrust.flow * real(0.02)
        given[tick, 2] = s.lander.fuel.left
        given[tick, 3] = s.lander.oxidiser.left
        given[tick, 4] = wp.where(s.lander.slosh.free, real(1.0), real(0.0))
    states[0] = s


def ran(main, assist, main_kg=None, faults=(), touched=False, **lander):
    """Impulse [N s], propellant burnt, fuel, oxidiser [kg] and whether liquids swing, a row a tick; the pack and the last state."""
    mission = load("resilience", [f"lander.{path}={value}" for path, value in lander.items()])
    packs, states = records(FlightPack, 1), records(FlightState, 1)
    packs["lander"] = pack(mission.lander, LanderParams)
    load_tanks(states["lander"], packs["lander"], mission.lander.mass.main_loaded_kg if main_kg is None else main_kg)
    states["contact"]["time"] = 1.0 if touched else -1.0
    states["body"]["attitude"] = (0.0, 0.0, 0.0, 1.0)
    for k, (name, size) in enumerate(faults):
        now = states["active"]
        now["count"], now["code"][0, k], now["size"][0, k], now["axis"][0, k] = k + 1, fault_code(name), size, -1
    commands = records(Actuation, len(main))
    commands["main_engine"], commands["assist_duty"] = main, assist
    given = wp.zeros((len(main), 5), dtype=real, device="cpu")
    arrays = [wp.array(a, dtype=t, device="cpu", copy=False) for a, t in ((packs, FlightPack), (states, FlightState), (commands, Actuation))]
    wp.launch(run, 1, [*arrays, given], device="cpu")
    return given.numpy(), packs[0], states[0]


def test_thrust_ends_with_exactly_what_cannot_leave():
    given, _, state = ran(np.ones(60), np.ones(60), main_kg=10.0)
    assert float(main_left_kg(state["lander"])) == pytest.approx(8.0, abs=1e-6)
    assert given[:, 1].sum() == pytest.approx(2.0, abs=1e-6), "what left the tanks was burnt"
    assert given[-1, 0] == 0.0 and given[0, 0] > 0.0


def test_one_empty_tank_ends_the_thrust_and_strands_the_other():
    shift = {"main_engine.mixture_shift_percent": 20.0, "assist_engines.mixture_shift_percent": 20.0}
    given, _, state = ran(np.ones(800), np.ones(800), main_kg=40.0, **shift)
    fuel, oxidiser = (float(state["lander"][tank]["left"]) for tank in ("fuel", "oxidiser"))
    assert oxidiser == pytest.approx(8.0 * 1.65 / 2.65, abs=1e-6)
    burnt = 32.0 * 1.65 / 2.65
    assert fuel == pytest.approx(40.0 / 2.65 - burnt / (1.65 * 1.2), abs=1e-6)
    assert given[-1, 0] == 0.0 and fuel > 3.0 + 1.0


def test_a_leak_empties_both_tanks_without_thrust():
    given, _, state = ran(np.zeros(50), np.zeros(50), faults=[("tanks.leak", 0.4)])
    assert float(main_left_kg(state["lander"])) == pytest.approx(430.0 - 0.4 * 5.0)
    assert given[-1, 3] / given[-1, 2] == pytest.approx(1.65)
    assert not given[:, 0].any() and not given[:, 1].any()


def test_a_leak_costs_impulse_once_the_tanks_are_dry():
    whole, leaking = (ran(np.ones(100), np.zeros(100), main_kg=9.0, faults=faults)[0][:, 0].sum() for faults in ((), [("tanks.leak", 0.1)]))
    flow = 400.0 / (320.0 * 9.80665)
    assert leaking / whole == pytest.approx(flow / (flow + 0.1), rel=0.02)


def test_liquids_swing_from_the_first_thrust_on():
    given, _, state = ran([0.0] * 5 + [1.0] * 3 + [0.0] * 10, np.zeros(18))
    assert given[:, 4].tolist() == [0.0] * 5 + [1.0] * 13
    assert state["lander"]["slosh"]["fuel"]["along"].tolist() == [0.0, 0.0, -1.0]


def test_liquids_never_begin_to_swing_after_contact():
    assert not ran(np.ones(5), np.ones(5), touched=True)[0][:, 4].any()


def test_pulses_of_the_assist_engines_burn_the_duty():
    given, _, _ = ran(np.zeros(100), np.full(100, 0.37))
    full = 6 * 200.0 * 10.0
    assert given[:, 0].sum() == pytest.approx(0.37 * full, rel=0.02)
    assert given[:, 1].sum() == pytest.approx(given[:, 0].sum() / (278.0 * 9.80665), rel=1e-9)
