"""One tick of the computer as the hardware lets it run: the avionics' cycle, unless it is lost or the computer is away, and the way to the valves."""

import warp as wp

from perilune.avionics.belief import OnBoard
from perilune.avionics.computer import AvionicsParams
from perilune.avionics.cycle import fly_tick
from perilune.avionics.navigation import integrate_tick
from perilune.avionics.restart import resume
from perilune.base.vector import ZERO, real
from perilune.flight.state import TICK, FlightPack, FlightState
from perilune.lander.computer import (
    COMES_BACK,
    IS_AWAY,
    LOSES_CYCLE,
    RUNS,
    clock_error,
    computer_now,
    delay_command,
    fill_line,
    in_lost_cycle,
    ticks_late,
)
from perilune.lander.faults import any_fault
from perilune.messages.actuation import Actuation
from perilune.messages.measurements import Measurements
from perilune.messages.telemetry import Telemetry


@wp.func
def begin_cycle(
    avionics: wp.ref[AvionicsParams], on_board: wp.ref[OnBoard], s: wp.ref[FlightState], measured: wp.ref[Measurements], clock: real
) -> wp.int32:
    """What becomes of this tick's cycle, and what that does to the computer's memory and to the increments that it has not taken in."""
    what = computer_now(s.lander.computer.away, s.active, TICK)
    s.lander.computer.away = what == IS_AWAY
    if what == COMES_BACK:
        s.avionics = resume(avionics, on_board, s.avionics.record, clock)
        measured.imu.count = 0  # gathered while it was away
    if what == LOSES_CYCLE:
        integrate_tick(s.avionics.navigation, measured.imu)  # from the receive buffer, before the next cycle's own
    if what == IS_AWAY:
        fill_line(s.lander.computer, Actuation())
    return what


@wp.func
def end_cycle(pack: wp.ref[FlightPack], s: wp.ref[FlightState], command: Actuation, before: Actuation) -> Actuation:
    """What acts on the lander in this tick of a `command` given in it, `before` having been given in the last."""
    late = ticks_late(pack.lander.computer, s.active, TICK)
    acting = command
    if late > 0 and not s.lander.computer.away:
        acting = delay_command(s.lander.computer, command, before, late)
    s.lander.computer.late = late
    return acting


@wp.func
def compute(
    law: wp.Function,
    avionics: wp.ref[AvionicsParams],
    on_board: wp.ref[OnBoard],
    pack: wp.ref[FlightPack],
    s: wp.ref[FlightState],
    measured: wp.ref[Measurements],
    recorded: wp.bool,
) -> tuple[Actuation, Telemetry, wp.bool]:
    """The command that acts in this tick, the telemetry (the last published where the cycle did not run), and whether it is new."""
    what = RUNS
    clock = s.time
    if any_fault(s.active) or s.lander.computer.away:
        clock += clock_error(s.active)
        what = begin_cycle(avionics, on_board, s, measured, clock)
    before = s.avionics.last
    command = Actuation()
    published = Telemetry()
    runs = what == RUNS or what == COMES_BACK
    if runs:
        command, published = fly_tick(law, avionics, on_board, s.avionics, measured, clock, TICK, recorded)
    else:
        published = s.said
        if what == LOSES_CYCLE:
            command = in_lost_cycle(before)
    if pack.faults.count > 0:
        s.said = published
    if s.lander.computer.late > 0 or pack.lander.computer.latency > ZERO or any_fault(s.active):
        command = end_cycle(pack, s, command, before)
    return command, published, runs
