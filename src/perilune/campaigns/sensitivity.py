"""Sensitivity: which of the inputs that were dispersed move the outcome of a landing, read from the campaign's own runs.

Two measures stand side by side. PAWN looks at the whole distribution of an outcome: the runs are cut into slices of an input, and the index is the
largest distance between the distribution function of a slice and that of all runs (Kolmogorov-Smirnov), as the mean over the slices. Spearman's rank
correlation has a sign, and sees only what rises or falls throughout. Each has a bound that none of the inputs would pass by chance if none had a say.

Assumptions and limitations: an input that acts only together with another shows weakly or not at all, and inputs drawn as correlated share what each
of them does. The bounds hold for independent runs; those of a Latin hypercube or a Sobol plan scatter less, so there they are cautious.

Source: Pianosi and Wagener (2018), Distribution-based sensitivity analysis from a generic input-output sample, Environmental Modelling & Software
108, 197-207 (PAWN from given data, and dummy inputs as the bound of chance); computed by SALib (Herman and Usher 2017).
"""

from functools import cache
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from perilune.mission.dispersions import components
from perilune.mission.schema import Mission

if TYPE_CHECKING:
    import polars as pl

OUTCOMES = (
    "margin_to_limit",
    "touchdown_vertical_speed_m_s",
    "touchdown_horizontal_speed_m_s",
    "touchdown_miss_m",
    "propellant_left_kg",
)
SLICES = 10
LEAST_RUNS = 100  # ten a slice; fewer say nothing about a distribution
MOST_RUNS = 20_000  # the first of them; the rank of an input does not change beyond, and the time does
DUMMIES = 1000  # inputs without a say, by which the bound of chance is found
CONFIDENCE = 0.95  # that none of the inputs passes either bound by chance
SHOWN = 15  # inputs that campaign.json keeps of each outcome, where fewer are told from nothing
P_VALUE_RUNS = 10_000  # beyond which scipy's p-value, which is not used here, costs nothing


def sensitivity_of(table: "pl.DataFrame", mission: Mission) -> dict[str, Any]:
    """Key `sensitivity` of `campaign.json`: for each outcome its inputs, the one that moves it most first.

    Runs that have no such number (that never touched, or are invalid) are left out and counted.
    """
    inputs = inputs_of(table, mission)
    made = [outcome_of(table[name].to_numpy().astype(float), inputs, name) for name in OUTCOMES if name in table.columns]
    return {"method": f"PAWN, mean over {SLICES} slices, and Spearman's rank correlation", "confidence": CONFIDENCE, "outcomes": made}


def inputs_of(table: "pl.DataFrame", mission: Mission) -> dict[str, np.ndarray]:
    """What differs from run to run, shape (n,) each: drawn numbers by their paths, and of each fault that was drawn whether a run has it (0 or 1)."""
    import polars as pl

    paths = [path for dispersion in mission.dispersions for path in components(mission, dispersion.path)]
    found = {path: table[path].to_numpy().astype(float) for path in paths if path in table.columns}
    if "faults" in table.columns:
        names = table["faults"].list.eval(pl.element().cast(pl.String).str.split("@").list.first())
        for fault in sorted(set(names.explode().drop_nulls().to_list())):
            found[f"fault {fault}"] = names.list.contains(fault).to_numpy().astype(float)
    return {name: values for name, values in found.items() if len(values) and np.ptp(values) > 0.0}


def outcome_of(outcome: np.ndarray, inputs: dict[str, np.ndarray], name: str) -> dict[str, Any]:
    """What moves one outcome, shape (n,), NaN where a run has none."""
    there = np.flatnonzero(np.isfinite(outcome))
    about: dict[str, Any] = {"outcome": name, "runs": min(len(there), MOST_RUNS), "left_out": len(outcome) - len(there)}
    there = there[:MOST_RUNS]
    y = outcome[there]
    chosen = {key: values[there] for key, values in inputs.items() if len(there) and np.ptp(values[there]) > 0.0}
    if len(there) < LEAST_RUNS or not chosen or np.ptp(y) == 0.0:
        few = f"{len(there)} runs have this number; {LEAST_RUNS} are needed"
        return {
            **about,
            "inputs": [],
            "not": few if len(there) < LEAST_RUNS else "no input differs from run to run" if not chosen else "all runs are alike",
        }
    x = ranks(np.stack(list(chosen.values()), axis=1))
    indices, correlations = pawn(x, y), spearman(np.stack(list(chosen.values()), axis=1), y)
    one = 1.0 - (1.0 - CONFIDENCE) / 2.0 / len(chosen)
    pawn_bound, spearman_bound = bound_of_chance(len(y), one), correlation_bound(len(y), one)
    order = np.argsort(-indices, kind="stable")
    distinct = (indices > pawn_bound) | (np.abs(correlations) > spearman_bound)
    names = list(chosen)
    rows = [
        {"path": names[i], "pawn": float(indices[i]), "spearman": float(correlations[i]), "distinct": bool(distinct[i])}
        for k, i in enumerate(order)
        if k < SHOWN or distinct[i]
    ]
    said = {"inputs_in_all": len(names), "distinct": int(distinct.sum()), "pawn_bound": pawn_bound, "spearman_bound": spearman_bound}
    return {**about, **said, "inputs": rows}


def pawn(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The index of each column of inputs `x`, shape (n, k), for an outcome `y`, shape (n,); from 0, no say, towards 1."""
    from SALib.analyze import pawn as salib

    times = 1 if len(y) < 1000 else P_VALUE_RUNS // len(y) + 1  # a repeated sample has the same distribution functions
    problem = {"num_vars": x.shape[1], "names": [str(i) for i in range(x.shape[1])]}
    made = salib.analyze(problem, np.tile(x, (times, 1)), np.tile(y, times), S=SLICES)
    return np.asarray(made["mean"], dtype=float)


def ranks(x: np.ndarray, seed: int = 0) -> np.ndarray:
    """Each column as ranks 0 to n - 1, equal values in random order: slices hold equally many runs, also those of an input of few values."""
    shuffled = np.random.default_rng(seed).permutation(len(x))
    out = np.empty(x.shape)
    for k in range(x.shape[1]):
        out[shuffled[np.argsort(x[shuffled, k], kind="stable")], k] = np.arange(len(x))
    return out


def spearman(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Rank correlation of each column of `x`, shape (n, k), with `y`, shape (n,), -1 to 1; equal values share their mean rank."""
    from scipy.stats import rankdata

    a, b = rankdata(x, axis=0), rankdata(y)
    a, b = a - a.mean(axis=0), b - b.mean()
    return np.asarray((b @ a) / np.sqrt((a**2).sum(axis=0) * (b**2).sum()))


def bound_of_chance(n: int, probability: float, dummies: int = DUMMIES, seed: int = 0) -> float:
    """PAWN index that an input without a say stays below with `probability`, at `n` runs: from dummy inputs.

    It holds for every outcome, whose distribution does not matter (equal values of the outcome only make the index of chance smaller). The far
    quantile is that of a gamma distribution with the dummies' mean, spread and skewness.
    """
    from scipy.stats import pearson3, skew

    made = dummy_indices(n, dummies, seed)
    return float(pearson3.ppf(probability, skew(made), loc=made.mean(), scale=made.std(ddof=1)))


@cache
def dummy_indices(n: int, dummies: int, seed: int = 0) -> np.ndarray:
    """PAWN indices, shape (dummies,), of inputs in random order."""
    generator, order = np.random.default_rng(seed), np.arange(n)
    edges = np.quantile(order, np.linspace(0.0, 1.0, SLICES + 1))
    slices = (np.searchsorted(edges, order, side="right") - 1).astype(np.int8)  # the last run of all lies in none, as SALib has it
    of_all = np.arange(1, n + 1) / n
    out = np.empty(dummies)
    for i in range(dummies):
        mixed = generator.permutation(slices)
        out[i] = np.mean([_distance(mixed == s, of_all) for s in range(SLICES)])
    return out


def _distance(is_inside: np.ndarray, of_all: np.ndarray) -> float:
    """Largest distance between the distribution function of some of the sorted outcomes and that of all."""
    of_some = np.cumsum(is_inside)
    return float(np.abs(of_some / of_some[-1] - of_all).max())


def correlation_bound(n: int, probability: float) -> float:
    """Size of the rank correlation that an input without a say stays below with `probability`, at `n` runs: normal with 1 / (n - 1) variance."""
    return NormalDist().inv_cdf(0.5 + probability / 2.0) / float(np.sqrt(n - 1))
