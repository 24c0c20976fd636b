"""The changed-site page must say of a flight what its record says, tell a loss aloft from centimetres at touchdown, and print every miss."""

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from perilune.mission.loader import load
from perilune.validation import changed_site
from perilune.validation.changed_site_page import assumed_part, headings_part, seeds_part
from perilune.validation.changed_site_rows import CHECKS
from perilune.validation.rows import run_check


def flown(refusals, heights=(3.0, 2.0, 1.0, 0.5), distrusted=True):
    """A record of four ticks in which so many ranges had been refused, by a lander that believes itself on the ground from the third on."""
    kind = np.dtype([("time", float), ("mode", int), ("height", float), ("estimated_height", float), ("range_rejections", int)])
    rows = np.zeros(len(refusals), kind)
    rows["time"], rows["mode"], rows["height"] = np.arange(len(refusals)), 1, heights
    rows["estimated_height"], rows["range_rejections"] = (2.0, 1.0, 0.0, -1.0), refusals
    last = {"avionics": {"navigation": {"distrusted": distrusted}}, "contact": {"time": -1.0}}
    return SimpleNamespace(history=rows, last=last)


def test_the_lock_out_is_the_last_refusal_of_a_sensor_that_is_distrusted():
    assert changed_site.locked_out(flown([0, 3, 5, 5]))["time"] == 2.0
    assert changed_site.locked_out(flown([0, 3, 5, 5], distrusted=False)) is None


def test_a_zero_believed_in_the_last_centimetres_is_no_loss_of_height():
    assert changed_site.zero_aloft(flown([0] * 4, heights=(3e3, 2.5e3, 2.2e3, 2.1e3)))["height"] == 2.2e3
    assert changed_site.zero_aloft(flown([0] * 4)) is None


def test_every_number_that_is_moved_alone_is_one_of_the_mission_and_moves_it():
    for case in ("plain", "as-flown", "mended"):
        assert len({load(changed_site.MISSION, values, case=case).hash for _, values in changed_site.ASSUMED}) == len(changed_site.ASSUMED)


@pytest.fixture
def made_up(monkeypatch):
    """Outcomes as they might be: as flown, the gate closes from the north alone."""

    def outcome(case, heading):
        lost = case == "as-flown" and heading == 180
        zero = (2310.0, -2.9) if lost else (None, None)
        return changed_site.Outcome("out-of-propellant" if lost else "landed", 5 * lost, 19.3 if lost else None, None, *zero, 2351.0, 91.3, 0.2)

    monkeypatch.setattr(changed_site, "from_heading", outcome)
    monkeypatch.setattr(changed_site, "moved", lambda case, values: outcome(case, 180))
    table = {"verdict": ["landed"] * 150 + ["crashed"] * 50, "touchdown_vertical_speed_m_s": [1.5] * 150 + [50.0] * 50}
    table |= {"touchdown_horizontal_speed_m_s": [0.5] * 200, "locked": [0.0] * 150 + [1.0] * 50, "refused": [0.0] * 150 + [5.0] * 50}
    monkeypatch.setattr(changed_site, "dispersed", lambda case: pl.DataFrame(table))


def test_the_page_gives_the_share_with_its_interval_and_each_heading_and_number(made_up):
    seeds, headings, assumed = ("\n".join(part()) for part in (seeds_part, headings_part, assumed_part))
    assert "75.0% | 68.6% to 80.5% | 75.0% | 50 |" in seeds  # Wilson's interval of 150 of 200, by hand
    assert "closes from 180°." in headings and all(f"| {heading}° |" in headings for heading in changed_site.HEADINGS_DEG)
    assert all(f"| {name} |" in assumed for name, _ in changed_site.ASSUMED)


def test_what_misses_the_published_numbers_is_a_miss_with_its_reason(made_up):
    rows = {
        check.name.removeprefix("changed site: "): run_check(check) for check in CHECKS if check.measure.__name__ in ("zero_height", "zero_speed")
    }
    assert {row.status for row in rows.values()} == {"missed"}
    assert rows["height at the believed zero"].achieved == pytest.approx(2690.0) and "assumed" in rows["height at the believed zero"].reason
    assert rows["speed at the believed zero"].achieved == pytest.approx(2.9)
