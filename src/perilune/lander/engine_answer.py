"""How thrust answers a command in time: delays, rise and fall, pulses at their true instants, and the faults of valves.

Once a control tick `command_engine` latches what the avionics ask: a level, or an on-time from the tick's start. In each truth step `engine_mean`
then gives the exact mean level and how early in the step it comes, whatever switches within the step: valves act a delay after they are told, and the
level follows dl/dt = (l_set - l) / tau with one time constant up and another down.

Assumptions and limitations: a command taken back before its delay is over has no effect; between ignition and shutdown a new level is followed at
once (by the time constant alone); on-time that is shorter than the shortest pulse, or a pause shorter than the shortest pause, is rounded to what can
be and the difference carried to the next tick, until the command is zero; all engines of a group pulse together, from the start of the tick; no
spread from pulse to pulse.
Source: the closed form of a first-order lag.
"""

import warp as wp

from perilune.base.vector import HALF, ONE, TWO, ZERO, real, vec2
from perilune.lander.engines import EARLY_SHUTDOWN, HARD_START, STUCK_CLOSED, STUCK_OPEN, EngineParams, throttle_level
from perilune.lander.faults import FaultsNow, any_fault, fault_on, fault_size

SIXTH = wp.constant(real(0.16666666666666666))
QUIET = wp.constant(real(1.0e-6))  # level below which an engine that is shut gives nothing


@wp.struct
class EngineState:
    """A group of engines between two instants; all zero is off."""

    level: real  # 0 to 1
    lit: wp.bool
    waited: real  # s that a switch has been asked for and not yet made
    delay: real  # s that this ignition takes
    set_level: real  # that the valves give while open
    duty: real  # of this tick
    on_time: real  # s from the start of the tick during which they are told to be open
    carried: real  # s of on-time owed
    given: real  # s at full thrust that this tick gave so far
    once: real  # s, integral of the level over the truth step so far
    twice: real  # s², integral of that


@wp.func
def pulse_on_time(params: EngineParams, s: wp.ref[EngineState], command: real, tick: real) -> real:
    """On-time [s] of this tick for a duty, what cannot be given is carried over."""
    asked = wp.min(command, ONE) * tick + s.carried
    on = wp.clamp(asked, ZERO, tick)
    if on < params.minimum_on:
        on = ZERO
    elif tick - on < params.minimum_off:
        if tick - on < HALF * params.minimum_off:
            on = tick
        else:
            on = tick - params.minimum_off
    s.carried = wp.clamp(asked - on, -tick, tick)
    return on


@wp.func
def command_engine(
    params: EngineParams, s: wp.ref[EngineState], command: real, tick: real, fed: wp.bool, first_fault: wp.int32, now: wp.ref[FaultsNow]
):
    """Latch the `command` (a level or duty, 0 to 1) of a control tick of `tick` [s]; without propellant (`fed` false) the engine is off at once.

    A command that is not a number comes back as it is: min and max would turn it into full thrust.
    """
    asked = command
    s.duty = ZERO
    s.on_time = ZERO
    s.given = ZERO
    if not s.lit and s.waited <= ZERO:
        s.delay = params.start_delay
    if any_fault(now):
        if not s.lit and s.waited <= ZERO:
            s.delay += fault_size(now, first_fault + HARD_START)
        if fault_on(now, first_fault + STUCK_OPEN):
            asked = ONE
        if fault_on(now, first_fault + EARLY_SHUTDOWN) or fault_on(now, first_fault + STUCK_CLOSED):
            asked = ZERO
    if not fed:
        asked = ZERO
        s.level = ZERO
        s.lit = False
        s.waited = ZERO
    if not wp.isfinite(asked):
        s.set_level = asked
        s.level = asked
        s.duty = asked
    elif asked > ZERO:
        if params.pulsed:
            s.set_level = ONE
            s.on_time = pulse_on_time(params, s, asked, tick)
            s.duty = s.on_time / tick
            if s.on_time >= tick:
                s.on_time = TWO * tick
        else:
            s.set_level = throttle_level(params, asked)
            s.duty = s.set_level
            s.on_time = TWO * tick
    else:
        s.carried = ZERO


@wp.func
def follow(params: EngineParams, s: wp.ref[EngineState], span: real):
    """The level over `span` [s] in which no valve moves; `s.level` is left at its end, its integrals are added to those of the step."""
    target = ZERO
    if s.lit:
        target = s.set_level
    away = s.level - target
    once = target * span
    twice = HALF * once * span
    if away != ZERO:
        tau = params.rise
        if away > ZERO:
            tau = params.fall
        s.level = target
        if not s.lit and away > ZERO and away < QUIET:
            tau = ZERO
        if tau > real(1.0e-9):
            x = span / tau
            decay = wp.exp(-x)
            lost = tau * (ONE - decay)
            late = tau * (span - lost)
            if x < real(1.0e-3):  # series: no cancellation
                lost = span * (ONE - x * (HALF - x * (SIXTH - x / real(24.0))))
                late = span * span * (HALF - x * (SIXTH - x / real(24.0)))
            s.level = target + away * decay
            once += away * lost
            twice += away * late
    s.twice += s.once * span + twice
    s.once += once


@wp.func
def hold(params: EngineParams, s: wp.ref[EngineState], wanted: wp.bool, span: real):
    """The level over `span` [s] in which the valves are told one thing: `wanted` open or shut."""
    if wanted == s.lit:
        s.waited = ZERO
        follow(params, s, span)
        return
    delay = params.shutdown_delay
    if wanted:
        delay = s.delay
    left = wp.max(delay - s.waited, ZERO)
    if left >= span:
        s.waited += span
        follow(params, s, span)
        return
    follow(params, s, left)
    s.lit = wanted
    s.waited = ZERO
    follow(params, s, span - left)


@wp.func
def engine_mean(params: EngineParams, s: wp.ref[EngineState], begin: real, dt: real) -> vec2:
    """Mean level over the `dt` [s] that begin `begin` [s] after the start of the tick, and how early [s²] its impulse comes.

    The second is what the level's double integral is more than that of its mean: times a force over a mass, how much farther the body gets.
    """
    on = wp.clamp(s.on_time - begin, ZERO, dt)
    s.once = ZERO
    s.twice = ZERO
    if on > ZERO:
        hold(params, s, True, on)
    if on < dt:
        hold(params, s, False, dt - on)
    s.given += s.once
    return vec2(s.once / dt, s.twice - HALF * s.once * dt)


@wp.func
def is_quiet(s: wp.ref[EngineState]) -> wp.bool:
    """Whether the group gives nothing in this tick, and will not begin to."""
    return s.on_time <= ZERO and not s.lit and s.level <= ZERO
