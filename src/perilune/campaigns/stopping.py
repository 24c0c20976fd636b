"""When a campaign may stop: at the first run by which Wilson's interval of the share of landings is as narrow as was asked.

Runs are counted in the order of their index, whichever finishes first (lost flights finish early, so that the order of finishing would favour
losses). The rule therefore stops at the same run on any number of threads, and however the runs are handed to it.

A campaign that stops when it likes what it sees has an interval that may cover less than it says. Wilson's own width keeps this small: without a
single loss it stops no earlier than z²/(2H) − z² runs (`least_runs`), and no other minimum is needed. Coverage of the 95 % interval at the stop,
computed exactly (`perilune.campaigns.exact_coverage`), lies between 93.1 and 97.9 % for shares from 0.96 to 0.98 and H from 0.003 to 0.05 (94.2
to 97.8 % at 0.97 with 0.02, 0.01 and 0.005), between 94.7 and 95.0 % at 0.5. From 0.995 on it falls to 91 % for some pairs of share and H, as
Wilson's does for a fixed number of runs: where a campaign is to show that it loses hardly anything, ask for a requirement with its exact bound.

Assumptions and limitations: independent runs; a part of a Latin hypercube or of a Sobol sequence is none, so a rule for those would have to count
whole replicates. Invalid runs take an index and are counted out of the share, as everywhere.

Source: Frey (2010), "Fixed-width sequential confidence intervals for a proportion", The American Statistician 64, 242–249; Chow and Robbins (1965),
"On the asymptotic theory of fixed-width sequential confidence intervals for the mean", Ann. Math. Statist. 36, 457–462 (recalled).
"""

import math
from dataclasses import dataclass

import numpy as np

from perilune.campaigns.intervals import two_sided_z, wilson_half_width
from perilune.campaigns.standing import INVALID, LANDED


@dataclass
class StoppingRule:
    """`--until-half-width`: stop where half the length of Wilson's interval at `confidence` is `half_width` or less; None never stops.

    `runs`, `valid`, `landed` count what was seen, up to the run that stops the campaign; `stopped_at` is the number of runs it then consists of.
    """

    half_width: float | None
    confidence: float = 0.95
    runs: int = 0
    valid: int = 0
    landed: int = 0
    stopped_at: int | None = None

    def see(self, verdicts: np.ndarray) -> int | None:
        """The verdicts (n,) of the runs that follow those seen before, in the order of their index; returns `stopped_at`.

        However the runs are cut into parts, the answer is the same; what comes after the stop is passed over.
        """
        words = np.asarray(verdicts)
        return self._count(words == LANDED, words != INVALID)

    def stop_at(self, is_landed: np.ndarray, is_valid: np.ndarray | None = None) -> int | None:
        """How many runs a campaign consists of whose verdicts are these: run 0 to the one that stops it. None where they do not suffice.

        `is_landed` (n,) bool, in the order of the run index from run 0; `is_valid` (n,) bool, all of them where it is left out.
        """
        valid = np.ones(len(is_landed), dtype=bool) if is_valid is None else np.asarray(is_valid, dtype=bool)
        return StoppingRule(self.half_width, self.confidence)._count(np.asarray(is_landed, dtype=bool) & valid, valid)

    @property
    def least_runs(self) -> int | None:
        """The number of valid runs at which the rule stops when none is lost; it never stops before."""
        if self.half_width is None:
            return None
        z2 = two_sided_z(self.confidence) ** 2
        return max(1, math.ceil(z2 / (2.0 * self.half_width) - z2))

    @property
    def most_runs(self) -> int | None:
        """The number of valid runs by which the rule has stopped, whatever the share (a share of one half takes them all)."""
        if self.half_width is None:
            return None
        z2 = two_sided_z(self.confidence) ** 2
        return max(1, math.ceil(z2 / (4.0 * self.half_width**2) - z2))

    def _count(self, is_landed: np.ndarray, is_valid: np.ndarray) -> int | None:
        if self.stopped_at is not None or not len(is_landed):
            return self.stopped_at
        valid, landed = self.valid + np.cumsum(is_valid), self.landed + np.cumsum(is_landed)
        narrow = np.zeros(len(is_valid), dtype=bool)
        if self.half_width is not None:
            narrow = is_valid & (wilson_half_width(landed, valid, self.confidence) <= self.half_width)
        last = int(np.argmax(narrow)) if narrow.any() else len(narrow) - 1
        self.runs, self.valid, self.landed = self.runs + last + 1, int(valid[last]), int(landed[last])
        self.stopped_at = self.runs if narrow.any() else None
        return self.stopped_at
