"""The intervals of a campaign against verdicts that were flown; how often they cover the share that landed is a row, held in test_rows."""

import numpy as np
import pytest

from perilune.campaigns.standing import LANDED
from perilune.validation import recorded_campaigns
from perilune.validation.recorded_campaigns import NAMES, farthest, recorded

SHARES = {"resilience-planned": (0.95, 0.985), "resilience-short-reach": (0.4, 0.6)}  # that land


@pytest.mark.parametrize("name", NAMES)
def test_recorded_campaigns_are_long_and_say_what_flew_them(name):
    low, high = SHARES[name]
    verdicts, margins, about = recorded(name)
    assert len(verdicts) == len(margins) == about["runs"] == 20_000
    assert low < np.mean(verdicts == LANDED) < high
    assert sum(about["verdicts"].values()) == 20_000 and "invalid" not in about["verdicts"]
    assert {"kernel_sources_sha256", "cpu", "warp"} <= set(about["builds"][0])
    assert np.array_equal(margins >= 0.0, verdicts == LANDED)


def test_interval_that_says_too_much_is_seen(monkeypatch):
    """The textbook interval p ± 1.96 √(p q / n), which takes 200 runs without a loss for certainty, falls out."""

    def textbook(landed, runs, confidence=0.95):
        p = landed / runs
        half = 1.96 * np.sqrt(p * (1.0 - p) / runs)
        return p - half, p + half

    monkeypatch.setattr("perilune.campaigns.coverage.wilson", textbook)
    monkeypatch.setattr(recorded_campaigns, "HALF_WIDTHS", ())
    assert farthest(NAMES[0])[0] > 0.0
