"""tmp"""

from statistics import NormalDist


def wilson(k, n, confidence):
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    p = k / n
    c = (p + z * z / (2 * n)) / (1 + z * z / n)
    h = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)) ** 0.5
    return c - h, c + h
