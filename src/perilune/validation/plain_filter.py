"""The navigation filter written a second time, plainly: NumPy, dense matrices, one measurement after another as the equations have them.

It has the textbook's form: a transition matrix 1 + A dt of 16 by 16, P = Φ P Φ' + Q, updates with all rows at once in Joseph's form, past
attitudes kept as they were; the filter of the flight carries blocks, scalars and rotations since. The two share the mission's numbers, the
on-board field (its table has a row of its own) and LOLA's heights, nothing else.
Assumptions and limitations: those of the flight's filter; only the gate policy "reject".
Source: Sola, "Quaternion kinematics for the error-state Kalman filter", 2017, section 7 (global angular error); Joseph's form after
Bucy and Joseph, "Filtering for stochastic processes with applications to guidance", 1968.
"""

from typing import Any

import numpy as np
import warp as wp

from perilune.avionics.belief import OnBoard, believed_gravity
from perilune.avionics.navigation import POLICY_REJECT
from perilune.base.vector import real, vec3
from perilune.environment.orientation import ME_FROM_PA, rotation_pa_from_mci
from perilune.environment.relief_site import map_heights
from perilune.flight.setup import Scene
from perilune.flight.state import TICK_S

STEP_S = TICK_S / 5
COAST_PERIOD_S = 1.0
LONGEST_RANGE_M, BASELINE_M, STEEPEST_GRAZE = 60_000.0, 2_000.0, -0.05
RADIUS_M = 1_737_400.0
R, V, A, G, B, MAP = slice(0, 3), slice(3, 6), slice(6, 9), slice(9, 12), slice(12, 15), 15


@wp.kernel(module="unique")
def fall_at(on_board: OnBoard, position: wp.array(dtype=vec3), time: wp.array(dtype=real), out: wp.array(dtype=vec3)):  # type: ignore[valid-type]
    out[0] = believed_gravity(on_board, position[0], time[0])


class Gravity:
    """The on-board field at a place [m, mci] and time [s past the epoch]."""

    def __init__(self, scene: Scene):
        self.position, self.time, self.out = np.zeros((1, 3)), np.zeros(1), np.zeros((1, 3))
        shared: list[Any] = [
            wp.array(self.position, dtype=vec3, device="cpu", copy=False),
            wp.array(self.time, dtype=real, device="cpu", copy=False),
            wp.array(self.out, dtype=vec3, device="cpu", copy=False),
        ]
        self.command = wp.launch(fall_at, 1, [scene.on_board, *shared], device="cpu", record_cmd=True)

    def __call__(self, position: np.ndarray, time: float) -> np.ndarray:
        self.position[0], self.time[0] = position, time
        self.command.launch()
        return self.out[0].copy()


def multiply(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Hamilton product of quaternions (x, y, z, w)."""
    (a, b, c, d), (e, f, g, h) = p.tolist(), q.tolist()
    return np.array([d * e + a * h + b * g - c * f, d * f - a * g + b * h + c * e, d * g + a * f - b * e + c * h, d * h - a * e - b * f - c * g])


def conjugate(q: np.ndarray) -> np.ndarray:
    return q * (-1.0, -1.0, -1.0, 1.0)


def exponential(phi: np.ndarray) -> np.ndarray:
    """The quaternion of a rotation vector [rad]."""
    angle = float(np.sqrt(phi @ phi))
    return np.append(phi * (0.5 * np.sinc(0.5 * angle / np.pi)), np.cos(0.5 * angle))


def logarithm(q: np.ndarray) -> np.ndarray:
    """The rotation vector [rad] of a quaternion, the shorter way."""
    q = q if q[3] >= 0.0 else -q
    sine = float(np.linalg.norm(q[:3]))
    return q[:3] * (2.0 * np.arctan2(sine, q[3]) / sine) if sine > 0.0 else 2.0 * q[:3]


def matrix(q: np.ndarray) -> np.ndarray:
    """The rotation matrix of a unit quaternion: body to mci for an attitude."""
    x, y, z, w = q.tolist()
    return np.array(
        [
            [1.0 - 2.0 * (y * y + z * z), 2.0 * (x * y - w * z), 2.0 * (x * z + w * y)],
            [2.0 * (x * y + w * z), 1.0 - 2.0 * (x * x + z * z), 2.0 * (y * z - w * x)],
            [2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)],
        ]
    )


def cross_matrix(v: np.ndarray) -> np.ndarray:
    return np.array([[0.0, -v[2], v[1]], [v[2], 0.0, -v[0]], [-v[1], v[0], 0.0]])


class PlainFilter:
    """Sixteen error states in NumPy; begins with the estimate and covariance of a recorded state."""

    def __init__(self, scene: Scene, state: np.void):
        n = state["avionics"]["navigation"]
        self.scene, self.p, self.belief = scene, scene.avionics[0]["navigation"], scene.avionics[0]["belief"]
        if self.p["gate_policy"] != POLICY_REJECT:
            raise ValueError("the plain filter knows only the gate policy reject")
        self.gm, self.field = float(scene.on_board.harmonics.gm), Gravity(scene)
        self.position, self.velocity, self.attitude = n["position_mci"].copy(), n["velocity_mci"].copy(), n["attitude"].copy()
        self.gyro_bias, self.accel_bias, self.map_error = n["gyro_bias"].copy(), n["accel_bias"].copy(), float(n["map_error"])
        self.covariance, self.gravity = n["covariance"].astype(float).copy(), n["gravity"].copy()
        self.sensing, self.since = bool(n["sensing"]), float(n["since_covariance"]) + float(n["gathered_dt"])
        self.gathered = n["gathered_dv"].copy()
        at_tick = multiply(self.attitude, conjugate(n["turn"]))
        self.past = [at_tick, multiply(at_tick, conjugate(n["turn_1"]))]  # attitudes one and two ticks ago
        self.footprint = n["footprint_me"].copy() if np.any(n["footprint_me"]) else None
        self.rejections, self.range_used = int(n["rejections"]), False

    def increment(self, delta_angle: np.ndarray, delta_velocity: np.ndarray) -> None:
        """Carry the estimate over one inertial increment."""
        half = exponential(0.5 * (delta_angle - self.gyro_bias * STEP_S))
        gained = self.gravity * STEP_S
        if self.sensing:
            thrust = matrix(multiply(self.attitude, half)) @ (delta_velocity - self.accel_bias * STEP_S)
            gained = gained + thrust
            self.gathered = self.gathered + thrust
        self.position = self.position + self.velocity * STEP_S + 0.5 * gained * STEP_S
        self.velocity = self.velocity + gained
        attitude = multiply(multiply(self.attitude, half), half)
        self.attitude = attitude / np.sqrt(attitude @ attitude)
        self.since += STEP_S

    def predict(self) -> None:
        """P = Φ P Φ' + Q with Φ = 1 + A dt over the time since the last prediction."""
        dt, p = self.since, self.p
        if dt <= 0.0:
            return
        distance = np.linalg.norm(self.position)
        up = self.position / distance
        turn = matrix(self.attitude)
        a = np.zeros((16, 16))
        a[R, V] = np.eye(3)
        a[V, R] = self.gm / distance**3 * (3.0 * np.outer(up, up) - np.eye(3))
        a[A, G] = -turn
        noise = np.zeros(16)
        noise[V], noise[A] = p["gravity_error"] ** 2, p["angle_random_walk"] ** 2
        noise[G] = 2.0 * p["gyro_instability"] ** 2 / p["gyro_correlation"]
        noise[B] = 2.0 * p["accel_instability"] ** 2 / p["accel_correlation"]
        if self.sensing:
            a[V, A], a[V, B] = -cross_matrix(self.gathered / dt), -turn
            noise[V] += p["velocity_random_walk"] ** 2
        transition = np.eye(16) + a * dt
        self.covariance = transition @ self.covariance @ transition.T + np.diag(noise * dt)
        self.gathered, self.since = np.zeros(3), 0.0

    def update(self, h: np.ndarray, innovation: np.ndarray, variance: float) -> None:
        """One measurement of as many rows as `h` has, Joseph's form; the correction goes into the estimate."""
        noise = variance * np.eye(len(h))
        gain = np.linalg.solve(h @ self.covariance @ h.T + noise, h @ self.covariance).T
        kept = np.eye(16) - gain @ h
        self.covariance = kept @ self.covariance @ kept.T + gain @ noise @ gain.T
        x = gain @ innovation
        self.position, self.velocity = self.position + x[R], self.velocity + x[V]
        self.gyro_bias, self.accel_bias, self.map_error = self.gyro_bias + x[G], self.accel_bias + x[B], self.map_error + x[MAP]
        turn = exponential(x[A])
        self.attitude, *self.past = (multiply(turn, q) for q in (self.attitude, *self.past))

    def attitude_at(self, age: float) -> np.ndarray:
        return (self.attitude, *self.past)[round(age / TICK_S)]

    def use_star_tracker(self, measured: np.ndarray, age: float) -> None:
        residual = logarithm(multiply(measured, conjugate(self.attitude_at(age))))
        h = np.zeros((3, 16))
        h[:, A] = np.eye(3)
        self.update(h, residual, float(self.p["star_tracker_noise"]) ** 2)
        diagonal = np.arange(6, 9)
        self.covariance[diagonal, diagonal] = np.maximum(self.covariance[diagonal, diagonal], self.p["attitude_floor"] ** 2)

    def use_range(self, measured: float, time: float, age: float, cg_height: float) -> None:
        """Range to the plane that lies on the map where the beam meets it; refused beyond the gate."""
        p, relief = self.p, self.scene.on_board.relief
        me_from_mci = ME_FROM_PA @ rotation_pa_from_mci(np.array([self.scene.start.epoch_tdb_s + time]))[0]
        body = me_from_mci @ matrix(self.attitude_at(age))
        origin = me_from_mci @ (self.position - self.velocity * age) - body @ [0.0, 0.0, cg_height]
        beam = body @ self.belief["beam_body"]
        up = origin / np.linalg.norm(origin)
        lifted = origin - up * self.map_error
        predicted = range_on_map(relief, lifted, beam)
        if predicted is None:
            return
        hit = lifted + predicted * beam
        normal = normal_of_map(relief, hit)
        facing = normal @ beam
        if facing > STEEPEST_GRAZE:
            return
        by_position, by_turn, by_height = range_rates(normal, up, beam, predicted)
        h = np.zeros((1, 16))
        h[0, R], h[0, A], h[0, MAP] = me_from_mci.T @ by_position, me_from_mci.T @ by_turn, by_height
        variance = p["range_noise"] ** 2 + (p["range_scale"] ** 2 + p["range_roughness"] ** 2) * predicted**2
        if self.footprint is not None:
            travel = np.linalg.norm(hit - self.footprint) * min(predicted / p["map_smooth_range"], 1.0)
            keep = np.exp(-travel / p["map_correlation"])
            fade = np.eye(16)
            fade[MAP, MAP] = keep
            self.covariance = fade @ self.covariance @ fade.T
            self.covariance[MAP, MAP] += p["map_error"] ** 2 * (1.0 - keep**2)
            predicted += h[0, MAP] * (keep - 1.0) * self.map_error
            self.map_error *= keep
        self.footprint = hit
        innovation = measured - predicted
        if innovation**2 > p["gate_sigma"] ** 2 * (h @ self.covariance @ h.T + variance)[0, 0]:
            self.rejections += 1
            return
        self.update(h, np.array([innovation]), variance)
        self.range_used = True

    def cycle(self, time: float, star: Any, ranged: Any, cg_height: float, sensing: bool, increments: np.ndarray) -> None:
        """One tick at `time` [s past the epoch]: follow the increments since the last, predict, use what arrived, count thrust from ignition on."""
        for m in increments:
            self.increment(m["delta_angle"], m["delta_velocity"])
        if self.sensing or self.since >= COAST_PERIOD_S - 0.5 * TICK_S:
            self.predict()
        self.range_used = False
        if star is not None:
            self.use_star_tracker(star["attitude"], time - float(star["time"]))
        if ranged is not None:
            self.use_range(float(ranged["range"]), float(ranged["time"]), time - float(ranged["time"]), cg_height)
        if sensing and not self.sensing:
            self.predict()
            self.sensing = True
            self.covariance[B, B] += self.p["accel_scale_at_ignition"] ** 2 * np.eye(3)
        self.gravity = self.field(self.position + 0.5 * TICK_S * self.velocity, time + 0.5 * TICK_S)
        self.past = [self.attitude, self.past[0]]


def range_rates(normal: np.ndarray, up: np.ndarray, beam: np.ndarray, length: float) -> tuple[np.ndarray, np.ndarray, float]:
    """How the range n (x - r) / n b to a plane through x changes with the place r, with a turn of the beam b [m/rad], and as x rises."""
    facing = normal @ beam
    return -normal / facing, -length / facing * np.cross(beam, normal), float(normal @ up / facing)


def range_on_map(relief: Any, origin: np.ndarray, beam: np.ndarray) -> float | None:
    """Distance [m] along the beam to LOLA: the first sign change on a grid of 50 m, then grids within it, then a straight line."""
    low, high = 0.0, LONGEST_RANGE_M
    for count in (1201, 65, 65):
        along = np.linspace(low, high, count)
        points = origin + along[:, None] * beam
        clear = np.linalg.norm(points, axis=1) - RADIUS_M - map_heights(relief, points)
        below = np.flatnonzero(clear <= 0.0)
        if not len(below):
            return None
        if below[0] == 0:
            return 0.0
        j = int(below[0])
        low, high = float(along[j - 1]), float(along[j])
    return low + (high - low) * float(clear[j - 1] / (clear[j - 1] - clear[j]))


def normal_of_map(relief: Any, hit: np.ndarray) -> np.ndarray:
    """Outward normal of LOLA by differences of its heights 2 km to the east, west, north and south."""
    up = hit / np.linalg.norm(hit)
    east = np.cross([0.0, 0.0, 1.0], up)
    east /= np.linalg.norm(east)
    north = np.cross(up, east)
    e, w, n, s = map_heights(relief, hit + BASELINE_M * np.array([east, -east, north, -north]))
    normal = up - east * (e - w) / (2.0 * BASELINE_M) - north * (n - s) / (2.0 * BASELINE_M)
    return np.asarray(normal / np.linalg.norm(normal))
