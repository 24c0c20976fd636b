"""Flight software in Python for the last kilometres: what lander.c does, over the port with `perilune.flight.peer`.

perilune fly resilience --avionics socket:lander.sock --takeover vertical &  python lander.py lander.sock
"""

import sys

import numpy as np

from perilune.flight.peer import fly_as_peer, no_commands

G0, SINK_PROFILE_M_S2, MAIN_OFF_M, FINAL_M = 9.80665, 0.944, 100.0, 20.0


def turn(q: np.ndarray, x: np.ndarray) -> np.ndarray:
    """A vector turned by a quaternion (x, y, z, w)."""
    t = 2.0 * np.cross(q[:3], x)
    return x + q[3] * t + np.cross(q[:3], t)


def multiply(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The unit quaternion of the rotation b, then a."""
    q = np.append(a[3] * b[:3] + b[3] * a[:3] + np.cross(a[:3], b[:3]), a[3] * b[3] - a[:3] @ b[:3])
    return q / np.linalg.norm(q)


class Lander:
    """Dead reckoning in the site's axes (east, north, up), the height by the range finder over flat ground, and a sink-rate profile."""

    def __init__(self, loaded: np.void, estimate: np.void):
        said = estimate["telemetry"]
        self.loaded, self.estimate, self.tick = loaded["belief"], estimate, float(estimate["control_period"])
        self.allocation, self.waiting, self.held = loaded["allocation"], np.zeros(3), np.zeros(3)
        self.q = multiply(estimate["site_from_mci"], said["attitude_mci_from_body"])
        self.v, self.height, self.mass = said["velocity_site"].copy(), float(said["height"]), float(said["mass"])
        self.rate, self.contact_for, self.landed = np.zeros(3), 0.0, False
        self.commands = no_commands()
        self.commands["main_engine"], self.commands["assist_duty"] = said["main_engine"], said["assist_duty"]

    def answer(self, tick: int, measured: np.void) -> np.ndarray:
        """The commands of one tick."""
        excess = abs(self.navigate(measured) - self.given() / self.mass)
        self.contact_for = self.contact_for + self.tick if self.height < 15.0 and excess > 0.6 else 0.0
        self.landed = self.landed or self.contact_for > 0.45
        if self.landed:
            self.commands = no_commands()
        else:
            self.steer()
        return self.commands

    def given(self) -> float:
        """Thrust [N] of the last command."""
        c = self.commands[0]
        return float(c["main_engine"] * self.loaded["main_thrust"] + c["assist_duty"] * self.loaded["assist_thrust"])

    def navigate(self, measured: np.void) -> float:
        """Carry the estimate on; the specific force felt [m/s²]."""
        imu, said = measured["imu"], self.estimate["telemetry"]
        dt, count = float(imu["dt"]), int(imu["count"])
        felt = np.zeros(3)
        for k in range(count):
            angle, push = imu["delta_angle"][k] - said["gyro_bias"] * dt, imu["delta_velocity"][k] - said["accel_bias"] * dt
            self.q, self.rate, felt = multiply(self.q, np.append(0.5 * angle, 1.0)), angle / dt, felt + push
            gained = turn(self.q, push) - (0.0, 0.0, float(self.estimate["gravity"]) * dt)
            self.height += float(self.v[2] + 0.5 * gained[2]) * dt
            self.v = self.v + gained
        ranged = measured["range_finder"]
        if ranged["valid"]:
            off = -float(ranged["range"]) * turn(self.q, self.loaded["beam_body"])[2] + 0.1 * self.v[2] - self.height
            self.height += 0.15 * off
            self.v[2] += 0.01 * off
        return float(np.linalg.norm(felt)) / (count * dt) if count else 0.0

    def steer(self) -> None:
        """Thrust for the sink profile and against the drift, torque to point it."""
        main_on = self.height > MAIN_OFF_M
        sink = 1.5 + 1.5 * max(self.height - FINAL_M, 0.0) / 80.0
        if main_on:
            sink = np.sqrt(9.0 + 2.0 * SINK_PROFILE_M_S2 * (self.height - MAIN_OFF_M))
        up = max(float(self.estimate["gravity"]) + SINK_PROFILE_M_S2 * main_on - float(self.v[2]) - sink, 0.5)
        level = -self.v[:2] / 10.0
        level = level * min(1.0, up * (0.5 if main_on else 0.17) / max(float(np.linalg.norm(level)), 1e-9))
        ask = np.array([*level, up])
        thrust = self.mass * float(np.linalg.norm(ask))
        c = self.commands
        c["main_engine"] = float(main_on)
        c["assist_duty"] = np.clip((thrust - main_on * self.loaded["main_thrust"]) / self.loaded["assist_thrust"], 0.0, 1.0)
        z = turn(self.q * (-1.0, -1.0, -1.0, 1.0), ask) / np.linalg.norm(ask)
        error = np.clip([-z[1], z[0], 0.0], -0.15, 0.15)
        inertia = 0.5 * (self.loaded["inertia_full"] + self.loaded["inertia_dry"])
        torque = inertia * (0.64 * error - 1.28 * self.rate) + self.held
        self.held = np.clip(self.held + inertia * 0.64 * error * (np.abs(error) < 0.15) * self.tick / 20.0, -5.0, 5.0)
        c["torque_body"], c["thruster_on"] = torque, self.on_times(torque)
        self.mass -= (
            self.tick
            / G0
            * float(
                c["main_engine"][0] * self.loaded["main_thrust"] / self.loaded["main_isp"]
                + c["assist_duty"][0] * self.loaded["assist_thrust"] / self.loaded["assist_isp"]
            )
        )

    def on_times(self, torque: np.ndarray) -> np.ndarray:
        """Each axis fires its column of the table once that is worth a pulse."""
        self.waiting = np.clip(self.waiting + torque * self.tick, -3.0, 3.0)
        columns = 2 * np.arange(3) + (self.waiting < 0.0)
        fires = np.abs(self.waiting) >= self.allocation["bit"][columns]
        on = self.allocation["duty"][:, columns] @ np.where(fires, np.abs(self.waiting), 0.0)
        self.waiting[fires] = 0.0
        return np.where(on < self.allocation["minimum_on"], 0.0, np.minimum(on, self.tick))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python lander.py SOCKET")
    print(fly_as_peer(sys.argv[1], lambda loaded, estimate: Lander(loaded, estimate).answer))
