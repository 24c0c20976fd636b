"""The picture of guidance laws side by side: the first run's descent by each, overlaid, and what every run used and missed."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from perilune.base.tables import write_atomically

if TYPE_CHECKING:
    from perilune.flight.compare_laws import LawComparison

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#000000")  # Okabe and Ito
DASHES = ("-", (0, (6, 2)), (0, (4, 2, 1, 2)), (0, (2, 1)), (0, (8, 2, 2, 2)), (0, (1, 1)))
SINKING_M = 60_000.0  # of the way before the site that the second panel shows


def write_laws_picture(made: "LawComparison", path: str | Path) -> Path:
    """Write the picture as PNG, beside and renamed."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    path = Path(path)
    figure = Figure(figsize=(11.0, 8.2), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(2, 2)
    for i, flights in enumerate(made.laws):
        style: dict[str, Any] = {
            "color": COLOURS[i % len(COLOURS)],
            "linestyle": DASHES[i % len(DASHES)],
            "linewidth": 1.5,
            "label": Path(flights.law).name,
        }
        curve = flights.curve
        if curve is not None:
            near = curve.range_m < SINKING_M
            panels[0, 0].plot(curve.range_m / 1e3, curve.altitude_m / 1e3, **style)
            panels[0, 1].plot(curve.range_m[near] / 1e3, curve.height_m[near] / 1e3, **style)
            panels[1, 0].plot(curve.time_s, 100.0 * curve.thrust_share, **style)
    _name(panels[0, 0], "The way down", "level distance to the site (km)", "altitude (km)")
    _name(panels[0, 1], f"The last {SINKING_M / 1e3:.0f} km", "level distance to the site (km)", "height above ground (km)")
    _name(panels[1, 0], "Commanded thrust", "time after ignition (s)", "share of full thrust (%)")
    for panel in panels[0]:
        panel.invert_xaxis()
    _every_run(panels[1, 1], made)
    panels[0, 0].legend(frameon=False, fontsize=9)
    about = f"{made.mission.mission.title}, case {made.mission.case}: seed {made.seed}; curves are run 0, points all {made.runs} runs"
    figure.suptitle(about, fontsize=11)
    write_atomically(path, lambda part: figure.savefig(part, format="png"))
    return path


def _every_run(panel: Any, made: "LawComparison") -> None:
    """Propellant of every run by law; a cross is one that did not land."""
    for i, flights in enumerate(made.laws):
        used = np.array([row["propellant_used_kg"] for row in flights.rows])
        landed = np.array([row["verdict"] == "landed" for row in flights.rows])
        spread = i + 0.5 * (np.arange(len(used)) / max(len(used), 1) - 0.5)
        colour = COLOURS[i % len(COLOURS)]
        panel.scatter(spread[landed], used[landed], s=16, color=colour)
        panel.scatter(spread[~landed], used[~landed], s=34, color=colour, marker="x")
    panel.set_xticks(range(len(made.laws)), [Path(flights.law).name for flights in made.laws], fontsize=8)
    _name(panel, "Propellant used (crosses did not land)", "", "kg")


def _name(panel: Any, title: str, across: str, up: str) -> None:
    panel.set_title(title, fontsize=10, loc="left")
    panel.set_xlabel(across, fontsize=9)
    panel.set_ylabel(up, fontsize=9)
    panel.grid(alpha=0.25)
    panel.tick_params(labelsize=8)
    panel.spines[["top", "right"]].set_visible(False)
