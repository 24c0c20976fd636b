"""From a mission to what the kernel takes: the world, the computer's tables, one pack and one state a run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import warp as wp

from perilune.avionics.belief import OnBoard
from perilune.base.structs import records
from perilune.base.vector import real
from perilune.environment.ephemeris import fit_third_bodies
from perilune.environment.gravity import GravityCoefficients, harmonics_struct, load_coefficients
from perilune.environment.gravity_corridor import build_corridor
from perilune.environment.orientation import fit_orientation, rotation_pa_from_mci
from perilune.environment.relief_site import RADIUS_M, build_relief, level_relief, map_heights
from perilune.flight.belief_of import avionics_pack
from perilune.flight.orbit import StartState, orbit_axes, start_state
from perilune.flight.state import TICK_S, FlightPack, FlightState, World
from perilune.lander.tanks import load_tanks
from perilune.messages.command_packet import uplink_rows
from perilune.messages.uplink import UplinkPacket
from perilune.mission.commands import uplink_of
from perilune.mission.draws import apply, check_given, check_key, draw, read_back, truth_packs
from perilune.mission.fault_slots import fault_slots, numbers_of
from perilune.mission.run_faults import RunFaults, add_run_faults, check_run_faults, read_run_faults_back
from perilune.mission.schema import Mission
from perilune.mission.start import DescentOrbit, main_used_kg, start_errors

SPAN_S = 4.0 * 3600.0  # covered by the orientation and ephemeris series, from ten minutes before the epoch
CORRIDOR_HALF_WIDTH_M, CORRIDOR_MARGIN_M = 40_000.0, 100_000.0
CORRIDOR_LOWEST_M = -9_000.0
NEW = -1  # status of a flight whose computer has not started


@dataclass
class Scene:
    """All that the runs of one mission share."""

    mission: Mission
    start: StartState
    world: Any
    on_board: Any
    avionics: np.ndarray
    marks_m: np.ndarray
    keep: list[Any]


def build_scene(
    mission: Mission, marks_m: Sequence[float] = (), progress: Callable[[str, float], None] | None = None, direct_field: bool = False
) -> Scene:
    """World and on-board tables of a mission; from the caches when they are warm.

    `marks_m` are heights above ground whose passing is to be noted; `progress` is told what is being built and how far.
    `direct_field` evaluates the harmonics themselves everywhere (slow; for checks).
    """
    wp.init()
    planned = mission.planned
    coefficients = load_coefficients(mission.environment.gravity_degree)
    believed = load_coefficients(planned.avionics.belief.gravity_degree)
    relief = build_relief(mission.environment.relief, mission.site.latitude_deg, mission.site.longitude_deg)
    from perilune.environment.relief_site import site_from_me

    up = site_from_me(mission.site.latitude_deg, mission.site.longitude_deg)[2]
    site_height = float(map_heights(relief, up[None, :])[0])
    start = start_state(planned, coefficients.gm, site_height)
    orientation = fit_orientation(start.epoch_tdb_s, -600.0, SPAN_S)

    def track(label: str) -> Callable[[float], None] | None:
        return (lambda share: progress(label, share)) if progress else None

    ends = _track_pa(start)
    highest = max(_highest_altitude(mission, start) * 1.05 + 5_000.0, 30_000.0)
    shape = (CORRIDOR_HALF_WIDTH_M, CORRIDOR_LOWEST_M, highest, CORRIDOR_MARGIN_M)

    def table(field: GravityCoefficients, label: str) -> Any:
        return build_corridor(field, ends[0], ends[-1], *shape, progress=track(label), via_pa_directions=ends[1:-1])

    world = World()
    world.orientation = orientation
    world.bodies = fit_third_bodies(start.epoch_tdb_s, -600.0, SPAN_S)
    world.harmonics = harmonics_struct(coefficients)
    world.corridor = table(coefficients, "gravity along the corridor")
    world.relief = relief
    world.third_bodies = mission.environment.third_bodies
    world.direct_field = direct_field
    marks = np.array(sorted(set(marks_m), reverse=True), dtype=np.float64)
    world.marks = wp.array(marks, dtype=real, device="cpu")
    uplinks = uplink_rows(uplink_of(mission, start.planned_touchdown_s, TICK_S))
    world.uplinks = wp.array(uplinks, dtype=UplinkPacket, device="cpu", copy=False)
    on_board = OnBoard()
    on_board.orientation = orientation
    on_board.bodies = world.bodies
    on_board.third_bodies = planned.environment.third_bodies
    on_board.harmonics = harmonics_struct(believed)
    on_board.corridor = table(believed, "the computer's gravity table")
    on_board.relief = relief if planned.avionics.belief.map == "lola" else level_relief(relief, site_height)
    return Scene(mission, start, world, on_board, avionics_pack(planned, start), marks, [relief, on_board.relief, uplinks])


def _highest_altitude(mission: Mission, start: StartState) -> float:
    """The highest altitude [m] of a planned flight: of the burn, or of the state that it begins with and could still rise from a little."""
    if isinstance(mission.start, DescentOrbit):
        return mission.start.apolune_altitude_km * 1e3
    return float(np.linalg.norm(start.position_mci)) - RADIUS_M


def _track_pa(start: StartState) -> np.ndarray:
    """Directions in pa along the planned flight: the burn, the points of the orbit a third and two thirds on, and the site."""
    axes = orbit_axes(start.position_mci, start.velocity_mci)
    site_mci = rotation_pa_from_mci(np.array([start.epoch_tdb_s + start.planned_touchdown_s]))[0].T @ _me_to_pa(start.site_axes_me[2])
    angle = np.arctan2(site_mci @ axes[0], site_mci @ axes[1]) % (2.0 * np.pi)
    shares = np.array([0.0, 1 / 3, 2 / 3, 1.0])
    directions = np.cos(shares * angle)[:, None] * axes[1] + np.sin(shares * angle)[:, None] * axes[0]
    rotations = rotation_pa_from_mci(start.epoch_tdb_s + shares * start.planned_touchdown_s)
    return np.einsum("nij,nj->ni", rotations, directions)


def _me_to_pa(v: np.ndarray) -> np.ndarray:
    from perilune.environment.orientation import ME_FROM_PA

    return np.asarray(ME_FROM_PA.T @ v)


@dataclass
class Batch:
    """Packs and states of some runs, and what was drawn for them (file units, by dotted path)."""

    runs: np.ndarray
    drawn: dict[str, np.ndarray]
    packs: np.ndarray
    states: np.ndarray


def build_batch(
    scene: Scene, seed: int | None, runs: np.ndarray, drawn: dict[str, np.ndarray] | None = None, faults: RunFaults | None = None
) -> Batch:
    """Runs `runs` of a seed at the start; without a seed every dispersion is at its mean (noise drawn with seed 0).

    `drawn` are all values in place of those that the seed gives, by dotted path in the file's units, shape (n,): what is not among them is as in the
    mission, and seed and run shape the noise alone. `faults` are the own faults of each run, beside those of the mission.
    Every dispersed value and every own fault is read back out of the packs (raises PeriluneError when one differs from what was asked).
    """
    runs = np.asarray(runs, dtype=np.int64)
    mission = scene.mission
    check_key(seed, runs)
    if drawn is None:
        drawn = draw(mission, seed, runs)
    else:
        check_given(mission, drawn, runs)
    if faults is not None:
        check_run_faults(mission, runs, faults)
    parts = truth_packs(mission, len(runs))
    apply(drawn, parts)
    packs = records(FlightPack, len(runs))
    packs["seed"], packs["run"] = seed or 0, runs
    packs["lander"], packs["environment"] = parts["lander"], parts["environment"]
    packs["faults"] = fault_slots(mission, parts["faults"], scene.start.planned_touchdown_s)
    if faults is not None:
        add_run_faults(packs["faults"], mission, faults)
        read_run_faults_back(packs["faults"], mission, runs, faults)
    packs["structural_speed"] = mission.limits.structural_speed_m_s
    flown_faults = numbers_of(packs["faults"])
    read_back(mission, drawn, {"lander": packs["lander"], "environment": packs["environment"], "start": parts["start"], "faults": flown_faults})
    states = records(FlightState, len(runs))
    axes = orbit_axes(scene.start.position_mci, scene.start.velocity_mci)
    position_error, velocity_error = start_errors(parts["start"])
    states["body"]["position"] = scene.start.position_mci + position_error @ axes
    states["body"]["velocity"] = scene.start.velocity_mci + velocity_error @ axes
    states["body"]["attitude"] = scene.start.attitude_mci_from_body
    load_tanks(states["lander"], packs["lander"], packs["lander"]["mass"]["main_loaded"] - main_used_kg(mission.start))
    states["lander"]["rcs_left"] = packs["lander"]["mass"]["rcs_loaded"]
    states["contact"]["time"] = -1.0
    states["dry_time"] = -1.0
    states["status"] = NEW
    return Batch(runs, drawn, packs, states)
