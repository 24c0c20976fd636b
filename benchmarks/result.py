"""The dated result of a benchmark: options, the lines that say what was measured on, and the Markdown that is printed and kept."""

import argparse
import datetime
import subprocess
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import warp as wp
from timing import machine

import perilune
from perilune.base.start_warp import start_warp

FOLDER = Path(__file__).parent / "results"


class Result:
    """Printed as it comes, and written to `benchmarks/results/<date>-<name>.md` at the end; `is_quick` where a trial was asked for."""

    def __init__(self, name: str, what: str, times: str, description: str | None) -> None:
        """Read the command line and say what is measured; `times` says how the figures are to be read."""
        parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("--quick", action="store_true", help="few flights and repetitions")
        parser.add_argument("--out", type=Path, help="where the result is written")
        options = parser.parse_args()
        now = datetime.datetime.now(datetime.UTC)
        self.is_quick: bool = options.quick
        self._file: Path = options.out or FOLDER / f"{now:%Y-%m-%d}-{name}.md"
        self._said: list[str] = []
        about = machine()
        start_warp()
        version = f"perilune {perilune.__version__} at {commit()}, Warp {wp.config.version}, NumPy {np.__version__}"
        self.say([f"# {what}, {now:%Y-%m-%d %H:%M} UTC", "", *(f"- {line}" for line in [*about, version, times])])
        if self.is_quick:
            self.say(["- a quick trial with few flights and repetitions, not a result"])

    def say(self, lines: Iterable[str]) -> None:
        """Print lines, to be kept."""
        for line in lines:
            print(line, flush=True)
            self._said.append(line)

    def keep(self) -> None:
        """Write the file."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.write_text("\n".join(self._said) + "\n", encoding="utf-8")
        print(f"\nwritten: {self._file}")


def commit() -> str:
    """The commit that is measured, and whether the tree differs from it."""
    try:
        told = subprocess.run(
            ["git", "describe", "--always", "--dirty"], cwd=Path(__file__).parent, capture_output=True, text=True, check=True, timeout=20
        )
        return told.stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "unknown"
