"""The planned flight of Resilience as the closed loop flew it, integrated again by strangers: the coast to ignition, then the burn with its commands.

The coast is the field by pyshtools, orientation and ephemeris by SPICE, DOP853. The powered part takes the recorded commands tick by tick: engines by
the closed form of their lag, attitude thrusters by their on-times, masses and attitude with the motion in one DOP853 from edge to edge of the
pulses, the field as a spline of pyshtools' along the recorded path. Every ten seconds the attitude is compared and taken from the record anew: left
to itself for 800 s, a difference of 1e-8 rad/s in one pulse, which the closed loop takes out at once, would be metres in the place.
Inertia is that of the start of each tick, as the plant's page says; thrust without misalignment and a centre of mass on the axis, as in the mission.
The burn is flown with liquids that do not swing and engines that throttle without delay; slosh and pulses have rows of their own.
"""

from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from perilune.flight.setup import build_scene
from perilune.mission.loader import load
from perilune.validation import scenes, strangers
from perilune.validation.engine_off import reference_force
from perilune.validation.rows import Check, Measured

G0 = 9.80665
TICK_S = 0.1
ARC_TICKS = 100


PLAIN = {
    "lander.slosh.swinging_percent": 0.0,
    "lander.main_engine.start_delay_s": 0.0,
    "lander.main_engine.shutdown_delay_s": 0.0,
    "lander.assist_engines.pulsed": False,
    "lander.assist_engines.minimum_on_s": 0.0,
    "lander.assist_engines.minimum_off_s": 0.0,
    "lander.assist_engines.start_delay_s": 0.0,
    "lander.assist_engines.shutdown_delay_s": 0.0,
}


@cache
def plain_flight() -> tuple[Any, tuple[Any, np.ndarray, np.ndarray]]:
    """The scene of the undispersed flight with plain engines and tanks, and the flight: batch, events and rows."""
    scene = build_scene(load("resilience", overrides=PLAIN))
    batch, events, history = scenes.flown(scene, None, 1)
    return scene, (batch, events[0], history[0])


def recorded(flight: tuple[Any, np.ndarray, np.ndarray]) -> tuple[np.ndarray, int, int]:
    """The rows of a flight, and the indices of ignition and of the last tick before contact."""
    batch, events, rows = flight
    ignition = int(np.searchsorted(rows["time"], float(events["time"][0]) - 1e-6))
    return rows, ignition, int(np.searchsorted(rows["time"], float(batch.states["contact"]["time"][0]))) - 1


def state_of(row: np.void) -> np.ndarray:
    """Position and velocity (6,) of a row."""
    return np.concatenate([row["position_mci"], row["velocity_mci"]])


def coast_error() -> Measured:
    """Distance [m] at ignition, from the descent burn on."""
    rows, ignition, _ = recorded(scenes.planned_flight())
    end = strangers.orbit(reference_force(), state_of(rows[0]), float(rows["time"][0]), float(rows["time"][ignition])).y[:, -1]
    return float(np.linalg.norm(rows["position_mci"][ignition] - end[:3])), (
        f"velocity apart {np.linalg.norm(rows['velocity_mci'][ignition] - end[3:]):.1e} m/s after {rows['time'][ignition]:.0f} s"
    )


def level_after(engine: Any, level: float, command: float, t: float) -> float:
    """The thrust level `t` [s] after a command, by the closed form of the lag."""
    target = min(max(command, engine.minimum_level), 1.0) if command > 0.0 else 0.0
    return float(target + (level - target) * np.exp(-t / (engine.rise_s if target > level else engine.fall_s)))


def pulse_intervals(thrusters: Any, before: np.ndarray, on: np.ndarray) -> list[tuple[int, float, float]]:
    """Thruster, beginning and end [s in the tick] of each push under on-times `on`, after a tick with on-times `before`."""
    opens, closes = thrusters.open_delay_ms / 1e3, thrusters.close_delay_ms / 1e3
    pulses = []
    for i in range(len(thrusters.positions_m)):
        lasting = float(before[i]) + closes - TICK_S
        if before[i] > 0.0 and lasting > 0.0:
            pulses.append((i, 0.0, lasting))
        if on[i] > 0.0:
            pulses.append((i, max(lasting, 0.0) if before[i] >= TICK_S - 1e-9 else opens, float(on[i]) + closes))
    return pulses


def push_of(thrusters: Any, firing: list[int], cg: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """Force [N], torque [N m] about `cg`, both in body axes, and flow [kg/s] of the thrusters that fire."""
    forces = [thrusters.thrust_n[i] * np.array(thrusters.directions[i]) / np.linalg.norm(thrusters.directions[i]) for i in firing]
    torques = [np.cross(np.array(thrusters.positions_m[i]) - cg, force) for i, force in zip(firing, forces, strict=True)]
    total = sum(thrusters.thrust_n[i] for i in firing)
    return np.sum([np.zeros(3), *forces], axis=0), np.sum([np.zeros(3), *torques], axis=0), total / (thrusters.isp_s * G0)


@cache
def burn() -> tuple[np.ndarray, np.ndarray, float, float]:
    """The burn from the recorded state at ignition to the last tick before contact, by the reference, against the record.

    Position [m] and velocity [m/s] apart at the end, main propellant apart [kg], and the largest attitude [rad] apart after an arc of ARC_TICKS.
    """
    from scipy.integrate import solve_ivp
    from scipy.interpolate import CubicSpline

    scene, flight = plain_flight()
    rows, ignition, last = recorded(flight)
    mission = scene.mission
    lander = mission.lander
    main, assist, thrusters = lander.main_engine, lander.assist_engines, lander.attitude_thrusters
    if any((main.misalignment_x_deg, main.misalignment_y_deg, assist.misalignment_x_deg, assist.misalignment_y_deg, *lander.mass.dry_cg_m[:2])):
        raise RuntimeError("the undispersed thrust or centre of mass is off the axis, which this reference leaves out")
    gm = strangers.table_coefficients(2)[1]
    total = reference_force()
    samples = rows[ignition : last + 11 : 5]
    residual = [total(float(row["time"]), state_of(row))[3:] + gm * row["position_mci"] / np.linalg.norm(row["position_mci"]) ** 3 for row in samples]
    field = CubicSpline(samples["time"], residual)

    def derivative(
        t: float,
        s: np.ndarray,
        began: float,
        push: tuple[np.ndarray, np.ndarray, float],
        moments: np.ndarray,
        asked: tuple,
        levels: tuple,
        rcs: float,
        since: float,
    ) -> np.ndarray:
        f_main = main.count * main.thrust_n * level_after(main, levels[0], asked[0], t)
        f_assist = assist.count * assist.thrust_n * level_after(assist, levels[1], asked[1], t)
        w, x, y, z = (s[6:10] / np.sqrt(s[6:10] @ s[6:10])).tolist()
        p, q, r = s[10:13].tolist()
        axes = np.array(  # columns: body axes in mci
            [
                [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
                [2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)],
                [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)],
            ]
        )
        force, torque, rcs_flow = push
        mass = lander.mass.dry_mass_kg + s[13] + rcs - rcs_flow * (t - since)
        out = np.empty(14)
        out[:3] = s[3:6]
        out[3:6] = field(began + t) - gm * s[:3] / (s[:3] @ s[:3]) ** 1.5 + axes @ (force + np.array([0.0, 0.0, f_main + f_assist])) / mass
        out[6:10] = 0.5 * np.array([-x * p - y * q - z * r, w * p + y * r - z * q, w * q + z * p - x * r, w * r + x * q - y * p])
        i, j, k = moments
        out[10:13] = (torque + np.array([(j - k) * q * r, (k - i) * r * p, (i - j) * p * q])) / moments
        out[13] = -f_main / (main.isp_s * G0) - f_assist / (assist.isp_s * G0)
        return out

    first = rows[ignition]
    x, y, z, w = first["attitude_mci_from_body"]
    state = np.concatenate([state_of(first), [w, x, y, z], first["rate_body"], [first["main_propellant"]]])
    rcs, main_level, assist_level = float(first["rcs_propellant"]), 0.0, 0.0
    before, turned_apart = rows[ignition - 1]["command_thruster_on"], 0.0
    for k, row in enumerate(rows[ignition:last]):
        if k % ARC_TICKS == 0:
            x, y, z, w = row["attitude_mci_from_body"]
            turned_apart = max(turned_apart, 2.0 * float(np.linalg.norm(state[6:10] / np.linalg.norm(state[6:10]) - [w, x, y, z])))
            state[6:10], state[10:13] = [w, x, y, z], row["rate_body"]
        began = float(row["time"])
        moments = scenes.inertia_of(mission, float(state[13]), rcs)
        cg = scenes.cg_of(mission, float(state[13]), rcs)
        asked = float(row["command_main_engine"]), float(row["command_assist_duty"])
        pulses = pulse_intervals(thrusters, before, row["command_thruster_on"])
        edges = sorted({0.0, TICK_S, *(float(edge) for pulse in pulses for edge in pulse[1:] if 0.0 < edge < TICK_S)})
        for start, end in pairwise(edges):
            push = push_of(thrusters, [i for i, opens, closes in pulses if opens < 0.5 * (start + end) < closes], cg)
            held = (began, push, moments, asked, (main_level, assist_level), rcs, start)
            state = solve_ivp(derivative, (start, end), state, "DOP853", rtol=1e-10, atol=1e-10, first_step=end - start, args=held).y[:, -1]
            rcs -= push[2] * (end - start)
        main_level, assist_level = level_after(main, main_level, asked[0], TICK_S), level_after(assist, assist_level, asked[1], TICK_S)
        before = row["command_thruster_on"]
    end = rows[last]
    return end["position_mci"] - state[:3], end["velocity_mci"] - state[3:6], abs(float(end["main_propellant"]) - state[13]), turned_apart


def burn_error() -> Measured:
    """Distance [m] in the last tick before contact, from the recorded state at ignition on."""
    position, velocity, propellant, _ = burn()
    return float(np.linalg.norm(position)), f"velocity apart {np.linalg.norm(velocity):.1e} m/s, propellant {propellant:.1e} kg"


def arc_error() -> Measured:
    """Largest attitude [rad] apart after ten seconds of pulses."""
    return burn()[3]


CHECKS = [
    Check(
        "planned flight, coast to ignition",
        "position at ignition of the flight as flown, computer on",
        "pyshtools' field, SPICE's orientation and DE440, SciPy's DOP853 at 1e-12",
        1.0,
        "m",
        coast_error,
        strangers.ORBIT_PEERS,
    ),
    Check(
        "planned flight, ignition to contact",
        "position before contact, recorded commands, plain engines, liquids at rest",
        "the same field, closed-form engines and Euler's equations by SciPy's DOP853",
        0.1,
        "m",
        burn_error,
        ("scipy.interpolate", *strangers.ORBIT_PEERS),
    ),
    Check(
        "planned flight, pulses",
        "attitude after 10 s of pulses, the worst of the whole burn",
        "each pulse from edge to edge, Euler's equations by SciPy's DOP853",
        1e-6,
        "rad",
        arc_error,
        ("scipy.interpolate", *strangers.ORBIT_PEERS),
    ),
]
