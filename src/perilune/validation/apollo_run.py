"""Apollo 11's flown guidance targets flown by Klumpp's law in a planar three-degree-of-freedom model, apart from the program's own plant.

A point mass over a sphere that does not turn, thrust along the command at once, braking and approach targets as they were loaded into the computer,
its throttle logic; from throttle-up, 26 s after ignition, to the end of the approach phase.

Assumptions and limitations: horizontal at throttle-up; 26 s at a tenth of the thrust before it; a cycle of 2 s, the thrust held in between.
Source: targets from the flown pad load (AGCPadloadGenerator, "Flown Apollo 11 LGC Padload", decoded from its octal) and constants of LUMINARY 099.
"""

from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np

from perilune.validation.law_answers import answers, legs_of

GM, SITE_RADIUS = 4.9027780e12, 1735418.0  # m³/s², m (LUMINARY 099; RLS of the pad load)
FULL_THRUST, EXHAUST_SPEED = 43670.0, 2955.889  # N, m/s (LUMINARY 099)
TO_CENTRE = np.array([SITE_RADIUS, 0.0, 0.0])
LOW_CRITICAL, HIGH_CRITICAL = 26618.0, 29425.0  # N, of the pad load: below the first the engine throttles again, above the second it runs full
LEAST_THRUST = 0.1 * FULL_THRUST
THROTTLE_UP, CYCLE, LEAD_TIME = 26.0, 2.0, 2.24  # s (pad load: ZOOMTIME, LEADTIME)
START_POSITION, START_SPEED = (-39782.4, 0.0, -436655.7), 1690.256  # m, m/s (RIGNX, RIGNZ, VIGN)
IGNITION_MASS = 15150.7  # kg, at the end of the descent orbit burn (SP-4029)

BRAKING = {
    "target_position": (52.375, 0.0, -3254.81), "target_velocity": (-32.2712, 0.0, -0.31700),
    "target_acceleration": (0.190225, 0.0, -2.77502), "target_jerk": (0.0, 0.0, -0.00573840),
}  # fmt: skip
APPROACH = {
    "target_position": (33.875, 0.0, -8.1875), "target_velocity": (-1.52168, 0.0, 0.075531),
    "target_acceleration": (-0.07998, 0.0, -0.156057), "target_jerk": (0.0, 0.0, 0.00055099),
}  # fmt: skip
FIRST_TIME_TO_GO = (900.0, 200.0)  # s, TCGIBRAK and TCGIAPPR
END_TIME_TO_GO = (62.0, 12.0)  # s, TENDBRAK and TENDAPPR
RECOVERY, HIGH_GATE, END = "throttle recovery", "high gate", "end of the approach phase"


def gravity_at(r: np.ndarray) -> np.ndarray:
    """Central gravity [m/s²] at `r` [m] from the site: x up, y across, z downrange."""
    from_centre = r + TO_CENTRE
    return np.asarray(-GM * from_centre / np.linalg.norm(from_centre) ** 3)


def height_of(r: np.ndarray) -> float:
    """Height [m] above the sphere through the site."""
    return float(np.linalg.norm(r + TO_CENTRE) - SITE_RADIUS)


@dataclass
class Run:
    """The state of the run, and where it was at each event."""

    time: float
    position: np.ndarray
    velocity: np.ndarray
    mass: float
    events: dict[str, dict[str, float]] = field(default_factory=dict)

    def note(self, event: str) -> None:
        """Keep time [s past ignition], height [m] and its rate [m/s], speed [m/s], range [m] and propellant used [kg] as they are now."""
        up = self.position + TO_CENTRE
        rate = float(self.velocity @ up / np.linalg.norm(up))
        numbers = {"time": self.time, "height": height_of(self.position), "height_rate": rate, "speed": float(np.linalg.norm(self.velocity))}
        self.events.setdefault(event, numbers | {"range": -float(self.position[2]), "used": IGNITION_MASS - self.mass})

    def burn(self, thrust: np.ndarray, for_s: float) -> None:
        """A constant thrust [N] for a while, by Runge and Kutta's rule in steps of a tenth of a second."""
        steps = round(for_s / 0.1)
        flow, h = float(np.linalg.norm(thrust)) / EXHAUST_SPEED, for_s / steps
        for _ in range(steps):
            r, v, m = self.position, self.velocity, self.mass
            a1 = gravity_at(r) + thrust / m
            a2 = gravity_at(r + v * h / 2) + thrust / (m - flow * h / 2)
            a3 = gravity_at(r + v * h / 2 + a1 * h * h / 4) + thrust / (m - flow * h / 2)
            a4 = gravity_at(r + v * h + a2 * h * h / 2) + thrust / (m - flow * h)
            self.position = r + v * h + (a1 + a2 + a3) * h * h / 6
            self.velocity = v + (a1 + 2 * a2 + 2 * a3 + a4) * h / 6
            self.mass = m - flow * h
            self.time += h
            for height, event in ((304.8, "1000 ft"), (152.4, "500 ft")):
                if height_of(self.position) <= height:
                    self.note(event)


@cache
def planar_run() -> dict[str, dict[str, float]]:
    """The events of the run, by name; see `Run.note` for the numbers of each."""
    start = np.array(START_POSITION)
    up = start + TO_CENTRE
    level = np.array([-up[2], 0.0, up[0]]) / np.linalg.norm(up)
    run = Run(THROTTLE_UP, start, START_SPEED * level, IGNITION_MASS - THROTTLE_UP * LEAST_THRUST / EXHAUST_SPEED)
    full = True
    for phase, (targets, guess, end) in enumerate(zip((BRAKING, APPROACH), FIRST_TIME_TO_GO, END_TIME_TO_GO, strict=True)):
        to_go = guess
        while True:
            now: dict[str, Any] = {"position": run.position, "velocity": run.velocity, "gravity": gravity_at(run.position), "mass": run.mass}
            guided = answers("klumpp", legs_of(1, **now, **targets, time_to_go=to_go, tick=CYCLE, lead_time=LEAD_TIME))[0]
            if guided["time_to_go"] <= end:
                break
            asked = guided["acceleration"] * run.mass
            size = float(np.linalg.norm(asked))
            if full and size < LOW_CRITICAL:
                full = False
                run.note(RECOVERY)
            elif not full and size > HIGH_CRITICAL:
                full = True
            given = FULL_THRUST if full else max(size, LEAST_THRUST)
            run.burn(asked / size * given, CYCLE)
            to_go = float(guided["time_to_go"]) - CYCLE
        run.note((HIGH_GATE, END)[phase])
    return run.events
