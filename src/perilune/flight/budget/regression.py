"""What the sample itself says of each error source: its slope by least squares, and which sources do not act as their small difference said.

With everything dispersed, y = y0 + sum of b_i z_i + rest, z_i the draw of source i in units of its sigma. Where b_i is not s_i, the effect of one
sigma by central differences, the source acts more (or less) than linearly, as a torque does that control can carry up to a limit.

Assumptions and limitations: needs three flights for every source; a source that bends evenly to both sides (y growing with z²) has no slope and is
not found; products of two sources count to the rest.
Source: ordinary least squares, var b = s² (Z^T Z)^-1.
"""

import numpy as np

from perilune.flight.budget.touchdowns import COMPONENTS

FLIGHTS_PER_SOURCE = 3
CLEAR = 4.0  # standard errors that a slope must be off: with 40 sources and 7 components, by chance once in 60 budgets
NOTABLE = 0.05  # of the sample's variance that it must make


def slopes(values: np.ndarray, draws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slopes and their standard errors, both (k, m), of `values` (n, m) over `draws` (n, k) in units of sigma."""
    design = np.column_stack([np.ones(len(draws)), draws])
    inverse = np.linalg.pinv(design.T @ design)
    fitted = inverse @ design.T @ values
    rest = ((values - design @ fitted) ** 2).sum(axis=0) / max(len(draws) - design.shape[1], 1)
    return fitted[1:], np.sqrt(np.outer(np.diag(inverse)[1:], rest))


def bent(paths: list[str], effects: np.ndarray, values: np.ndarray, draws: np.ndarray) -> dict[str, str]:
    """The sources whose slope in the sample is clearly another than `effects` (k, 7), with both, where that changes the sample notably."""
    if len(draws) < FLIGHTS_PER_SOURCE * (len(paths) + 1):
        return {}
    found, (slope, error), variance = {}, slopes(values, draws), values.var(axis=0)
    for i, path in enumerate(paths):
        off = (np.abs(slope[i] - effects[i]) > CLEAR * error[i]) & (np.abs(slope[i] ** 2 - effects[i] ** 2) > NOTABLE * variance)
        said = [
            f"{words} {abs(effects[i, j]):.3g} {unit} by a difference of 1 sigma, {abs(slope[i, j]):.3g} ± {error[i, j]:.2g} {unit} in the sample"
            for j, (_, words, unit) in enumerate(COMPONENTS)
            if off[j]
        ]
        if said:
            found[path] = f"does not act linearly: {'; '.join(said)}"
    return found
