"""Correlations: which dispersed numbers move together from run to run, and how closely.

A block mixes the independent standard normals z of its members, in their order, by the lower Cholesky factor of its correlation matrix: the first
member's draw is what it would be alone, and that of each other depends on its own deviate and on those before it.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import Field

from perilune.base.parameters import Parameters
from perilune.mission.dispersions import components
from perilune.mission.paths import nearest

if TYPE_CHECKING:
    from perilune.mission.schema import Mission

Row = tuple[Annotated[float, Field(ge=-1, le=1)], ...]
ROUNDING = 1e-9  # by which a matrix written in decimals may miss being positive semidefinite


class Correlation(Parameters):
    """A block of normal dispersions that move together."""

    paths: Annotated[tuple[str, ...], Field(min_length=2, description="dispersed numbers (`normal`), components of vectors one by one (`.0`)")]
    matrix: Annotated[tuple[Row, ...], Field(min_length=2, description="their correlation matrix, row by row in the order of `paths`")]
    source: Annotated[str, Field(min_length=1, description="where the correlations come from, or `assumed`")]


def correlation_conflicts(mission: "Mission") -> Iterator[tuple[str, str]]:
    """What is wrong with the blocks: the path in the file to point at, and the rest of a sentence."""
    kinds = {path: d.distribution for d in mission.dispersions for path in components(mission, d.path)}
    seen: set[str] = set()
    for i, block in enumerate(mission.correlations):
        for j, path in enumerate(block.paths):
            here = f"correlations.{i}.paths.{j}"
            if path not in kinds:
                near = nearest(path, sorted(kinds))
                yield here, f"names {path!r}, which is no number that is dispersed{f'; did you mean {near}?' if near else ''}"
            elif kinds[path] != "normal":
                yield here, f"names {path}, whose distribution is {kinds[path]}; only normal dispersions can be correlated"
            elif path in seen:
                yield here, f"names {path} a second time; a number stands once in one block"
            seen.add(path)
        wrong = no_correlation_matrix(block)
        if wrong:
            yield f"correlations.{i}.matrix", wrong


def no_correlation_matrix(block: Correlation) -> str:
    """Why the block's matrix is none, going on from its path; empty where it is one."""
    count = len(block.paths)
    if len(block.matrix) != count or any(len(row) != count for row in block.matrix):
        widths = {len(row) for row in block.matrix}
        size = f"{len(block.matrix)} by {widths.pop()}" if len(widths) == 1 else "ragged"
        return f"is {size}; {count} paths take {count} rows of {count} numbers"
    for i in range(count):
        if block.matrix[i][i] != 1.0:
            return f"has {block.matrix[i][i]:g} in row {i}, column {i}; every number is correlated with itself by 1"
        for j in range(i):
            if block.matrix[i][j] != block.matrix[j][i]:
                return f"has {block.matrix[i][j]:g} in row {i}, column {j}, and {block.matrix[j][i]:g} the other way round; it must be symmetric"
    if factor(block.matrix) is None:
        return "is not positive semidefinite: no numbers can be correlated so; make the correlations smaller"
    return ""


def factor(matrix: tuple[Row, ...]) -> list[list[float]] | None:
    """The lower Cholesky factor of a positive semidefinite matrix, in plain arithmetic for the same bits everywhere; None where it is not one."""
    count = len(matrix)
    lower = [[0.0] * count for _ in range(count)]
    for j in range(count):
        left = matrix[j][j] - sum(lower[j][k] ** 2 for k in range(j))
        if left < -ROUNDING:
            return None
        pivot = left**0.5 if left > ROUNDING else 0.0
        lower[j][j] = pivot
        for i in range(j + 1, count):
            rest = matrix[i][j] - sum(lower[i][k] * lower[j][k] for k in range(j))
            if pivot > 0.0:
                lower[i][j] = rest / pivot
            elif abs(rest) > ROUNDING**0.5:
                return None
    return lower


def mixed(block: Correlation, deviates: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The correlated standard normals of the block's members, by path, from independent ones, each of shape (n,)."""
    lower = factor(block.matrix)
    assert lower is not None
    out = {}
    for path, row in zip(block.paths, lower, strict=True):
        z = np.zeros_like(deviates[path])
        for weight, other in zip(row, block.paths, strict=True):
            if weight != 0.0:
                z = z + weight * deviates[other]
        out[path] = z
    return out
