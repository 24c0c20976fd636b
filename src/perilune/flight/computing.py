"""One tick of the computer as the hardware lets it run: the avionics' cycle, unless it is lost or the computer is away, and the way to the valves."""

import warp as wp

from perilune.avionics.belief import OnBoard
from perilune.avionics.commanding import publish_report
from perilune.avionics.computer import AvionicsParams
from perilune.avionics.cycle import fly_tick
from perilune.avionics.navigation import integrate_tick
from perilune.avionics.restart import resume
from perilune.base.vector import ZERO, real
from perilune.flight.events import EventRow, Kinematics, note
from perilune.flight.state import LOST_SIGMA, TICK, FlightPack, FlightState
from perilune.lander.computer import (
    COMES_BACK,
    IS_AWAY,
    LOSES_CYCLE,
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

LOST = wp.constant(real(LOST_SIGMA))
LEAST_SIGMA = wp.constant(real(1.0e-6))  # m, m/s
LOW = wp.constant(real(50.0))  # m, below which the filter's errors are kept for the state at contact


@wp.func
def begin_cycle(
    avionics: wp.ref[AvionicsParams], on_board: wp.ref[OnBoard], s: wp.ref[FlightState], measured: wp.ref[Measurements], clock: real
) -> wp.int32:
    """What becomes of this tick's cycle, and what that does to the computer's memory and to the increments that it has not taken in."""
    what = computer_now(s.lander.computer, s.active, s.time, TICK)
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
def take_note(s: wp.ref[FlightState], published: wp.ref[Telemetry], before: Kinematics, events: wp.array2d(dtype=EventRow), i: int):
    """What the avionics publish of this tick, held beside the truth: modes as events, and the filter's errors until contact."""
    if published.mode != s.mode:
        if published.mode > 0:
            note(events, i, published.mode - 1, s.time, before)
        s.mode = published.mode
    if s.contact.time < ZERO and published.height < LOW:
        s.contact.height_error = before.height - published.height
        s.contact.height_sigma = published.height_sigma
        s.contact.vertical_speed_error = before.vertical_speed - published.vertical_speed
        s.contact.vertical_speed_sigma = published.vertical_speed_sigma
    if published.mode > 0 and s.contact.time < ZERO:
        watch_estimate(s, published, before)


@wp.func
def watch_estimate(s: wp.ref[FlightState], published: wp.ref[Telemetry], before: Kinematics):
    """How far off the estimate is in its own sigmas, and whether ranges have been refused for good."""
    height = wp.abs(before.height - published.height) / wp.max(published.height_sigma, LEAST_SIGMA)
    sink = wp.abs(before.vertical_speed - published.vertical_speed) / wp.max(published.vertical_speed_sigma, LEAST_SIGMA)
    off = wp.max(height, sink)
    if off > s.watch.worst:
        s.watch.worst = off
        s.watch.worst_time = s.time
    if off > LOST and s.watch.beyond_time == ZERO:
        s.watch.beyond_time = s.time
    if s.avionics.navigation.distrusted and s.watch.distrusted_time == ZERO:
        s.watch.distrusted_time = s.time


@wp.func
def without_cycle(s: wp.ref[FlightState], what: wp.int32, late: wp.int32) -> Actuation:
    """What acts in a tick whose cycle does not run: closed valves without the computer, else what the last cycle asked for and what is on its way."""
    if what == IS_AWAY:
        return Actuation()
    if late > 0:
        return delay_command(s.lander.computer, in_lost_cycle(s.avionics.last), late)
    return in_lost_cycle(s.avionics.last)


@wp.func
def compute(
    law: wp.Function,
    avionics: wp.ref[AvionicsParams],
    on_board: wp.ref[OnBoard],
    pack: wp.ref[FlightPack],
    s: wp.ref[FlightState],
    measured: wp.ref[Measurements],
    before: Kinematics,
    recorded: wp.bool,
    i: int,
    row_index: int,
    events: wp.array2d(dtype=EventRow),
    telemetry: wp.array2d(dtype=Telemetry),
) -> Actuation:
    """The command that acts in this tick; what is published goes into `telemetry` and, where it is looked at, into `s.said`.

    A cycle that does not run leaves at once: structs that are set in one branch only would be copied in every tick.
    """
    clock = s.time
    late = wp.int32(0)
    if any_fault(s.active) or s.lander.computer.away or pack.lander.computer.latency > ZERO:
        clock += clock_error(s.active)
        late = ticks_late(pack.lander.computer, s.active, TICK)
        if late > 0 and s.lander.computer.late == 0:
            fill_line(s.lander.computer, s.avionics.last)
        s.lander.computer.late = late
        what = begin_cycle(avionics, on_board, s, measured, clock)
        if what == IS_AWAY or what == LOSES_CYCLE:
            return without_cycle(s, what, late)
    command, published = fly_tick(law, avionics, on_board, s.avionics, measured, clock, TICK, recorded)
    take_note(s, published, before, events, i)
    if recorded:
        publish_report(s.decoder, s.time, published)
    if recorded or pack.faults.count > 0:
        s.said = published
        s.said_by = s.tick + 1
    if row_index < telemetry.shape[1]:
        telemetry[i, row_index] = published
    if late > 0:
        return delay_command(s.lander.computer, command, late)
    return command
