"""The field in the kernel against pyshtools, which reads the PDS table for itself."""

import numpy as np
import warp as wp

from perilune.base.vector import vec3
from perilune.environment.gravity import Harmonics, central_acceleration, harmonic_acceleration, harmonics_struct, load_coefficients
from perilune.validation import strangers
from perilune.validation.rows import Check

POINTS = 60
DEGREES = (8, 50, 150)


@wp.kernel(module="unique")
def total_acceleration(field: Harmonics, position: wp.array(dtype=vec3), total: wp.array(dtype=vec3)):  # type: ignore[valid-type]
    """The whole field [m/s²] at positions [m] in pa."""
    i = wp.tid()
    total[i] = central_acceleration(field.gm, position[i]) + harmonic_acceleration(field, position[i])


def accelerations(degree: int, position_pa: np.ndarray) -> np.ndarray:
    """The kernel's acceleration [m/s²], shape (n, 3), at positions [m] in pa."""
    total = wp.zeros(len(position_pa), dtype=vec3, device="cpu")
    field = harmonics_struct(load_coefficients(degree))
    wp.launch(total_acceleration, len(position_pa), [field, wp.array(position_pa, dtype=vec3, device="cpu")], [total], device="cpu")
    out: np.ndarray = total.numpy()
    return out


def worst_difference(degree: int) -> float:
    """Largest relative difference at points all around the Moon, from the surface to 700 km."""
    draws = np.random.default_rng(degree)
    direction = draws.normal(size=(POINTS, 3))
    position = direction / np.linalg.norm(direction, axis=1, keepdims=True) * draws.uniform(1738.0e3, 2438.0e3, (POINTS, 1))
    field = strangers.field_acceleration(degree)
    reference = np.array([field(r) for r in position])
    difference = np.linalg.norm(accelerations(degree, position) - reference, axis=1) / np.linalg.norm(reference, axis=1)
    return float(difference.max())


CHECKS = [
    Check(
        f"gravity, degree {degree}",
        f"acceleration at {POINTS} points from the surface to 700 km, relative",
        "pyshtools, MakeGravGridPoint",
        1e-12,
        "",
        lambda degree=degree: worst_difference(degree),  # type: ignore[misc]
        strangers.FIELD_PEERS,
    )
    for degree in DEGREES
]
