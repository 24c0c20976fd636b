"""Progress on the error stream: a bar on a terminal, one plain line a stage elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def showing_progress() -> Iterator[Callable[[str, float], None]]:
    """A function to be told what is being done and the share of it that is done."""
    if not sys.stderr.isatty():
        said: set[str] = set()

        def tell(label: str, share: float) -> None:
            if label not in said:
                said.add(label)
                print(f"perilune: {label} …", file=sys.stderr, flush=True)

        yield tell
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda label, share: bar.update(task, description=label, completed=share)
