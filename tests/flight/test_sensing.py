"""What must be true of what the sensors are given of the truth: beams, speeds, heights and the Sun, worked out again from the record alone."""

import numpy as np
import pytest
from equipment import EXACT, PLAIN, recorded, scene_of

from perilune.base.parameters import pack
from perilune.base.structs import struct_from
from perilune.environment.ephemeris import moon_centred_position
from perilune.environment.orientation import ME_FROM_PA, rotation_pa_from_mci
from perilune.environment.relief import ReliefDraw
from perilune.environment.relief_site import ground_heights
from perilune.validation.plain_filter import matrix

RADIUS = 1737400.0


class Record:
    """The flight of a lander whose sensors have no errors, and the geometry of each of its rows."""

    def __init__(self):
        self.scene = scene_of(EXACT)
        self.batch, self.rows = recorded(EXACT)
        self.axes = np.asarray(self.scene.start.site_axes_me)
        self.relief = self.scene.world.relief
        self.draw = struct_from(pack(self.scene.mission.environment, ReliefDraw)[0], ReliefDraw)

    def me(self, row, later=0.0):
        return ME_FROM_PA @ rotation_pa_from_mci(np.array([self.scene.start.epoch_tdb_s + row["time"] + later]))[0]

    def origin(self, row):
        """The middle of the footpad plane, me [m]."""
        return self.scene.start.site_position_me + row["position_site"] @ self.axes

    def body(self, row):
        """From body to me axes."""
        return self.me(row) @ matrix(row["attitude_mci_from_body"])

    def velocity_over_ground(self, row):
        """Of the middle of the footpad plane, in me axes: of its place in the turning axes, a little later less a little earlier."""
        c = matrix(row["attitude_mci_from_body"])
        lever = self.me(row).T @ self.origin(row) - row["position_mci"]
        swing = c @ np.cross(row["rate_body"], c.T @ lever)
        h = 0.5
        places = [self.me(row, t) @ (row["position_mci"] + lever + t * (row["velocity_mci"] + swing)) for t in (-h, h)]
        return (places[1] - places[0]) / (2.0 * h)

    def heights(self, places):
        return np.linalg.norm(places, axis=1) - RADIUS - ground_heights(self.relief, self.draw, places)


@pytest.fixture(scope="module")
def record():
    return Record()


def spread(flags, count=40):
    found = np.flatnonzero(flags)
    return found[np.linspace(0, len(found) - 1, min(count, len(found))).astype(int)]


def cone(tilt_deg, cant_deg, azimuths_deg):
    """Beams about an axis that leans from -z towards -x."""
    t, c, a = np.radians(tilt_deg), np.radians(cant_deg), np.radians(np.asarray(azimuths_deg, float))
    b = np.c_[-np.sin(c) * np.cos(a), -np.sin(c) * np.sin(a), np.full(len(a), -np.cos(c))]
    return b @ np.array([[np.cos(t), 0.0, -np.sin(t)], [0.0, 1.0, 0.0], [np.sin(t), 0.0, np.cos(t)]])


def test_velocimeter_speeds_are_those_of_the_motion_over_the_turning_ground(record):
    beams = cone(20.0, 22.5, [0.0, 120.0, 240.0])
    ticks = spread(record.rows["measured_velocimeter_beams"] == 7)
    assert len(ticks) == 40
    for row in record.rows[ticks]:
        expected = (record.body(row) @ beams.T).T @ record.velocity_over_ground(row)
        assert row["measured_velocimeter_speed"][:3] == pytest.approx(expected, abs=2e-6)


def test_radar_speeds_are_those_of_the_antennas_position_and_end_at_the_speed_limit(record):
    fast = np.linalg.norm(record.rows["velocity_site"], axis=1) > 301.0
    assert not record.rows["measured_radar_beams"][fast].any() and record.rows["measured_radar_beams"].any()
    braking = record.rows["mode"] == 1
    below = np.arange(len(record.rows)) > np.flatnonzero(record.rows["mode"] >= 2)[0] + 60
    for flags, tilt in ((braking, 9.62), (below, 0.0)):
        ticks = spread((record.rows["measured_radar_beams"] != 0) & flags, 20)
        assert len(ticks) == 20
        for row in record.rows[ticks]:
            expected = (record.body(row) @ cone(tilt, 24.55, [35.57, -35.57, 215.57]).T).T @ record.velocity_over_ground(row)
            answered = (row["measured_radar_beams"] >> np.arange(3)) & 1
            assert row["measured_radar_speed"] == pytest.approx(expected * answered, abs=2e-6)


def test_radar_is_silent_while_its_antenna_travels(record):
    turned = np.flatnonzero(record.rows["mode"] >= 2)[0]
    travelling = record.rows[turned + 1 : turned + 50]
    assert not travelling["measured_radar_range_valid"].any() and not travelling["measured_radar_beams"].any()
    assert record.rows["measured_radar_range_valid"][turned - 10 : turned].any() and record.rows["measured_radar_range_valid"][turned + 51 :].any()


def test_radar_ranges_end_on_the_ground(record):
    turned = np.flatnonzero(record.rows["mode"] >= 2)[0]
    ticks = spread(record.rows["measured_radar_range_valid"].astype(bool) & (record.rows["height"] > 1.0), 60)
    lean = np.where(ticks < turned + 1, 30.0, 20.38)
    ends = [
        record.origin(row) + row["measured_radar_range"] * record.body(row) @ [-np.sin(np.radians(a)), 0.0, -np.cos(np.radians(a))]
        for row, a in zip(record.rows[ticks], lean, strict=True)
    ]
    assert np.abs(record.heights(np.array(ends))).max() < 0.05
    assert record.rows["measured_radar_range"].max() <= 10000.0 and np.ptp(record.rows["measured_radar_range"][ticks]) > 5000.0


def test_radar_in_its_first_position_ranges_what_a_range_finder_along_the_same_beam_does(record):
    rows = record.rows[(record.rows["mode"] == 1) & record.rows["measured_radar_range_valid"] & (record.rows["true_range"] > 0.0)]
    assert len(rows) > 50 and rows["measured_radar_range"] == pytest.approx(rows["true_range"], abs=0.02)


def sun_elevation(record, row):
    way = moon_centred_position("sun", np.array([record.scene.start.epoch_tdb_s + row["time"]]))[0] - row["position_mci"]
    return np.arcsin(way @ row["position_mci"] / np.linalg.norm(way) / np.linalg.norm(row["position_mci"]))


def test_position_fixes_are_the_place_and_come_where_the_sun_is_high_enough_and_the_height_right(record):
    rows = record.rows
    asked = np.arange(len(rows)) % 10 == 0
    high = np.array([sun_elevation(record, row) for row in rows[asked]])
    within = (rows["height"][asked] >= 300.0) & (rows["height"][asked] <= 20000.0)
    assert np.array_equal(rows["measured_position_fix_valid"][asked], within & (high >= np.radians(30.0)))
    assert not rows["measured_position_fix_valid"][~asked].any()
    assert (within & (high < np.radians(30.0))).any(), "the limit must matter on this flight"
    for row in rows[spread(rows["measured_position_fix_valid"], 20)]:
        assert row["measured_position_fix_me"] == pytest.approx(record.origin(row), abs=1e-3)


def test_sun_is_seen_in_the_field_of_view_and_out_of_the_shadow_alone(record):
    rows = record.rows[::10]
    t = record.scene.start.epoch_tdb_s + rows["time"]
    way = moon_centred_position("sun", t) - rows["position_mci"]
    way /= np.linalg.norm(way, axis=1)[:, None]
    body = np.array([matrix(q).T @ w for q, w in zip(rows["attitude_mci_from_body"], way, strict=True)])
    boresight = np.array([1.0, 0.0, 0.3]) / np.linalg.norm([1.0, 0.0, 0.3])
    off = np.degrees(np.arccos(body @ boresight))
    distance = np.linalg.norm(rows["position_mci"], axis=1)
    dip = np.degrees(np.arcsin(np.sum(way * rows["position_mci"], axis=1) / distance)) + np.degrees(np.arccos(np.minimum(RADIUS / distance, 1.0)))
    sure = (np.abs(off - 70.0) > 0.01) & (np.abs(dip) > 0.01)
    expected = (off < 70.0) & (dip > 0.0)
    assert np.array_equal(rows["measured_sun_valid"][sure].astype(bool), expected[sure])
    assert expected.any() and (dip < 0.0).any(), "the flight must pass through the shadow"


def test_probes_touch_when_a_tip_is_below_the_ground_and_before_the_pads_do(record):
    rows = record.rows
    contact = float(record.batch.states["contact"]["time"][0])
    felt = rows["time"][rows["contact_probes"] != 0]
    assert felt[0] < contact and contact - felt[0] == pytest.approx(1.5 / 1.5, abs=0.5)
    row = rows[np.flatnonzero(rows["contact_probes"] != 0)[0] - 1]
    assert row["height"] == pytest.approx(1.5, abs=0.6) and not rows["contact_probes"][rows["height"] > 3.0].any()


def test_sensors_that_the_computer_is_not_told_of_change_no_bit_of_the_flight(record):
    """And so no sensor's noise moves that of another, and none costs the landing anything."""
    plain_batch, plain = recorded(PLAIN)
    for name in ("position_mci", "velocity_mci", "attitude_mci_from_body", "estimated_position_mci", "sigma_velocity_site", "measured_range"):
        assert plain[name].tobytes() == record.rows[name].tobytes()
    for part in ("body", "contact"):
        for name in plain_batch.states[part].dtype.names:
            assert plain_batch.states[part][name].tobytes() == record.batch.states[part][name].tobytes()
