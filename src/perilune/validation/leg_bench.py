"""A lander put on planes in the kernel's own model of its legs: drops, slides and falls for the checks of that model, many at a time."""

from typing import Any

import numpy as np
import warp as wp

from perilune.base.parameters import fill
from perilune.base.start_warp import start_warp
from perilune.base.structs import records
from perilune.base.vector import ZERO, real, vec3
from perilune.lander.legs import Legs, LegsParams
from perilune.lander.on_legs import OnLegs, kinetic, lay_ground, move_on_legs, set_pads, steps_on_legs, stored

FALLEN = wp.constant(real(0.25881904510252074))  # cos 75°


@wp.struct
class Drop:
    """One case: a body at its start, gravity, and the plane under each pad as the rows of two matrices."""

    legs: LegsParams
    body: OnLegs
    gravity: vec3
    force: vec3
    points: wp.types.matrix(shape=(4, 3), dtype=real)
    normals: wp.types.matrix(shape=(4, 3), dtype=real)


@wp.struct
class Moment:
    """The body at one instant, with its energy [J] by where it is."""

    time: real
    body: OnLegs
    kinetic: real
    stored: real
    highest_load: real  # N, of any pad so far


@wp.kernel(module="unique", module_options={"max_unroll": 4})
def drop_all(drops: wp.array(dtype=Drop), span: real, every: real, out: wp.array2d(dtype=Moment)):
    i = wp.tid()
    d = drops[i]
    b = d.body
    set_pads(d.legs, b)
    lay_ground(b.pad0, d.points[0], d.normals[0])
    lay_ground(b.pad1, d.points[1], d.normals[1])
    lay_ground(b.pad2, d.points[2], d.normals[2])
    lay_ground(b.pad3, d.points[3], d.normals[3])
    steps = steps_on_legs(d.legs, b, every)
    h = every / real(steps)
    highest = ZERO
    cosine = ZERO + wp.quat_rotate(b.attitude, vec3(0.0, 0.0, 1.0))[2]
    for row in range(out.shape[1]):
        m = Moment()
        m.time = every * real(row)
        m.body = b
        m.kinetic = kinetic(b)
        m.stored = stored(d.legs, b)
        m.highest_load = highest
        out[i, row] = m
        if cosine >= FALLEN:
            for _ in range(steps):
                move_on_legs(d.legs, b, d.gravity, d.force, vec3(0.0, 0.0, 0.0), h)
                highest = wp.max(highest, wp.max(wp.max(b.pad0.load, b.pad1.load), wp.max(b.pad2.load, b.pad3.load)))
            cosine = wp.quat_rotate(b.attitude, vec3(0.0, 0.0, 1.0))[2]


def level(slope_deg: float, count: int = 1) -> np.ndarray:
    """`count` cases without legs and body: gravity of 1.62 m/s² on one plane that falls by `slope_deg` towards +x, its frame along the plane."""
    drops = records(Drop, count)
    a = np.radians(slope_deg)
    drops["gravity"] = 1.62 * np.array([np.sin(a), 0.0, -np.cos(a)])
    drops["normals"][..., 2] = 1.0
    drops["body"]["attitude"][:, 3] = 1.0
    return drops


def put(drops: np.ndarray, legs: Legs, mass_kg: float, cg_height_m: float, inertia_kg_m2: tuple[float, float, float]) -> None:
    """Give every case these legs and this body, its pads touching the plane z = 0 with the body's axis along z."""
    for drop in drops:
        fill(drop["legs"], legs)
    drops["body"]["mass"], drops["body"]["inertia"] = mass_kg, inertia_kg_m2
    drops["body"]["cg"][:, 2], drops["body"]["position"][:, 2] = cg_height_m, cg_height_m


def run(drops: np.ndarray, span_s: float, every_s: float = 0.02) -> np.ndarray:
    """`Moment`s of every case, shape (cases, rows), one each `every_s` from the start on; a case that has fallen stays as it fell."""
    start_warp()
    out = records(Moment, len(drops), round(span_s / every_s) + 1)
    given = wp.array(drops, dtype=Drop, device="cpu", copy=False)
    wp.launch(
        drop_all, dim=len(drops), inputs=[given, span_s, every_s], outputs=[wp.array(out, dtype=Moment, device="cpu", copy=False)], device="cpu"
    )
    return out


def closure(first: Any, last: Any) -> float:
    """What the energy account of the legs lacks [J] between two moments of a case; the gravity and the engines give, all else takes."""
    body = last["body"]
    given = body["gravity_work"] + body["engine_work"] + first["kinetic"] + first["stored"]
    taken = body["work"]["crush"] + body["work"]["damping"] + body["work"]["friction"] + last["kinetic"] + last["stored"]
    return float(given - taken)
