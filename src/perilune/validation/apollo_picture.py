"""The picture of the Apollo 11 page: height, propellant and the last minutes, ours and recorded; what was flown by hand is told apart."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from perilune.base.tables import write_atomically
from perilune.flight.flight import Flight
from perilune.validation import apollo
from perilune.validation.apollo import Comparison

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OURS, BEAM, RECORDED, RECKONED, BOUND = "#0072B2", "#009E73", "#D55E00", "#7F7F7F", "#56B4E9"
BY_HAND_TFI_S, END_TFI_S = 597.0, 765.0
HEIGHT_LIMIT_PERCENT, PROPELLANT_LIMIT_PERCENT = 25.0, 16.0
LAST_FROM_TFI_S = 500.0


def _points(axes: "Axes", comparison: Comparison, name: str) -> None:
    """The recorded points: filled where they count, crossed where they come before, hollow where the commander flew."""
    t, value, scored = comparison.recorded.tfi_s, comparison.recorded.value, comparison.recorded.scored
    early = scored & ~comparison.counts
    axes.plot(t[comparison.counts], value[comparison.counts], "o", color=RECORDED, ms=5, label=f"{name}, scored")
    if early.any():
        axes.plot(t[early], value[early], "x", color=RECORDED, ms=6, label=f"{name}, before scoring begins")
    axes.plot(t[~scored], value[~scored], "o", mfc="none", color=RECORDED, ms=5, label=f"{name}, flown by hand")


def _differences(axes: "Axes", comparison: Comparison, limit: float, colour: str, marker: str, name: str) -> None:
    """Ours over recorded, less one, in percent; those beyond the axis stand at its edge as triangles."""
    t, error, counts = comparison.recorded.tfi_s, comparison.error_percent, comparison.counts
    shown = np.isfinite(error)
    inside = np.abs(error) < limit
    for these, face, label in ((counts, colour, name), (~counts, "none", "")):
        at = shown & these & inside
        axes.plot(t[at], error[at], marker, color=colour, mfc=face, ms=6, label=label)
    for i in np.flatnonzero(shown & ~inside):
        edge = 0.94 * limit * np.sign(error[i])
        axes.plot(t[i], edge, "v" if error[i] < 0 else "^", color=colour, mfc="none", ms=5)


def picture(flight: Flight, path: Path) -> None:
    """Draw it to `path`."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import ScalarFormatter

    height, propellant, slant = apollo.height_beside_radar(flight), apollo.propellant_beside_telemetry(flight), apollo.beam_beside_radar(flight)
    own = apollo.recorded()["reckoned_height"]
    t = flight.history["time_s"].to_numpy() + apollo.START_TFI_S
    aloft = t <= float(flight.flown.last["contact"]["time"]) + apollo.START_TFI_S if flight.touchdown else np.ones(len(t), bool)
    t, ours = t[aloft], flight.history["height_m"].to_numpy()[aloft]
    grid = np.arange(apollo.START_TFI_S, t[-1], 2.0)
    beams = apollo.beam_ranges(flight, grid)
    figure = Figure(figsize=(12, 12.5), layout="constrained")
    panels = figure.subplot_mosaic([["height", "used"], ["off height", "off used"], ["last", "last"]], height_ratios=(4, 3, 4))
    for name in ("height", "last"):
        axes = panels[name]
        axes.plot(t, ours, color=OURS, label="our height above the ground")
        axes.plot(grid, beams, "--", lw=1.2, color=BEAM, label="slant range of our beam")
        axes.plot(own.tfi_s, own.value, "d", color=RECKONED, ms=4, label="Eagle's own reckoning, above the site")
        _points(axes, height, "radar range")
    panels["height"].set(ylabel="height, range (m)", ylim=(0.0, 22_000.0), title="Height above the ground and slant range")
    panels["last"].set(ylabel="height, range (m), logarithmic", yscale="log", ylim=(1.0, 4000.0), xlim=(LAST_FROM_TFI_S, END_TFI_S))
    panels["last"].set(title="The same from approach to the ground", xlabel="time from ignition (s)")
    panels["last"].axvline(t[-1], color=OURS, lw=1, ls=":")
    panels["last"].annotate("our contact", (t[-1], 1.3), (4, 0), textcoords="offset points", color=OURS, fontsize=9)
    loaded = flight.mission.lander.mass.main_loaded_kg
    panels["used"].plot(t, loaded - flight.history["main_propellant_kg"].to_numpy()[aloft], color=OURS, label="ours")
    _points(panels["used"], propellant, "telemetry")
    panels["used"].set(ylabel="descent propellant used (kg)", ylim=(0.0, 8500.0), title="Descent propellant used")
    _differences(panels["off height"], height, HEIGHT_LIMIT_PERCENT, OURS, "o", "our height")
    _differences(panels["off height"], slant, HEIGHT_LIMIT_PERCENT, BEAM, "s", "slant range of our beam")
    _differences(panels["off used"], propellant, PROPELLANT_LIMIT_PERCENT, OURS, "o", "ours")
    for name, bound, limit, of in (
        ("off height", apollo.HEIGHT_BOUND_PERCENT, HEIGHT_LIMIT_PERCENT, "radar range"),
        ("off used", apollo.PROPELLANT_BOUND_PERCENT, PROPELLANT_LIMIT_PERCENT, "telemetry"),
    ):
        panels[name].axhspan(-bound, bound, color=BOUND, alpha=0.2, lw=0, label=f"bound, ± {bound:.0f} %")
        panels[name].axhline(0.0, color="k", lw=0.6)
        panels[name].set(ylim=(-limit, limit), ylabel=f"ours less {of} (%)", xlabel="time from ignition (s)")
    for name, axes in panels.items():
        axes.axvspan(BY_HAND_TFI_S, END_TFI_S, color="k", alpha=0.07, lw=0)
        axes.grid(alpha=0.3)
        if name != "last":
            axes.set_xlim(0.0, END_TFI_S)
        middle, top = (BY_HAND_TFI_S + END_TFI_S) / 2.0, 0.5 if name == "used" else 0.97
        said = "flown by hand:\nnot modelled,\nnot scored"
        axes.text(middle, top, said, transform=axes.get_xaxis_transform(), ha="center", va="top", fontsize=8, color="#444444")
        axes.legend(fontsize="small", loc="upper left" if name == "used" else "lower left")
    panels["last"].yaxis.set_major_formatter(ScalarFormatter())
    figure.suptitle("Apollo 11: our Eagle and the recorded one, nothing fitted", fontsize=14)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, lambda part: figure.savefig(part, dpi=110, format="png"))
