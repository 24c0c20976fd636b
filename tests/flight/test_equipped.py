"""What must be true of a landing with velocimeter and position fixes: far better than without, as the filter knows; and of faults met."""

import numpy as np
import pytest
from equipment import EQUIPPED, LANDING_RADAR, PLAIN, TOLD_OF_RADAR, VELOCIMETER, flown, scene_of

from perilune.flight.advance import advance, new_events
from perilune.flight.setup import build_batch, build_scene
from perilune.flight.state import STANDING
from perilune.lander.faults import FROM_START, fault_code
from perilune.mission.loader import read

SEED, RUNS = 1, 24


def misses(batch, scene):
    site = scene.start.site_position_me
    up = site / np.linalg.norm(site)
    away = batch.states["contact"]["position_me"] - site
    return np.linalg.norm(away - np.outer(away @ up, up), axis=1)


def rms(x):
    return float(np.sqrt(np.mean(np.square(x))))


def test_horizontal_speed_and_miss_at_touchdown_shrink_to_a_third_and_less():
    plain, equipped = (flown(text, SEED, RUNS) for text in (PLAIN, EQUIPPED))
    assert (plain.states["status"] == STANDING).all() and (equipped.states["status"] == STANDING).all()
    assert rms(equipped.states["contact"]["horizontal_speed"]) < 0.33 * rms(plain.states["contact"]["horizontal_speed"])
    assert rms(misses(equipped, scene_of(EQUIPPED))) < 0.25 * rms(misses(plain, scene_of(PLAIN)))
    assert equipped.states["contact"]["main_left"].mean() > plain.states["contact"]["main_left"].mean() - 2.0


def errors_at(scene, batch, until_s):
    """Errors (n, 6) of position and velocity and the filter's covariance of them in the tick that begins at `until_s`."""
    events = new_events(scene, len(batch.runs))
    advance(scene, batch, events, until_s=until_s, threads=1)
    truth = batch.states["body"].copy()
    advance(scene, batch, events, until_s=until_s + 0.1, threads=1)  # the computer takes in the tick's increments at its beginning
    n = batch.states["avionics"]["navigation"]
    return np.c_[truth["position"] - n["position_mci"], truth["velocity"] - n["velocity_mci"]], n["covariance"][:, :6, :6].copy()


def test_filter_knows_how_good_it_is():
    """Mean of the normalised squared error of six states: 6 for a filter that knows its errors; imperfect scales are no states, so a little more."""
    scene = scene_of(EQUIPPED)
    batch = build_batch(scene, SEED, np.arange(RUNS))
    for until_s in (3450.0, 3620.0, 3680.0):
        error, covariance = errors_at(scene, batch, until_s)
        squares = np.array([e @ np.linalg.solve(p, e) for e, p in zip(error, covariance, strict=True)])
        assert 3.5 < squares.mean() < 10.0
        sigma = np.sqrt(np.trace(covariance[:, :3, :3], axis1=1, axis2=2).mean())
        assert rms(np.linalg.norm(error[:, :3], axis=1)) == pytest.approx(sigma, rel=0.35)
    assert rms(np.linalg.norm(error[:, 3:], axis=1)) < 0.05
    assert not batch.states["avionics"]["navigation"]["velocimeter_gate"]["refused"].any()


def with_fault(batch, name, size=0.0, axis=-1):
    """The same batch with one planned fault."""
    slots = batch.packs["faults"]
    slots["count"], slots["code"][:, 0], slots["size"][:, 0], slots["axis"][:, 0], slots["duration"][:, 0] = 1, fault_code(name), size, axis, -1.0
    slots["trigger"][:, 0] = FROM_START
    return batch


def test_a_false_velocity_is_refused_by_the_gate_and_the_landing_is_the_plain_ones():
    scene = build_scene(read(EQUIPPED))
    before = scene.avionics.tobytes()
    batch = with_fault(build_batch(scene, SEED, np.arange(4)), "velocimeter.false_return", 30.0, axis=0)
    advance(scene, batch, new_events(scene, 4), threads=1)
    n = batch.states["avionics"]["navigation"]
    assert (batch.states["status"] == STANDING).all() and (n["velocimeter_gate"]["refused"] > 1000).all()
    assert (batch.states["contact"]["horizontal_speed"] < 2.0).all()
    assert scene.avionics.tobytes() == before


def test_late_fixes_are_left_unused():
    scene = scene_of(EQUIPPED)
    heard, late = build_batch(scene, SEED, np.arange(2)), with_fault(build_batch(scene, SEED, np.arange(2)), "position_fix.late", 0.5)
    for batch in (heard, late):
        advance(scene, batch, new_events(scene, 2), threads=1, until_s=3450.0)
    assert heard.states["avionics"]["navigation"]["considers"].all() and not late.states["avionics"]["navigation"]["considers"].any()


RADAR_ALONE = PLAIN.replace("[lander.range_finder]\nreach_m = 10000.0", "[lander.range_finder]\nreach_m = 0.0") + LANDING_RADAR.replace(
    "noise_m = 0.0", "noise_m = 0.3"
)


def test_a_landing_radar_alone_lands_better_than_a_range_finder_alone():
    assert "reach_m = 0.0" in RADAR_ALONE
    text = RADAR_ALONE + TOLD_OF_RADAR
    batch, plain = flown(text, SEED, 8), flown(PLAIN, SEED, RUNS)
    n = batch.states["avionics"]["navigation"]
    assert (batch.states["status"] == STANDING).all() and (n["first_range_time"] > 0.0).all()
    assert rms(batch.states["contact"]["horizontal_speed"]) < 0.5 * rms(plain.states["contact"]["horizontal_speed"])
    assert np.abs(batch.states["contact"]["height_error"]).max() < 2.0
    assert (n["radar_gate"]["refused"] < 10).all() and (n["rejections"] < 10).all()


PROBED = PLAIN.replace("[avionics.touchdown]\n", "[avionics.touchdown]\ncut_at_probes = true\n") + "\n[lander.contact_probes]\nlength_m = 1.0\n"


def test_engines_cut_at_the_probes_touch_let_the_lander_fall_the_rest():
    """From a sink v a probe's length up: sqrt(v² + 2 g h), less what the tick of the probe's touch lets it sink."""
    batch, plain = flown(PROBED, None, 1), flown(PLAIN, None, 1)
    speed, sink = (b.states["contact"]["vertical_speed"][0] for b in (batch, plain))
    most, least = np.sqrt(sink**2 + 2 * 1.62 * 1.0), np.sqrt(sink**2 + 2 * 1.62 * (1.0 - 0.35))
    assert least - 0.05 < speed < most + 0.05
    assert batch.states["contact"]["main_left"][0] > plain.states["contact"]["main_left"][0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (PLAIN + "\n[avionics.navigation.velocimeter]\nnoise_m_s = 0.1\nnoise_share_percent = 0.0\nslow_percent = 0.0\ngate_sigma = 5.0\n", "lacks"),
        (PLAIN.replace("[avionics.touchdown]\n", "[avionics.touchdown]\ncut_at_probes = true\n"), "contact probes that the lander lacks"),
        (PLAIN + VELOCIMETER.format(noise=0.0, latency=0.3, acquisition=0.0, dropout=0.0).replace("rate_hz = 10.0", "rate_hz = 2.0"), "0.2 s"),
    ],
)
def test_what_does_not_fit_the_lander_is_refused_in_one_sentence(text, says):
    from perilune.base.errors import PeriluneError

    with pytest.raises(PeriluneError, match=says) as refused:
        read(text)
    assert "\n" not in str(refused.value)


def test_the_computer_believes_the_beams_that_were_planned_and_not_those_that_are():
    moved = f'{EQUIPPED}\n[cases.bent]\ndescription = "a bent mounting"\n[cases.bent.set]\nlander.velocimeter.tilt_deg = 25.0\n'
    bent, straight = build_scene(read(moved, case="bent")), scene_of(EQUIPPED)
    assert bent.avionics.tobytes() == straight.avionics.tobytes()
    flown_tilt, planned_tilt = (build_batch(scene, None, np.arange(1)).packs["lander"]["velocimeter"]["tilt"][0] for scene in (bent, straight))
    assert np.degrees([flown_tilt, planned_tilt]) == pytest.approx([25.0, 20.0])
    along = straight.avionics["belief"]["velocimeter_beams"][0]
    assert along[:3].mean(axis=0) / np.linalg.norm(along[:3].mean(axis=0)) == pytest.approx([-np.sin(np.radians(20)), 0, -np.cos(np.radians(20))])
    assert not along[3].any()
