"""A verdict must follow from the state at contact and the mission's limits, at the limits exactly, and its reason must carry the numbers."""

import numpy as np
import pytest

from perilune.flight.state import FALLEN, FLYING, INVALID, STANDING, FlightState
from perilune.flight.verdict import VERDICTS, explain, judge
from perilune.mission.limits import Limits

LIMITS = Limits(vertical_speed_m_s=2.0, horizontal_speed_m_s=1.0, tilt_deg=10.0, structural_speed_m_s=6.0, rest_tilt_deg=45.0)


def state(down=1.5, across=0.2, tilt_deg=1.0, slope_deg=2.0, rest_deg=3.0, still=2.0, contact=3700.0, dry=-1.0, status=STANDING):
    s = np.zeros(1, FlightState.numpy_dtype())
    s["contact"]["time"], s["contact"]["vertical_speed"], s["contact"]["horizontal_speed"] = contact, down, across
    s["contact"]["tilt"], s["contact"]["slope"], s["contact"]["rest_tilt"] = np.radians(tilt_deg), np.radians(slope_deg), np.radians(rest_deg)
    s["contact"]["still_for"], s["contact"]["slide"], s["time"] = still, 0.42, contact + 6.5
    s["dry_time"], s["status"] = dry, status
    return s


@pytest.mark.parametrize(
    "how, verdict",
    [
        ({}, "landed"),
        ({"down": 2.0}, "landed"),
        ({"down": 2.0001}, "hard-landing"),
        ({"across": 1.0001}, "hard-landing"),
        ({"tilt_deg": 10.01}, "hard-landing"),
        ({"down": 6.0, "across": 0.0}, "hard-landing"),
        ({"down": 6.0001, "across": 0.0}, "crashed"),
        ({"down": 5.0, "across": 3.5}, "crashed"),
        ({"status": FALLEN, "rest_deg": 76.0, "still": 0.0}, "tipped-over"),
        ({"rest_deg": 45.1}, "tipped-over"),
        ({"rest_deg": 44.9}, "landed"),
        ({"slope_deg": 50.0}, "landed"),
        ({"tilt_deg": 50.0}, "hard-landing"),
        ({"still": 1.99}, "not-landed"),
        ({"status": FALLEN, "still": 0.0, "down": 3.0}, "tipped-over"),
        ({"status": FALLEN, "still": 0.0, "down": 30.0}, "crashed"),
        ({"dry": 3600.0, "down": 80.0}, "out-of-propellant"),
        ({"dry": 3600.0}, "out-of-propellant"),
        ({"dry": 3600.0, "contact": -1.0, "status": FLYING}, "out-of-propellant"),
        ({"contact": -1.0, "status": FLYING}, "not-landed"),
        ({"status": INVALID}, "invalid"),
        ({"down": np.nan}, "invalid"),
    ],
)
def test_each_state_has_its_verdict(how, verdict):
    assert judge(LIMITS, state(**how)).tolist() == [verdict]


def test_a_batch_is_judged_as_its_runs_are():
    states = np.concatenate([state(), state(down=3.0), state(down=9.0), state(contact=-1.0)])
    assert judge(LIMITS, states).tolist() == ["landed", "hard-landing", "crashed", "not-landed"]


def test_the_words_are_those_of_the_documents():
    assert set(VERDICTS) == {"landed", "tipped-over", "hard-landing", "crashed", "out-of-propellant", "not-landed"}


@pytest.mark.parametrize(
    "how, says",
    [
        ({}, ["1.50 m/s down", "0.20 m/s across", "2 m/s, 1 m/s and 10°"]),
        ({"down": 2.5}, ["2.50 m/s down (limit 2)", "6 m/s"]),
        ({"across": 1.25}, ["1.25 m/s across (limit 1)"]),
        ({"status": FALLEN, "still": 0.0, "slope_deg": 30.0}, ["slopes 30.0°", "fallen over 6.5 s later"]),
        ({"rest_deg": 46.0}, ["rests tilted 46.0° (limit 45)"]),
        ({"still": 0.0}, ["not come to rest 6 s later, 0.42 m"]),
        ({"down": 30.0, "across": 40.0}, ["50.0 m/s", "30.00 m/s down", "40.00 m/s across"]),
        ({"dry": 3600.0, "down": 92.0, "across": 0.0}, ["100.0 s before contact", "2600 m", "92.0 m/s"]),
        ({"contact": -1.0}, ["not touched the ground", "2600 m"]),
    ],
)
def test_the_reason_is_one_sentence_with_the_numbers(how, says):
    s = state(**how)
    sentence = explain(LIMITS, str(judge(LIMITS, s)[0]), s[0], 2600.0)
    assert all(words in sentence for words in says), sentence
    assert sentence.endswith(".") and "\n" not in sentence
