"""Smooth vectors of time as Chebyshev series: how the ephemeris and the Moon's attitude reach the kernel of a flight.

A series over a span holds up to `TERMS` rows of three coefficients; the argument is x = (t − mid) / half span, in [−1, 1].
Outside its span a series grows without bound: the caller keeps the flight inside the span that was fitted.
Source: Clenshaw 1955; the derivative is the same sum differentiated.
"""

from collections.abc import Callable

import numpy as np
import warp as wp

from perilune.base.vector import real, vec3

TERMS = 16
Coefficients = wp.types.matrix(shape=(TERMS, 3), dtype=real)


@wp.func
def series_value(c: Coefficients, terms: wp.int32, x: real) -> vec3:
    """Value of the series with the first `terms` rows of `c` at `x` in [−1, 1]."""
    b1 = vec3(0.0, 0.0, 0.0)
    b2 = vec3(0.0, 0.0, 0.0)
    k = terms - 1
    while k > 0:
        b = vec3(c[k, 0], c[k, 1], c[k, 2]) + b1 * (real(2.0) * x) - b2
        b2 = b1
        b1 = b
        k -= 1
    return vec3(c[0, 0], c[0, 1], c[0, 2]) + b1 * x - b2


@wp.func
def series_slope(c: Coefficients, terms: wp.int32, x: real) -> vec3:
    """Derivative of the series with respect to `x`."""
    b1 = vec3(0.0, 0.0, 0.0)
    b2 = vec3(0.0, 0.0, 0.0)
    d1 = vec3(0.0, 0.0, 0.0)
    d2 = vec3(0.0, 0.0, 0.0)
    k = terms - 1
    while k > 0:
        b = vec3(c[k, 0], c[k, 1], c[k, 2]) + b1 * (real(2.0) * x) - b2
        d = b1 * real(2.0) + d1 * (real(2.0) * x) - d2
        b2 = b1
        b1 = b
        d2 = d1
        d1 = d
        k -= 1
    return b1 + d1 * x - d2


def fit_series(sample: Callable[[np.ndarray], np.ndarray], mid_s: float, half_span_s: float, tolerance: float) -> tuple[np.ndarray, int, float]:
    """Fit `sample` (times (n,) to vectors (n, 3)) over mid ± half span with the fewest terms whose error is within `tolerance`.

    Returns coefficients (TERMS, 3) padded with zeros, the number of terms, and the largest error length at 97 times between the nodes.
    When no count reaches the tolerance, the fewest terms within 1.5 times the full series' error: the caller reads the error and decides.
    """
    nodes = np.cos(np.pi * (np.arange(3 * TERMS) + 0.5) / (3 * TERMS))
    between = np.linspace(-1.0, 1.0, 97)
    values, truth = sample(mid_s + half_span_s * nodes), sample(mid_s + half_span_s * between)
    full = np.polynomial.chebyshev.chebfit(nodes, values, TERMS - 1)
    errors = [float(np.linalg.norm(np.polynomial.chebyshev.chebval(between, full[:n]).T - truth, axis=1).max()) for n in range(1, TERMS + 1)]
    enough = max(tolerance, 1.5 * errors[-1])  # more terms than these would only follow the noise of the samples
    terms = next(n for n, error in enumerate(errors, start=1) if error <= enough)
    error = errors[terms - 1]
    padded = np.zeros((TERMS, 3))
    padded[:terms] = full[:terms]
    return padded, terms, error
