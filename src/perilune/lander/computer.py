"""The computer as hardware: how long a cycle takes, which cycles are lost, when it is away, and how far its clock is off.

A cycle's commands act a whole number of control ticks after the measurements that they come from. In a lost cycle (overload) engines hold their last
level; a thruster pulse is commanded anew in each cycle, so none is fired. While the computer is away all valves close.

Assumptions and limitations: latency is rounded to control ticks, at most five; a lost cycle is lost as a whole, its measurements with it, except
that inertial increments wait in the unit's receive buffer (as Apollo's hardware counters did) and are taken in by the next cycle; through an outage
they are lost. Lost cycles are spread evenly. A jump of the clock moves the computer's time alone; the instruments' time tags stay true.
Source: Apollo 11's overload, in which a radar's counters stole some 13 % of the time and five alarms restarted the program, after the abstract of
Eyles, Tales from the Lunar Module Guidance Computer (2004), quoted second hand; that counters went on: recalled; valves close without power: assumed.
"""

from typing import Annotated

import warp as wp
from pydantic import Field

from perilune.base.parameters import Parameters
from perilune.base.vector import HALF, ONE, real
from perilune.lander.faults import FaultsNow, fault_code, fault_on, fault_since, fault_size
from perilune.messages.actuation import Actuation

LONGEST_LATENCY = 5  # control ticks
MOST_WAITING = wp.constant(LONGEST_LATENCY)
OVERLOAD, RESTART, CLOCK_JUMP, LATENCY, HANG = (
    wp.constant(fault_code(f"computer.{kind}")) for kind in ("overload", "restart", "clock_jump", "latency", "hang")
)
RESTART_S = 5.0  # away for so long when it is restarted by command; assumed
RESTART_TAKES = wp.constant(real(RESTART_S))
RUNS, COMES_BACK, LOSES_CYCLE, IS_AWAY = (wp.constant(i) for i in range(4))


class Computer(Parameters):
    """What the mission file says of the computer's hardware; the flight software is `[avionics]`."""

    latency_s: Annotated[
        float, Field(ge=0, le=0.5, description="from the measurements to the commands made from them, in whole ticks of 0.1 s; assumed")
    ] = 0.0


@wp.struct
class ComputerParams:
    """The same in SI, one element a flight."""

    latency: real


@wp.struct
class ComputerState:
    """Whether it is away, and the commands on their way to the valves, newest first."""

    away: wp.bool
    starts_until: real  # s past the epoch, in a restart by command
    late: wp.int32  # ticks by which commands were late in the last one
    command_1: Actuation
    command_2: Actuation
    command_3: Actuation
    command_4: Actuation
    command_5: Actuation


@wp.func
def computer_now(state: wp.ref[ComputerState], now: wp.ref[FaultsNow], time: real, tick_length: real) -> wp.int32:
    """What becomes of this tick's cycle: RUNS, COMES_BACK (runs, for the first time after an outage), LOSES_CYCLE or IS_AWAY."""
    if fault_on(now, RESTART) or fault_on(now, HANG) or time < state.starts_until:
        return IS_AWAY
    if state.away:
        return COMES_BACK
    if fault_on(now, OVERLOAD):
        cycle = wp.floor(fault_since(now, OVERLOAD) / tick_length + HALF)
        share = wp.min(fault_size(now, OVERLOAD), ONE)
        margin = real(1.0e-9)
        if wp.floor((cycle + ONE) * share + margin) > wp.floor(cycle * share + margin):
            return LOSES_CYCLE
    return RUNS


@wp.func
def restart_computer(state: wp.ref[ComputerState], time: real):
    """Cut its power and start it again at `time` [s past the epoch]."""
    state.away = True
    state.starts_until = time + RESTART_TAKES


@wp.func
def clock_error(now: wp.ref[FaultsNow]) -> real:
    """How far [s] the computer's clock is ahead."""
    return fault_size(now, CLOCK_JUMP)


@wp.func
def in_lost_cycle(last: Actuation) -> Actuation:
    """The commands in a lost cycle: levels hold, pulses are not fired again."""
    held = Actuation()
    held.main_engine = last.main_engine
    held.assist_duty = last.assist_duty
    held.radar_position = last.radar_position
    return held


@wp.func
def ticks_late(params: ComputerParams, now: wp.ref[FaultsNow], tick_length: real) -> wp.int32:
    """How many whole ticks commands are late."""
    late = params.latency
    if now.count > 0:
        late += fault_size(now, LATENCY)
    return wp.min(wp.int32(wp.floor(late / tick_length + HALF)), MOST_WAITING)


@wp.func
def fill_line(state: wp.ref[ComputerState], command: Actuation):
    """Let one command be all that is on its way."""
    state.command_1 = command
    state.command_2 = command
    state.command_3 = command
    state.command_4 = command
    state.command_5 = command


@wp.func
def delay_command(state: wp.ref[ComputerState], command: Actuation, ticks: wp.int32) -> Actuation:
    """The command of `ticks` ticks ago (1 to 5), which acts now; `command` joins those on their way."""
    out = state.command_1
    if ticks == 2:
        out = state.command_2
    if ticks == 3:
        out = state.command_3
    if ticks == 4:
        out = state.command_4
    if ticks == 5:
        out = state.command_5
    state.command_5 = state.command_4
    state.command_4 = state.command_3
    state.command_3 = state.command_2
    state.command_2 = state.command_1
    state.command_1 = command
    return out
