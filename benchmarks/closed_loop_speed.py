"""Full closed-loop descents a second, from powered descent initiation and from the descent burn, on one thread and on two.

Every flight runs at the stated rates (truth and inertial unit 50 Hz, control 10 Hz, sensors at the mission's), dispersed, until it stands or is lost;
no records are kept, as in a campaign without them. Launching, packing of slices and events are inside the time; drawing the batch is not.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from timing import Times, alternate, spread, table

from perilune.flight.advance import advance, new_events
from perilune.flight.flying import prepare
from perilune.flight.pdi import build_pdi_batch, coast_end
from perilune.flight.setup import Batch, Scene, build_batch
from perilune.flight.state import STEPS_PER_TICK, TICK_S
from perilune.flight.verdict import judge
from perilune.mission.loader import load

SEED = 1
SOFT_M_S = 2.0  # vertical speed at contact of a soft landing


@dataclass
class Flown:
    """What one batch did and how long it took, by thread count."""

    name: str
    states: np.ndarray
    ticks: float
    times: dict[int, Times]
    verdicts: np.ndarray


def fly_batch(scene: Scene, batch: Batch, name: str, repeats: int, threads: tuple[int, ...] = (1, 2)) -> Flown:
    """Fly the same batch again and again, with each number of threads in turn."""
    start = batch.states.copy()

    def fly(count: int) -> Any:
        batch.states[:] = start
        advance(scene, batch, new_events(scene, len(start)), threads=count)

    times = alternate(repeats, [lambda count=count: fly(count) for count in threads])  # type: ignore[misc]
    ticks = float(np.mean(batch.states["tick"] - start["tick"]))
    return Flown(name, batch.states.copy(), ticks, dict(zip(threads, times, strict=True)), judge(scene.mission.limits, batch.states))


def prepared() -> Scene:
    """The scene of the planned landing, kernel loaded, coast flown."""
    scene = prepare(load("resilience"))
    coast_end(scene)
    return scene


def rows_of(flown: Flown) -> list[list[str]]:
    """One row a thread count."""
    n, rows = len(flown.states), []
    for threads, taken in flown.times.items():
        simulated = n * flown.ticks * TICK_S
        rows.append([
            flown.name, str(threads), spread([n / x for x in taken.wall], ".1f"), spread([x / n * 1e3 for x in taken.cpu], ".1f"),
            spread([x / n / flown.ticks * 1e6 for x in taken.cpu], ".2f"), spread([simulated / x for x in taken.wall], ",.0f"),
        ])  # fmt: skip
    return rows


def report(quick: bool) -> tuple[list[str], Flown]:
    """The table, the outcome of the flights, and the flights from powered descent initiation for the profile."""
    scene = prepared()
    many, few, repeats = (8, 3, 2) if quick else (200, 60, 5)
    pdi = fly_batch(scene, build_pdi_batch(scene, SEED, np.arange(many)), "powered descent initiation", repeats)
    doi = fly_batch(scene, build_batch(scene, SEED, np.arange(few)), "descent burn (one coast of an hour more)", max(2, repeats // 2))
    header = ["start", "threads", "descents a second, wall", "ms a flight, process time", "µs a tick, process time", "simulated s a second"]
    lines = [*table(header, rows_of(pdi) + rows_of(doi)), ""]
    for flown in (pdi, doi):
        contact = flown.states["contact"]
        soft = (contact["time"] >= 0.0) & (contact["vertical_speed"] <= SOFT_M_S)
        words, counts = np.unique(flown.verdicts, return_counts=True)
        gain = [a / b for a, b in zip(flown.times[1].wall, flown.times[2].wall, strict=True)]
        lines.append(
            f"{flown.name}: {len(contact)} runs of seed {SEED}, {soft.mean():.1%} touch down at {SOFT_M_S:g} m/s or less vertically "
            f"(verdicts: {', '.join(f'{word} {count}' for word, count in zip(words, counts, strict=True))}); "
            f"{flown.ticks:,.0f} control ticks a flight, {flown.ticks * STEPS_PER_TICK:,.0f} truth steps; "
            f"two threads over one: {spread(gain, '.2f')}."
        )
    lines.append("Rates: truth 50 Hz, inertial unit 50 Hz, control, filter and guidance 10 Hz. At least 20 descents a second wanted, 100 aimed at.")
    return lines, pdi
