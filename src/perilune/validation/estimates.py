"""The estimates of a campaign against SciPy, published numbers of runs, and closed forms of a rare loss."""

import math
from collections.abc import Callable

import numpy as np

from perilune.campaigns.demonstration import runs_without_loss
from perilune.campaigns.intervals import clopper_pearson, wilson
from perilune.campaigns.subset_simulation import RareLoss, subset_simulation
from perilune.validation.rows import Check, Measured

COUNTS = ((0, 1), (1, 1), (0, 30), (27, 30), (30, 30), (97, 100), (163, 163), (970, 1000), (19_400, 20_000))
HANSON_AND_BEARD = ((0.99, 230), (0.9973, 852), (0.999, 2302))  # J. Spacecraft and Rockets 49 (2012), consumer risk 10 %, as quoted
REPETITIONS = 100
NOISE = 0.1  # share of the limit's variance that is hidden behind the noise key
RARE, INPUTS = 1e-5, 10


def intervals() -> Measured:
    """Largest difference of an end of an interval from SciPy's, confidences 0.5 to 0.997."""
    from scipy.stats import binomtest

    worst = 0.0
    for landed, runs in COUNTS:
        for confidence in (0.5, 0.9, 0.95, 0.997):
            for ours, method in ((wilson, "wilson"), (clopper_pearson, "exact")):
                theirs = binomtest(landed, runs).proportion_ci(confidence, method=method)
                low, high = ours(landed, runs, confidence)
                worst = max(worst, abs(low - theirs.low), abs(high - theirs.high))
    return worst


def published_runs() -> Measured:
    """Largest difference from the published numbers of runs without a loss."""
    found = [runs_without_loss(share, 0.9) for share, _ in HANSON_AND_BEARD]
    return float(max(abs(n - published) for n, (_, published) in zip(found, HANSON_AND_BEARD, strict=True))), ", ".join(map(str, found))


def hidden_normals(keys: np.ndarray, stream: int) -> np.ndarray:
    """A standard normal that a noise key alone decides, as the draws of a flight are decided by seed and run."""
    from scipy.special import ndtri

    z = (keys.astype(np.uint64) + np.uint64(stream << 32)) * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        z = (z ^ (z >> np.uint64(shift))) * np.uint64(factor)
    return ndtri(((z ^ (z >> np.uint64(31))) >> np.uint64(11)).astype(float) * 2.0**-53 + 2.0**-54)


def linear_limit(stream: int) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """A limit that is passed with the probability `RARE`: one normal, of all inputs and of the hidden one."""
    from scipy.special import ndtri

    distance = -float(ndtri(RARE))

    def margins(inputs: np.ndarray, keys: np.ndarray) -> np.ndarray:
        known = math.sqrt((1.0 - NOISE) / INPUTS) * inputs.sum(axis=1)
        return distance - known - math.sqrt(NOISE) * hidden_normals(keys, stream)

    return margins


def repetitions() -> list[RareLoss]:
    return [subset_simulation(linear_limit(seed), INPUTS, seed=seed) for seed in range(REPETITIONS)]


def rare_loss() -> Measured:
    """Mean of the repetitions, relative to the closed form, in percent."""
    found = repetitions()
    flights = np.mean([run.evaluations for run in found])
    return abs(100.0 * (float(np.mean([run.probability or 0.0 for run in found])) / RARE - 1.0)), f"{flights:.0f} runs each"


def told_spread() -> Measured:
    """Spread of the repetitions against the coefficient of variation that they tell, in percent."""
    found = repetitions()
    seen = float(np.std([run.probability or 0.0 for run in found])) / RARE
    told = math.sqrt(float(np.mean([(run.coefficient_of_variation or 0.0) ** 2 for run in found])))
    return abs(100.0 * (seen / told - 1.0)), f"{seen:.2f} seen, {told:.2f} told"


CHECKS = [
    Check("intervals", "ends of Wilson's and Clopper and Pearson's interval, 36 cases", "SciPy, binomtest", 1e-12, "1", intervals, ("scipy",)),
    Check("runs without a loss", "runs that show 0.99, 0.9973, 0.999 at 0.9", "Hanson and Beard 2012: 230, 852, 2302", 0.0, "runs", published_runs),
    Check("rare loss", "subset simulation at 1e-5, a tenth from noise, mean of 100", "closed form of a linear limit", 15.0, "%", rare_loss),
    Check("rare loss, spread", "coefficient of variation as told", "that of the 100 repetitions", 40.0, "%", told_spread),
]
