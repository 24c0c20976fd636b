"""Lockstep: a batch advanced one control tick at a time, the computer's work done by somebody else between what it is told and what it commands.

`sense` gives the measurements of the tick, `act` takes the commands (and what the avionics publish) and flies the plant to the next one; the clock
waits in between. With the avionics' own kernel in that place (`OwnAvionics`) the record is that of the flight in one kernel, bit for bit.

Assumptions and limitations: flights that have ended stay as they are, their measurements are zero; faults of the computer do not act here: whoever
computes has a computer of his own.
"""

from functools import cache
from typing import Any

import numpy as np
import warp as wp

from perilune.avionics.belief import OnBoard
from perilune.avionics.computer import AvionicsParams, AvionicsState, start_avionics
from perilune.avionics.cycle import fly_tick
from perilune.avionics.guidance.choice import law_of
from perilune.base.structs import records
from perilune.base.vector import ZERO, real
from perilune.flight.advance import shared
from perilune.flight.computing import take_note
from perilune.flight.events import EventRow
from perilune.flight.faulting import look_for_faults
from perilune.flight.kernel import act, sense
from perilune.flight.plant import kinematics, masses
from perilune.flight.record import HistoryRow, history_row
from perilune.flight.sensing import TrueRanges
from perilune.flight.setup import Batch, Scene
from perilune.flight.state import STATUS_FLYING, TICK, TICK_S, FlightPack, FlightState, World
from perilune.messages.actuation import Actuation
from perilune.messages.measurements import ImuMeasurement, Measurements
from perilune.messages.telemetry import Telemetry


@wp.kernel(module="unique", module_options={"max_unroll": 4})
def sense_tick(
    world: World,
    packs: wp.array(dtype=FlightPack),
    states: wp.array(dtype=FlightState),
    events: wp.array2d(dtype=EventRow),
    measured: wp.array(dtype=Measurements),
    ranged: wp.array(dtype=TrueRanges),
):
    """What each computer is handed in this tick; a flight that has not begun begins."""
    i = wp.tid()
    pack = packs[i]
    s = states[i]
    if s.status < STATUS_FLYING:
        s.status = STATUS_FLYING
    m = Measurements()
    lengths = TrueRanges()
    if s.status == STATUS_FLYING:
        now = masses(pack, s)
        before = kinematics(world, pack, s.body, now.cg, s.time)
        look_for_faults(world, pack, s, before, events, i)
        m, lengths = sense(world, pack, s, before, now.cg, events, i)
    measured[i] = m
    ranged[i] = lengths
    states[i] = s


@wp.kernel(module="unique", module_options={"max_unroll": 4})
def act_tick(
    world: World,
    avionics: wp.array(dtype=AvionicsParams),
    packs: wp.array(dtype=FlightPack),
    states: wp.array(dtype=FlightState),
    measured: wp.array(dtype=Measurements),
    ranged: wp.array(dtype=TrueRanges),
    commands: wp.array(dtype=Actuation),
    published: wp.array(dtype=Telemetry),
    first_tick: wp.int32,
    events: wp.array2d(dtype=EventRow),
    history: wp.array2d(dtype=HistoryRow),
    telemetry: wp.array2d(dtype=Telemetry),
    increments: wp.array2d(dtype=ImuMeasurement),
):
    """Note what was published, record the tick and fly it."""
    i = wp.tid()
    pack = packs[i]
    s = states[i]
    if s.status == STATUS_FLYING:
        row = s.tick - first_tick
        computer = avionics[0]
        said = published[i]
        now = masses(pack, s)
        before = kinematics(world, pack, s.body, now.cg, s.time)
        take_note(s, said, before, events, i)
        if said.mass != ZERO:
            s.said_by = s.tick + 1
        if row < history.shape[1]:
            history[i, row] = history_row(world, computer.belief, s, before, now.cg, now.mass, measured[i], ranged[i], commands[i], said)
        if row < telemetry.shape[1]:
            telemetry[i, row] = said
        act(world, pack, s, commands[i], before, i, row, events, increments)
        states[i] = s


def compute_kernel(law: str) -> Any:
    """A kernel of the avionics alone, with the law of a name or a user's file, one cycle a launch."""
    return compute_kernel_around(law_of(law))


@cache
def compute_kernel_around(law: Any) -> Any:
    """The same with the law's function."""

    @wp.kernel(module="unique", module_options={"max_unroll": 4})
    def compute_tick(
        on_board: OnBoard,
        avionics: wp.array(dtype=AvionicsParams),
        memories: wp.array(dtype=AvionicsState),
        measured: wp.array(dtype=Measurements),
        time: wp.array(dtype=real),
        begins: wp.bool,
        commands: wp.array(dtype=Actuation),
        published: wp.array(dtype=Telemetry),
    ):
        i = wp.tid()
        computer = avionics[0]
        memory = memories[i]
        if begins:
            memory = start_avionics(computer)
        command, said = fly_tick(law, computer, on_board, memory, measured[i], time[i], TICK, True)
        commands[i] = command
        published[i] = said
        memories[i] = memory

    return compute_tick


class Lockstep:
    """A batch in the hands of other avionics.

    Parameters
    ----------
    scene, batch : what is flown; the batch's states are changed in place
    events : (n, k) as `flight.advance.new_events` gives them
    history, telemetry : (n, ticks) or None; rows from `first_tick` on
    """

    def __init__(
        self,
        scene: Scene,
        batch: Batch,
        events: np.ndarray,
        history: np.ndarray | None = None,
        telemetry: np.ndarray | None = None,
        first_tick: int = 0,
    ):
        count = len(batch.states)
        self.scene, self.batch = scene, batch
        self.measured, self.ranged = records(Measurements, count), records(TrueRanges, count)
        self.commands, self.published = records(Actuation, count), records(Telemetry, count)
        packs, states, marks = shared(batch.packs, FlightPack), shared(batch.states, FlightState), shared(events, EventRow)
        seen = [shared(self.measured, Measurements), shared(self.ranged, TrueRanges)]
        rows = [
            wp.empty((0, 0), dtype=struct, device="cpu") if array is None else shared(array, struct)
            for array, struct in ((history, HistoryRow), (telemetry, Telemetry), (None, ImuMeasurement))
        ]
        told = [shared(self.commands, Actuation), shared(self.published, Telemetry)]
        computer = shared(scene.avionics, AvionicsParams)
        self._sense = wp.launch(sense_tick, count, [scene.world, packs, states, marks, *seen], device="cpu", record_cmd=True)
        inputs = [scene.world, computer, packs, states, *seen, *told, first_tick, marks, *rows]
        self._act = wp.launch(act_tick, count, inputs, device="cpu", record_cmd=True)

    def sense(self) -> np.ndarray:
        """The measurements of the present tick, `Measurements` records (n,); the same array each time."""
        self._sense.launch()
        return self.measured

    def act(self) -> None:
        """Fly the tick under `self.commands`, with `self.published` as what the avionics say of themselves."""
        self._act.launch()

    @property
    def time_s(self) -> np.ndarray:
        """Times (n,) [s past the epoch] of the present ticks."""
        return np.asarray(self.batch.states["tick"] * TICK_S)


class OwnAvionics:
    """The avionics of this program outside the flight's kernel: measurements in, commands and telemetry out, one tick a call."""

    def __init__(self, scene: Scene, count: int = 1):
        self.memories, self.measured, self.time = records(AvionicsState, count), records(Measurements, count), np.zeros(count)
        self.commands, self.published = records(Actuation, count), records(Telemetry, count)
        arrays: list[Any] = [shared(self.memories, AvionicsState), shared(self.measured, Measurements), shared(self.time, real)]
        out: list[Any] = [shared(self.commands, Actuation), shared(self.published, Telemetry)]
        kernel = compute_kernel(scene.mission.planned.avionics.guidance.law)
        inputs = [scene.on_board, shared(scene.avionics, AvionicsParams), *arrays, True, *out]
        self._compute = wp.launch(kernel, count, inputs, device="cpu", record_cmd=True)
        self.begins = True

    def compute(self, measured: np.ndarray, time_s: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """`Actuation` and `Telemetry` records (n,) for `Measurements` records (n,) at times (n,); the same arrays each time."""
        self.measured[:] = measured
        self.time[:] = time_s
        self._compute.set_param_by_name("begins", self.begins)
        self._compute.launch()
        self.begins = False
        return self.commands, self.published
