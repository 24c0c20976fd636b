"""Flights on another device than this machine's cores: the same kernel and the same batch, with the shared tables copied there once.

Assumptions and limitations: a CUDA device has another mathematics library and fuses multiplications with additions unless told not to, so its flights
are not those of a CPU bit for bit; fused operations are switched off here to stay near. Batches are made ready on the CPU.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import warp as wp

from perilune.avionics.computer import AvionicsParams
from perilune.base.errors import PeriluneError
from perilune.flight.advance import LONGEST_S, NO_MODE
from perilune.flight.events import EventRow
from perilune.flight.kernel import build_kernel
from perilune.flight.record import HistoryRow
from perilune.flight.setup import Batch, Scene
from perilune.flight.state import FLYING, TICK_S, FlightPack, FlightState
from perilune.messages.measurements import ImuMeasurement
from perilune.messages.telemetry import Telemetry

PIECE_TICKS = 500  # between looks at who still flies


def device_named(name: str) -> Any:
    """Warp's device; raises PeriluneError where this machine has none of that name."""
    try:
        return wp.get_device(name)
    except Exception as error:
        found = [str(device) for device in wp.get_devices() if str(device) != "cpu"]
        there = f"it has {', '.join(found)}" if found else "it has no CUDA device; leave --device out to fly on its cores"
        raise PeriluneError(f"--device {name}: this machine has no such device, {there}") from error


def moved(instance: Any, device: Any) -> Any:
    """A copy of a Warp struct's instance whose arrays lie on `device`; structs may nest."""
    out = type(instance)() if not hasattr(instance, "_cls") else instance._cls()
    for name, variable in out._cls.vars.items():
        value, kind = getattr(instance, name), variable.type
        if isinstance(kind, wp.array):
            value = None if value is None else value.to(device) if str(value.device) != str(device) else wp.clone(value)
        elif hasattr(kind, "vars"):
            value = moved(value, device)
        setattr(out, name, value)
    return out


def move_scene(scene: Scene, device: Any) -> Scene:
    """The scene with its tables on `device`, its kernel loaded there (compiled the first time)."""
    kernel = build_kernel(scene.mission.planned.avionics.guidance.law)
    if device.is_cuda:
        wp.set_module_options({"fuse_fp": False}, module=kernel.module)
    wp.load_module(kernel.module, device=device)
    return replace(scene, world=moved(scene.world, device), on_board=moved(scene.on_board, device))


def fly_on(scene: Scene, device: Any, batch: Batch, events: np.ndarray, told: Any = None) -> None:
    """Fly every run of the batch to its end on `device`, in place; `scene` has been moved there. `told` is given the number of flights ended."""
    kernel = build_kernel(scene.mission.planned.avionics.guidance.law)
    avionics = wp.array(scene.avionics, dtype=AvionicsParams, device=device)
    packs, states = wp.array(batch.packs, dtype=FlightPack, device=device), wp.array(batch.states, dtype=FlightState, device=device)
    rows = wp.array(events, dtype=EventRow, device=device)
    past, sent, felt = (wp.empty((0, 0), dtype=struct, device=device) for struct in (HistoryRow, Telemetry, ImuMeasurement))
    tick, last = int(batch.states["tick"].min()), round(LONGEST_S / TICK_S)
    while tick < last:
        tick = min(tick + PIECE_TICKS, last)
        inputs = [scene.world, scene.on_board, avionics, packs, states, tick, NO_MODE, 0]
        wp.launch(kernel, dim=len(batch.states), inputs=[*inputs, rows, past, sent, felt], device=device)
        ended = int(np.count_nonzero(states.numpy()["status"] > FLYING))
        if told:
            told(ended)
        if ended == len(batch.states):
            break
    batch.states[:] = states.numpy()
    events[:] = rows.numpy()
