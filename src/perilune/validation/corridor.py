"""The corridor table against the direct harmonic sum, along the path that the planned landing of Resilience flies."""

import numpy as np
import warp as wp

from perilune.base.vector import real, vec3
from perilune.environment.gravity import harmonic_acceleration
from perilune.environment.gravity_corridor import corridor_acceleration, inside_corridor
from perilune.environment.orientation import quat_pa_from_mci
from perilune.flight.state import World
from perilune.validation import scenes
from perilune.validation.rows import Check, Measured


@wp.kernel(module="unique")
def both_fields(
    world: World,
    position: wp.array(dtype=vec3),  # type: ignore[valid-type]
    time: wp.array(dtype=real),  # type: ignore[valid-type]
    table: wp.array(dtype=vec3),  # type: ignore[valid-type]
    direct: wp.array(dtype=vec3),  # type: ignore[valid-type]
    inside: wp.array(dtype=wp.int32),  # type: ignore[valid-type]
):
    """The residual [m/s², pa] from the table and from the sum, and whether the table serves the place."""
    i = wp.tid()
    r_pa = wp.quat_rotate(quat_pa_from_mci(world.orientation, time[i]), position[i])
    table[i] = corridor_acceleration(world.corridor, world.harmonics, r_pa)
    direct[i] = harmonic_acceleration(world.harmonics, r_pa)
    inside[i] = wp.where(inside_corridor(world.corridor, r_pa), 1, 0)


def worst_difference() -> Measured:
    """Largest difference [m/s²] every five seconds from the descent burn to the ground; all of the path must lie inside the table."""
    scene, (_, _, rows) = scenes.landing_scene(), scenes.planned_flight()
    rows = rows[::50]
    outputs = [wp.zeros(len(rows), dtype=vec3, device="cpu") for _ in range(2)] + [wp.zeros(len(rows), dtype=wp.int32, device="cpu")]
    inputs = [wp.array(np.ascontiguousarray(rows[name]), dtype=kind, device="cpu") for name, kind in (("position_mci", vec3), ("time", real))]
    wp.launch(both_fields, len(rows), [scene.world, *inputs], outputs, device="cpu")
    table, direct, inside = (o.numpy() for o in outputs)
    if not inside.all():
        raise ValueError(f"{np.count_nonzero(inside == 0)} of {len(rows)} places of the flight lie outside the table")
    difference = np.linalg.norm(table - direct, axis=1)
    below = float(difference[rows["altitude"] < 30e3].max())
    return float(difference.max()), f"{len(rows)} places, {below:.1e} m/s² below 30 km, root mean square {np.sqrt((difference**2).mean()):.1e}"


CHECKS = [
    Check(
        "corridor table",
        "acceleration along the planned flight, burn to ground, degrees 2 to 150",
        "the direct sum (itself held against pyshtools)",
        2e-6,
        "m/s²",
        worst_difference,
    )
]
