"""The link of a flight: what arrives follows from geometry, energy and the end of the lander, and from nothing else."""

import numpy as np
import pytest

from perilune.base.errors import PeriluneError
from perilune.downlink.link import Link, link_of
from perilune.flight.fly import fly
from perilune.mission.loader import load

LIGHT_M_S = 299792458.0


@pytest.fixture(scope="module")
def lost():
    """The flight that crashes, undispersed."""
    return fly("resilience", case="as-flown")


@pytest.fixture(scope="module")
def link(lost):
    return link_of(lost)


def with_energy(link, eb_n0_db, seed=1, run=0, silences=()):
    """The same link with the energy of its bits given, everywhere or by row."""
    import polars as pl

    margin = link.margin.with_columns(eb_n0_db=pl.lit(eb_n0_db) if np.isscalar(eb_n0_db) else pl.Series(eb_n0_db))
    return Link(link.radio, margin, seed, run, silences)


def test_nothing_arrives_while_the_moon_hides_the_earth(lost, link):
    times = lost.history["time_s"].to_numpy()
    arrives = link.arrivals(times, 500).arrives
    visible = link.margin["is_earth_visible"].to_numpy()
    rises = times[np.flatnonzero(visible)[0]]
    assert not arrives[times < rises - 2.0 * link.radio.frame_s].any()
    assert arrives[(times > rises + 2.0 * link.radio.frame_s) & (times < rises + 600.0)].all()


def test_the_earth_stands_over_mare_frigoris_where_its_latitude_puts_it(link):
    """The sub-Earth point lies within libration, 8° and 7°, of the middle of the near side."""
    elevation = np.degrees(link.margin["earth_elevation_rad"][-1])
    assert 90.0 - 60.5 - 7.0 < elevation < 90.0 - 60.5 + 7.0


def test_the_last_packet_is_in_the_last_frame_that_was_wholly_sent_before_the_impact(lost, link):
    impact = lost.flown.last["contact"]["time"]
    times = lost.history["time_s"].to_numpy()
    arrived = times[link.arrivals(times, 500).arrives]
    last_frame_ends = np.floor(impact / link.radio.frame_s) * link.radio.frame_s
    assert last_frame_ends - 2.0 * link.radio.frame_s <= arrived[-1] <= last_frame_ends - link.radio.frame_s
    assert link.silences == ((impact, np.inf),) and lost.verdict == "crashed"


def test_a_packet_is_received_a_frame_and_a_light_time_after_its_frame_began(link):
    frame = link.radio.frame_s
    sent = np.floor(3300.0 / frame) * frame
    at = link.arrivals(np.array([sent, sent + 0.3, sent + frame]), 400)
    light = np.interp(sent, link.margin["time_s"], link.margin["light_time_s"])
    assert at.received_time_s == pytest.approx([sent + frame + light, sent + 2 * frame + light, sent + 2 * frame + light], abs=1e-5)
    assert light == pytest.approx(link.margin["range_m"][-1] / LIGHT_M_S, rel=2e-3)


def test_frames_are_lost_as_often_as_their_energy_says(link):
    frames = np.arange(3000) * link.radio.frame_s
    for below_db, share in ((0.45, 0.5 / (0.5 + 0.5 * 10**0.5)), (0.5, 0.5), (3.0, 1.0), (-3.0, 0.0)):
        faint = with_energy(link, link.radio.required_eb_n0_db - below_db)
        lost_share = 1.0 - faint.arrivals(frames, 400).arrives.mean()
        assert abs(lost_share - share) <= 4.0 * np.sqrt(max(share * (1.0 - share), 1e-9) / len(frames))


def test_the_same_key_draws_the_same_losses_and_another_run_others(link):
    frames = np.arange(500) * link.radio.frame_s
    faint = [
        with_energy(link, link.radio.required_eb_n0_db - 0.5, seed, run).arrivals(frames, 400).arrives
        for seed, run in ((1, 0), (1, 0), (1, 1), (2, 0))
    ]
    assert (faint[0] == faint[1]).all()
    assert all(0.4 < (faint[0] != other).mean() < 0.6 for other in faint[2:])


def test_asking_for_some_packets_or_in_another_order_changes_nothing_for_small_ones(link):
    """Frames are drawn each by its own number, so a packet's fate does not hang on which others are asked about, while they fit in one frame."""
    faint = with_energy(link, link.radio.required_eb_n0_db - 0.5)
    times = np.arange(0.0, 400.0, 0.7)
    whole = faint.arrivals(times, 100).arrives
    assert (faint.arrivals(times[::3], 100).arrives == whole[::3]).all()
    assert (faint.arrivals(times[::-1], 100).arrives == whole[::-1]).all()


def test_a_packet_of_several_frames_needs_them_all(link):
    time, length = link.margin["time_s"].to_numpy(), link.radio.frame_s
    frame = int(3000.0 // length)
    broken = with_energy(link, np.where((time > (frame + 0.2) * length) & (time < (frame + 0.9) * length), -300.0, 20.0))
    start = (frame - 2) * link.radio.frame_s
    assert not broken.arrivals(np.array([start]), 4 * link.radio.frame_bits).arrives[0]
    assert broken.arrivals(np.array([start - 10.0]), 2 * link.radio.frame_bits).arrives[0]


def test_a_lander_that_stands_is_heard_on_after_the_record_ends():
    link = link_of(fly("resilience"))
    end = link.margin["time_s"][-1]
    assert link.arrivals(end + np.arange(1.0, 600.0), 500).arrives.all()


def test_the_antenna_that_serves_best_is_chosen_and_another_can_be_forced(lost, link):
    chosen = link.margin["antenna_gain_dbi"].to_numpy()
    forced = [link_of(lost, antenna=i).margin["antenna_gain_dbi"].to_numpy() for i in (0, 1)]
    assert (chosen == np.maximum(*forced)).all() and (forced[0] != forced[1]).any()
    with pytest.raises(PeriluneError, match="no antenna 2; choose 0 to 1"):
        link_of(lost, antenna=2)


def test_the_link_of_a_folder_is_that_of_its_flight(lost, link, tmp_path):
    dispersed = fly("resilience", seed=4, run=2)
    for flight, own in ((lost, link), (dispersed, link_of(dispersed))):
        kept = link_of(flight.save(tmp_path / str(flight.run)))
        assert kept.margin.equals(own.margin) and (kept.radio, kept.seed, kept.run) == (own.radio, own.seed, own.run)
        assert kept.silences == own.silences
    with pytest.raises(PeriluneError, match="holds no whole flight"):
        link_of(tmp_path / "nothing")


def test_a_transmitter_that_is_off_loses_every_frame_that_it_cuts(link):
    length = link.radio.frame_s
    frame = int(3200.0 // length)
    starts = (frame + np.arange(-3, 4)) * length
    strong = with_energy(link, 30.0, silences=((frame * length + 0.1, (frame + 1) * length + 0.1),))
    assert strong.arrivals(starts, 400).arrives.tolist() == [True, True, True, False, False, True, True]


def test_rows_as_they_come_tell_the_same_as_the_whole_record(lost, link):
    from perilune.base.structs import struct_from
    from perilune.downlink.link import Place, link_from
    from perilune.environment.relief import ReliefDraw

    scene, rows = lost.flown.scene, lost.flown.history
    some = rows[(rows["time"] > 3000.0) & (rows["time"] < 3020.0)]
    place = Place(scene.mission, scene.start, scene.world.relief)
    piece = link_from(place, some, struct_from(lost.flown.pack["environment"], ReliefDraw), None, 0, silences=link.silences)
    times = np.arange(3003.0, 3015.0, 0.1)
    ours, whole = piece.arrivals(times, 400), link.arrivals(times, 400)
    assert (ours.arrives == whole.arrives).all() and np.abs(ours.received_time_s - whole.received_time_s).max() < 1e-9


def test_a_link_needs_radio_and_stations(lost):
    from dataclasses import replace

    for table in ("lander.radio", "ground"):
        document = load("resilience")
        bare = document.model_copy(update={"lander": document.lander.model_copy(update={"radio": None})} if table != "ground" else {"ground": None})
        flight = replace(lost, flown=replace(lost.flown, scene=replace(lost.flown.scene, mission=bare)))
        with pytest.raises(PeriluneError, match=rf"no link without \[{table}\]"):
            link_of(flight)


def test_bad_packets_are_refused(link):
    with pytest.raises(PeriluneError, match="finite send times"):
        link.arrivals(np.array([np.nan]), 8)
    assert link.arrivals(np.array([]), 8).arrives.shape == (0,)


def test_the_radio_and_the_ground_change_no_mission_hash():
    mission = load("resilience")
    assert load("resilience", ["lander.radio.transmit_power_w=1.0", "ground.elevation_mask_deg=30"]).hash == mission.hash


def test_a_station_that_does_not_exist_is_refused_with_file_and_line():
    with pytest.raises(PeriluneError, match=r"there is no 'cebreros2'"):
        load("resilience", ['ground.stations=["cebreros2"]'])
