"""What is received of a flight underway is what is received of it once it is finished, packet by packet and to the last bit of its time."""

import numpy as np
import pytest

from perilune.base.structs import struct_from
from perilune.downlink.growing import GrowingLink
from perilune.downlink.link import Place, link_of
from perilune.downlink.packets import Sender, sent_packets
from perilune.downlink.received import received_packets
from perilune.environment.relief import ReliefDraw
from perilune.flight.fly import fly
from perilune.flight.record import columns
from perilune.flight.state import DESTROYED
from perilune.mission.faults import PlannedFault


@pytest.mark.parametrize(("case", "fault"), [("planned", "transmitter.fails"), ("as-flown", None)])
def test_in_pieces_as_at_once(case, fault):
    faults = [PlannedFault(fault=fault, time_s=3100.0, duration_s=60.0)] if fault else []
    flight = fly("resilience", case=case, start="pdi", faults=faults)
    scene, rows, telemetry = flight.flown.scene, flight.flown.record, flight.telemetry_rows
    broke = float(flight.flown.last["contact"]["time"]) if flight.flown.last["status"] == DESTROYED else None
    epoch = flight.mission.planned.start.epoch_utc
    link = GrowingLink(Place(scene.mission, scene.start, scene.world.relief), struct_from(flight.flown.pack["environment"], ReliefDraw), None, 0)
    sender, heard, at, said, lengths = Sender(epoch), [], 0, 0, np.random.default_rng(8)
    while at < len(rows):
        piece = rows[at : at + int(lengths.choice([1, 9, 10, 11]))]
        at += len(piece)
        published = int(np.count_nonzero(piece["published"]))
        packets = sender.send_columns(columns(telemetry[said : said + published])) if published else []
        said += published
        new = link.add(piece, packets, broke if at >= len(rows) else None)
        assert all(one.received_time_s > piece["time"][-1] for one in new), "decided before it is due at the station"
        heard += new
        assert len(link._course.time_s) < 50, "what a step costs must not grow with the flight"
    heard += link.close()
    assert heard == received_packets(sent_packets(flight.telemetry, epoch), link_of(flight))
    assert len(heard) > 1000


def test_the_uplink_is_open_while_earth_is_in_sight_and_closes_with_the_structure():
    flight = fly("resilience", case="as-flown", start="pdi")
    scene, rows = flight.flown.scene, flight.flown.record
    link = GrowingLink(Place(scene.mission, scene.start, scene.world.relief), struct_from(flight.flown.pack["environment"], ReliefDraw), None, 0)
    assert not link.uplink().is_open
    link.add(rows[-100:-1], [])
    assert link.uplink().is_open and 1.1 < link.uplink().light_time_s < 1.4
    link.add(rows[-1:], [], float(flight.flown.last["contact"]["time"]))
    assert not link.uplink().is_open
