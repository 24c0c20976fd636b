"""A Monte Carlo of bare flights by Basilisk's own controller and by ours: the same forces, step, inertial unit and dispersions, a core each.

Assumptions and limitations: Basilisk's controller makes every simulation anew, as it must, and keeps nothing (its retention sleeps a second a run);
its dispersions are of the mass and the initial velocity, ours of the same. Ours bare is the plant's step with its inertial unit in one kernel
launch. Set-up is inside the time of both.
"""

import tempfile
from collections.abc import Callable
from typing import Any

import bare_step_speed
import numpy as np
import warp as wp
from timing import alternate, spread, table

from perilune.base.random import host_normals
from perilune.base.structs import records
from perilune.base.vector import quat, real, rotation_vector_from_quat, u32, u64, vec3
from perilune.flight.dynamics import powered_step
from perilune.flight.state import Body
from perilune.lander.faults import FaultsNow
from perilune.lander.sensors.imu import ImuParams, ImuState, measure_imu
from perilune.validation.bare_step import MASS_KG, POSITION, RATE, STEP_S, VELOCITY

SPAN_S = 60.0
MASS_SIGMA_KG, SPEED_SIGMA_M_S = 4.0, 0.2


@wp.kernel(module="unique")
def fly_bare(
    imu: ImuParams,
    mass: wp.array(dtype=real),  # type: ignore[valid-type]
    steps: wp.int32,
    bodies: wp.array(dtype=Body),  # type: ignore[valid-type]
    felt: wp.array(dtype=vec3),  # type: ignore[valid-type]
):
    """Each run's `steps` of the plant's own step, felt by its inertial unit."""
    r = wp.tid()
    b = bodies[r]
    m = mass[r]
    state = ImuState()
    none = FaultsNow()
    h = real(0.02)
    force = vec3(120.0, -60.0, 1500.0)
    total = vec3(0.0, 0.0, 0.0)
    for i in range(steps):
        before = b
        b = powered_step(
            real(4.9028001224453001e12), b, force, vec3(0.30, -0.20, 0.05), m, real(0.0), vec3(410.0, 400.0, 300.0), vec3(0.0, 0.0, 0.0), h
        )
        turn = rotation_vector_from_quat(wp.quat_inverse(before.attitude) * b.attitude)
        measured = measure_imu(imu, state, u64(1), u32(r), i, h * real(i + 1), h, turn, force * (h / m), none)
        total += measured.delta_velocity
    bodies[r] = b
    felt[r] = total


def ours(runs: int) -> None:
    """`runs` bare flights, drawn, flown on one core."""
    bodies = records(Body, runs)
    bodies["position"], bodies["rate"] = POSITION, RATE
    bodies["attitude"] = np.array(quat(0.0, 0.0, 0.0, 1.0))
    for axis in range(3):
        bodies["velocity"][:, axis] = VELOCITY[axis] + SPEED_SIGMA_M_S * host_normals(1, np.arange(runs), axis)[:, 0]
    mass = MASS_KG + MASS_SIGMA_KG * host_normals(1, np.arange(runs), 3)[:, 0]
    out = wp.array(bodies, dtype=Body, device="cpu", copy=False)
    felt = wp.zeros(runs, dtype=vec3, device="cpu")
    wp.launch(fly_bare, runs, [bare_step_speed.Ours().imu, mass, round(SPAN_S / STEP_S)], [out, felt], device="cpu")


def peer_simulation() -> Any:
    """One simulation as Basilisk's controller asks for it."""
    made = bare_step_speed.Peer(initialise=False)
    made.sim.craft, made.sim.keep = made.craft, made.keep
    made.sim.imu = made.keep[-1]
    return made.sim


def peer_execution(sim: Any) -> None:
    """Fly it."""
    from Basilisk.utilities import macros

    sim.InitializeSimulation()
    sim.ConfigureStopTime(macros.sec2nano(SPAN_S))
    sim.ExecuteSimulation()


def peer(runs: int) -> None:
    """`runs` flights by Basilisk's Monte Carlo controller on one core."""
    from Basilisk.utilities.MonteCarlo.Controller import Controller
    from Basilisk.utilities.MonteCarlo.Dispersions import NormalDispersion, NormalVectorCartDispersion

    controller = Controller()
    controller.setSimulationFunction(peer_simulation)
    controller.setExecutionFunction(peer_execution)
    controller.setExecutionCount(runs)
    controller.setShouldDisperseSeeds(True)
    controller.setShowProgressBar(False)
    controller.setVerbose(False)
    controller.setThreadCount(1)
    with tempfile.TemporaryDirectory() as folder:
        controller.setArchiveDir(f"{folder}/runs")
        controller.setShouldArchiveParameters(True)
        controller.addDispersion(NormalDispersion("craft.hub.mHub", MASS_KG, MASS_SIGMA_KG))
        controller.addDispersion(NormalVectorCartDispersion("craft.hub.v_CN_NInit", 0.0, SPEED_SIGMA_M_S))
        failed = controller.executeSimulations()
    if failed:
        raise RuntimeError(f"Basilisk's controller failed in the runs {failed}")


def report(quick: bool, full_us: list[float]) -> list[str]:
    """Bare against bare, and our whole campaign (`full_us`: core µs a simulated second) against Basilisk's bare one."""
    runs_ours, runs_peer, repeats = (200, 4, 2) if quick else (2_000, 20, 5)
    ours(2)
    works: list[Callable[[], Any]] = [lambda: ours(runs_ours), lambda: peer(runs_peer)]
    try:
        peer(1)
    except ImportError:
        return ["Basilisk is not installed: not run."]
    times = alternate(repeats, works)
    us = [[t / (n * SPAN_S) * 1e6 for t in taken.wall] for taken, n in zip(times, (runs_ours, runs_peer), strict=True)]
    rows = [
        ["ours, bare step and inertial unit", spread(us[0], ",.1f")],
        ["Basilisk's Monte Carlo controller, bare step and inertial unit", spread(us[1], ",.0f")],
        ["ours, the whole campaign: six degrees of freedom, sensors, filter, guidance, control, legs, rows on disk", spread(full_us, ",.1f")],
    ]
    bare = [b / a for a, b in zip(us[0], us[1], strict=True)]
    full = [float(np.median(us[1])) / x for x in full_us]
    return [
        *table(["one core", "µs a run and simulated second"], rows),
        "",
        f"Bare against bare: {spread(bare, '.0f')} times as fast. Full against bare: {spread(full, '.1f')} times as fast.",
        f"{repeats} repetitions in turn, {runs_ours} runs of ours and {runs_peer} of Basilisk's, {SPAN_S:g} s each; median (smallest–largest).",
    ]
