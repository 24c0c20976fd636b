"""What was recorded of Eagle must be read as it is, scored as far as the automatic descent went, and every miss must reach the page."""

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from perilune.validation import apollo
from perilune.validation.apollo_page import height_part, propellant_part, verdict_part


def test_nineteen_ranges_and_twelve_propellant_points_are_scored_and_the_pilots_are_not():
    radar, propellant = apollo.recorded()["radar_range"], apollo.recorded()["propellant_used"]
    assert (radar.scored.sum(), (~radar.scored).sum()) == (19, 10)
    assert (propellant.scored.sum(), (~propellant.scored).sum()) == (12, 3)


def test_the_feet_and_pounds_of_the_recordings_are_read_in_si():
    radar, propellant = apollo.recorded()["radar_range"], apollo.recorded()["propellant_used"]
    assert radar.value[radar.tfi_s == 590.0] == pytest.approx(283.464)
    assert propellant.value[propellant.tfi_s == 506.0] == pytest.approx(6624.3, abs=0.1)
    assert np.all(np.diff(radar.tfi_s) > 0) and np.all(np.diff(radar.value) < 0) and np.all(np.diff(propellant.value) > 0)


@pytest.fixture
def made_up(monkeypatch):
    """A flight that is 10 % too high at TFI 300 s alone, stays on the recorded heights else, and lands at TFI 700 s."""
    radar = apollo.recorded()["radar_range"]
    t = np.arange(0.0, 674.1, 0.1)
    height = np.interp(t + apollo.START_TFI_S, radar.tfi_s, radar.value) * np.where(np.abs(t - 274.0) < 1.0, 1.1, 1.0)
    history = pl.DataFrame({"time_s": t, "height_m": height, "vertical_speed_m_s": 10.0 + 0.0 * t, "main_propellant_kg": 8000.0 - 10.0 * t})
    monkeypatch.setattr(apollo, "beam_ranges", lambda flight, tfi_s: np.interp(tfi_s, radar.tfi_s, radar.value) * 1.02)
    return SimpleNamespace(
        history=history,
        flown=SimpleNamespace(last={"contact": {"time": 674.0}}),
        mission=SimpleNamespace(lander=SimpleNamespace(mass=SimpleNamespace(main_loaded_kg=8248.2))),
    )


def test_a_miss_is_measured_where_it_is_and_nowhere_else(made_up):
    compared = apollo.height_beside_radar(made_up)
    assert compared.counts.sum() == 18  # 288 s comes before the comparison begins
    assert compared.worst_percent == pytest.approx(10.0, abs=1e-6)
    assert np.abs(compared.error_percent[compared.counts]).argmax() == 0
    assert np.isnan(compared.ours[compared.recorded.tfi_s > 700.0]).all()


def test_the_page_shows_every_point_and_marks_the_miss(made_up):
    compared = apollo.height_beside_radar(made_up)
    lines = list(height_part(made_up, compared, apollo.beam_beside_radar(made_up)))
    rows = [line for line in lines if line.startswith("| ") and line[2].isdigit()]
    assert len(rows) == 29 and sum("not scored" in row for row in rows) == 10
    assert [row.split(" | ")[0] for row in rows if "**missed**" in row] == ["| 300"]
    assert any("Missed at TFI 300 s" in line and "117.4 s" in line for line in lines)  # 1 174 m at 10 m/s


def test_the_page_says_where_the_recording_burns_more_than_the_engine_can(made_up):
    compared = apollo.propellant_beside_telemetry(made_up)
    text = "\n".join(propellant_part(compared))
    assert "Between 60 and 120 s the recording rises by 18.7 kg/s" in text and "Between 120 and 180" not in text
    assert "| 18 | 17 | 8 %" in "\n".join(verdict_part(apollo.height_beside_radar(made_up), apollo.beam_beside_radar(made_up), compared))
