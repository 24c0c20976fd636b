"""Whether the ground hides the Earth: the way of a radio signal from the lander out into space, held against the relief that is flown over.

Assumptions and limitations: a ray without width, so no diffraction: an edge cuts off at once, while the true field falls over some metres (a
Fresnel zone is 4 m wide 500 m behind an edge at X band). Below 30 m the relief's finest features decide, which are synthetic.
"""

import numpy as np
import warp as wp

from perilune.base.vector import ZERO, real, vec3
from perilune.environment.beam import range_along_beam
from perilune.environment.relief import Relief, ReliefDraw
from perilune.environment.relief_site import RADIUS_M

HIGHEST_GROUND_M = 11_000.0  # above LOLA's highest pixel, 10.6 km, and what craters and rocks add


@wp.kernel(module="unique")
def _met(
    relief: Relief,
    draw: ReliefDraw,
    positions: wp.array(dtype=vec3),  # type: ignore[valid-type]
    directions: wp.array(dtype=vec3),  # type: ignore[valid-type]
    longest: wp.array(dtype=real),  # type: ignore[valid-type]
    met: wp.array(dtype=wp.bool),  # type: ignore[valid-type]
):
    i = wp.tid()
    met[i] = range_along_beam(relief, draw, positions[i], directions[i], longest[i]) >= ZERO


def length_below_highest(positions_me_m: np.ndarray, directions_me: np.ndarray) -> np.ndarray:
    """How far [m] each ray can still meet ground, shape (n,): until it is for good above any ground of the Moon; 0 where it never comes near."""
    highest = RADIUS_M + HIGHEST_GROUND_M
    along = np.sum(positions_me_m * directions_me, axis=1)
    beyond = np.sum(positions_me_m**2, axis=1) - highest**2
    discriminant = along**2 - beyond
    return np.where(discriminant > 0.0, np.maximum(0.0, -along + np.sqrt(np.maximum(discriminant, 0.0))), 0.0)


def is_sky_free(relief: Relief, draw: ReliefDraw, positions_me_m: np.ndarray, directions_me: np.ndarray) -> np.ndarray:
    """Whether rays from `positions_me_m` (n, 3) along the unit vectors `directions_me` (n, 3) leave the Moon without meeting ground, shape (n,)."""
    longest = length_below_highest(positions_me_m, directions_me)
    near = np.flatnonzero(longest > 0.0)
    free = np.ones(len(longest), dtype=bool)
    if near.size:
        inputs = [wp.array(array[near], dtype=kind, device="cpu") for array, kind in ((positions_me_m, vec3), (directions_me, vec3), (longest, real))]
        met = wp.zeros(near.size, dtype=wp.bool, device="cpu")
        wp.launch(_met, near.size, [relief, draw, *inputs], [met], device="cpu")
        free[near] = ~met.numpy()
    return free
