"""Start at powered descent initiation: the batch half a minute before ignition, as the coast would have left it.

The undispersed mission is flown once through its coast, computer and all. A dispersed run takes over that computer (which, without position fixes,
believes the same whatever the truth is) and a truth of its own: its drawn state after the descent burn, coasted on by the kernel's own integrator,
plus what the undispersed truth has from its thrusters beside an undisturbed coast.

Assumptions and limitations: what the coast teaches the filter of attitude and gyro is carried over in the mean, not in its noise: the estimated
gyro bias takes the run's drawn bias (with scale and mounting errors at the rate of the coast); the truth is turned back by the run's star tracker
mounting, since the computer steers the estimate. The slow drift of the gyros starts anew. Attitude thrusters have used what they used undispersed.
Runs that start here are close to, not the same as, those from `doi`; without a seed they are the same bit for bit. Dispersed runs of a lander with
position fixes are refused: its computer learns in the coast where this run's truth is.
"""

import numpy as np
import warp as wp

from perilune.base.errors import PeriluneError
from perilune.base.structs import joined
from perilune.environment.orientation import ME_FROM_PA, rotation_pa_from_mci
from perilune.environment.relief_site import RADIUS_M, map_heights
from perilune.flight.advance import LONGEST_S, advance, new_events
from perilune.flight.coast_faults import Coast, begin_in_coast
from perilune.flight.events import EVENTS
from perilune.flight.setup import Batch, Scene, build_batch
from perilune.flight.state import FLYING
from perilune.mission.run_faults import RunFaults
from perilune.mission.schema import Mission

LEAD_S = 30.0  # before ignition
PIECE_S = 30.0
PASSIVE_STEP_S = 10.0  # of the coasts that are subtracted from each other; their common error cancels

_kept: list[tuple[Scene, Coast]] = []


def coast_end(scene: Scene) -> np.ndarray:
    """The state, shape (1,), of the undispersed flight at least `LEAD_S` before ignition; raises as `coast_of`."""
    return coast_of(scene).state.copy()


def coast_of(scene: Scene) -> Coast:
    """The undispersed coast to at least `LEAD_S` before ignition; the last scene's is kept.

    Raises PeriluneError when no powered descent begins.
    """
    if _kept and _kept[0][0] is scene:
        return _kept[0][1]
    batch, events = build_batch(scene, None, np.array([0])), new_events(scene, 1)
    ignition, past = EVENTS.index("ignition"), [batch.states.copy()]
    while events["time"][0, ignition] < 0.0:
        until = len(past) * PIECE_S
        if until > LONGEST_S or (len(past) > 1 and batch.states["status"][0] != FLYING):
            raise PeriluneError("start pdi: no powered descent begins in the undispersed flight; fly from doi to see why")
        advance(scene, batch, events, until)
        past.append(batch.states.copy())
    latest = float(events["time"][0, ignition]) - LEAD_S
    coasting = [s for s in past if s["status"][0] == FLYING and s["time"][0] <= latest]
    if not coasting:
        raise PeriluneError("start pdi: the powered descent begins less than a minute after the start of the mission; fly from doi, its start")
    coast = Coast(coasting[-1], min(_height(scene, s) for s in coasting), events["time"][0, : len(EVENTS)].copy())
    _kept[:] = [(scene, coast)]
    return coast


def _height(scene: Scene, state: np.ndarray) -> float:
    """Height [m] above the ground of the map."""
    pa = rotation_pa_from_mci(np.array([scene.start.epoch_tdb_s + float(state["time"][0])]))[0] @ state["body"]["position"][0]
    position_me = ME_FROM_PA @ pa
    return float(np.linalg.norm(position_me) - RADIUS_M - map_heights(scene.world.relief, position_me[None, :])[0])


def tick_before_ignition(scene: Scene) -> int:
    """The tick of `coast_end`, from which a record holds all of the powered descent; 0 where the undispersed flight has none."""
    try:
        return int(coast_end(scene)["tick"][0])
    except PeriluneError:
        return 0


def check_pdi(mission: Mission) -> None:
    """Raise PeriluneError where dispersed runs of the mission cannot start at powered descent initiation."""
    if mission.lander.position_fix is not None:
        raise PeriluneError(
            "start pdi with a seed: position fixes tell the computer in the coast where this run is, and pdi leaves the coast out; fly from doi"
        )


def build_pdi_batch(
    scene: Scene, seed: int | None, runs: np.ndarray, drawn: dict[str, np.ndarray] | None = None, faults: RunFaults | None = None
) -> Batch:
    """Runs `runs` of a seed half a minute before ignition, with the draws or the given values and the own faults that `build_batch` gives them.

    Raises PeriluneError for dispersed runs of a lander with position fixes, and for own faults that change the coast (`coast_faults`).
    """
    is_dispersed = seed is not None or drawn is not None
    if is_dispersed:
        check_pdi(scene.mission)
    coast, reference = coast_of(scene), coast_end(scene)
    batch, base = build_batch(scene, seed, runs, drawn, faults), build_batch(scene, None, np.array([0]))
    until = float(reference["time"][0])
    states = np.repeat(reference, len(batch.states))
    if is_dispersed:
        both = Batch(np.array([0, *runs]), {}, joined([base.packs, batch.packs], 0), joined([base.states, batch.states], 0))
        moved = passive_coast(scene, both, until)
        for key in ("position", "velocity"):
            states["body"][key] += moved["body"][key][1:] - moved["body"][key][:1]
        _carry_over(states, batch, base, reference)
    for tank in ("fuel", "oxidiser"):
        states["lander"][tank] = batch.states["lander"][tank]
    used = base.states["lander"]["rcs_left"] - reference["lander"]["rcs_left"]
    states["lander"]["rcs_left"] = np.maximum(batch.states["lander"]["rcs_left"] - used, 0.0)
    if faults is not None:
        begin_in_coast(states, batch.packs, scene.mission, batch.runs, faults, coast)
    batch.states = states
    return batch


def passive_coast(scene: Scene, batch: Batch, until_s: float) -> np.ndarray:
    """The states of the batch at `until_s` had nothing but gravity acted on them; the batch itself stays as it is."""
    packs = batch.packs.copy()
    packs["passive"], packs["passive_step"] = True, PASSIVE_STEP_S
    copy = Batch(batch.runs, {}, packs, batch.states.copy())
    advance(scene, copy, new_events(scene, len(packs)), until_s)
    if np.any(copy.states["status"] != FLYING):
        lost = int(batch.runs[np.flatnonzero(copy.states["status"] != FLYING)[0]])
        raise PeriluneError(f"start pdi: run {lost} meets the ground before its powered descent; fly it from doi")
    return copy.states


def _carry_over(states: np.ndarray, batch: Batch, base: Batch, reference: np.ndarray) -> None:
    """What the filter learns of attitude and gyro in the coast, in the mean."""
    rate = reference["body"]["rate"]
    states["avionics"]["navigation"]["gyro_bias"] += _seen_bias(batch.packs, rate) - _seen_bias(base.packs, rate)
    states["lander"]["imu"]["is_drawn"] = False
    mounting = batch.packs["lander"]["star_tracker"]["misalignment"] - base.packs["lander"]["star_tracker"]["misalignment"]
    for i, turn in enumerate(mounting):
        angle = float(np.linalg.norm(turn))
        if angle > 0.0:
            back = wp.quat_from_axis_angle(wp.vec3d(*(-turn / angle)), wp.float64(angle))
            states["body"]["attitude"][i] = np.array(wp.quatd(*states["body"]["attitude"][i]) * back)


def _seen_bias(packs: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """The constant rate error [rad/s, body] of each run's gyros at the body rate of the coast."""
    imu = packs["lander"]["imu"]
    return np.asarray(imu["gyro_bias"] + imu["gyro_scale"] * rate - np.cross(imu["gyro_misalignment"], rate))
