"""Rows that hold HAKUTO-R Mission 1 over its changed site against what is published of it; most of them miss, and say why."""

import numpy as np

from perilune.validation import changed_site
from perilune.validation.rows import Check

STEP = "LOLA at 3.8 km a pixel gives the rim 2.4 km of fall on this heading, which is assumed; see docs/hakuto-r-m1.md"


def plain_lost() -> tuple[float, str]:
    """Dispersed flights over the original site that did not land."""
    table = changed_site.dispersed("plain")
    return float((table["verdict"] != "landed").sum()), f"of {changed_site.RUNS}; ranges refused in {int((table['refused'] > 0).sum())}"


def mended_hard() -> tuple[float, str]:
    """Dispersed flights over Atlas, mended, that met the ground at more than 2 m/s down."""
    table, lost = changed_site.dispersed("mended"), changed_site.dispersed("as-flown")
    hard = int((~(table["touchdown_vertical_speed_m_s"] <= changed_site.SOFT_M_S)).sum())
    landed = [int((t["verdict"] == "landed").sum()) for t in (table, lost)]
    return float(hard), f"of {changed_site.RUNS}; {landed[0]} land within all limits, {landed[1]} with the policy as flown"


def locked_from_rim() -> tuple[float, str]:
    """Distance [km] over the ground between the rim and where the range finder is distrusted for good, undispersed."""
    flight = changed_site.undispersed("as-flown")
    locked = changed_site.locked_out(flight.flown)
    assert locked is not None, "the range finder was never distrusted"
    rim_km, locked_km = changed_site.rim(flight)[0] / 1e3, changed_site.to_go(flight.flown, locked) / 1e3
    return abs(rim_km - locked_km), f"rim at {rim_km:.1f} km to go, distrusted at {locked_km:.1f} km"


def zero_height() -> tuple[float, str]:
    """How far the true height at the believed zero is from 5 km."""
    outcome = changed_site.moved("as-flown", {})
    assert outcome.zero_height_m is not None
    return abs(outcome.zero_height_m - changed_site.PUBLISHED_ZERO_M), f"ours {outcome.zero_height_m:.0f} m"


def zero_speed() -> tuple[float, str]:
    """Vertical speed at the believed zero, either way."""
    outcome = changed_site.moved("as-flown", {})
    assert outcome.zero_sink_m_s is not None
    return abs(outcome.zero_sink_m_s), f"{outcome.zero_sink_m_s:+.1f} m/s down"


def step() -> tuple[float, str]:
    """How far the modelled fall of the relief along the track is from 3 km."""
    outcome = changed_site.moved("as-flown", {})
    assert outcome.step_m is not None
    steps = [changed_site.from_heading("as-flown", heading).step_m or np.nan for heading in changed_site.HEADINGS_DEG]
    return abs(outcome.step_m - 3000.0), f"ours {outcome.step_m:.0f} m; {min(steps):.0f} to {max(steps):.0f} m over all headings"


def impact() -> tuple[float, str]:
    """By how much the speed at impact falls short of 100 m/s."""
    sink = changed_site.moved("as-flown", {}).contact_sink_m_s
    assert sink is not None
    return max(0.0, 100.0 - sink), f"ours {sink:.0f} m/s"


def _check(name: str, what: str, reference: str, tolerance: float, unit: str, measure: object, miss: str = "") -> Check:
    return Check(f"changed site: {name}", what, reference, tolerance, unit, measure, full=True, miss=miss)  # type: ignore[arg-type]


ISPACE = "ispace, 26 May 2023"
CHECKS = [
    _check("original site", "200 dispersed flights not landed, policy as flown", "the site it was designed for", 10.0, "flights", plain_lost),
    _check("mended", "200 dispersed flights over Atlas at more than 2 m/s down", "at least 190 of 200 soft", 10.0, "flights", mended_hard),
    _check("where it was distrusted", "range finder distrusted, from the rim", f"as it passed the rim, {ISPACE}", 5.0, "km", locked_from_rim),
    _check("cliff", "largest fall of the relief along the track within 20 km", f"about 3 km, {ISPACE}", 300.0, "m", step, STEP),
    _check("height at the believed zero", "true height above the ground", f"about 5 km, {ISPACE}", 500.0, "m", zero_height, STEP),
    _check(
        "speed at the believed zero",
        "vertical, either way",
        f"less than 1 m/s, {ISPACE}",
        1.0,
        "m/s",
        zero_speed,
        "ours climbs: with the wrong height, the ranges over the highland teach this filter a wrong sink rate",
    ),
    _check("impact", "speed short of 100 m/s", "more than 100 m/s, commonly quoted", 0.0, "m/s", impact, "ours falls from 2.6 km, not from 5"),
]
