"""Fading near the ground: the signal that the ground mirrors towards the Earth meets the direct one, and adds to it or takes from it.

Two rays over a plane through the ground below the lander. The mirrored one is longer by 2 h sin ψ at a height h with the Earth ψ above the horizon;
it is weakened by the ground's reflection in the wave's own sense of circular polarisation, by roughness and by the curved Moon, and leaves the
antenna in another direction, with another gain. As the lander descends the two run through all phases, many times a frame at X band; at rest they
stay as they are.

Assumptions and limitations: one specular point on level ground; no diffuse echo, which at these angles is spread over kilohertz and counts as noise
far below the receiver's; dry dielectric ground of one permittivity; heights about the mean plane are Gaussian with a deviation that grows with the
size of the mirroring spot (the first Fresnel zone) as on self-affine ground; the record's 10 Hz samples the phase, it does not follow it.
Sources: permittivity of about 3 from reflections of Luna 11's signals (Yakovlev and Efimov 1967); Fresnel's coefficients; roughness after Ament
1953, exp(−g²/2) with g = 4 π σ sin ψ / λ; divergence by a sphere as in ITU-R P.680; the deviation, 1 cm at 1 m and growing as its power 0.8, is
assumed after lunar Hurst exponents of 0.7 to 0.95 (Rosenburg et al. 2011, recalled).
"""

import numpy as np

from perilune.environment.relief_site import RADIUS_M

PERMITTIVITY = 3.0
ROUGHNESS_M, ROUGHNESS_GROWTH = 0.01, 0.8  # assumed: deviation over a spot of 1 m, and the power with which it grows with the spot


def co_polar_reflection(grazing_rad: np.ndarray, permittivity: float = PERMITTIVITY) -> np.ndarray:
    """Reflection of a circular wave into its own sense by smooth ground, the mean of Fresnel's two coefficients; real, sign as it comes."""
    sine = np.sin(grazing_rad)
    root = np.sqrt(permittivity - 1.0 + sine**2)
    across, along = (sine - root) / (sine + root), (permittivity * sine - root) / (permittivity * sine + root)
    return np.asarray(0.5 * (across + along))


def roughness_factor(grazing_rad: np.ndarray, height_m: np.ndarray, wavelength_m: float) -> np.ndarray:
    """What roughness leaves of the mirrored field, 0 to 1."""
    sine = np.maximum(np.sin(grazing_rad), 1.0e-6)
    spot = np.sqrt(wavelength_m * np.maximum(height_m, 0.0) / sine) / sine  # along the way, half the first Fresnel zone
    deviation = ROUGHNESS_M * spot**ROUGHNESS_GROWTH
    return np.asarray(np.exp(-0.5 * (4.0 * np.pi * deviation * sine / wavelength_m) ** 2))


def divergence_factor(grazing_rad: np.ndarray, height_m: np.ndarray) -> np.ndarray:
    """What the curved Moon leaves of the mirrored field, 0 to 1, for a receiver at infinity: 1 / √(1 + 2 h / (R sin ψ))."""
    sine = np.maximum(np.sin(grazing_rad), 1.0e-6)
    return np.asarray(1.0 / np.sqrt(1.0 + 2.0 * np.maximum(height_m, 0.0) / (RADIUS_M * sine)))


def fading(
    grazing_rad: np.ndarray, height_m: np.ndarray, wavelength_m: float, direct_gain_db: np.ndarray, mirrored_gain_db: np.ndarray
) -> np.ndarray:
    """Received power over that of the direct ray alone, a ratio, shape (n,); 1 with the Earth below the horizon.

    `grazing_rad` is the Earth's elevation above the plane, `height_m` the antenna's height, the gains those of the antenna towards the Earth
    and towards its mirror image.
    """
    strength = co_polar_reflection(grazing_rad) * roughness_factor(grazing_rad, height_m, wavelength_m) * divergence_factor(grazing_rad, height_m)
    strength = strength * 10.0 ** ((mirrored_gain_db - direct_gain_db) / 20.0)
    turns = np.mod(2.0 * height_m * np.sin(grazing_rad) / wavelength_m, 1.0)
    together = 1.0 + strength**2 + 2.0 * strength * np.cos(2.0 * np.pi * turns)
    return np.where((grazing_rad > 0.0) & (height_m > 0.0), together, 1.0)
