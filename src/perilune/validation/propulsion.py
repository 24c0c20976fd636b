"""Burns in free space against closed forms: the rocket equation, an engine's answer to a command, and the impulse of pulses."""

from functools import cache

import numpy as np
import warp as wp

from perilune.base.parameters import pack
from perilune.base.structs import struct_from
from perilune.base.vector import ZERO, quat, real, vec3
from perilune.flight.dynamics import powered_step
from perilune.flight.state import Body
from perilune.lander.engine_answer import EngineState, command_engine, engine_mean
from perilune.lander.engines import MAIN_ENGINE_FAULTS, Engine, EngineParams, engine_push
from perilune.lander.faults import FaultsNow
from perilune.mission.loader import load
from perilune.validation.rows import Check, Measured

STEP_S, STEPS, BURN_S, MASS_KG = 0.02, 5, 600.0, 780.0
STANDARD_GRAVITY_M_S2 = 9.80665
DUTIES = (0.1, 0.37, 0.62, 0.88, 0.97)


@wp.kernel(module="unique")
def burn(engine: EngineParams, mass: real, command: real, h: real, steps: wp.int32, record: wp.array2d(dtype=real)):  # type: ignore[valid-type]
    """Steps of a burn from rest, far from everything: speed [m/s], mass [kg], level and mean level after each."""
    b = Body()
    b.attitude = quat(0.0, 0.0, 0.0, 1.0)
    m = mass
    s = EngineState()
    nothing_wrong = FaultsNow()
    push = engine_push(engine, real(1.0), vec3(0.0, 0.0, 0.0), MAIN_ENGINE_FAULTS, nothing_wrong)
    for i in range(steps):
        if i % 5 == 0:
            command_engine(engine, s, command, real(5.0) * h, True, MAIN_ENGINE_FAULTS, nothing_wrong)
        mean = engine_mean(engine, s, h * real(i % 5), h)[0]
        flow = (push.fuel_flow + push.oxidiser_flow) * mean
        b.position = vec3(1.0e12, 0.0, 0.0)
        b = powered_step(ZERO, b, push.force * mean, vec3(0.0, 0.0, 0.0), m, flow, vec3(100.0, 100.0, 100.0), vec3(0.0, 0.0, 0.0), h)
        m = m - flow * h
        record[i, 0] = wp.length(b.velocity)
        record[i, 1] = m
        record[i, 2] = s.level
        record[i, 3] = mean


def burned(engine: Engine, command: float) -> np.ndarray:
    """Speed, mass, level and mean level after every step of a burn under one command."""
    steps = round(BURN_S / STEP_S)
    record = wp.zeros((steps, 4), dtype=real, device="cpu")
    wp.launch(burn, 1, [struct_from(pack(engine, EngineParams)[0], EngineParams), MASS_KG, command, STEP_S, steps], [record], device="cpu")
    out: np.ndarray = record.numpy()
    return out


@cache
def main_burn() -> np.ndarray:
    """The burn of Resilience's main engine."""
    return burned(load("resilience").lander.main_engine, 1.0)


def rocket_equation_error() -> Measured:
    """Largest relative difference of the speed gained from Isp g0 ln(m0 / m), from the end of ignition on."""
    speed, mass = main_burn()[STEPS:, :2].T
    expected = load("resilience").lander.main_engine.isp_s * STANDARD_GRAVITY_M_S2 * np.log(MASS_KG / mass)
    return float(np.abs(speed / expected - 1.0).max()), f"{speed[-1]:.1f} m/s in {BURN_S:g} s"


def ignition_error() -> Measured:
    """Largest difference of the thrust level from 0 before the delay is over and 1 - exp(-(t - delay) / rise) after."""
    engine = load("resilience").lander.main_engine
    t = STEP_S * np.arange(1, len(main_burn()) + 1) - engine.start_delay_s
    return float(np.abs(main_burn()[:, 2] - (1.0 - np.exp(-np.maximum(t, 0.0) / engine.rise_s))).max())


def consumption_error() -> Measured:
    """Relative difference of the propellant used from the impulse over Isp g0, less what delay and rise lose."""
    engine = load("resilience").lander.main_engine
    lit = BURN_S - engine.start_delay_s
    impulse = engine.count * engine.thrust_n * (lit - engine.rise_s * (1.0 - np.exp(-lit / engine.rise_s)))
    used = MASS_KG - float(main_burn()[-1, 1])
    return abs(used * engine.isp_s * STANDARD_GRAVITY_M_S2 / impulse - 1.0)


def pulse_error() -> Measured:
    """Largest difference, over several duties, of the impulse of 600 s of pulses from the duty times full thrust, in pulses of the longest kind."""
    engine = load("resilience").lander.assist_engines
    assert engine is not None
    apart = [abs(float(burned(engine, duty)[:, 3].sum()) * STEP_S - duty * BURN_S) for duty in DUTIES]
    return max(apart) / (STEP_S * STEPS), f"duties {', '.join(f'{duty:g}' for duty in DUTIES)}"


CHECKS = [
    Check(
        "rocket equation",
        "speed gained in a burn of 600 s, relative, at every step of 20 ms",
        "Isp g0 ln(m0/m), Tsiolkovsky",
        1e-8,
        "",
        rocket_equation_error,
    ),
    Check("engine ignition", "thrust level after a command, at every step", "a delay, then 1 − exp(−t/τ)", 1e-12, "", ignition_error),
    Check("mass flow", "propellant used in 600 s, relative", "impulse over Isp g0, delay and rise integrated", 1e-10, "", consumption_error),
    Check("pulses", "impulse of 600 s of pulses, in full pulses of 0.1 s", "the commanded duty", 1.0, "", pulse_error),
]
