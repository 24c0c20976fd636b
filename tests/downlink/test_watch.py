"""The watch must lose, try, give up and confirm by its rule, and know nothing but packets and the clock."""

import numpy as np
import pytest
from ground import heard_of

from perilune.downlink.alarms import Alarms, severity_of
from perilune.downlink.dictionary import BY_NAME, SINK
from perilune.downlink.watch import watch_of, watch_stream
from perilune.environment.time import tdb_from_utc
from perilune.mission.ground import Recovery
from perilune.mission.loader import load


def watched(flight, heard, until_s, step_s=1.0, **options):
    watch = watch_of(flight.mission, **options)
    return watch, watch_stream(watch, heard, heard[0][0] - 1.0, until_s, step_s)


def kinds(watch):
    return [entry.kind for entry in watch.log]


def first(watch, kind):
    return next(entry for entry in watch.log if entry.kind == kind)


@pytest.fixture(scope="module")
def lost(flight, heard_lost):
    return watched(flight, heard_lost, 20_000.0)


def test_a_lander_that_is_lost_is_called_in_vain_until_the_mission_ends(flight, heard_lost, lost):
    watch, released = lost
    told = kinds(watch)
    for before, after in (
        ("signal-acquired", "loss-of-signal"),
        ("loss-of-signal", "attempt"),
        ("attempt", "unanswered"),
        ("unanswered", "mission-ended"),
    ):
        assert told.index(before) < told.index(after)
    assert "touchdown-passed" in told and "landing-confirmed" not in told and told[-1] == "mission-ended"
    rule = watch.rule
    assert told.count("attempt") == told.count("unanswered") == rule.attempts
    assert [action.command for _, action in released[::2]] == ["arm"] * rule.attempts
    assert [action.command for _, action in released[1::2]] == [rule.commands[n % 2] for n in range(rule.attempts)]
    assert all(arm.arguments == {"command": critical.command} for (_, arm), (_, critical) in zip(released[::2], released[1::2], strict=True))


def test_times_are_those_of_the_rule(flight, heard_lost, lost):
    watch, released = lost
    silent = first(watch, "loss-of-signal").time_s
    assert silent == pytest.approx(heard_lost[-1][0] + watch.rule.loss_of_signal_s, abs=1.0)
    assert released[0][0] == pytest.approx(silent + watch.rule.first_attempt_after_s, abs=1.0)
    assert np.diff([when for when, _ in released[::2]]) == pytest.approx(watch.rule.spacing_s, abs=1.0)
    assert first(watch, "mission-ended").time_s == pytest.approx(watch.planned_touchdown_s + watch.rule.give_up_after_s, abs=1.0)


def test_resilience_is_given_up_when_it_was(lost):
    """Concluded between 08:00 and 09:00 of 6 June in Japan."""
    ended = tdb_from_utc(first(lost[0], "mission-ended").time_utc)
    assert tdb_from_utc("2025-06-05T23:00:00Z") < ended < tdb_from_utc("2025-06-06T00:00:00Z")


def test_the_silent_finder_and_the_sink_rate_raise_alarms(lost):
    raised = [entry.sentence for entry in lost[0].log if entry.kind == "alarm-raised"]
    assert any("range_age_s" in sentence for sentence in raised) and any("vertical_speed_m_s" in sentence for sentence in raised)


def test_a_landing_is_confirmed_and_nothing_is_sent_after_it(landed, heard_landed):
    watch, released = watched(landed, heard_landed, 20_000.0)
    told = kinds(watch)
    assert watch.is_confirmed and not released and "mission-ended" not in told
    assert told.index("landing-confirmed") < told.index("loss-of-signal")
    when = first(watch, "landing-confirmed").time_s - landed.flown.last["contact"]["time"]
    assert 10.0 < when < 30.0


def test_how_often_the_clock_is_looked_at_changes_no_event(landed, heard_landed):
    coarse, fine = (watched(landed, heard_landed, heard_landed[-1][0], step_s)[0] for step_s in (1.0, 0.25))
    events = [
        [(entry.kind, entry.sentence) for entry in watch.log if entry.kind in ("mode", "alarm-raised", "alarm-cleared")] for watch in (coarse, fine)
    ]
    assert events[0] == events[1]


def test_an_answer_ends_the_attempts(landed, heard_landed):
    begin = heard_landed[0][0] + 100.0
    heard = [one for one in heard_landed if not begin <= one[0] < begin + 400.0]
    watch, released = watched(landed, heard, heard[-1][0])
    told = kinds(watch)
    assert [action.command for _, action in released] == ["arm", "restart-transmitter"]
    assert told.index("attempt") < told.index("answered") and "unanswered" not in told and watch.is_confirmed


def test_silence_out_of_sight_is_no_loss(landed, heard_landed):
    begin = heard_landed[0][0] + 100.0
    heard = [one for one in heard_landed if not begin <= one[0] < begin + 400.0]
    watch, released = watched(landed, heard, heard[-1][0], in_sight=lambda time_s: not begin - 1.0 <= time_s < begin + 401.0)
    assert not released and "loss-of-signal" not in kinds(watch)


def test_next_due_is_when_something_happens(landed):
    watch = watch_of(landed.mission)
    watch.update(0.0)
    seen = []
    while np.isfinite(watch.next_due_s):
        now = watch.next_due_s
        before = len(watch.log)
        watch.update(now)
        seen.append(len(watch.log) > before)
    assert watch.has_ended and all(seen)


def test_the_rule_stands_in_the_mission_file_and_is_no_part_of_the_flight(tmp_path):
    from perilune.mission.emit import to_toml

    plain = load("resilience")
    assert plain.ground.recovery is not None
    path = tmp_path / "m.toml"
    path.write_text(to_toml(plain).replace("loss_of_signal_s = 10.0", "loss_of_signal_s = 33.0"), "utf-8")
    other = load(path)
    assert other.ground.recovery.loss_of_signal_s == 33.0 and other.hash == plain.hash and watch_of(other).rule.loss_of_signal_s == 33.0
    assert Recovery().commands == ("restart-transmitter", "restart-computer")


def test_alarms_hold_in_their_band_and_are_raised_once_a_severity():
    assert severity_of(SINK[0], 6.0, {"height_m": 10.0}) > severity_of(SINK[0], 4.0, {"height_m": 10.0}) > -1
    assert severity_of(SINK[0], 6.0, {"height_m": 50.0}) == severity_of(SINK[0], 6.0, {}) == -1
    packet, alarms = BY_NAME["guidance"], Alarms()
    values = np.zeros(1, packet.dtype)[0]
    values["height_m"] = 10.0
    told = []
    for n, sink in enumerate([1.0, 6.0, 6.0, 9.0, 6.0, 1.0, 1.0, 1.0]):
        values["vertical_speed_m_s"] = sink
        told += [(n, kind) for kind, _ in alarms.look(2.0 * n, packet, values)]
    assert told == [(1, "alarm-raised"), (3, "alarm-raised"), (7, "alarm-cleared")] and alarms.raised == {}


def test_heard_is_in_the_order_of_time(landed, heard_landed):
    times = [when for when, _ in heard_of(landed)]
    assert times == sorted(times) == [when for when, _ in heard_landed]
