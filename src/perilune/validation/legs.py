"""The lander's legs against closed forms of blocks, drops and boxes, and against a planar rigid body on feet that hold."""

from functools import cache
from typing import Any

import numpy as np

from perilune.lander.legs import Legs
from perilune.validation import leg_bench
from perilune.validation.planar_feet import PlanarBody, falls
from perilune.validation.rows import Check, Measured

GRAVITY = 1.62
MASS_KG, INERTIA = 360.0, (200.0, 200.0, 140.0)
CRUSHED: dict[str, Any] = {
    "radius_m": 1.3, "pad_diameter_m": 0.3, "stiffness_n_per_m": 3e5, "damping_n_s_per_m": 3e3, "crush_force_n": 1500.0, "stroke_limit_m": 0.25,
    "stop_stiffness_n_per_m": 1e6, "friction": 0.5, "side_stiffness_n_per_m": 2e5, "side_damping_n_s_per_m": 2e3,
}  # fmt: skip
SPRUNG = CRUSHED | {"stiffness_n_per_m": 2e4, "damping_n_s_per_m": 400.0, "crush_force_n": 0.0, "stroke_limit_m": 1.0}
HOLDING = {"damping_n_s_per_m": 1e5, "crush_force_n": 0.0, "friction": 100.0, "side_damping_n_s_per_m": 1e5}
HOLDING = CRUSHED | HOLDING | {"stiffness_n_per_m": 1e6, "side_stiffness_n_per_m": 1e6, "stop_stiffness_n_per_m": 0.0}
FRICTION_DEG = float(np.degrees(np.arctan(CRUSHED["friction"])))
TALL_HALF_WIDTH, TALL_CG, TALL_MASS, TALL_INERTIA, ROCK = 1.6, 2.0, 1000.0, (2200.0, 2200.0, 1500.0), 0.3


def on_slopes(slopes_deg: np.ndarray, legs: dict[str, Any], cg_height_m: float) -> np.ndarray:
    """One lander at rest on each slope, its pads just touching."""
    drops = np.concatenate([leg_bench.level(slope) for slope in slopes_deg])
    leg_bench.put(drops, Legs(**legs), MASS_KG, cg_height_m, INERTIA)
    return drops


def slide_angle() -> Measured:
    """Degrees between the friction angle and the least slope on which a low block gathers speed."""
    slopes = FRICTION_DEG + np.arange(-0.05, 0.0501, 0.005)
    speed = leg_bench.run(on_slopes(slopes, CRUSHED, 0.3), 20.0)["body"]["velocity"][..., 0]
    sliding = speed[:, -1] > speed[:, 100] + 1e-6
    return abs(float(slopes[np.argmax(sliding)]) - FRICTION_DEG), f"{sliding.sum()} of {len(sliding)} slopes slide"


def slide_acceleration() -> Measured:
    """Relative error of the acceleration of a low block 5° beyond the friction angle, against g (sin a − μ cos a)."""
    slope = np.radians(FRICTION_DEG + 5.0)
    moments = leg_bench.run(on_slopes(np.degrees([slope]), CRUSHED, 0.3), 6.0)[0]
    speed = moments["body"]["velocity"][:, 0]
    expected = GRAVITY * (np.sin(slope) - CRUSHED["friction"] * np.cos(slope))
    return abs(float((speed[-1] - speed[100]) / (moments["time"][-1] - moments["time"][100])) / expected - 1.0)


def creep() -> Measured:
    """Millimetres that a block at nine tenths of the slide's slope moves in a minute, once it has settled for 2 s."""
    slope = np.degrees(np.arctan(0.9 * CRUSHED["friction"]))
    x = leg_bench.run(on_slopes(np.array([slope]), CRUSHED, 0.3), 62.0)[0]["body"]["position"][:, 0]
    return 1e3 * float(np.abs(x[100:] - x[100]).max())


def dropped(legs: dict[str, Any], speed: float) -> np.ndarray:
    """Moments of a level drop that touches at `speed` [m/s]."""
    drop = on_slopes(np.zeros(1), legs, 1.0)
    drop["body"]["velocity"][:, 2] = -speed
    return np.asarray(leg_bench.run(drop, 4.0, 1e-3)[0])


def sprung_drop() -> Measured:
    """Relative error of the depth over the first compression of a damped sprung landing, against the damped oscillator."""
    moments = dropped(SPRUNG, 1.5)
    rate2, decay = 4.0 * SPRUNG["stiffness_n_per_m"] / MASS_KG, 2.0 * SPRUNG["damping_n_s_per_m"] / MASS_KG
    swing = np.sqrt(rate2 - decay**2)
    sag = GRAVITY / rate2
    t = moments["time"]
    depth = sag + np.exp(-decay * t) * (-sag * np.cos(swing * t) + (1.5 - decay * sag) / swing * np.sin(swing * t))
    down = t < np.pi / (2.0 * swing)
    return float(np.abs(1.0 - moments["body"]["position"][:, 2] - depth)[down].max() / depth[down].max())


def crushed_drop() -> Measured:
    """Relative error of the stroke after a level landing on undamped crushable legs, against the balance of energy."""
    legs = CRUSHED | {"damping_n_s_per_m": 0.0}
    stroke = float(dropped(legs, 1.5)[-1]["body"]["pad0"]["stroke"])
    give = legs["crush_force_n"] / legs["stiffness_n_per_m"]
    force, weight = 4.0 * legs["crush_force_n"], MASS_KG * GRAVITY
    expected = (0.5 * MASS_KG * 1.5**2 + weight * give - 0.5 * force * give) / (force - weight)
    return abs(stroke / expected - 1.0), f"stroke {1e3 * stroke:.1f} mm, closed form {1e3 * expected:.1f} mm"


def tipping_angle() -> Measured:
    """Degrees between atan(half width / height) and the least slope on which a box with feet that hold tips."""
    critical = float(np.degrees(np.arctan(HOLDING["radius_m"] * 0.5**0.5 / 1.5)))
    slopes = critical + np.arange(-0.3, 0.3001, 0.02)
    attitude = leg_bench.run(on_slopes(slopes, HOLDING, 1.5), 60.0, 0.1)["body"]["attitude"][:, -1]
    tips = np.degrees(2.0 * np.arctan2(attitude[:, 1], attitude[:, 3])) > 20.0
    return abs(float(slopes[np.argmax(tips)]) - critical), f"{tips.sum()} of {len(tips)} slopes tip"


def across_the_rock(speeds: np.ndarray, down: float, slope_deg: float = 10.0) -> np.ndarray:
    """Moments of an upright lander that meets a slope at `speeds` downhill, its uphill legs on a rock of 0.3 m."""
    a = np.radians(slope_deg)
    drops = leg_bench.level(slope_deg, len(speeds))
    leg_bench.put(drops, Legs(**HOLDING | {"radius_m": TALL_HALF_WIDTH * 2.0**0.5}), TALL_MASS, TALL_CG, TALL_INERTIA)
    drops["points"][:, 1:3, 2] = ROCK
    body = drops["body"]
    body["attitude"][:] = 0.0, np.sin(-a / 2.0), 0.0, np.cos(a / 2.0)
    body["velocity"][:, 0], body["velocity"][:, 2] = speeds * np.cos(a) + down * np.sin(a), speeds * np.sin(a) - down * np.cos(a)
    planar = planar_body(slope_deg)
    body["position"][:, 2] = max(planar.arm(foot, -a)[1] + planar.ground_m[foot] for foot in (0, 1))
    return leg_bench.run(drops, 12.0, 0.05)


def planar_body(slope_deg: float = 10.0) -> PlanarBody:
    """The same lander for the stranger."""
    return PlanarBody(TALL_HALF_WIDTH, TALL_CG, TALL_MASS, TALL_INERTIA[1], np.radians(slope_deg), (ROCK, 0.0))


def planar_falls(speed: float, down: float, slope_deg: float = 10.0) -> bool:
    """Whether the stranger's lander falls at that speed downhill."""
    a = np.radians(slope_deg)
    return falls(planar_body(slope_deg), -a, (speed * np.cos(a) + down * np.sin(a), speed * np.sin(a) - down * np.cos(a)))


def fallen(moments: np.ndarray) -> np.ndarray:
    """Which cases have fallen, by the last lean."""
    attitude = moments["body"]["attitude"][:, -1]
    return np.asarray(np.abs(np.degrees(2.0 * np.arctan2(attitude[:, 1], attitude[:, 3]))) > 60.0)


@cache
def planar_threshold(down: float) -> float:
    """The least speed downhill [m/s] at which the stranger's lander falls, to 4 mm/s."""
    low, high = 1.3, 1.5
    while high - low > 4e-3:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if planar_falls(middle, down) else (middle, high)
    return high


def tipping_speed() -> Measured:
    """Relative difference of the least speed downhill at which the lander tips over its lower legs, kernel against planar body."""
    speeds = np.arange(1.2, 1.5, 0.005)
    least = float(speeds[np.argmax(fallen(across_the_rock(speeds, 1.0)))])
    return abs(least / planar_threshold(1.0) - 1.0), f"{least:.3f} m/s, planar {planar_threshold(1.0):.3f} m/s, sinking 1 m/s"


def rock_verdicts() -> Measured:
    """How many of the two verdicts at 1.5 m/s, downhill and uphill, differ between kernel and planar body."""
    ours = fallen(across_the_rock(np.array([1.5, -1.5]), 1.0))
    theirs = [planar_falls(1.5, 1.0), planar_falls(-1.5, 1.0)]
    words = ["tips" if x else "stands" for x in ours]
    return float(np.sum(ours != theirs)), f"downhill {words[0]}, uphill {words[1]}"


def random_landings(count: int = 60) -> np.ndarray:
    """Drops with speeds, rates, leans and a different plane under each pad, drawn with a fixed seed."""
    rng = np.random.default_rng(3)
    drops = leg_bench.level(0.0, count)
    leg_bench.put(drops, Legs(**CRUSHED), MASS_KG, 1.0, INERTIA)
    drops["points"][..., 2] = rng.uniform(0.0, 0.15, (count, 4))
    normals = np.concatenate([rng.normal(0.0, 0.1, (count, 4, 2)), np.ones((count, 4, 1))], axis=2)
    drops["normals"] = normals / np.linalg.norm(normals, axis=2, keepdims=True)
    body = drops["body"]
    body["position"][:, 2] = 1.4
    body["velocity"] = rng.normal(0.0, (0.35, 0.35, 0.3), (count, 3)) - (0.0, 0.0, 1.5)
    body["rate"] = rng.normal(0.0, 0.02, (count, 3))
    lean = rng.normal(0.0, 0.03, (count, 3))
    body["attitude"] = np.concatenate([0.5 * lean, np.sqrt(1.0 - 0.25 * np.sum(lean**2, axis=1, keepdims=True))], axis=1)
    drops["force"] = (0.0, 0.0, 100.0)
    return drops


def energy_closure() -> Measured:
    """Largest lack of the energy account over the energy at the start, over 60 random landings under thrust that come to rest."""
    moments = leg_bench.run(random_landings(), 8.0)
    rest = moments["kinetic"][:, -1] < 1e-6
    lack = [abs(leg_bench.closure(m[0], m[-1])) / m[0]["kinetic"] for m in moments[rest]]
    return max(lack), f"{rest.sum()} of {len(rest)} at rest after 8 s"


CLOSED = "closed form"
PLANAR = "planar rigid body on feet that hold"
CHECKS = [
    Check("legs: slope on which a block slides", "against atan of the friction coefficient", CLOSED, 0.01, "°", slide_angle),
    Check("legs: acceleration of a sliding block", "5° beyond the friction angle, relative", CLOSED, 1e-6, "", slide_acceleration),
    Check("legs: creep of a block that sticks", "in one minute at nine tenths of the slope on which it slides", "none", 1.0, "mm", creep),
    Check("legs: drop on sprung legs", "depth over the first compression at 1.5 m/s, relative", "damped oscillator", 2e-3, "", sprung_drop),
    Check("legs: drop on crushed legs", "stroke of a level landing at 1.5 m/s, relative", "balance of energy", 2e-3, "", crushed_drop),
    Check("legs: slope on which a box tips", "against atan(half width / height of the centre of mass)", CLOSED, 0.1, "°", tipping_angle),
    Check(
        "legs: landing across a rock",
        "1.5 m/s downhill and uphill on 10°, uphill legs on 0.3 m: verdicts that differ",
        PLANAR,
        0.0,
        "",
        rock_verdicts,
    ),
    Check("legs: least speed that tips", "downhill on the same slope and rock, relative", PLANAR, 0.02, "", tipping_speed),
    Check("legs: energy account", "of 60 random landings at rest, over the energy at first contact", "conservation", 1e-3, "", energy_closure),
]
