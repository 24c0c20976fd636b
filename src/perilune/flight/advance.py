"""Running the kernel: a batch of flights advanced on the cores of this machine, slice by slice, to a tick or to their end."""

import os
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
import warp as wp

from perilune.avionics.computer import AvionicsParams
from perilune.base.structs import layout, records
from perilune.flight.events import MARKS, EventRow
from perilune.flight.kernel import build_kernel
from perilune.flight.record import HistoryRow
from perilune.flight.setup import Batch, Scene
from perilune.flight.state import FLYING, TICK_S, FlightPack, FlightState
from perilune.messages.measurements import ImuMeasurement
from perilune.messages.telemetry import Telemetry

NO_MODE = 1_000
LONGEST_S = 3.0 * 3600.0  # a flight that has not ended by then has not landed


def new_events(scene: Scene, count: int) -> np.ndarray:
    """Room for the events of `count` flights, none happened yet."""
    events = records(EventRow, count, int(MARKS) + len(scene.marks_m) + 2 * len(scene.mission.faults))
    events["time"] = -1.0
    return events


def load_kernel(law: str) -> object:
    """Compile the kernel of a law, or load it from Warp's cache; in the main thread, before any other launches it."""
    kernel = build_kernel(law)
    wp.load_module(kernel.module, device="cpu")
    return kernel


def advance(
    scene: Scene,
    batch: Batch,
    events: np.ndarray,
    until_s: float = LONGEST_S,
    history: np.ndarray | None = None,
    telemetry: np.ndarray | None = None,
    first_tick: int = 0,
    threads: int | None = None,
    slice_size: int = 1,
    progress: Callable[[int], None] | None = None,
    increments: np.ndarray | None = None,
    stop_mode: int = NO_MODE,
) -> None:
    """Advance every flight of the batch to `until_s` [s past the epoch] or to its end, in place.

    `history` and `telemetry`, shape (n, ticks), take a row a tick from `first_tick` on, `increments`, shape (n, 5 ticks),
    the inertial increments that follow it. A flight whose avionics have reached `stop_mode` stays
    where it is. `progress` is called with the number of flights done; what it raises ends the flying.
    """
    kernel = load_kernel(scene.mission.planned.avionics.guidance.law)
    count = len(batch.states)
    avionics = shared(scene.avionics, AvionicsParams)
    packs, states = shared(batch.packs, FlightPack), shared(batch.states, FlightState)
    rows = shared(events, EventRow)
    past, sent, felt = _rows(history, HistoryRow), _rows(telemetry, Telemetry), _rows(increments, ImuMeasurement)
    until = round(until_s / TICK_S)
    work: SimpleQueue[tuple[int, int]] = SimpleQueue()
    for low in range(0, count, slice_size):
        work.put((low, min(low + slice_size, count)))
    done, lock = [0], threading.Lock()
    failures: list[BaseException] = []

    def fly_slices() -> None:
        while not failures:
            try:
                low, high = work.get_nowait()
            except Empty:
                return
            try:
                inputs = [scene.world, scene.on_board, avionics, packs[low:high], states[low:high], until, stop_mode, first_tick]
                outputs = [rows[low:high], *(a[low:high] if a.size else a for a in (past, sent, felt))]
                wp.launch(kernel, dim=high - low, inputs=[*inputs, *outputs], device="cpu")
                with lock:
                    done[0] += high - low
                    if progress:
                        progress(done[0])
            except BaseException as error:
                failures.append(error)
                return

    workers = min(threads or os.cpu_count() or 1, max(1, -(-count // slice_size)))
    if workers == 1:
        fly_slices()
    else:
        pool = [threading.Thread(target=fly_slices) for _ in range(workers)]
        for thread in pool:
            thread.start()
        try:
            for thread in pool:
                thread.join()
        except BaseException as stopped:  # Ctrl-C: let the flights in the air end, begin no other
            failures.append(stopped)
            for thread in pool:
                thread.join()
    if failures:
        raise failures[0]


def flying(batch: Batch) -> int:
    """How many flights of the batch have not ended."""
    return int(np.count_nonzero(batch.states["status"] == FLYING))


def _rows(array: np.ndarray | None, struct: object) -> wp.array:
    """Rows to be written, or an array without any."""
    return wp.empty((0, 0), dtype=struct, device="cpu") if array is None else shared(array, struct)


def shared(array: np.ndarray, struct: object) -> Any:
    """A Warp array over the same memory; raises where it is not laid out as the kernel holds it.

    Given the address, Warp does not work the struct's layout out anew, which takes longer than some ticks of a flight.
    """
    held = layout(struct) if hasattr(struct, "numpy_dtype") else np.dtype(wp.dtype_to_numpy(struct))
    if not array.flags.c_contiguous or (array.dtype is not held and array.dtype != held):
        raise RuntimeError("the batch is not laid out as the kernel holds it")
    over = wp.array(ptr=array.ctypes.data, dtype=struct, shape=array.shape, device="cpu")
    over.memory = array  # which must live as long as what lies over it
    return over
