"""A bench for the receiver on board: the flight's own functions take packet after packet, without a flight around them."""

import numpy as np
import warp as wp

from perilune.avionics.belief import OnBoard
from perilune.avionics.computer import AvionicsParams
from perilune.base.structs import records
from perilune.base.vector import real, vec3
from perilune.flight.advance import shared
from perilune.flight.commanded import take_packet
from perilune.flight.commands import with_rows
from perilune.flight.setup import Batch, Scene
from perilune.flight.state import FlightPack, FlightState, World


@wp.struct
class Setting:
    """What a packet comes upon."""

    time: real  # s past the epoch
    mode: wp.int32
    is_away: wp.bool  # the computer


@wp.struct
class Report:
    """What is told of a packet, and all that commands have set by then."""

    outcome: wp.int32
    code: wp.int32
    sequence: wp.int32
    argument_1: real
    argument_2: real
    reports: wp.int32
    refused: wp.int32
    armed: wp.int32
    armed_until: real
    antenna: wp.int32
    left_out: wp.int32
    range_gate: real
    site_offset: vec3
    hold: real
    starts_until: real
    silent_until: real


@wp.func
def reported(s: wp.ref[FlightState]) -> Report:
    """The present state of decoder, settings and hardware."""
    r = Report()
    r.outcome = s.decoder.outcome
    r.code = s.decoder.code
    r.sequence = s.decoder.sequence
    r.argument_1 = s.decoder.argument_1
    r.argument_2 = s.decoder.argument_2
    r.reports = s.decoder.reports
    r.refused = s.decoder.refused
    r.armed = s.decoder.armed
    r.armed_until = s.decoder.armed_until
    r.antenna = s.avionics.settings.antenna
    r.left_out = s.avionics.settings.left_out
    r.range_gate = s.avionics.settings.range_gate
    r.site_offset = s.avionics.settings.site_offset
    r.hold = s.avionics.hold_left
    r.starts_until = s.lander.computer.starts_until
    r.silent_until = s.lander.transmitter.silent_until
    return r


@wp.kernel(module="unique", module_options={"max_unroll": 4})
def take_all(
    world: World,
    on_board: OnBoard,
    avionics: wp.array(dtype=AvionicsParams),
    packs: wp.array(dtype=FlightPack),
    states: wp.array(dtype=FlightState),
    settings: wp.array(dtype=Setting),
    reports: wp.array(dtype=Report),
):
    i = wp.tid()
    s = states[i]
    pack = packs[i]
    computer = avionics[0]
    for k in range(settings.shape[0]):
        s.time = settings[k].time
        s.avionics.mode = settings[k].mode
        s.lander.computer.away = settings[k].is_away
        take_packet(world, on_board, avionics, computer, pack, s)
        reports[k] = reported(s)
    states[i] = s


def take(scene: Scene, batch: Batch, packets: np.ndarray, settings: np.ndarray) -> np.ndarray:
    """What is told of each of the `UplinkPacket` records (n,), as `Report` records (n,), by the first lander of the batch, which is changed.

    `settings` are `Setting` records (n,).
    """
    world = with_rows(scene, packets).world
    reports = records(Report, len(packets))
    arrays = [shared(batch.packs[:1], FlightPack), shared(batch.states[:1], FlightState), shared(settings, Setting), shared(reports, Report)]
    wp.launch(take_all, 1, [world, scene.on_board, shared(scene.avionics, AvionicsParams), *arrays], device="cpu")
    return reports
