"""How fast perilune is, from one run: the bare step beside Basilisk's, whole descents a second, where their time goes, memory, compile and start.

    uv run python benchmarks/descent.py [--quick] [--out FILE]

Prints Markdown and writes it to benchmarks/results/<date>-descent.md (or FILE). `--quick` takes few flights and repetitions, to try it out.
Nothing here asserts a time: the figures are those of this machine, with its load said above them.
"""

import bare_step_speed
import closed_loop_speed
import footprint
import numpy as np
import profile_of_a_tick
from result import Result

from perilune.flight.flying import prepare
from perilune.mission.loader import load


def main() -> None:
    """Run everything, print as it comes, and keep it."""
    result = Result("descent", "Speed of a descent", "wall time unless process time is said; median (smallest–largest)", __doc__)
    prepare(load("resilience"), lambda what, share: None)
    result.say(["", "## The bare step beside Basilisk's", "", *bare_step_speed.report(result.is_quick)])
    lines, flown = closed_loop_speed.report(result.is_quick)
    result.say(["", "## Closed-loop descents", "", *lines])
    whole_us = float(np.median([x / len(flown.states) / flown.ticks * 1e6 for x in flown.times[1].cpu]))
    result.say(["", "## Where the time of a tick goes", "", *profile_of_a_tick.report(whole_us, flown.ticks)])
    result.say(["", "## Memory, compile time, start", "", *footprint.report(result.is_quick)])
    result.keep()


if __name__ == "__main__":
    main()
