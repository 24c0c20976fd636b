"""How the benchmarks time: wall and process time of a call, medians with the smallest and largest, and the machine they were taken on."""

import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass
class Times:
    """Wall and process seconds of some repetitions of the same work."""

    wall: list[float]
    cpu: list[float]


def alternate(repeats: int, works: Sequence[Callable[[], Any]]) -> list[Times]:
    """Each work once in turn, `repeats` times over (A B A B …), so that a slow spell of the machine meets all of them."""
    times = [Times([], []) for _ in works]
    for _ in range(repeats):
        for work, taken in zip(works, times, strict=True):
            wall, cpu = time.perf_counter(), time.process_time()
            work()
            taken.wall.append(time.perf_counter() - wall)
            taken.cpu.append(time.process_time() - cpu)
    return times


def spread(values: Sequence[float], form: str = ".3g") -> str:
    """Median (smallest–largest)."""
    return f"{np.median(values):{form}} ({min(values):{form}}–{max(values):{form}})"


def machine() -> list[str]:
    """What was measured on, and how busy it was just before."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
        model = names[0] if names else model
    load = " ".join(f"{x:.2f}" for x in os.getloadavg())
    return [f"{model}, {os.cpu_count()} cores seen, {platform.system()}, Python {platform.python_version()}", f"load average before the run: {load}"]


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """A Markdown table whose columns are also aligned on a screen."""
    widths = [max(len(str(row[i])) for row in [header, *rows]) for i in range(len(header))]
    lines = [[str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)] for row in [header, *rows]]
    marks = ["-" * width for width in widths]
    return [f"| {' | '.join(line)} |" for line in [lines[0], marks, *lines[1:]]]
