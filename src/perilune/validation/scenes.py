"""Worlds and landers without a mission's plan: any epoch, any degree of the field, a lander whose computer is off and that coasts.

The lander is Resilience's (its inertia and footpads); the kernel and its integrator are those of every flight.
"""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import warp as wp

from perilune.avionics.belief import OnBoard
from perilune.base.structs import records
from perilune.base.vector import real
from perilune.environment.ephemeris import fit_third_bodies
from perilune.environment.gravity import harmonics_struct, load_coefficients
from perilune.environment.gravity_corridor import no_corridor
from perilune.environment.orientation import fit_orientation
from perilune.environment.relief_site import build_relief
from perilune.flight.advance import advance, new_events
from perilune.flight.record import HistoryRow
from perilune.flight.setup import Batch, Scene, build_batch, build_scene
from perilune.flight.state import FLYING, FlightPack, FlightState, World
from perilune.lander.tanks import load_tanks
from perilune.mission.draws import truth_packs
from perilune.mission.loader import load
from perilune.mission.schema import Mission

ROOM = 60_000  # ticks of a recorded flight
DISCS = np.polynomial.legendre.leggauss(8)  # nodes and weights over [-1, 1]


@cache
def landing_scene() -> Scene:
    """The scene of the Resilience mission as it is flown: its corridor table, its relief."""
    return build_scene(load("resilience"))


@cache
def planned_flight() -> tuple[Batch, np.ndarray, np.ndarray]:
    """The undispersed flight of Resilience to its end: batch, events (count,) and one row a tick."""
    batch, events, history = flown(landing_scene(), None, 1)
    return batch, events[0], history[0]


def flown(scene: Scene, seed: int | None, count: int) -> tuple[Batch, np.ndarray, list[np.ndarray]]:
    """The first `count` runs of a seed to their ends: batch, events (count, kinds), and of each run the rows of its ticks."""
    batch = build_batch(scene, seed, np.arange(count))
    events = new_events(scene, count)
    history = records(HistoryRow, count, ROOM)
    advance(scene, batch, events, history=history)
    return batch, events, [rows[: min(int(tick), ROOM)] for rows, tick in zip(history, batch.states["tick"], strict=True)]


def coasting_scene(epoch_tdb_s: float, span_s: float, degree: int, third_bodies: bool) -> Scene:
    """A world at any epoch, its series fitted over `span_s` [s], with the direct harmonic sum to `degree` everywhere."""
    wp.init()
    mission = load("resilience")
    relief = build_relief(mission.environment.relief, mission.site.latitude_deg, mission.site.longitude_deg)
    world = World()
    world.orientation = fit_orientation(epoch_tdb_s, -60.0, span_s + 60.0)
    world.bodies = fit_third_bodies(epoch_tdb_s, -60.0, span_s + 60.0)
    world.harmonics = harmonics_struct(load_coefficients(degree))
    world.corridor = no_corridor()
    world.relief = relief
    world.third_bodies = third_bodies
    world.direct_field = True
    world.marks = wp.array(np.zeros(0), dtype=real, device="cpu")
    on_board = OnBoard()
    on_board.orientation, on_board.harmonics, on_board.corridor, on_board.relief = world.orientation, world.harmonics, world.corridor, relief
    planned = landing_scene()
    return replace(planned, world=world, on_board=on_board, marks_m=np.zeros(0), keep=[relief])


def coasting_lander(
    scene: Scene, position: np.ndarray, velocity: np.ndarray, attitude: Any = (0, 0, 0, 1), rate: Any = (0, 0, 0), time_s: float = 0.0
) -> Batch:
    """One lander without a computer, from position [m], velocity [m/s], attitude (mci from body) and rate [rad/s, body] at `time_s`."""
    parts = truth_packs(scene.mission, 1)
    packs: Any = records(FlightPack, 1)
    packs["lander"], packs["environment"], packs["passive"], packs["structural_speed"] = parts["lander"], parts["environment"], True, 6.0
    states: Any = records(FlightState, 1)
    body = states["body"]
    body["position"], body["velocity"], body["attitude"], body["rate"] = position, velocity, attitude, rate
    load_tanks(states["lander"], packs["lander"], packs["lander"]["mass"]["main_loaded"])
    states["lander"]["rcs_left"] = packs["lander"]["mass"]["rcs_loaded"]
    states["contact"]["time"] = states["dry_time"] = -1.0
    states["time"], states["status"] = time_s, FLYING
    return Batch(np.zeros(1, np.int64), {}, packs, states)


def coast(scene: Scene, batch: Batch, until_s: float, step_s: float) -> np.ndarray:
    """The state (a row of the kernel's) after coasting to `until_s` [s past the epoch] with truth steps of `step_s`; `batch` is left as it was."""
    flown = Batch(batch.runs, batch.drawn, batch.packs.copy(), batch.states.copy())
    flown.packs["passive_step"] = step_s
    advance(scene, flown, new_events(scene, 1), until_s=until_s, threads=1)
    return flown.states[0]


def parts_of(mission: Mission, main_kg: float | None = None, rcs_kg: float | None = None) -> list[tuple[float, np.ndarray, np.ndarray]]:
    """Mass [kg], centre [m, body] and moments about it [kg m²] of a lander: dry, fuel, oxidiser, attitude propellant; full or as given.

    The liquids are taken apart into discs by Gauss's rule, their surface found by Newton's method.
    """
    mass, tanks = mission.lander.mass, mission.lander.tanks
    main = mass.main_loaded_kg if main_kg is None else main_kg
    parts = [(mass.dry_mass_kg, np.array(mass.dry_cg_m), np.array(mass.dry_inertia_kg_m2))]
    for tank, kg in ((tanks.fuel, main / (1.0 + tanks.loaded_ratio)), (tanks.oxidiser, main * tanks.loaded_ratio / (1.0 + tanks.loaded_ratio))):
        y, before, share = 0.0, np.inf, 4.0 / 3.0 * kg / tank.room_kg
        for _ in range(50):
            if abs(y - before) < 1e-15:
                break
            before, y = y, min(max(y - (2.0 / 3.0 + y - y**3 / 3.0 - share) / max(1.0 - y * y, 1e-6), -1.0), 1.0)
        z, weight = DISCS
        z, weight = (-1.0 + (z + 1.0) * (y + 1.0) / 2.0) * tank.radius_m, weight * (1.0 - ((z + 1.0) * (y + 1.0) / 2.0 - 1.0) ** 2)
        weight = kg * weight / weight.sum()
        spread, middle = (tank.radius_m**2 - z**2) / 4.0, float(weight @ z / kg)
        across = float(weight @ (spread + (z - middle) ** 2)) + kg * tank.ring_radius_m**2 / 2.0
        own = np.array([across, across, float(weight @ spread) * 2.0 + kg * tank.ring_radius_m**2])
        parts.append((kg, np.add(tank.position_m, (0.0, 0.0, middle)), own))
    return [*parts, (mass.rcs_loaded_kg if rcs_kg is None else rcs_kg, np.array([0.0, 0.0, mass.rcs_tank_height_m]), np.zeros(3))]


def cg_of(mission: Mission, main_kg: float | None = None, rcs_kg: float | None = None) -> np.ndarray:
    """Centre of mass [m, body] of a mission's lander with full or given tanks."""
    return _centre(parts_of(mission, main_kg, rcs_kg))


def _centre(parts: list[tuple[float, np.ndarray, np.ndarray]]) -> np.ndarray:
    return np.asarray(sum(m * at for m, at, _ in parts) / sum(m for m, _, _ in parts))


def inertia_of(mission: Mission, main_kg: float | None = None, rcs_kg: float | None = None) -> np.ndarray:
    """Moments of inertia [kg m²] of a mission's lander with full or given tanks, by the parallel-axis theorem on the mission file's numbers."""
    parts = parts_of(mission, main_kg, rcs_kg)
    cg = _centre(parts)
    return np.asarray(sum(own + m * ((at - cg) @ (at - cg) - (at - cg) ** 2) for m, at, own in parts))
