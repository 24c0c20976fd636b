"""A campaign in flight on the error stream: how many flew, how they ended, the interval so far, the rate and the time left."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perilune.campaigns.standing import Standing, Watcher

EVERY_S = 20.0  # between lines where the error stream is no terminal


@contextmanager
def watching() -> "Iterator[Watcher]":
    """A function to be told how the campaign stands: a bar on a terminal, a line now and then elsewhere."""
    if not sys.stderr.isatty():
        yield _lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (TextColumn("{task.fields[stage]}"), BarColumn(bar_width=24), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0, stage="")

        def tell(stage: str, standing: "Standing | None", share: float) -> None:
            words = f"{100.0 * share:.0f} %" if standing is None else in_words(standing)
            bar.update(task, stage=stage, description=words, completed=share)

        yield tell


def _lines() -> "Watcher":
    said: dict[str, float] = {}

    def tell(stage: str, standing: "Standing | None", share: float) -> None:
        now = time.monotonic()
        if stage not in said or (standing is not None and (now - said[stage] >= EVERY_S or share >= 1.0)):
            said[stage] = now
            words = f": {in_words(standing)}" if standing is not None and standing.flown + standing.in_the_air else " …"
            print(f"perilune: {stage}{words}", file=sys.stderr, flush=True)

    return tell


def in_words(standing: "Standing") -> str:
    """Rate, verdicts, interval, time left."""
    words = [f"{standing.flown + standing.in_the_air} of {standing.runs}, {standing.rate_per_s:.1f} a second"]
    words += [", ".join(f"{count} {verdict}" for verdict, count in standing.verdicts.most_common())] if standing.verdicts else []
    if standing.interval is not None:
        words.append(f"lands {100.0 * standing.interval[0]:.2f} to {100.0 * standing.interval[1]:.2f} %")
    left = standing.left_s
    words += [f"{left / 60.0:.0f} min left" if left >= 120.0 else f"{left:.0f} s left"] if left else []
    return "; ".join(words)
