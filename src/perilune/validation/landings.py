"""Hundreds of dispersed landings of Resilience: planned, as flown, and each without one of its causes; what the rows and the landings page hold.

A flight counts as lost here when it meets the ground at more than 2 m/s down, or never does: the measure of the published event, whose cause is
in the vertical. All seeds are runs 0 to n - 1 of seed 1.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np

from perilune.flight.advance import advance, new_events
from perilune.flight.events import EVENTS
from perilune.flight.setup import Batch, Scene, build_batch, build_scene
from perilune.flight.state import TICK_S
from perilune.mission.loader import load

SEED, RUNS = 1, 200
SOFT_M_S = 2.0
MARKS_M = (2000.0, 192.0, 52.0)
EPOCHS_S = (*np.linspace(60.0, 2860.0, 8), *np.linspace(2950.0, 3640.0, 12))
AS_FLOWN_ERROR = "start.velocity_error_along_track_m_s"
COUNTERFACTUALS = {
    "as flown: sensor fault and height error": ("as-flown", ()),
    "height error without the sensor fault": ("as-flown", ("lander.range_finder.reach_m=10000",)),
    "sensor fault without the height error": ("planned", ("lander.range_finder.reach_m=893",)),
    "neither": ("planned", ()),
}
ERROR_SOURCES = {
    "state after the descent burn": ("start.",),
    "engines, masses, centre of mass": ("lander.main_engine", "lander.assist_engines", "lander.mass"),
    "gyros": ("lander.imu.gyro",),
    "accelerometers": ("lander.imu.accel",),
    "star tracker mounting": ("lander.star_tracker",),
    "range scale and map": ("lander.range_finder", "environment."),
}


@dataclass
class Landings:
    """A batch at its end, with its events."""

    scene: Scene
    batch: Batch
    events: np.ndarray

    @property
    def sink(self) -> np.ndarray:
        """Vertical speed at contact [m/s], infinite without contact."""
        contact = self.batch.states["contact"]
        return np.where(contact["time"] >= 0.0, contact["vertical_speed"], np.inf)

    @property
    def drift(self) -> np.ndarray:
        """Horizontal speed at contact [m/s], infinite without contact."""
        contact = self.batch.states["contact"]
        return np.where(contact["time"] >= 0.0, contact["horizontal_speed"], np.inf)

    @property
    def lost(self) -> np.ndarray:
        """Which flights met the ground too fast downward, or never."""
        return np.asarray(~(self.sink <= SOFT_M_S))

    def event(self, name: str) -> np.ndarray:
        """The rows of one event, by its name or as `height-192-m`."""
        names = [*EVENTS, *(f"height-{mark:g}-m" for mark in self.scene.marks_m)]
        return np.asarray(self.events[:, names.index(name)])


def fly(
    case: str = "planned", overrides: tuple[str, ...] = (), runs: int = RUNS, seed: int | None = SEED, only: tuple[str, ...] | None = None
) -> Landings:
    """Fly runs of a case to their ends; `only` disperses nothing but the paths that begin so."""
    mission = load("resilience", overrides=list(overrides), case=case)
    if only is not None:
        flown = mission.model_copy(update={"dispersions": tuple(d for d in mission.dispersions if d.path.startswith(only))})
        mission = flown.beside(mission.planned, mission.written)
    scene = build_scene(mission, MARKS_M)
    batch = build_batch(scene, seed, np.arange(runs) if seed is not None else np.zeros(1, int))
    events = new_events(scene, len(batch.runs))
    advance(scene, batch, events)
    return Landings(scene, batch, events)


@cache
def planned() -> Landings:
    """The planned landing, dispersed."""
    return fly()


@cache
def as_flown() -> Landings:
    """The landing as flown, dispersed but for its one solved error."""
    return fly("as-flown")


@cache
def counterfactual(name: str) -> Landings:
    """One of `COUNTERFACTUALS`."""
    case, overrides = COUNTERFACTUALS[name]
    return planned() if (case, overrides) == ("planned", ()) else as_flown() if not overrides else fly(case, overrides)


@dataclass
class Consistency:
    """The filter against the truth at some epochs of the planned landing."""

    epochs_s: np.ndarray
    nees: np.ndarray  # mean normalised squared error of position and velocity over its dimension, per epoch
    inside: np.ndarray  # share of components inside their 3 sigma, per epoch
    rejections: int


@cache
def consistency() -> Consistency:
    """Normalised estimation error squared of position and velocity at 20 epochs of the dispersed planned landings."""
    scene = build_scene(load("resilience"), MARKS_M)
    batch = build_batch(scene, SEED, np.arange(RUNS))
    events = new_events(scene, RUNS)
    nees, inside = [], []
    for epoch in EPOCHS_S:
        advance(scene, batch, events, until_s=epoch)
        body = batch.states["body"].copy()
        advance(scene, batch, events, until_s=epoch + TICK_S)  # the computer learns at the start of a tick of what moved the lander up to then
        filtered = batch.states["avionics"]["navigation"]
        error = np.concatenate([body["position"] - filtered["position_mci"], body["velocity"] - filtered["velocity_mci"]], axis=1)
        covariance = filtered["covariance"][:, :6, :6]
        aloft = batch.states["contact"]["time"] < 0.0
        nees.append(np.einsum("ni,nij,nj->n", error, np.linalg.inv(covariance), error)[aloft].mean() / 6.0)
        inside.append((np.abs(error) <= 3.0 * np.sqrt(np.einsum("nii->ni", covariance)))[aloft].mean())
    return Consistency(np.array(EPOCHS_S), np.array(nees), np.array(inside), int(batch.states["avionics"]["navigation"]["rejections"].sum()))


def reach_turn(low_m: float = 900.0, high_m: float = 3000.0) -> float:
    """The reach [m], to 5 m, at which the as-flown landing turns from lost to landed, undispersed."""
    while high_m - low_m > 5.0:
        middle = 0.5 * (low_m + high_m)
        if fly("as-flown", (f"lander.range_finder.reach_m={middle}",), seed=None).lost[0]:
            low_m = middle
        else:
            high_m = middle
    return 0.5 * (low_m + high_m)


def solve_as_flown_error(target_m_s: float = 66.0, low: float = -0.30, high: float = -0.10) -> float:
    """The along-track velocity error [m/s, true minus believed] for which the sink rate at the first valid range is `target_m_s`, undispersed."""

    def sink(error: float) -> float:
        return float(fly("as-flown", (f"{AS_FLOWN_ERROR}={error}",), seed=None).event("first-range")["vertical_speed"][0])

    for _ in range(14):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if sink(middle) > target_m_s else (low, middle)
    return 0.5 * (low + high)


def lost_share(reaches_m: tuple[float, ...], cants_deg: tuple[float, ...], runs: int) -> np.ndarray:
    """Share of planned landings lost for each reach (rows) and beam cant (columns)."""
    return np.array(
        [
            [fly(overrides=(f"lander.range_finder.reach_m={r}", f"lander.range_finder.cant_deg={c}"), runs=runs).lost.mean() for c in cants_deg]
            for r in reaches_m
        ]
    )


def drift_budget(runs: int, each: Callable[[str], None] = lambda name: None) -> dict[str, float]:
    """Root mean square horizontal speed at contact [m/s, each axis] with one source of error dispersed at a time, sensor noise always on."""
    budget = {}
    for name, paths in ERROR_SOURCES.items():
        each(name)
        drift = fly(runs=runs, only=paths).drift
        budget[name] = float(np.sqrt((drift[np.isfinite(drift)] ** 2).mean() / 2.0))
    return budget
