"""How fast a campaign is, from one run: landings a second on one core and two, memory at 10,000 and 100,000 runs, beside Basilisk's controller.

    uv run python benchmarks/campaign.py [--quick] [--out FILE]

Prints Markdown and writes it to benchmarks/results/<date>-campaign.md (or FILE). `--quick` takes few flights, to try it out. Nothing here asserts a
time: the figures are those of this machine, with its load said above them.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import peer_campaign
from result import Result
from timing import spread, table

from perilune.flight.flying import prepare
from perilune.flight.pdi import coast_end
from perilune.mission.emit import to_toml
from perilune.mission.loader import load

CONTEXT = [
    "Published figures of others, as context; none is the same work. Elodin: 30 runs of a Falcon 9 ascent in under a minute; 1,000 flights of 90 s",
    "in 20 min on 96 runners of a build service. Its controller is given the truth: sensors and filter are left out.",
]


@dataclass(frozen=True)
class Flown:
    """A campaign as a process of its own: what it printed of itself, its peak memory and its size on disk."""

    numbers: dict[str, object]
    peak_mib: float
    table_mib: float
    wall_s: float

    @property
    def rate(self) -> float:
        """Flights a second, rows on disk."""
        return float(self.numbers["throughput"]["runs_per_s"])  # type: ignore[index]


def fly(mission: str, runs: int, threads: int, folder: Path, *more: str) -> Flown:
    """`perilune campaign` in a process of its own."""
    out = folder / f"{Path(mission).stem}-{runs}-{threads}-{len(list(folder.iterdir()))}"
    arguments = [sys.executable, "-m", "perilune", "campaign", mission, "--runs", str(runs), "--threads", str(threads), "--out", str(out)]
    began = time.perf_counter()
    process = subprocess.Popen([*arguments, "--causes", "0", "--json", *more], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"perilune campaign left with {process.returncode}")
    peak = used.ru_maxrss / 1024.0
    return Flown(json.loads(said), peak, (out / "runs.parquet").stat().st_size / 2**20, time.perf_counter() - began)


def short_mission(folder: Path) -> Path:
    """Resilience 300 m up, 4 km short of the site, falling at 60 m/s: flights of some seconds, to see what a campaign's size costs in memory."""
    text, start = to_toml(load("resilience")), '[start]\nkind = "state"\nepoch_utc = 2025-06-05T19:16:00Z\nposition_up_m = 300.0\n'
    start += "position_downrange_m = -4000.0\nspeed_m_s = 60.0\nflight_path_angle_deg = -80.0\n"
    head, _, rest = text.partition("\n[start]\n")
    _, _, rest = rest.partition("\n\n[")
    path = folder / "short.toml"
    path.write_text(f"{head}\n{start}\n[{rest}", encoding="utf-8")
    return path


def powered_s() -> float:
    """Simulated seconds of a flight from powered descent initiation to the ground, undispersed."""
    mission = load("resilience")
    scene = prepare(mission)
    return scene.start.planned_touchdown_s - float(coast_end(scene)["time"][0])


def throughput(quick: bool, folder: Path) -> tuple[list[str], list[float]]:
    """Landings a second with rows on disk, on two cores and on one in turn; and the core microseconds a simulated second of those on one."""
    runs, repeats = (100, 1) if quick else (2_000, 3)
    two, one = [], []
    for _ in range(repeats):
        two.append(fly("resilience", runs, 2, folder, "--start", "pdi"))
        one.append(fly("resilience", runs // 2, 1, folder, "--start", "pdi"))
    span = powered_s()
    rows = [
        ["two threads", str(runs), spread([f.rate for f in two], ".1f"), spread([f.peak_mib for f in two], ".0f")],
        ["one thread", str(runs // 2), spread([f.rate for f in one], ".1f"), spread([f.peak_mib for f in one], ".0f")],
    ]
    ratio = [a.rate / b.rate for a, b in zip(two, one, strict=True)]
    lines = [
        *table(["Resilience from powered descent initiation", "runs", "landings a second, rows on disk", "peak memory, MiB"], rows),
        "",
        f"Two threads over one: {spread(ratio, '.2f')} (at least 1.8 wanted). At least 20 a second on two cores wanted, 100 aimed at.",
    ]
    return lines, [1e6 / (f.rate * span) for f in one]


def size(quick: bool, folder: Path) -> list[str]:
    """What the number of runs costs in memory and on disk."""
    short = str(short_mission(folder))
    flown = [fly(short, n, 2, folder) for n in ((500, 2_000) if quick else (1_000, 10_000, 100_000))]
    rows = [[f"{f.numbers['runs']:,}", f"{f.peak_mib:.0f}", f"{f.table_mib:.1f}", f"{f.rate:,.0f}", f"{f.wall_s:.0f}"] for f in flown]
    ten = None if quick else fly("resilience", 10_000, 2, folder, "--start", "pdi")
    if ten is not None:
        rows.append(["10,000 landings of Resilience", f"{ten.peak_mib:.0f}", f"{ten.table_mib:.1f}", f"{ten.rate:.1f}", f"{ten.wall_s:.0f}"])
    head = ["short runs (300 m up, falling)", "peak memory, MiB", "runs.parquet, MiB", "runs a second", "whole command, s"]
    return [*table(head, rows), "", "At most 2,048 MiB wanted. The whole command includes loading, merging, sensitivity and the report."]


def main() -> None:
    """Run everything, print as it comes, and keep it."""
    result = Result("campaign", "Speed of a campaign", "wall time; median (smallest–largest)", __doc__)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines, full_us = throughput(result.is_quick, folder)
        result.say(["", "## Landings a second", "", *lines])
        result.say(["", "## Beside Basilisk's Monte Carlo controller", "", *peer_campaign.report(result.is_quick, full_us)])
        result.say(["", *CONTEXT])
        result.say(["", "## Memory", "", *size(result.is_quick, folder)])
    result.keep()


if __name__ == "__main__":
    main()
