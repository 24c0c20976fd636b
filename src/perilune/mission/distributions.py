"""Distributions: what a dispersion's draw is, given a uniform or a normal deviate, and its mean and spread.

`own` is the value that stands in the mission, about which a dispersion moves it; everything is in the file's units.
"""

import math
from statistics import NormalDist

import numpy as np

from perilune.mission.dispersions import Dispersion

NORMAL = NormalDist()
OF_NORMAL_DEVIATES = ("normal", "log_normal")


def from_normals(dispersion: Dispersion, own: float, z: np.ndarray) -> np.ndarray:
    """Values, shape (n,), of standard normal deviates; only for the distributions `OF_NORMAL_DEVIATES`."""
    if dispersion.distribution == "log_normal":
        return own * np.exp(float(dispersion.sigma_ln or 0.0) * z)
    return own + sigma_about(dispersion, own) * z


def from_uniforms(dispersion: Dispersion, own: float, u: np.ndarray) -> np.ndarray:
    """Values, shape (n,), of uniform deviates in (0, 1), by the inverse of the distribution's cumulative function."""
    match dispersion.distribution:
        case "fixed":
            return np.full(len(u), dispersion.value, dtype=np.float64)
        case "uniform":
            return own + float(dispersion.half_width or 0.0) * (2.0 * u - 1.0)
        case "choice":
            edges = np.cumsum(shares_of(dispersion))[:-1]
            return np.array(dispersion.values)[np.searchsorted(edges, u, side="right")]
        case "truncated_normal":
            below = NORMAL.cdf(-float(dispersion.cut_sigma or 0.0))
            return own + sigma_about(dispersion, own) * normals_of(below + (1.0 - 2.0 * below) * u)
        case _:
            return from_normals(dispersion, own, normals_of(u))


def normals_of(u: np.ndarray) -> np.ndarray:
    """Standard normal deviates, shape (n,), of uniform ones in (0, 1)."""
    return np.array([NORMAL.inv_cdf(value) for value in u.tolist()])


def shares_of(dispersion: Dispersion) -> np.ndarray:
    """The probability of each of the values of a `choice`."""
    weights = np.array(dispersion.weights if dispersion.weights else np.ones(len(dispersion.values)))
    return weights / weights.sum()


def sigma_about(dispersion: Dispersion, own: float) -> float:
    """The sigma that the file names, of a normal before it is cut."""
    if dispersion.sigma_percent is not None:
        return abs(own) * dispersion.sigma_percent / 100.0
    return dispersion.sigma or 0.0


def mean_of(dispersion: Dispersion, own: float) -> float:
    """The mean of what is drawn."""
    match dispersion.distribution:
        case "fixed":
            return float(dispersion.value or 0.0)
        case "log_normal":
            return own * math.exp(0.5 * float(dispersion.sigma_ln or 0.0) ** 2)
        case "choice":
            return float(shares_of(dispersion) @ np.array(dispersion.values))
        case _:
            return own


def sigma_of(dispersion: Dispersion, own: float) -> float:
    """The standard deviation of what is drawn; of the truncated normal sigma sqrt(1 - 2 c φ(c) / (2 Φ(c) - 1)), c where it is cut."""
    match dispersion.distribution:
        case "fixed":
            return 0.0
        case "uniform":
            return float(dispersion.half_width or 0.0) / 3.0**0.5
        case "log_normal":
            return mean_of(dispersion, own) * math.sqrt(math.expm1(float(dispersion.sigma_ln or 0.0) ** 2))
        case "choice":
            away = np.array(dispersion.values) - mean_of(dispersion, own)
            return math.sqrt(float(shares_of(dispersion) @ away**2))
        case "truncated_normal":
            cut = float(dispersion.cut_sigma or 0.0)
            kept = math.sqrt(1.0 - 2.0 * cut * NORMAL.pdf(cut) / (2.0 * NORMAL.cdf(cut) - 1.0))
            return sigma_about(dispersion, own) * kept
        case _:
            return sigma_about(dispersion, own)
