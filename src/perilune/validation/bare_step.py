"""The bare six-degree-of-freedom step against Basilisk on the same forces, and with falling mass against SciPy's DOP853.

Both fly one rigid body about a point mass under a force and a torque constant in its own axes; Basilisk with its own Runge–Kutta of the same order
and step, but modified Rodrigues parameters where we have a quaternion.
"""

from functools import cache
from typing import Any

import numpy as np
import warp as wp

from perilune.base.vector import quat, real, vec3
from perilune.flight.dynamics import powered_step
from perilune.flight.state import Body
from perilune.validation.rows import Check, Measured

GM = 4.9028001224453001e12
STEP_S, SPAN_S = 0.02, 200.0
MASS_KG, FLOW_KG_S = 780.0, 0.5
INERTIA = (410.0, 400.0, 300.0)
FORCE, TORQUE = (120.0, -60.0, 1500.0), (0.30, -0.20, 0.05)
POSITION, VELOCITY = (1.7574e6, 1.0e5, 2.0e5), (-150.0, 300.0, 1640.0)
RATE = (0.02, 0.01, -0.015)


@wp.kernel(module="unique")
def fly(gm: real, start: Body, force: vec3, torque: vec3, inertia: vec3, mass: real, flow: real, h: real, steps: wp.int32, out: wp.array(dtype=Body)):  # type: ignore[valid-type]
    """`steps` steps of the plant's own function."""
    b = start
    for i in range(steps):
        b = powered_step(gm, b, force, torque, mass - flow * h * real(i), flow, inertia, vec3(0.0, 0.0, 0.0), h)
    out[0] = b


@cache
def ours(flow_kg_s: float) -> Any:
    """The body after the span, a row of position, velocity, attitude and rate."""
    start = Body()
    start.position, start.velocity = vec3(*POSITION), vec3(*VELOCITY)
    start.attitude, start.rate = quat(0.0, 0.0, 0.0, 1.0), vec3(*RATE)
    out: Any = wp.zeros(1, dtype=Body, device="cpu")
    inputs = [GM, start, vec3(*FORCE), vec3(*TORQUE), vec3(*INERTIA), MASS_KG, flow_kg_s, STEP_S, round(SPAN_S / STEP_S)]
    wp.launch(fly, 1, inputs, [out], device="cpu")
    return out.numpy()[0]


@cache
def basilisk() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Position, velocity, modified Rodrigues parameters (body from inertial) and body rate after the span, by Basilisk."""
    from Basilisk.simulation import extForceTorque, gravityEffector, spacecraft
    from Basilisk.utilities import SimulationBaseClass, macros

    sim = SimulationBaseClass.SimBaseClass()
    sim.CreateNewProcess("process").addTask(sim.CreateNewTask("task", macros.sec2nano(STEP_S)))
    craft = spacecraft.Spacecraft()
    craft.hub.mHub, craft.hub.IHubPntBc_B = MASS_KG, np.diag(INERTIA).tolist()
    craft.hub.r_BcB_B = [[0.0], [0.0], [0.0]]
    craft.hub.r_CN_NInit, craft.hub.v_CN_NInit = POSITION, VELOCITY
    craft.hub.sigma_BNInit, craft.hub.omega_BN_BInit = [[0.0], [0.0], [0.0]], [[x] for x in RATE]
    moon = gravityEffector.GravBodyData()
    moon.planetName, moon.mu, moon.isCentralBody = "moon", GM, True
    craft.gravField.gravBodies = spacecraft.GravBodyVector([moon])
    push = extForceTorque.ExtForceTorque()
    push.extForce_B, push.extTorquePntB_B = [[x] for x in FORCE], [[x] for x in TORQUE]
    craft.addDynamicEffector(push)
    sim.AddModelToTask("task", craft)
    sim.AddModelToTask("task", push)
    sim.InitializeSimulation()
    sim.ConfigureStopTime(macros.sec2nano(SPAN_S))
    sim.ExecuteSimulation()
    state = craft.scStateOutMsg.read()
    return np.array(state.r_CN_N), np.array(state.v_CN_N), np.array(state.sigma_BN), np.array(state.omega_BN_B)


def relative(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.linalg.norm(np.asarray(a) - b) / np.linalg.norm(b))


def translation_error() -> Measured:
    """The larger relative difference of position and velocity."""
    position, velocity, _, _ = basilisk()
    body = ours(0.0)
    return max(
        relative(body["position"], position), relative(body["velocity"], velocity)
    ), f"position apart {np.linalg.norm(body['position'] - position):.1e} m"


def rotation_error() -> Measured:
    """The larger of the angle [rad] between the attitudes and the relative difference of the body rates."""
    from scipy.spatial.transform import Rotation

    _, _, sigma, rate = basilisk()
    body = ours(0.0)
    angle = (Rotation.from_quat(body["attitude"]).inv() * Rotation.from_mrp(sigma)).magnitude()
    return max(float(angle), relative(body["rate"], rate)), f"after {Rotation.from_mrp(sigma).magnitude():.2f} rad"


def depletion_error() -> Measured:
    """Distance [m] from SciPy's DOP853 with linearly falling mass after the span."""
    from scipy.integrate import solve_ivp

    moments, force, torque = np.array(INERTIA), np.array(FORCE), np.array(TORQUE)

    def derivative(t: float, y: np.ndarray) -> np.ndarray:
        r, v, w, turn = y[:3], y[3:6], y[6:9], y[9:].reshape(3, 3)
        cross = np.array([[0.0, -w[2], w[1]], [w[2], 0.0, -w[0]], [-w[1], w[0], 0.0]])
        a = -GM * r / np.linalg.norm(r) ** 3 + turn @ force / (MASS_KG - FLOW_KG_S * t)
        return np.concatenate([v, a, (torque - np.cross(w, moments * w)) / moments, (turn @ cross).ravel()])

    start = np.concatenate([POSITION, VELOCITY, RATE, np.eye(3).ravel()])
    end = solve_ivp(derivative, (0.0, SPAN_S), start, method="DOP853", rtol=1e-13, atol=1e-13).y[:, -1]
    body = ours(FLOW_KG_S)
    return float(np.linalg.norm(body["position"] - end[:3])), f"velocity apart {np.linalg.norm(body['velocity'] - end[3:6]):.1e} m/s"


WHEN = f"after {SPAN_S:g} s of force, torque and point-mass gravity, step {STEP_S * 1e3:g} ms"
CHECKS = [
    Check(
        "bare step, translation",
        f"position and velocity {WHEN}, relative",
        "Basilisk, RK4 at the same step",
        1e-9,
        "",
        translation_error,
        ("Basilisk",),
    ),
    Check(
        "bare step, rotation",
        f"attitude [rad] and rate [relative] {WHEN}",
        "Basilisk, RK4 at the same step",
        1e-9,
        "",
        rotation_error,
        ("Basilisk", "scipy.spatial"),
    ),
    Check(
        "bare step, falling mass",
        f"position {WHEN}, 0.5 kg/s leaving",
        "SciPy's DOP853 at 1e-13, rotation matrices",
        1e-5,
        "m",
        depletion_error,
        ("scipy.integrate",),
    ),
]
