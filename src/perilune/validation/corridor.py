"""The corridor table against the direct harmonic sum, along the paths that the landings of Resilience fly."""

import numpy as np
import warp as wp

from perilune.base.vector import real, vec3
from perilune.environment.gravity import harmonic_acceleration
from perilune.environment.gravity_corridor import corridor_acceleration, inside_corridor
from perilune.environment.orientation import quat_pa_from_mci
from perilune.flight.setup import Scene, build_scene
from perilune.flight.state import World
from perilune.mission.loader import load
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


def worst_difference(scene: Scene, flights: list[np.ndarray]) -> Measured:
    """Largest difference [m/s²] every five seconds from the descent burn to the ground; all of the paths must lie inside the table."""
    rows = [flight[::50] for flight in flights]
    position, time, altitude = (np.concatenate([np.ascontiguousarray(r[name]) for r in rows]) for name in ("position_mci", "time", "altitude"))
    outputs = [wp.zeros(len(time), dtype=vec3, device="cpu") for _ in range(2)] + [wp.zeros(len(time), dtype=wp.int32, device="cpu")]
    inputs = [wp.array(position, dtype=vec3, device="cpu"), wp.array(time, dtype=real, device="cpu")]
    wp.launch(both_fields, len(time), [scene.world, *inputs], outputs, device="cpu")
    table, direct, inside = (o.numpy() for o in outputs)
    if not inside.all():
        raise ValueError(f"{np.count_nonzero(inside == 0)} of {len(time)} places of the flight lie outside the table")
    difference = np.linalg.norm(table - direct, axis=1)
    below = float(difference[altitude < 30e3].max())
    return float(difference.max()), f"{len(time)} places, {below:.1e} m/s² below 30 km, root mean square {np.sqrt((difference**2).mean()):.1e}"


def planned() -> Measured:
    return worst_difference(scenes.landing_scene(), [scenes.planned_flight()[2]])


def as_flown() -> Measured:
    scene = build_scene(load("resilience", case="as-flown"))
    return worst_difference(scene, scenes.flown(scene, None, 1)[2])


def dispersed() -> Measured:
    return worst_difference(scenes.landing_scene(), scenes.flown(scenes.landing_scene(), 1, 4)[2])


WHAT, REFERENCE = "acceleration of degrees 2 to 150, burn to ground,", "the direct sum (itself held against pyshtools)"
CHECKS = [
    Check("corridor table, planned flight", f"{WHAT} along the undispersed planned flight", REFERENCE, 2e-6, "m/s²", planned),
    Check("corridor table, as-flown case", f"{WHAT} along the undispersed as-flown case", REFERENCE, 2e-6, "m/s²", as_flown),
    Check("corridor table, dispersed flights", f"{WHAT} along four dispersed flights", REFERENCE, 2e-6, "m/s²", dispersed),
]
