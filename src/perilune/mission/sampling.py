"""Sampling plans: how the draws of a campaign fill the space of what is dispersed, run by run.

Independent draws are the default. Latin hypercube and Sobol fill it more evenly, in R replicates that are independent of each other, so that the
spread between replicates tells how sure a mean is (that within one does not). Run k belongs to replicate k // (runs // R). A plan spreads uniform
deviates; each distribution turns its own into a value. The noise of a flight is no part of it: that stays keyed by seed and run.

Assumptions and limitations: a Latin hypercube is keyed by path, so one more dispersion moves no other; the dimensions of Sobol are the dispersed
paths in their order of the alphabet, so one more moves those behind it. Sobol's bits are those of SciPy's and NumPy's version.
Sources: McKay, Beckman and Conover 1979 (Latin hypercube); Sobol' 1967 with the directions of Joe and Kuo 2008 and the scrambling of Matoušek 1998,
as the documentation of scipy.stats.qmc names them.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, Protocol, get_args

import numpy as np

from perilune.base.errors import PeriluneError
from perilune.base.random import channel_of, host_uniforms
from perilune.mission.paths import nearest

SamplingKind = Literal["independent", "latin-hypercube", "sobol"]
SOBOL_BITS = 30
MOST_SOBOL_POINTS = 2**SOBOL_BITS
LATIN = "latin-hypercube of "  # before a path, the name of its own stream of draws


class Spread(Protocol):
    """Whatever spreads uniform deviates over the dispersed numbers of runs."""

    def uniforms(self, paths: list[str], seed: int, runs: np.ndarray) -> dict[str, np.ndarray] | None:
        """Uniform deviates in (0, 1) of sorted `paths` in each run, shape (n,) each; None where they are the generator's own."""


@dataclass(frozen=True)
class Sampling:
    """A plan for `runs` runs, in `replicates` of equal size (of no meaning where the draws are independent).

    Raises PeriluneError where the numbers do not go together.
    """

    kind: SamplingKind = "independent"
    runs: int = 0
    replicates: int = 10

    def __post_init__(self) -> None:
        kinds = list(get_args(SamplingKind))
        if self.kind not in kinds:
            near = nearest(str(self.kind), kinds)
            raise PeriluneError(f"sampling {self.kind!r} is not known; {f'did you mean {near}? ' if near else ''}choose one of {', '.join(kinds)}")
        if self.kind == "independent":
            return
        if self.replicates < 2:
            raise PeriluneError(f"replicates is {self.replicates}; {self.kind} needs at least 2, whose spread tells how sure the result is")
        if self.runs < 1 or self.runs % self.replicates:
            lower = self.runs // self.replicates * self.replicates
            near_by = " or ".join(str(n) for n in (lower, lower + self.replicates) if n > 0)
            raise PeriluneError(f"{self.runs} runs cannot be parted into {self.replicates} equal replicates; choose {near_by} runs")
        if self.kind == "sobol" and self.size & (self.size - 1):
            low = 1 << (self.size.bit_length() - 1)
            raise PeriluneError(
                f"{self.runs} runs in {self.replicates} replicates are {self.size} each, and Sobol's sequence is even only over a power of two; "
                f"choose {low * self.replicates} or {2 * low * self.replicates} runs"
            )
        if self.kind == "sobol" and self.size > MOST_SOBOL_POINTS:
            raise PeriluneError(
                f"a replicate of {self.size} runs is longer than Sobol's sequence of {MOST_SOBOL_POINTS} points; take more replicates"
            )

    @property
    def size(self) -> int:
        """Runs in a replicate; all of them where the draws are independent."""
        return self.runs if self.kind == "independent" else self.runs // self.replicates

    def replicate_of(self, runs: np.ndarray) -> np.ndarray:
        """The replicate that each run belongs to; 0 where the draws are independent."""
        return np.zeros(len(runs), np.int64) if self.kind == "independent" else np.asarray(runs, np.int64) // self.size

    def uniforms(self, paths: list[str], seed: int, runs: np.ndarray) -> dict[str, np.ndarray] | None:
        """Uniform deviates in (0, 1) of sorted `paths` in each run, shape (n,) each; None where the draws are independent.

        Raises PeriluneError for a run beyond the plan, or more paths than Sobol's sequence has dimensions.
        """
        if self.kind == "independent":
            return None
        indices = np.asarray(runs, dtype=np.int64)
        if indices.size and int(indices.max()) >= self.runs:
            raise PeriluneError(f"run {int(indices.max())} is not in the plan of {self.runs} runs; they count from 0 to {self.runs - 1}")
        out = np.empty((len(indices), len(paths)))
        replicates = self.replicate_of(indices)
        for replicate in np.unique(replicates).tolist():
            here = replicates == replicate
            points = _points(self.kind, tuple(paths), seed, replicate, self.size)
            out[here] = points[indices[here] % self.size]
        return {path: out[:, i] for i, path in enumerate(paths)}


@lru_cache(maxsize=4)
def _points(kind: SamplingKind, paths: tuple[str, ...], seed: int, replicate: int, size: int) -> np.ndarray:
    """The points of one replicate, shape (size, paths), none on the edge of the unit cube."""
    if not paths:
        return np.empty((size, 0))
    return _latin_hypercube(paths, seed, replicate, size) if kind == "latin-hypercube" else _sobol(len(paths), seed, replicate, size)


def _latin_hypercube(paths: tuple[str, ...], seed: int, replicate: int, size: int) -> np.ndarray:
    """One point in each of `size` equal parts of every axis, in an order of its own, anywhere within the part."""
    points = np.empty((size, len(paths)))
    for i, path in enumerate(paths):
        u = host_uniforms(seed, np.arange(size), channel_of(LATIN + path), replicate)
        part = np.empty(size)
        part[np.argsort(u[:, 0], kind="stable")] = np.arange(size)
        points[:, i] = (part + u[:, 1]) / size
    return np.clip(points, 2.0**-54, 1.0 - 2.0**-53)


def _sobol(dimensions: int, seed: int, replicate: int, size: int) -> np.ndarray:
    """The first `size` points of a scrambled sequence, each in the middle of its cell of 2^-30."""
    from scipy.stats import qmc

    if dimensions > qmc.Sobol.MAXDIM:
        raise PeriluneError(
            f"{dimensions} numbers are dispersed, more than the {qmc.Sobol.MAXDIM} dimensions of Sobol's sequence; sample another way"
        )
    scrambling = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed, replicate])))
    points = qmc.Sobol(dimensions, scramble=True, bits=SOBOL_BITS, rng=scrambling).random(size)
    return np.asarray(points + 2.0 ** -(SOBOL_BITS + 1))
