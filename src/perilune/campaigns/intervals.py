"""Intervals of a share of landings: Wilson's score interval, and the exact bounds of Clopper and Pearson.

Assumptions and limitations: the runs are independent and alike (`--sampling independent`), and their number was fixed before the first was flown;
`perilune.campaigns.stopping` has the measured coverage where it was not. Wilson's interval covers 95 % on average over shares, not for each: between
89 and 98 % where fewer than five losses are expected (`perilune.campaigns.exact_coverage` prints it for any share). The exact bounds never cover
less than they claim, and mostly more.

Sources: Wilson (1927), "Probable inference, the law of succession, and statistical inference", J. Am. Stat. Assoc. 22, 209–212; Clopper and Pearson
(1934), "The use of confidence or fiducial limits illustrated in the case of the binomial", Biometrika 26, 404–413; compared by Brown, Cai and
DasGupta (2001), "Interval estimation for a binomial proportion", Statistical Science 16, 101–133, equations 4 and 6 (recalled).
"""

from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike


def two_sided_z(confidence: float) -> float:
    """The standard normal quantile that leaves (1 − confidence)/2 above it; 1.96 at 0.95."""
    return NormalDist().inv_cdf(0.5 + confidence / 2.0)


def wilson(landed: ArrayLike, runs: ArrayLike, confidence: float = 0.95) -> tuple[Any, Any]:
    """Lower and upper end of Wilson's interval, shapes as the arguments broadcast (of numbers: numbers); 0 and 1 where there are no runs."""
    k, n = np.asarray(landed, dtype=np.float64), np.asarray(runs, dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        z2 = two_sided_z(confidence) ** 2
        middle = (k + z2 / 2.0) / (n + z2)
        half = np.sqrt(z2 * (k * (n - k) / n + z2 / 4.0)) / (n + z2)
    low = np.where(k == 0, 0.0, np.maximum(middle - half, 0.0))
    high = np.where(k == n, 1.0, np.minimum(middle + half, 1.0))
    return np.where(n > 0, low, 0.0)[()], np.where(n > 0, high, 1.0)[()]


def wilson_half_width(landed: ArrayLike, runs: ArrayLike, confidence: float = 0.95) -> Any:
    """Half the length of Wilson's interval; 0.5 where there are no runs."""
    low, high = wilson(landed, runs, confidence)
    return (high - low) / 2.0


def lower_bound(landed: ArrayLike, runs: ArrayLike, confidence: float) -> Any:
    """Exact one-sided lower bound of the share: the share at which so many landings or more have a probability of 1 − confidence."""
    from scipy.stats import beta

    k, n = np.asarray(landed, dtype=np.float64), np.asarray(runs, dtype=np.float64)
    return np.where(k == 0, 0.0, beta.ppf(1.0 - confidence, np.maximum(k, 0.5), n - k + 1.0))[()]


def upper_bound(landed: ArrayLike, runs: ArrayLike, confidence: float) -> Any:
    """Exact one-sided upper bound of the share: the share at which so few landings or fewer have a probability of 1 − confidence."""
    k, n = np.asarray(landed, dtype=np.float64), np.asarray(runs, dtype=np.float64)
    return 1.0 - lower_bound(n - k, n, confidence)


def clopper_pearson(landed: ArrayLike, runs: ArrayLike, confidence: float = 0.95) -> tuple[Any, Any]:
    """Both ends of the exact interval, (1 − confidence)/2 beyond each."""
    one_sided = 0.5 + confidence / 2.0
    return lower_bound(landed, runs, one_sided), upper_bound(landed, runs, one_sided)
