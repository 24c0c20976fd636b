"""Thinning of a long record for drawing: every interval keeps its smallest and its largest value, so no spike is lost."""

import numpy as np

LIMIT = 3000  # points a curve; the page says so


def extremes(values: np.ndarray, limit: int = LIMIT) -> np.ndarray:
    """Indices, ascending, of at most `limit` (at least 4) of `values`, shape (n,): the first, the last, and each interval's least and greatest.

    All indices when n is within the limit. Values that are no numbers are passed over, except that an interval without any keeps one of them (a gap).
    """
    n = len(values)
    if n <= limit:
        return np.arange(n)
    count = (limit - 2) // 2
    edges = np.linspace(0, n, count + 1).astype(np.int64)
    width = int(np.diff(edges).max())
    take = np.minimum(edges[:-1, None] + np.arange(width), edges[1:, None] - 1)
    block = np.asarray(values, dtype=np.float64)[take]
    least = np.where(np.isnan(block), np.inf, block).argmin(axis=1)
    greatest = np.where(np.isnan(block), -np.inf, block).argmax(axis=1)
    rows = np.arange(count)
    return np.unique(np.concatenate([[0], take[rows, least], take[rows, greatest], [n - 1]]))
