"""How fast perilune is, from one run: the bare step beside Basilisk's, whole descents a second, where their time goes, memory, compile and start.

    uv run python benchmarks/descent.py [--quick] [--out FILE]

Prints Markdown and writes it to benchmarks/results/<date>-descent.md (or FILE). `--quick` takes few flights and repetitions, to try it out.
Nothing here asserts a time: the figures are those of this machine, with its load said above them.
"""

import argparse
import datetime
import subprocess
from collections.abc import Iterable
from pathlib import Path

import bare_step_speed
import closed_loop_speed
import footprint
import numpy as np
import profile_of_a_tick
import warp as wp
from timing import machine

import perilune
from perilune.base.start_warp import start_warp
from perilune.flight.flying import prepare
from perilune.mission.loader import load

RESULTS = Path(__file__).parent / "results"


def commit() -> str:
    """The commit that is measured, and whether the tree differs from it."""
    try:
        told = subprocess.run(
            ["git", "describe", "--always", "--dirty"], cwd=Path(__file__).parent, capture_output=True, text=True, check=True, timeout=20
        )
        return told.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"


def main() -> None:
    """Run everything, print as it comes, and keep it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few flights and repetitions")
    parser.add_argument("--out", type=Path, help="where the result is written")
    options = parser.parse_args()
    now = datetime.datetime.now(datetime.UTC)
    target = options.out or RESULTS / f"{now:%Y-%m-%d}-descent.md"
    said: list[str] = []

    def say(lines: Iterable[str]) -> None:
        for line in lines:
            print(line, flush=True)
            said.append(line)

    about = machine()
    start_warp()
    say([f"# Speed of a descent, {now:%Y-%m-%d %H:%M} UTC", ""])
    version = f"perilune {perilune.__version__} at {commit()}, Warp {wp.config.version}, NumPy {np.__version__}"
    say(f"- {line}" for line in [*about, version, "wall time unless process time is said; median (smallest–largest)"])
    if options.quick:
        say(["- a quick trial with few flights and repetitions, not a result"])
    prepare(load("resilience"), lambda what, share: None)
    say(["", "## The bare step beside Basilisk's", "", *bare_step_speed.report(options.quick)])
    lines, flown = closed_loop_speed.report(options.quick)
    say(["", "## Closed-loop descents", "", *lines])
    whole_us = float(np.median([x / len(flown.states) / flown.ticks * 1e6 for x in flown.times[1].cpu]))
    say(["", "## Where the time of a tick goes", "", *profile_of_a_tick.report(whole_us, flown.ticks)])
    say(["", "## Memory, compile time, start", "", *footprint.report(options.quick)])
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(said) + "\n", encoding="utf-8")
    print(f"\nwritten: {target}")


if __name__ == "__main__":
    main()
