"""The ground must confirm what landed, contradict what lies or falls, and never confirm what was lost; from packets alone."""

import numpy as np
import pytest
from ground import changed, concluded, rested_s, until

from perilune.downlink.confirmation import CONFIRMED, CONTRADICTED, NOT_CONFIRMED, confirm, planned_of
from perilune.downlink.decode import decode
from perilune.downlink.evidence import Stream

FORCE = [f"specific_force_body_{axis}_m_s2" for axis in "xyz"]


def named(found, name):
    return next(one for one in found.evidence if one.name == name)


def test_a_landing_that_is_heard_is_confirmed_with_its_evidence(landed, heard_landed):
    found = confirm(decode(b"".join(data for _, data in heard_landed)), planned_of(landed.mission))
    assert found.conclusion == CONFIRMED and "stood still" in found.reason
    assert {one.finding for one in found.evidence} == {"for", "beside"} and "within the limits" in found.reason
    assert {"contact", "attitude", "tilt", "no descent", "power"} <= {one.name for one in found.evidence}
    assert all(one.numbers and one.from_unix_s is not None for one in found.evidence)
    assert found.to_json()["conclusion"] == "confirmed"


def test_what_the_packets_say_of_the_touch_is_what_happened(landed, heard_landed):
    met, true = Stream(decode(b"".join(data for _, data in heard_landed))).meeting, landed.touchdown
    assert met.vertical_speed_m_s == pytest.approx(true.vertical_speed_m_s, abs=0.2)
    assert met.horizontal_speed_m_s == pytest.approx(true.horizontal_speed_m_s, abs=0.3)
    assert met.tilt_deg == pytest.approx(true.tilt_deg, abs=3.0)


def test_the_lean_at_rest_is_that_of_the_lander(landed, heard_landed):
    found = confirm(decode(b"".join(data for _, data in heard_landed)))
    assert named(found, "tilt").numbers["tilt_deg"] == pytest.approx(landed.rest.tilt_deg, abs=0.3)


def test_a_landing_is_not_confirmed_before_ten_seconds_of_rest_and_is_then(landed):
    rest = rested_s(landed)
    assert concluded(landed, until(landed.telemetry, rest + 8.0)).conclusion == NOT_CONFIRMED
    assert concluded(landed, until(landed.telemetry, rest + 16.0)).conclusion == CONFIRMED


def test_a_crash_is_contradicted_by_the_last_that_was_heard(flight, heard_lost):
    assert flight.verdict == "crashed"
    found = confirm(decode(b"".join(data for _, data in heard_lost)), planned_of(flight.mission))
    assert found.conclusion == CONTRADICTED and "cannot stop" in found.reason


@pytest.mark.parametrize("lean_deg", [50.0, 75.0, 170.0])
def test_a_lander_that_lies_is_contradicted(landed, lean_deg):
    """Gravity comes from the side: nothing else of the packets changes."""
    telemetry, begin = landed.telemetry, rested_s(landed)
    x, y, z = (telemetry[name].to_numpy() for name in FORCE)
    turn = np.radians(lean_deg)
    tipped = changed(telemetry, begin, **dict(zip(FORCE, (np.cos(turn) * x + np.sin(turn) * z, y, np.cos(turn) * z - np.sin(turn) * x), strict=True)))
    found = concluded(landed, tipped)
    assert found.conclusion == CONTRADICTED and named(found, "tilt").finding == "against"


def test_a_lander_that_falls_with_its_engines_cut_is_contradicted(landed):
    """A false touchdown aloft: the computer says that it stands, and nothing carries it."""
    telemetry, begin = landed.telemetry, float(landed.flown.last["contact"]["time"]) - 20.0
    aloft = until(changed(telemetry, begin, touchdown=True, main_engine=0.0, assist_duty=0.0, **dict.fromkeys(FORCE, 0.001)), begin + 6.0)
    found = concluded(landed, aloft)
    assert found.conclusion == CONTRADICTED and "it falls" in found.reason


def test_a_lander_that_turns_on_the_ground_is_contradicted(landed):
    found = concluded(landed, changed(landed.telemetry, rested_s(landed), rate_body_x_rad_s=0.3))
    assert found.conclusion == CONTRADICTED and "it moves" in found.reason


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"touchdown": False}, "does not say that it stands"),
        ({"assist_duty": 0.2}, "engines are not commanded off"),
        ({FORCE[2]: 1.63}, "repeats itself"),
        ({"rate_body_y_rad_s": 0.0}, "repeats itself"),
        ({FORCE[2]: 1.9}, "not a lander at rest"),
        ({"vertical_speed_m_s": 2.5}, "sink by 2.50"),
    ],
)
def test_one_thing_amiss_is_enough_not_to_confirm(landed, change, says):
    found = concluded(landed, changed(landed.telemetry, landed.flown.last["contact"]["time"], **change))
    assert found.conclusion == NOT_CONFIRMED and says in found.reason


def test_a_touch_above_the_limits_is_told_beside_the_landing(landed):
    """The speed that the inertial unit felt at the touch counts, also where the computer believed less."""
    telemetry, contact = landed.telemetry, float(landed.flown.last["contact"]["time"])
    sink = telemetry["vertical_speed_m_s"].to_numpy()
    harder = changed(telemetry, contact, vertical_speed_m_s=sink - 0.9)
    found = concluded(landed, harder)
    assert found.conclusion == CONFIRMED and "beyond the limits" in found.reason


def test_packets_sent_again_and_out_of_order_change_nothing(landed, heard_landed):
    data = [packet for _, packet in heard_landed]
    again = [*data, *data[1000:4000], b"\x00\xff" * 40, *data[-200:]]
    one, other = (confirm(decode(b"".join(packets)), planned_of(landed.mission)) for packets in (data, again))
    assert one.conclusion == other.conclusion == CONFIRMED and one.evidence == other.evidence


def test_nothing_received_is_nothing_concluded():
    assert confirm(decode(b"")).conclusion == confirm(decode(b"rubbish" * 50)).conclusion == NOT_CONFIRMED


def test_forty_broken_flights_are_never_wrongly_confirmed():
    """The short form of a row of `validate --full`."""
    from perilune.validation.confirmations import NEAR, summary, trials, wrongly_confirmed

    found = list(trials("resilience", "planned", "pdi", NEAR, 40, seed=11))
    print(summary(found))
    assert not wrongly_confirmed(found)
    assert {"landed"} < {one.verdict for one in found} and any(one.conclusion == CONFIRMED for one in found)
