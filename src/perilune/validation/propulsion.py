"""Burns in free space against closed forms: the rocket equation, and an engine's answer to a command."""

from functools import cache

import numpy as np
import warp as wp

from perilune.base.parameters import pack
from perilune.base.structs import struct_from
from perilune.base.vector import ZERO, quat, real, vec3
from perilune.flight.dynamics import powered_step
from perilune.flight.state import Body
from perilune.lander.engines import EngineParams, engine_level, engine_mass_flow, engine_thrust_body
from perilune.mission.loader import load
from perilune.validation.rows import Check, Measured

STEP_S, BURN_S, MASS_KG = 0.02, 600.0, 780.0
STANDARD_GRAVITY_M_S2 = 9.80665


@wp.kernel(module="unique")
def burn(engine: EngineParams, mass: real, h: real, steps: wp.int32, record: wp.array2d(dtype=real)):  # type: ignore[valid-type]
    """Steps of a burn at full command from rest, far from everything: speed [m/s], mass [kg] and level after each."""
    b = Body()
    b.attitude = quat(0.0, 0.0, 0.0, 1.0)
    m = mass
    level = real(0.0)
    for i in range(steps):
        answer = engine_level(engine, level, real(1.0), h)
        level = answer[0]
        force = engine_thrust_body(engine, answer[1])
        flow = engine_mass_flow(engine, answer[1])
        b.position = vec3(1.0e12, 0.0, 0.0)
        b = powered_step(ZERO, b, force, vec3(0.0, 0.0, 0.0), m, flow, vec3(100.0, 100.0, 100.0), vec3(0.0, 0.0, 0.0), h)
        m = m - flow * h
        record[i, 0] = wp.length(b.velocity)
        record[i, 1] = m
        record[i, 2] = level


@cache
def burned() -> np.ndarray:
    """Speed, mass and level after every step of a burn of Resilience's main engine."""
    engine = struct_from(pack(load("resilience").lander.main_engine, EngineParams)[0], EngineParams)
    steps = round(BURN_S / STEP_S)
    record = wp.zeros((steps, 3), dtype=real, device="cpu")
    wp.launch(burn, 1, [engine, MASS_KG, STEP_S, steps], [record], device="cpu")
    out: np.ndarray = record.numpy()
    return out


def rocket_equation_error() -> Measured:
    """Largest relative difference of the speed gained from Isp g0 ln(m0 / m)."""
    speed, mass, _ = burned().T
    expected = load("resilience").lander.main_engine.isp_s * STANDARD_GRAVITY_M_S2 * np.log(MASS_KG / mass)
    return float(np.abs(speed / expected - 1.0).max()), f"{speed[-1]:.1f} m/s in {BURN_S:g} s"


def lag_error() -> Measured:
    """Largest difference of the thrust level from 1 - exp(-t / lag)."""
    t = STEP_S * np.arange(1, len(burned()) + 1)
    return float(np.abs(burned()[:, 2] - (1.0 - np.exp(-t / load("resilience").lander.main_engine.lag_s))).max())


def consumption_error() -> Measured:
    """Relative difference of the propellant used from the impulse over Isp g0, the lag's loss of one time constant included."""
    engine = load("resilience").lander.main_engine
    impulse = engine.count * engine.thrust_n * (BURN_S - engine.lag_s * (1.0 - np.exp(-BURN_S / engine.lag_s)))
    used = MASS_KG - float(burned()[-1, 1])
    return abs(used * engine.isp_s * STANDARD_GRAVITY_M_S2 / impulse - 1.0)


CHECKS = [
    Check(
        "rocket equation",
        "speed gained in a burn of 600 s, relative, at every step of 20 ms",
        "Isp g0 ln(m0/m), Tsiolkovsky",
        1e-8,
        "",
        rocket_equation_error,
    ),
    Check("engine lag", "thrust level after a step command, at every step", "1 − exp(−t/τ)", 1e-12, "", lag_error),
    Check("mass flow", "propellant used in 600 s, relative", "impulse over Isp g0, the lag integrated", 1e-10, "", consumption_error),
]
