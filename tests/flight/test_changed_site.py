"""The changed site: what its cases differ in, how each ends, and that a level map on board knows nothing of the relief."""

import numpy as np
import pytest

from bitwise import bits
from perilune.base.parameters import leaves
from perilune.environment.relief_site import level_relief, map_heights
from perilune.flight.compare_ground import false_zero, ground_below
from perilune.flight.compare_published import measure
from perilune.flight.fly import fly
from perilune.flight.flying import fly_recorded
from perilune.flight.pdi import build_pdi_batch
from perilune.flight.setup import build_scene
from perilune.mission.loader import load

SITE = {"site.name", "site.latitude_deg", "site.longitude_deg"}
POLICY = {"avionics.navigation.gate_policy"}


def differing(a, b):
    """The dotted paths in which two cases differ as they are loaded, their name apart."""
    values = [dict(leaves(load("hakuto-r-m1", case=case))) for case in (a, b)]
    return {path for path in values[0] if values[0][path] != values[1][path]} - {"mission.case"}


def test_the_site_alone_leads_from_plain_to_as_flown_and_the_policy_alone_from_there_to_mended():
    assert differing("plain", "as-flown") == differing("mended-plain", "mended") == SITE
    assert differing("as-flown", "mended") == differing("plain", "mended-plain") == POLICY
    for case in ("plain", "as-flown", "mended", "mended-plain"):
        mission = load("hakuto-r-m1", case=case)
        assert dict(leaves(mission)) == dict(leaves(mission.planned)), "nothing is set of the truth alone"
    assert load("hakuto-r-m1").case == "plain" and load("hakuto-r-m1", case="as-flown").avionics.navigation.gate_policy == "distrust"


@pytest.fixture(scope="module")
def flights():
    return {case: fly("hakuto-r-m1", case=case) for case in ("plain", "as-flown", "mended")}


def filtered(flight):
    return flight.flown.last["avionics"]["navigation"]


def test_over_the_original_site_no_range_is_refused_and_the_lander_lands(flights):
    plain = flights["plain"]
    assert plain.verdict == "landed" and filtered(plain)["rejections"] == 0 and not filtered(plain)["distrusted"]
    assert plain.history["measured_range_valid"].sum() > 1000


def test_over_atlas_the_range_finder_is_distrusted_as_the_ground_falls_away_and_the_lander_runs_dry(flights):
    lost = flights["as-flown"]
    history, patience = lost.flown.history, lost.mission.avionics.navigation.gate_patience
    assert lost.verdict == "out-of-propellant" and filtered(lost)["distrusted"] and filtered(lost)["rejections"] == patience
    locked = float(history["time"][np.flatnonzero(np.diff(history["range_rejections"]))[-1] + 1])
    time, to_site, ground = ground_below(lost.flown)
    rim = time[np.argmax(np.where(to_site < 40e3, ground, -np.inf))]  # the highest ground of the last 40 km
    assert abs(locked - rim) < 15.0, "at the rim, the beam some kilometres ahead of the lander"
    dry = float(lost.flown.last["dry_time"])
    contact = float(lost.flown.last["contact"]["time"])
    assert locked < float(false_zero(lost.flown)["time"]) < dry < contact
    fallen = lost.flown.at("height", dry)
    assert lost.touchdown.vertical_speed_m_s == pytest.approx(np.sqrt(lost.flown.at("vertical_speed", dry) ** 2 + 2.0 * 1.622 * fallen), rel=0.01)


def test_before_the_rim_both_policies_fly_the_same_bits_and_after_it_the_mended_lander_lands(flights):
    lost, mended = (flights[case].flown.history for case in ("as-flown", "mended"))
    refused = int(np.flatnonzero(lost["range_rejections"] >= 5)[0])
    assert bits(lost[:refused]) == bits(mended[:refused])
    assert flights["mended"].verdict == "landed" and not filtered(flights["mended"])["distrusted"]


def test_the_height_believed_wrongly_is_that_of_the_record(flights):
    lost, history = flights["as-flown"].flown, flights["as-flown"].history
    row = history.filter((history["estimated_height_m"] <= 0.0) & (history["mode"] != "coast"))[0]
    assert measure(lost, "highest_false_zero_m") == row["height_m"][0] and row["height_m"][0] > 1000.0
    assert measure(lost, "false_zero_sink_m_s") == row["vertical_speed_m_s"][0]
    assert measure(flights["plain"].flown, "false_zero_sink_m_s") is None


def test_the_step_of_the_track_is_that_of_the_great_circle_from_the_north(flights):
    """The undispersed track follows the heading within a kilometre; LOLA read along the great circle itself has the same fall."""
    scene = flights["as-flown"].flown.scene
    way = np.arange(0.0, 60e3, 250.0)
    _, north, up = scene.start.site_axes_me
    angle = (way / (1737400.0 + scene.start.site_height_m))[:, None]
    ground = map_heights(scene.world.relief, np.cos(angle) * up + np.sin(angle) * north)
    fall = max(ground[i] - ground[max(0, i - 80) : i + 1].min() for i in range(len(way)))
    assert measure(flights["as-flown"].flown, "track_step_m") == pytest.approx(fall, abs=60.0)
    assert measure(flights["plain"].flown, "track_step_m") < 0.2 * fall


def test_a_level_map_answers_the_sites_height_everywhere(flights):
    scene = flights["as-flown"].flown.scene
    places = np.random.default_rng(3).normal(size=(200, 3))
    believed, true = (map_heights(tables.relief, places) for tables in (scene.on_board, scene.world))
    assert believed == pytest.approx(scene.start.site_height_m, abs=1e-3) and np.ptp(true) > 1000.0


def test_with_a_level_map_no_command_knows_of_the_relief_before_a_range_tells():
    """The ground of the whole Moon lifted by 700 m under the same computer: bit for bit the same until the first range, not after it."""
    scene = build_scene(load("hakuto-r-m1", case="as-flown"))
    sent = []
    for relief in (scene.world.relief, level_relief(scene.world.relief, scene.start.site_height_m + 700.0)):
        scene.world.relief = relief
        batch = build_pdi_batch(scene, None, np.array([0]))
        recording = fly_recorded(scene, batch, longest_s=float(batch.states["time"][0]) + 720.0)
        sent.append((recording.history[0]["measured_range_valid"], recording.telemetry[0]))
    first = min(int(np.flatnonzero(valid)[0]) for valid, _ in sent)
    assert 0 < first and all(len(telemetry) > first for _, telemetry in sent)
    assert bits(sent[0][1][:first]) == bits(sent[1][1][:first])
    assert bits(sent[0][1][: first + 50]) != bits(sent[1][1][: first + 50])


def test_the_believed_spread_of_the_ground_is_that_of_the_original_site(flights):
    """The file's two derived figures, worked out again from LOLA along the great circle."""
    scene, navigation = flights["plain"].flown.scene, flights["plain"].mission.avionics.navigation
    _, north, up = scene.start.site_axes_me
    step = 250.0
    angle = (np.arange(0.0, 60e3, step) / (1737400.0 + scene.start.site_height_m))[:, None]
    height = map_heights(scene.world.relief, np.cos(angle) * up + np.sin(angle) * north) - scene.start.site_height_m
    correlation = np.array([(height[: len(height) - k] * height[k:]).mean() for k in range(len(height) - 4)]) / (height**2).mean()
    assert navigation.map_error_m == pytest.approx(np.sqrt((height**2).mean()), rel=0.05)
    assert navigation.map_correlation_km * 1e3 == pytest.approx(np.flatnonzero(correlation < np.exp(-1.0))[0] * step, rel=0.05)
