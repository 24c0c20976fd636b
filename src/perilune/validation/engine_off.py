"""A descent whose engine never lights, and one whose descent burn was 12 m/s too strong: this kernel against strangers, in orbit and to the ground.

The kernel flies the corridor table where there is one and the direct sum elsewhere; the reference is the field by pyshtools, orientation and
ephemeris by SPICE, DOP853. The ground under the footpads is the same relief for both: what is compared is the way to it and when it is reached.
"""

from functools import cache
from typing import Any

import numpy as np

from perilune.environment.relief import ReliefDraw
from perilune.environment.relief_site import ground_heights
from perilune.flight.orbit import orbit_axes
from perilune.validation import scenes, strangers
from perilune.validation.rows import Check, Measured

COAST_S = 7200.0
COAST_STEP_S = 5.0
TOO_STRONG_M_S = 12.0
FALL_STEP_S = 0.05
RADIUS_M = 1737400.0


def reference_force() -> Any:
    """The strangers' force on the mission's degree and bodies, in seconds past the mission's epoch."""
    scene = scenes.landing_scene()
    epoch = strangers.spice().str2et(scene.mission.start.epoch_utc.strftime("%Y-%m-%dT%H:%M:%S.%f"))
    return strangers.force(scene.mission.environment.gravity_degree, epoch, scene.mission.environment.third_bodies)


def coast_error() -> Measured:
    """Distance [m] after two hours without an engine, from the true state at powered descent initiation."""
    scene, (_, events, rows) = scenes.landing_scene(), scenes.planned_flight()
    start = rows[np.searchsorted(rows["time"], float(events["time"][0]) - 1e-6)]
    begin = float(start["time"])
    lander = scenes.coasting_lander(scene, start["position_mci"], start["velocity_mci"], start["attitude_mci_from_body"], start["rate_body"], begin)
    ends = [scenes.coast(scene, lander, begin + COAST_S, step) for step in (COAST_STEP_S, COAST_STEP_S / 2)]
    for end in ends:
        if abs(float(end["time"]) - begin - COAST_S) > 1e-6:
            raise RuntimeError(f"the lander met the ground {float(end['time']) - begin:.1f} s after ignition should have been")
    ours, finer = (end["body"]["position"] for end in ends)
    y = np.concatenate([start["position_mci"], start["velocity_mci"]])
    theirs = strangers.orbit(reference_force(), y, begin, begin + COAST_S).y[:3, -1]
    step = float(np.linalg.norm(ours - finer))
    return float(np.linalg.norm(ours - theirs)), f"coast step {COAST_STEP_S:g} s, halving it moves {step:.1e} m"


def too_strong_start() -> tuple[np.ndarray, np.ndarray]:
    """The planned state after the descent burn, 12 m/s slower along track."""
    start = scenes.landing_scene().start
    return start.position_mci, start.velocity_mci - TOO_STRONG_M_S * orbit_axes(start.position_mci, start.velocity_mci)[0]


@cache
def impacts() -> tuple[float, np.ndarray, float, np.ndarray]:
    """Time [s] and position [m, mci] of the first touch of a footpad, by the kernel and by the strangers."""
    from scipy.spatial.transform import Rotation

    scene = scenes.landing_scene()
    position, velocity = too_strong_start()
    lander = scenes.coasting_lander(scene, position, velocity, scene.start.attitude_mci_from_body)
    end = scenes.coast(scene, lander, 5000.0, FALL_STEP_S)
    ours_s, ours = float(end["time"]), end["body"]["position"].copy()

    turn, cg = Rotation.from_quat(scene.start.attitude_mci_from_body).as_matrix(), scenes.cg_of(scene.mission)
    side = scene.mission.lander.legs.radius_m / np.sqrt(2.0)
    pads = np.array([[side, side, 0.0], [-side, side, 0.0], [-side, -side, 0.0], [side, -side, 0.0]]) @ turn.T - turn @ cg
    spice = strangers.spice()
    epoch = spice.str2et(scene.mission.start.epoch_utc.strftime("%Y-%m-%dT%H:%M:%S.%f"))
    begin = np.concatenate([position, velocity])
    path = strangers.orbit(reference_force(), begin, 0.0, 3600.0, dense=True).sol

    def clearance(times: np.ndarray) -> np.ndarray:
        to_me = np.array([spice.pxform("J2000", "MOON_ME_DE440", epoch + t) for t in times])
        places = np.einsum("nij,nkj->nki", to_me, path(times)[:3].T[:, None, :] + pads).reshape(-1, 3)
        above = np.linalg.norm(places, axis=1) - RADIUS_M - ground_heights(scene.world.relief, ReliefDraw(), places)
        return np.asarray(above.reshape(-1, 4).min(axis=1))

    times = np.arange(0.0, 3600.0, 1.0)
    above = clearance(times)
    if not (above <= 0.0).any():
        raise RuntimeError("the strangers' lander does not meet the ground")
    low, struck = int(np.argmax(above < 3000.0)), int(np.argmax(above <= 0.0))
    steps = np.arange(times[max(low - 1, 0)], times[struck] + 0.001, 0.002)
    while True:  # the first touch, on ever finer steps: a hill may be grazed before the ground that a coarse step sees
        first = int(np.argmax(clearance(steps) <= 0.0))
        left, right = float(steps[first - 1]), float(steps[first])
        if right - left < 1e-7:
            return ours_s, ours, left, np.asarray(path(left)[:3])
        steps = np.linspace(left, right, 101)


def impact_errors() -> tuple[float, float, str]:
    """Differences of place [m] and time [s] of the impact, and a remark on where it is."""
    ours_s, ours, theirs_s, theirs = impacts()
    return float(np.linalg.norm(ours - theirs)), abs(ours_s - theirs_s), f"impact {theirs_s:.2f} s after the burn, coast step {FALL_STEP_S:g} s"


def impact_place() -> Measured:
    distance, _, remark = impact_errors()
    return distance, remark


def impact_time() -> Measured:
    _, seconds, remark = impact_errors()
    return seconds, remark


STRANGERS = "pyshtools' field, SPICE's orientation and DE440, SciPy's DOP853 at 1e-12"
CHECKS = [
    Check(
        "engine off from powered descent initiation",
        "position after 2 h, through and out of the corridor",
        STRANGERS,
        1.0,
        "m",
        coast_error,
        strangers.ORBIT_PEERS,
    ),
    Check("descent burn 12 m/s too strong, place", "where the first footpad strikes", STRANGERS, 10.0, "m", impact_place, strangers.ORBIT_PEERS),
    Check("descent burn 12 m/s too strong, time", "when the first footpad strikes", STRANGERS, 0.05, "s", impact_time, strangers.ORBIT_PEERS),
]
