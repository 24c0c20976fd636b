"""What was recorded of Eagle must be read as it is, scored as far as the automatic descent went, and every miss must reach the page."""

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from perilune.validation import apollo, apollo_reckoning, apollo_run
from perilune.validation.apollo_page import height_part, propellant_part, verdict_part
from perilune.validation.law_answers import answers, legs_of


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


def test_eagles_computer_and_its_radar_agree_on_the_lean_of_the_beam():
    """By hand: 35 706 ft at 301.8 s and 34 069 ft at 317.8 s, less some 2 825 ft, over 37 400 ft of range; the pad load's antenna leans the same."""
    times, heights, leans = apollo_reckoning.radar_heights()
    assert len(times) == 2 and 305.0 < times[0] < 315.0 and 375.0 < times[1] < 380.0
    assert heights[0] == pytest.approx((34_888.0 - 2_825.0) * 0.3048, abs=30.0)
    assert leans == pytest.approx([30.5, 21.0], abs=1.0)
    assert apollo.beam_leans(apollo.eagle(), times) == pytest.approx(leans, abs=3.0)


def test_the_law_itself_asks_for_a_climb_at_throttle_up():
    """What stands on the page as not explained is in the law and its targets, not in plant, terrain or navigation: by hand 590 s to go and 4.7°."""
    place = np.array(apollo_run.START_POSITION)
    up = (place + apollo_run.TO_CENTRE) / np.linalg.norm(place + apollo_run.TO_CENTRE)
    level = np.array([-up[2], 0.0, up[0]])
    now = {"position": place, "velocity": apollo_run.START_SPEED * level, "gravity": apollo_run.gravity_at(place), "mass": 15112.3}
    leg = legs_of(1, **now, **apollo_run.BRAKING, time_to_go=900.0, tick=2.0, lead_time=0.0)
    guided = answers("klumpp", leg)[0]
    asked = guided["acceleration"]
    assert guided["time_to_go"] == pytest.approx(590.0, abs=5.0)
    assert np.degrees(np.arctan2(asked @ up, -(asked @ level))) == pytest.approx(4.7, abs=0.5)
    assert apollo.at_tfi(apollo.eagle(), "vertical_speed_m_s", np.array([60.0]))[0] < -1.0


def test_the_picture_is_drawn(tmp_path):
    from perilune.validation.apollo_picture import picture

    picture(apollo.eagle(), tmp_path / "pictures" / "apollo-11.png")
    assert (tmp_path / "pictures" / "apollo-11.png").stat().st_size > 50_000
