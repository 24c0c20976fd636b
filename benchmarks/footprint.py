"""What flights cost beside their time: memory a flight and a batch, compile time cold and warm, and what the shell waits for.

Each figure of time or memory comes from a process of its own. Assumptions and limitations: peak memory is the resident set as the system counts it,
tables that are mapped from the cache included as far as they were touched.
"""

import os
import subprocess
import sys
import tempfile
import time
from typing import Any

import warp as wp
from closed_loop_speed import prepared
from timing import spread, table

from perilune.base.structs import records
from perilune.flight.advance import new_events
from perilune.flight.record import HistoryRow
from perilune.flight.state import FlightPack, FlightState
from perilune.messages.telemetry import Telemetry

LOAD_KERNEL = """
import os, time
wall, cpu = time.perf_counter(), os.times()
from perilune.base.structs import records
from perilune.flight.advance import load_kernel
imported, cpu_imported = time.perf_counter(), os.times()
load_kernel("e-guidance")
done, cpu_done = time.perf_counter(), os.times()
print(imported - wall, done - imported, cpu_done.user + cpu_done.children_user - cpu_imported.user - cpu_imported.children_user)
"""
FLY_BATCH = """
import re, resource, sys
from pathlib import Path
import numpy as np
from perilune.base.structs import records
from perilune.flight.advance import advance, new_events
from perilune.flight.flying import prepare
from perilune.flight.pdi import build_pdi_batch
from perilune.mission.loader import load
def peak():
    status = Path("/proc/self/status")  # ru_maxrss would begin with the peak of the process that started this one
    if status.is_file():
        return int(re.search(r"VmHWM:\\s+(\\d+)", status.read_text())[1]) / 1024.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
imported = peak()
scene = prepare(load("resilience"))
prepared = peak()
batch = build_pdi_batch(scene, 1, np.arange(int(sys.argv[1])))
advance(scene, batch, new_events(scene, len(batch.runs)), threads=2)
print(imported, prepared, peak())
"""


def python(code: str, *arguments: str, **environment: str) -> list[float]:
    """The numbers that a fresh interpreter prints last."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], env={**os.environ, **environment}, capture_output=True, text=True, check=True, timeout=600
    )
    return [float(x) for x in done.stdout.split("\n")[-2].split()]


def waited(arguments: list[str], repeats: int) -> tuple[list[float], list[float]]:
    """Wall and process seconds of a command, child processes included."""
    wall, cpu = [], []
    for _ in range(repeats):
        start, before = time.perf_counter(), os.times()
        subprocess.run(arguments, capture_output=True, check=False, timeout=600)
        after = os.times()
        wall.append(time.perf_counter() - start)
        cpu.append(after.children_user + after.children_system - before.children_user - before.children_system)
    return wall, cpu


def bytes_of(struct: Any, seen: set[int]) -> int:
    """Bytes of the arrays in a Warp struct and the structs in it, each array counted once."""
    total = 0
    for name in struct._cls.vars:
        value = getattr(struct, name)
        if hasattr(value, "_cls"):
            total += bytes_of(value, seen)
        elif isinstance(value, wp.array) and value.ptr and value.ptr not in seen:
            seen.add(value.ptr)
            total += value.size * wp.types.type_size_in_bytes(value.dtype)
    return total


def memory() -> list[str]:
    """Bytes of what one flight is, of a row of its record, and of the tables that all flights share."""
    scene = prepared()
    pack, state, history, telemetry = (records(struct, 1).nbytes for struct in (FlightPack, FlightState, HistoryRow, Telemetry))
    events = new_events(scene, 1).nbytes
    seen: set[int] = set()
    shared = bytes_of(scene.world, seen) + bytes_of(scene.on_board, seen)
    return [
        f"One flight: {pack:,} B pack + {state:,} B state + {events:,} B events = {pack + state + events:,} B; "
        f"a row of its record: {history:,} B history, {telemetry:,} B telemetry; tables shared by all flights: {shared / 1e6:.1f} MB."
    ]


def batch_memory(quick: bool) -> list[str]:
    count = 8 if quick else 200
    imported, ready, after = python(FLY_BATCH, str(count))
    return [
        f"Peak resident memory: {imported:.0f} MiB after imports, {ready:.0f} MiB with scene and kernel, "
        f"{after:.0f} MiB after {count} flights on 2 threads."
    ]


def compile_time() -> list[str]:
    """Cold in an empty cache folder, then warm in the same."""
    with tempfile.TemporaryDirectory() as folder:
        cold = python(LOAD_KERNEL, WARP_CACHE_PATH=folder)
        warm = [python(LOAD_KERNEL, WARP_CACHE_PATH=folder) for _ in range(3)]
    return [
        f"Flight code: compiled in an empty cache in {cold[1]:.1f} s wall, {cold[2]:.1f} s user process time; "
        f"loaded from the cache in {spread([w[1] for w in warm], '.3f')} s."
    ]


def shell(quick: bool) -> list[str]:
    """What a user waits for at the prompt, caches warm."""
    repeats = 2 if quick else 5
    perilune = [sys.executable, "-m", "perilune.cli.main"]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        commands = [
            ("perilune fly resilience", [*perilune, "fly", "resilience", "--out", folder]),
            ("perilune fly resilience --start pdi", [*perilune, "fly", "resilience", "--start", "pdi", "--out", folder]),
            ("perilune --help", [*perilune, "--help"]),
            ("python -c 'import perilune'", [sys.executable, "-c", "import perilune"]),
        ]
        waited(commands[0][1], 1)
        for name, command in commands:
            wall, cpu = waited(command, repeats)
            rows.append([f"`{name}`", spread(wall, ".2f"), spread(cpu, ".2f")])
    return table(["at the prompt, caches warm", "wall s", "process s"], rows)


def report(quick: bool) -> list[str]:
    """All of it as lines of Markdown."""
    return [*memory(), "", *batch_memory(quick), "", *compile_time(), "", *shell(quick)]
