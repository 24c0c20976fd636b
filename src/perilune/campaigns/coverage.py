"""How often the interval of a campaign covers the truth: campaigns drawn again out of the runs of one that was flown.

The share of landings among the recorded runs is taken as the truth; a campaign is drawn from them with replacement, its interval made as it is made
for any campaign (fixed number of runs, stopping rule, replicates), and it counts whether the truth lies inside. `perilune.campaigns.exact_coverage`
computes the same for any share without drawing. Of a campaign that was flown: `python -m perilune.campaigns.coverage DIR`.

Assumptions and limitations: drawing with replacement makes the runs independent, whatever the sampling of the recorded ones was. 2,000 campaigns tell
a coverage of 95 % to ±1 % (two standard errors).
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from perilune.campaigns.intervals import wilson
from perilune.campaigns.standing import INVALID, LANDED
from perilune.campaigns.stopping import StoppingRule

CAMPAIGNS = 2000
RUNS, HALF_WIDTHS = (200, 500, 2000), (0.02, 0.01, 0.005)
DRAWN_AT_ONCE = 4096


@dataclass(frozen=True)
class Coverage:
    """The share of campaigns whose interval covers the truth, its standard error, those that lie wholly above or below it, and their mean length."""

    what: str
    truth: float
    campaigns: int
    covered: float
    standard_error: float
    above: float
    below: float
    mean_runs: float


def coverage_fixed(landed: np.ndarray, runs: int, confidence: float = 0.95, campaigns: int = CAMPAIGNS, seed: int = 1) -> Coverage:
    """Campaigns of a fixed number of runs, drawn from the recorded `landed` (n,) bool."""
    rng = np.random.default_rng(seed)
    counts = np.array([np.count_nonzero(landed[rng.integers(len(landed), size=runs)]) for _ in range(campaigns)])
    return _coverage(f"{runs} runs", landed, counts, np.full(campaigns, runs), confidence)


def coverage_stopping(landed: np.ndarray, half_width: float, confidence: float = 0.95, campaigns: int = CAMPAIGNS, seed: int = 1) -> Coverage:
    """Campaigns that stop by the rule, drawn from the recorded `landed` (n,) bool."""
    rng = np.random.default_rng(seed)
    rules = [StoppingRule(half_width, confidence) for _ in range(campaigns)]
    for rule in rules:
        while rule.stopped_at is None:
            rule.see(np.where(landed[rng.integers(len(landed), size=DRAWN_AT_ONCE)], LANDED, "lost"))
    counts, runs = (np.array([getattr(rule, key) for rule in rules]) for key in ("landed", "runs"))
    return _coverage(f"until half-width {half_width:g}", landed, counts, runs, confidence)


def _coverage(what: str, recorded: np.ndarray, landed: np.ndarray, runs: np.ndarray, confidence: float) -> Coverage:
    truth = float(np.mean(recorded))
    low, high = wilson(landed, runs, confidence)
    return counted(what, truth, low, high, runs)


def counted(what: str, truth: float, low: np.ndarray, high: np.ndarray, runs: np.ndarray) -> Coverage:
    """The coverage of given intervals, one a campaign, shapes (n,)."""
    above, below = float(np.mean(low > truth)), float(np.mean(high < truth))
    covered = 1.0 - above - below
    return Coverage(what, truth, len(runs), covered, float(np.sqrt(covered * (1.0 - covered) / len(runs))), above, below, float(np.mean(runs)))


def coverage_table(landed: np.ndarray, confidence: float = 0.95) -> str:
    """As Markdown: the coverage of campaigns drawn from the recorded `landed` (n,) bool, of fixed length and as they stop, beside the exact one."""
    from perilune.campaigns.exact_coverage import exact_coverage_fixed, exact_coverage_stopping

    truth = float(np.mean(landed))
    lines = [f"{len(landed)} recorded runs, of which {100.0 * truth:.3f} % landed; {CAMPAIGNS} campaigns each at confidence {confidence:g}", ""]
    lines += ["| campaigns | mean runs | covered | lies above | lies below | computed |", "|---|---:|---:|---:|---:|---:|"]
    for n in RUNS:
        lines.append(_line(coverage_fixed(landed, n, confidence), exact_coverage_fixed(n, truth, confidence)))
    for half_width in HALF_WIDTHS:
        lines.append(_line(coverage_stopping(landed, half_width, confidence), exact_coverage_stopping(half_width, truth, confidence)[0]))
    return "\n".join(lines)


def _line(found: Coverage, exact: float) -> str:
    parts = (f"{100.0 * value:.2f} %" for value in (found.covered, found.above, found.below, exact))
    return f"| {found.what} | {found.mean_runs:.0f} | {' | '.join(parts)} |"


if __name__ == "__main__":
    import polars as pl

    verdicts = pl.read_parquet(Path(sys.argv[1]) / "runs.parquet", columns=["verdict"])["verdict"].to_numpy()
    print(coverage_table(verdicts[verdicts != INVALID] == LANDED))
