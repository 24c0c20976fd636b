"""Guidance laws side by side on the terminal: one line a law, with the reason of its first failure below."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from perilune.flight.compare_laws import LawComparison, LawFlights

WORDS = 18  # letters of a law's name that a line has room for


def show_laws(made: "LawComparison", folder: Path) -> None:
    """Print it; plain text where the output is no terminal."""
    console = Console(highlight=False, markup=False)
    console.print(f"{made.mission.mission.title}, case {made.mission.case}, seed {made.seed}, {made.runs} runs of each law")
    console.print()
    console.print(laws_table(made))
    for flights in made.laws:
        failed = next((row for row in flights.rows if row["verdict"] != "landed"), None)
        if failed is not None:
            verdicts = ", ".join(f"{count} {word}" for word, count in flights.verdicts.items() if word != "landed")
            console.print(f"{flights.law}: {verdicts}; the first is run {failed['run']}: {failed['reason']}")
    print(f"results    {folder}")


def laws_table(made: "LawComparison") -> Table:
    """Landings, propellant, miss, saturation and touchdown speeds of each law; for the speeds the largest of all runs."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column("law", no_wrap=True)
    heads = ("landed", "used, kg\nmean", "\nmost", "miss, m\nmedian", "\nmost", "at limit\n%", "braking\ns", "down\nm/s", "across\nm/s")
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    for flights in made.laws:
        table.add_row(*_cells(flights))
    table.add_row()
    return table


def _cells(flights: "LawFlights") -> list[str | Text]:
    landed = flights.verdicts.get("landed", 0)
    used, miss = flights.values("propellant_used_kg"), flights.values("miss_m")
    down, across = flights.values("vertical_speed_m_s"), flights.values("horizontal_speed_m_s")

    def shown(values: np.ndarray, how: Callable[[np.ndarray], Any], figures: str) -> str:
        return format(float(how(values)), figures) if values.size else "–"

    return [
        Path(flights.law).name if len(flights.law) > WORDS else flights.law,
        Text(f"{landed}/{len(flights.rows)}", "green" if landed == len(flights.rows) else "yellow" if landed else "red"),
        shown(used, np.mean, ".1f"),
        shown(used, np.max, ".1f"),
        shown(miss, np.median, ".0f"),
        shown(miss, np.max, ".0f"),
        shown(flights.values("saturated_percent"), np.mean, ".1f"),
        shown(flights.values("braking_s"), np.mean, ".0f"),
        shown(down, np.max, ".2f"),
        shown(across, np.max, ".2f"),
    ]
