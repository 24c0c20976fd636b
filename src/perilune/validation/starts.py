"""The row that holds the start at powered descent initiation to the start at the descent burn: both must touch down alike, in distribution.

Flights of different seeds, so that the two samples are independent; each column of the touchdown by the two-sample test of Kolmogorov and Smirnov,
at a risk of 1 % for all columns together (Bonferroni).
"""

from functools import cache

import numpy as np

from perilune.validation.rows import Check

RUNS = 500
RISK = 0.01
COLUMNS = ("vertical_speed_m_s", "horizontal_speed_m_s", "tilt_deg", "north_m", "east_m", "propellant_left_kg", "t_s")


@cache
def touchdowns(start: str, seed: int, runs: int = RUNS) -> dict[str, np.ndarray]:
    """The touchdown columns of dispersed planned landings of Resilience from a start, each of shape (n,)."""
    from perilune.base.start_warp import start_warp
    from perilune.campaigns.fly_part import fly_part
    from perilune.campaigns.plan import Plan
    from perilune.flight.flying import prepare
    from perilune.mission.loader import load

    start_warp()
    mission = load("resilience")
    scene = prepare(mission)
    table = fly_part(scene, Plan("resilience", "planned", mission.hash, runs, seed, start), None, 0, runs)
    return {name: table[f"touchdown_{name}"].drop_nulls().to_numpy() for name in COLUMNS}


def distances(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> dict[str, float]:
    """The distance of each column's two distributions over the one that is exceeded by chance at the risk chosen."""
    from scipy.stats import ks_2samp, kstwobign

    out = {}
    for name in COLUMNS:
        x, y = a[name], b[name]
        critical = kstwobign.ppf(1.0 - RISK / len(COLUMNS)) * np.sqrt((len(x) + len(y)) / (len(x) * len(y)))
        out[name] = float(ks_2samp(x, y).statistic / critical)
    return out


def both_starts() -> tuple[float, str]:
    """The largest of those distances."""
    found = distances(touchdowns("doi", 21), touchdowns("pdi", 22))
    worst = max(found, key=lambda name: found[name])
    return found[worst], "; ".join(f"{name} {value:.2f}" for name, value in found.items())


CHECKS = [
    Check(
        "both starts",
        f"touchdown of {RUNS} flights from powered descent initiation and of {RUNS} from the descent burn, largest distance of two distributions",
        f"Kolmogorov and Smirnov, two samples, risk {RISK:.0%} for {len(COLUMNS)} columns together",
        1.0,
        "of the critical one",
        both_starts,
        full=True,
    )
]
