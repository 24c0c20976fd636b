"""Ellipses of a cloud of touchdowns: outlines that hold a share of a normal pair, which points lie inside, and how far they reach."""

from dataclasses import dataclass

import numpy as np


def sigmas(share: float) -> float:
    """How many sigma the ellipse reaches that holds `share` of a normal pair (Rayleigh's distribution); 2.45 for 0.95."""
    return float(np.sqrt(-2.0 * np.log1p(-share)))


def ellipse(centre: np.ndarray, covariance: np.ndarray, share: float = 0.95, points: int = 121) -> np.ndarray:
    """Outline (points, 2) of the ellipse that holds `share` of a normal pair."""
    values, vectors = np.linalg.eigh(covariance)
    angle = np.linspace(0.0, 2.0 * np.pi, points)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return np.asarray(centre + sigmas(share) * (circle * np.sqrt(np.maximum(values, 0.0))) @ vectors.T)


def within(points: np.ndarray, centre: np.ndarray, covariance: np.ndarray, share: float = 0.95) -> np.ndarray:
    """Which points (n, 2) lie in that ellipse."""
    off = points - centre
    return np.asarray(np.einsum("ni,ij,nj->n", off, np.linalg.pinv(covariance), off) <= sigmas(share) ** 2)


@dataclass(frozen=True)
class Reach:
    """An ellipse in words: half axes [same unit as the points], and the direction of the longer one, clockwise from north, −90 to 90 [deg]."""

    long: float
    short: float
    azimuth_deg: float


def reach(covariance: np.ndarray, share: float) -> Reach:
    """Half axes of the ellipse of (east, north) points with this covariance that holds `share` of a normal pair."""
    values, vectors = np.linalg.eigh(covariance)
    short, long = sigmas(share) * np.sqrt(np.maximum(values, 0.0))
    east, north = vectors[:, 1]
    return Reach(float(long), float(short), float((np.degrees(np.arctan2(east, north)) + 90.0) % 180.0 - 90.0))
