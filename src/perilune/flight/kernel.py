"""The kernel: plant and computer closed in one loop, a batch of flights, each advanced by one thread to a given tick.

A flight is its pack and its state; calling again with a later tick continues it, on any thread, in any batch, with the same bits.
"""

from functools import cache
from typing import Any

import warp as wp

from perilune.avionics.belief import OnBoard
from perilune.avionics.commanding import use_settings
from perilune.avionics.computer import AvionicsParams, start_avionics
from perilune.avionics.guidance.choice import law_of
from perilune.base.vector import ZERO, real
from perilune.flight.commanded import take_uplink
from perilune.flight.computing import compute
from perilune.flight.dynamics import coast_step
from perilune.flight.events import EventRow, Kinematics, note_marks
from perilune.flight.faulting import look_for_faults
from perilune.flight.ground_contact import status_on_ground
from perilune.flight.plant import fly_plant, kinematics, masses, pad_clearance
from perilune.flight.record import HistoryRow, history_row
from perilune.flight.resting import stay_put
from perilune.flight.sensing import sense
from perilune.flight.state import STATUS_DESTROYED, STATUS_FLYING, STATUS_INVALID, STATUS_STAYING, STEPS, TICK, FlightPack, FlightState, World
from perilune.lander.sensors.landing_radar import point_radar
from perilune.messages.actuation import Actuation
from perilune.messages.measurements import ImuMeasurement
from perilune.messages.telemetry import Telemetry


@wp.func
def is_valid(s: wp.ref[FlightState]) -> wp.bool:
    """Whether every number that the others hang on is finite."""
    return wp.isfinite(
        wp.length(s.body.position)
        + wp.length(s.body.velocity)
        + wp.length(s.body.rate)
        + s.body.attitude[3]
        + s.lander.fuel.left
        + s.lander.oxidiser.left
    )


@wp.func
def coast_on(world: wp.ref[World], pack: wp.ref[FlightPack], s: wp.ref[FlightState], until: wp.int32):
    """A lander without avionics: the field alone, to a tick or to the ground, which is found to a nanosecond."""
    now = masses(pack, s)
    end = TICK * real(until)
    while s.status == STATUS_FLYING and s.time < end - real(1.0e-9):
        h = wp.min(pack.passive_step, end - s.time)
        after = coast_step(world, s.body, now.inertia, s.time, h)
        if pad_clearance(world, pack, after, now.cg, s.time + h) <= ZERO:
            lo = ZERO
            hi = h
            for _ in range(60):
                middle = (lo + hi) * real(0.5)
                if pad_clearance(world, pack, coast_step(world, s.body, now.inertia, s.time, middle), now.cg, s.time + middle) > ZERO:
                    lo = middle
                else:
                    hi = middle
            s.body = coast_step(world, s.body, now.inertia, s.time, hi)
            s.time += hi
            s.status = STATUS_DESTROYED
            s.contact.time = s.time
        else:
            s.body = after
            s.time += h
    s.tick = until


@wp.func
def act(
    world: wp.ref[World],
    pack: wp.ref[FlightPack],
    s: wp.ref[FlightState],
    command: Actuation,
    before: Kinematics,
    i: int,
    row_index: int,
    events: wp.array2d(dtype=EventRow),
    increments: wp.array2d(dtype=ImuMeasurement),
) -> Kinematics:
    """Let the plant fly the tick under a command; the kinematics after it."""
    began = s.time
    if pack.lander.landing_radar.present:
        point_radar(pack.lander.landing_radar, s.lander.landing_radar, command.radar_position, s.time)
    if s.status == STATUS_STAYING:
        return stay_put(world, pack, s, increments, i, row_index * STEPS)
    fly_plant(world, pack, s, command, before.height, events, increments, i, row_index * STEPS)
    if s.status == STATUS_FLYING:
        s.tick += 1
        s.time = real(s.tick) * TICK
        if not is_valid(s) or s.avionics.law_broke:
            s.status = STATUS_INVALID
        elif s.contact.time >= ZERO:
            s.status = status_on_ground(pack, s)
    after = kinematics(world, pack, s.body, masses(pack, s).cg, s.time)
    note_marks(world, events, i, began, before, s.time, after)
    return after


def build_kernel(law: str) -> Any:
    """The kernel with one guidance law, of a name or a user's file, compiled in."""
    return kernel_around(law_of(law))


@cache
def kernel_around(law: Any) -> Any:
    """The kernel with the law's function compiled in."""

    @wp.func
    def fly_one_tick(
        world: wp.ref[World],
        on_board: wp.ref[OnBoard],
        planned: wp.array(dtype=AvionicsParams),
        avionics: wp.ref[AvionicsParams],
        pack: wp.ref[FlightPack],
        s: wp.ref[FlightState],
        before: Kinematics,
        i: int,
        row_index: int,
        events: wp.array2d(dtype=EventRow),
        history: wp.array2d(dtype=HistoryRow),
        telemetry: wp.array2d(dtype=Telemetry),
        increments: wp.array2d(dtype=ImuMeasurement),
    ) -> Kinematics:
        now = masses(pack, s)
        take_uplink(world, on_board, planned, avionics, pack, s)
        look_for_faults(world, pack, s, before, events, i)
        measured, true_ranges = sense(world, pack, s, before, now.cg, events, i)
        recorded = row_index < history.shape[1] or row_index < telemetry.shape[1]
        command = compute(law, avionics, on_board, pack, s, measured, before, recorded, i, row_index, events, telemetry)
        if row_index < history.shape[1]:
            history[i, row_index] = history_row(world, avionics.belief, s, before, now.cg, now.mass, measured, true_ranges, command, s.said)
        return act(world, pack, s, command, before, i, row_index, events, increments)

    @wp.kernel(module="unique", module_options={"max_unroll": 4})
    def advance(
        world: World,
        on_board: OnBoard,
        avionics: wp.array(dtype=AvionicsParams),
        packs: wp.array(dtype=FlightPack),
        states: wp.array(dtype=FlightState),
        until: wp.int32,
        stop_mode: wp.int32,
        first_tick: wp.int32,
        events: wp.array2d(dtype=EventRow),
        history: wp.array2d(dtype=HistoryRow),
        telemetry: wp.array2d(dtype=Telemetry),
        increments: wp.array2d(dtype=ImuMeasurement),
    ):
        i = wp.tid()
        pack = packs[i]
        s = states[i]
        if s.status < STATUS_FLYING:
            s.avionics = start_avionics(avionics[0])
            s.status = STATUS_FLYING
        if pack.passive:
            coast_on(world, pack, s, until)
        else:
            computer = avionics[0]
            if s.decoder.reports > 0:
                use_settings(computer, avionics, s.avionics)
            now = masses(pack, s)
            k = kinematics(world, pack, s.body, now.cg, s.time)
            while (s.status == STATUS_FLYING or s.status == STATUS_STAYING) and s.tick < until and s.mode < stop_mode:
                k = fly_one_tick(world, on_board, avionics, computer, pack, s, k, i, s.tick - first_tick, events, history, telemetry, increments)
        states[i] = s

    return advance
