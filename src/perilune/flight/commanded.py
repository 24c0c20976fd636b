"""The uplink in flight: a packet that is complete in a tick goes through the decoder to the hardware or the computer that it is for."""

import warp as wp

from perilune.avionics.belief import OnBoard
from perilune.avionics.command_decoder import (
    EXECUTED,
    IS_BY_HARDWARE,
    NO_COMPUTER,
    RESTART_COMPUTER,
    RESTART_TRANSMITTER,
    decode,
    report,
)
from perilune.avionics.commanding import obey, use_settings
from perilune.avionics.computer import AvionicsParams
from perilune.flight.state import FlightPack, FlightState, World
from perilune.lander.computer import HANG, restart_computer
from perilune.lander.faults import clear_fault
from perilune.lander.transmitter import FAILS, restart_transmitter


@wp.func
def take_uplink(
    world: wp.ref[World],
    on_board: wp.ref[OnBoard],
    planned: wp.array(dtype=AvionicsParams),
    computer: wp.ref[AvionicsParams],
    pack: wp.ref[FlightPack],
    s: wp.ref[FlightState],
):
    """The next packet, if it has come: one in a tick, each waits for those before it."""
    if s.next_uplink < world.uplinks.shape[0]:
        if world.uplinks[s.next_uplink].tick <= s.tick:
            take_packet(world, on_board, planned, computer, pack, s)


@wp.func
def take_packet(
    world: wp.ref[World],
    on_board: wp.ref[OnBoard],
    planned: wp.array(dtype=AvionicsParams),
    computer: wp.ref[AvionicsParams],
    pack: wp.ref[FlightPack],
    s: wp.ref[FlightState],
):
    """Decode it and let it act."""
    packet = world.uplinks[s.next_uplink]
    s.next_uplink += 1
    outcome = decode(s.decoder, packet, s.time)
    if outcome == EXECUTED:
        if IS_BY_HARDWARE[s.decoder.code] == 0:
            outcome = NO_COMPUTER
            if not s.lander.computer.away:
                outcome = obey(planned, on_board, s.avionics, s.decoder)
                use_settings(computer, planned, s.avionics)
        if s.decoder.code == RESTART_COMPUTER:
            clear_fault(pack.faults, s.faults, HANG)
            restart_computer(s.lander.computer, s.time)
        if s.decoder.code == RESTART_TRANSMITTER:
            clear_fault(pack.faults, s.faults, FAILS)
            restart_transmitter(s.lander.transmitter, s.time)
    report(s.decoder, outcome)
