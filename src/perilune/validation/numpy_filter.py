"""The navigation filter against a plain one in NumPy that is fed what the flight's own computer was fed.

Differences by design: the flight's beam march may stop 5 mm short of the map (it mostly comes much nearer), the stranger's within a micrometre;
the Moon's attitude comes from the flight's series there, from DE440's file here (1e-12 rad).
"""

from functools import cache

import numpy as np

from perilune.flight.setup import build_batch
from perilune.flight.state import TICK_S
from perilune.validation.plain_filter import PlainFilter, conjugate, logarithm, multiply
from perilune.validation.rows import Check, Measured
from perilune.validation.scenes import landing_scene
from perilune.validation.watched_flight import Watched, milestones, watch

SEED, RUN = 1, 0


def differences(flight: Watched) -> dict[str, float]:
    """Largest difference of every estimate and of the covariance (over the sigmas of row and column) after any tick."""
    stranger = PlainFilter(flight.scene, flight.before)
    belief = flight.scene.avionics[0]["belief"]
    worst = dict.fromkeys(("position", "velocity", "attitude", "gyro bias", "accel bias", "map error", "covariance"), 0.0)
    for k, (star, ranged) in enumerate(flight.arrivals()):
        computer = flight.states[k]["avionics"]
        n = computer["navigation"]
        share = (computer["main_left"] + computer["rcs_left"]) / (belief["main_loaded"] + belief["rcs_loaded"])
        cg_height = float(belief["cg_height_dry"] + (belief["cg_height_full"] - belief["cg_height_dry"]) * share)
        stranger.cycle((flight.first + k) * TICK_S, star, ranged, cg_height, bool(n["sensing"]), flight.felt_before(k))
        if stranger.range_used != n["range_used"] or stranger.rejections != n["rejections"]:
            raise ValueError(f"in tick {flight.first + k} one filter used a range that the other refused")
        sigma = np.sqrt(np.diag(n["covariance"]))
        apart = (
            np.linalg.norm(stranger.position - n["position_mci"]),
            np.linalg.norm(stranger.velocity - n["velocity_mci"]),
            np.linalg.norm(logarithm(multiply(stranger.attitude, conjugate(n["attitude"])))),
            np.linalg.norm(stranger.gyro_bias - n["gyro_bias"]),
            np.linalg.norm(stranger.accel_bias - n["accel_bias"]),
            abs(stranger.map_error - n["map_error"]),
            np.abs((stranger.covariance - n["covariance"]) / np.outer(sigma, sigma)).max(),
        )
        for name, value in zip(worst, apart, strict=True):
            worst[name] = float(np.maximum(worst[name], value))  # which keeps a NaN
    counts = {"stars": flight.rows["measured_star_tracker_valid"].sum(), "ranges": flight.states["avionics"]["navigation"]["range_used"].sum()}
    return worst | {name: float(count) for name, count in counts.items()}


@cache
def watched(name: str) -> Watched:
    """A window of a dispersed flight: "ignition" (5 s before to 60 s after), "ranges" (the first hundred) or "flight" (all after tick 0)."""
    scene = landing_scene()
    ignition, ranged = milestones(landing_scene, SEED, RUN)
    first, ticks = {"ignition": (ignition - 50, 650), "ranges": (ranged - 10, 110), "flight": (1, 60_000)}[name]
    return watch(scene, build_batch(scene, SEED, np.array([RUN])), first, ticks)


@cache
def compared(name: str) -> dict[str, float]:
    return differences(watched(name))


def estimate_error(name: str) -> Measured:
    """The larger of the differences of position and map error [m]; the others as a remark."""
    d = compared(name)
    remark = f"{d['velocity']:.1e} m/s, {d['attitude']:.1e} rad, biases {d['gyro bias']:.1e} rad/s and {d['accel bias']:.1e} m/s²"
    return max(d["position"], d["map error"]), f"{remark}; {d['stars']:.0f} attitudes, {d['ranges']:.0f} ranges used"


def covariance_error(name: str) -> float:
    """The largest difference of an element over the sigmas of its row and column."""
    return compared(name)["covariance"]


def checks(name: str, when: str, metres: float, share: float, full: bool = False) -> list[Check]:
    stranger = "a plain NumPy filter fed the recorded measurements"
    what = f"position and map error after every tick, {when}"
    return [
        Check(f"filter, {name}", what, stranger, metres, "m", lambda: estimate_error(name), full=full),
        Check(
            f"filter, {name}, covariance",
            "every element over its sigmas, the same ticks",
            stranger,
            share,
            "",
            lambda: covariance_error(name),
            full=full,
        ),
    ]


CHECKS = [
    *checks("ignition", "5 s before ignition to 60 s after", 1e-6, 1e-9),
    *checks("ranges", "1 s before the first range to the hundredth", 1e-5, 1e-8),
    *checks("flight", "burn to rest on the ground", 1e-4, 1e-7, full=True),
]
