"""The bare six-degree-of-freedom step with its inertial unit against Basilisk's: same forces, same 20 ms, same Runge–Kutta order, one core each.

Assumptions and limitations: Basilisk's time is that of `ExecuteSimulation` alone, without set-up, and includes its task scheduler and messages, which
cannot be left out; its attitude is in modified Rodrigues parameters, its inertial unit draws Gauss–Markov noise of as many axes as ours.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import warp as wp
from timing import alternate, spread, table

from perilune.base.vector import quat, real, rotation_vector_from_quat, u32, u64, vec3
from perilune.flight.dynamics import powered_step
from perilune.flight.state import Body
from perilune.lander.faults import FaultsNow
from perilune.lander.sensors.imu import ImuParams, ImuState, measure_imu
from perilune.validation.bare_step import FORCE, GM, INERTIA, MASS_KG, POSITION, RATE, STEP_S, TORQUE, VELOCITY

AGREE_S = 200.0  # the span after which the end states are compared
GYRO_NOISE, ACCEL_NOISE = 2.0e-5, 3.4e-4  # rad/√s and m/s/√s: the tactical grade of the inertial unit
GYRO_BIAS, ACCEL_BIAS = 4.8e-6, 2.9e-3  # rad/s and m/s²


@wp.kernel(module="unique")
def fly(imu: ImuParams, with_imu: wp.bool, start: Body, steps: wp.int32, out: wp.array(dtype=Body), felt: wp.array(dtype=vec3)):  # type: ignore[valid-type]
    """`steps` of the plant's own step, each felt by the inertial unit; ends in `out`, the summed increments in `felt`."""
    b = start
    state = ImuState()
    h = real(0.02)
    force = vec3(120.0, -60.0, 1500.0)
    none = FaultsNow()
    sum_dv = vec3(0.0, 0.0, 0.0)
    sum_turn = vec3(0.0, 0.0, 0.0)
    for i in range(steps):
        before = b
        b = powered_step(
            real(4.9028001224453001e12),
            b,
            force,
            vec3(0.30, -0.20, 0.05),
            real(780.0),
            real(0.0),
            vec3(410.0, 400.0, 300.0),
            vec3(0.0, 0.0, 0.0),
            h,
        )
        if with_imu:
            turn = rotation_vector_from_quat(wp.quat_inverse(before.attitude) * b.attitude)
            m = measure_imu(imu, state, u64(1), u32(1), i, h * real(i + 1), h, turn, force * (h / real(780.0)), none)
            sum_dv += m.delta_velocity
            sum_turn += m.delta_angle
    out[0] = b
    felt[0] = sum_dv
    felt[1] = sum_turn


class Ours:
    """Our step, ready to be run for a number of steps."""

    def __init__(self) -> None:
        self.imu = ImuParams()
        self.imu.gyro_correlation = self.imu.accel_correlation = 1000.0
        self.imu.angle_random_walk, self.imu.velocity_random_walk = GYRO_NOISE, ACCEL_NOISE
        self.imu.gyro_bias, self.imu.accel_bias = vec3(*(3 * [GYRO_BIAS])), vec3(*(3 * [ACCEL_BIAS]))
        self.start = Body()
        self.start.position, self.start.velocity = vec3(*POSITION), vec3(*VELOCITY)
        self.start.attitude, self.start.rate = quat(0.0, 0.0, 0.0, 1.0), vec3(*RATE)
        self.out: Any = wp.zeros(1, dtype=Body, device="cpu")
        self.felt: Any = wp.zeros(2, dtype=vec3, device="cpu")
        assert (FORCE, TORQUE, MASS_KG, INERTIA, STEP_S, GM) == (
            (120.0, -60.0, 1500.0), (0.30, -0.20, 0.05), 780.0, (410.0, 400.0, 300.0), 0.02, 4.9028001224453001e12,
        ), "the kernel's literals are those of the validation row"  # fmt: skip
        self.run(1)

    def run(self, steps: int, with_imu: bool = True) -> Any:
        wp.launch(fly, 1, [self.imu, with_imu, self.start, steps], [self.out, self.felt], device="cpu")
        return self.out.numpy()[0]


class Peer:
    """Basilisk's spacecraft under the same forces, with its own inertial unit or without."""

    def __init__(self, with_imu: bool = True, initialise: bool = True) -> None:
        from Basilisk.simulation import extForceTorque, gravityEffector, imuSensor, spacecraft
        from Basilisk.utilities import SimulationBaseClass, macros

        self.nano = macros.sec2nano
        self.sim = SimulationBaseClass.SimBaseClass()
        self.sim.CreateNewProcess("process").addTask(self.sim.CreateNewTask("task", self.nano(STEP_S)))
        self.craft = spacecraft.Spacecraft()
        self.craft.hub.mHub, self.craft.hub.IHubPntBc_B = MASS_KG, np.diag(INERTIA).tolist()
        self.craft.hub.r_BcB_B = [[0.0], [0.0], [0.0]]
        self.craft.hub.r_CN_NInit, self.craft.hub.v_CN_NInit = POSITION, VELOCITY
        self.craft.hub.sigma_BNInit, self.craft.hub.omega_BN_BInit = [[0.0], [0.0], [0.0]], [[x] for x in RATE]
        moon = gravityEffector.GravBodyData()
        moon.planetName, moon.mu, moon.isCentralBody = "moon", GM, True
        self.craft.gravField.gravBodies = spacecraft.GravBodyVector([moon])
        push = extForceTorque.ExtForceTorque()
        push.extForce_B, push.extTorquePntB_B = [[x] for x in FORCE], [[x] for x in TORQUE]
        self.craft.addDynamicEffector(push)
        self.keep = [moon, push]
        self.sim.AddModelToTask("task", self.craft)
        self.sim.AddModelToTask("task", push)
        if with_imu:
            unit = imuSensor.ImuSensor()
            unit.sensorPos_B = [0.0, 0.0, 0.0]
            unit.setBodyToPlatformDCM(0.0, 0.0, 0.0)
            unit.PMatrixGyro = np.diag(3 * [GYRO_NOISE / STEP_S**0.5]).tolist()
            unit.PMatrixAccel = np.diag(3 * [ACCEL_NOISE / STEP_S**0.5]).tolist()
            unit.AMatrixGyro = unit.AMatrixAccel = np.zeros((3, 3)).tolist()
            unit.setWalkBoundsGyro(np.full(3, 1.0))
            unit.setWalkBoundsAccel(np.full(3, 1.0))
            unit.senRotBias, unit.senTransBias = 3 * [GYRO_BIAS], 3 * [ACCEL_BIAS]
            unit.senRotMax, unit.senTransMax = 1.0e6, 1.0e6
            unit.scStateInMsg.subscribeTo(self.craft.scStateOutMsg)
            self.sim.AddModelToTask("task", unit)
            self.keep.append(unit)
        if initialise:
            self.sim.InitializeSimulation()
        self.done_s = 0.0

    def run(self, steps: int) -> Any:
        """As many steps more."""
        self.done_s += steps * STEP_S
        self.sim.ConfigureStopTime(self.nano(self.done_s))
        self.sim.ExecuteSimulation()
        return self.craft.scStateOutMsg.read()


def agreement() -> str:
    """How far the two end states are apart."""
    from scipy.spatial.transform import Rotation

    steps = round(AGREE_S / STEP_S)
    body, state = Ours().run(steps), Peer().run(steps)
    position, velocity = np.array(state.r_CN_N), np.array(state.v_CN_N)
    angle = (Rotation.from_quat(body["attitude"]).inv() * Rotation.from_mrp(np.array(state.sigma_BN))).magnitude()
    return (
        f"end states after {AGREE_S:g} s: position {np.linalg.norm(body['position'] - position):.1e} m "
        f"({np.linalg.norm(body['position'] - position) / np.linalg.norm(position):.1e} relative), "
        f"velocity {np.linalg.norm(body['velocity'] - velocity):.1e} m/s, attitude {angle:.1e} rad, "
        f"rate {np.linalg.norm(body['rate'] - np.array(state.omega_BN_B)):.1e} rad/s apart"
    )


def report(quick: bool) -> list[str]:
    """The comparison as lines of Markdown; one sentence where Basilisk is not installed."""
    ours = Ours()
    steps_ours, steps_peer, repeats = (200_000, 2_000, 3) if quick else (1_000_000, 10_000, 9)
    works: list[tuple[str, int, Callable[[], Any]]] = [
        ("ours, step and inertial unit", steps_ours, lambda: ours.run(steps_ours)),
        ("ours, step alone", steps_ours, lambda: ours.run(steps_ours, False)),
    ]
    try:
        peer, bare = Peer(), Peer(with_imu=False)
    except ImportError:
        return ["Basilisk is not installed: not run."]
    works.insert(1, ("Basilisk, step and inertial unit", steps_peer, lambda: peer.run(steps_peer)))
    works.append(("Basilisk, step alone", steps_peer, lambda: bare.run(steps_peer)))
    peer.run(100)
    bare.run(100)
    times = alternate(repeats, [work for _, _, work in works])
    rate = [[steps / x for x in taken.wall] for (_, steps, _), taken in zip(works, times, strict=True)]
    rows = []
    for (name, steps, _), taken, rates in zip(works, times, rate, strict=True):
        rows.append(
            [name, spread(rates, ",.0f"), spread([x / steps * 1e9 for x in taken.wall], ",.0f"), spread([x / steps * 1e9 for x in taken.cpu], ",.0f")]
        )
    of_pairs = [a / b for a, b in zip(rate[0], rate[1], strict=True)]
    alone = [a / b for a, b in zip(rate[2], rate[3], strict=True)]
    cpu = [b / steps_peer / (a / steps_ours) for a, b in zip(times[0].cpu, times[1].cpu, strict=True)]
    return [
        *table(["one core", "steps a second", "ns a step, wall", "ns a step, process time"], rows),
        "",
        f"Ratio with inertial unit, of neighbouring runs: {spread(of_pairs, '.0f')} (by process time {spread(cpu, '.0f')}); "
        f"at least 30 wanted, 100 aimed at. Step alone: {spread(alone, '.0f')}.",
        f"Same trajectory: {agreement()}.",
        f"{repeats} repetitions in turn, {steps_ours:,} steps of ours and {steps_peer:,} of Basilisk's each; median (smallest–largest).",
    ]
