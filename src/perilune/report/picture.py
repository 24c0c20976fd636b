"""One still picture of a descent: the way down over the relief below it, the ground at the end, the last 500 m and the speeds."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from perilune.avionics.sequencer import MODES
from perilune.base.tables import write_atomically
from perilune.environment.relief_detail import describe
from perilune.report.ground_track import shade
from perilune.report.view import View

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from perilune.flight.flight import Flight

SKY, INK, SOFT, GROUND = "#0b0f1a", "#eef1f6", "#9aa5b8", "#57534e"
PHASES = {"coast": "#9aa5b8", "braking": "#E69F00", "pitch-up": "#56B4E9", "vertical": "#00B48A", "terminal": "#F0E442", "landed": "#F0E442"}
RED = "#FF7A3D"
NEAR_HALF_M, NEAR_POINTS, LAST_M = 1500.0, 401, 500.0


def draw_descent(flight: "Flight", path: str | Path) -> Path:
    """Write the picture of a flight as a PNG of 1600 by 900 pixels, beside and renamed.

    Raises PeriluneError when the file cannot be written.
    """
    path = Path(path)
    figure = descent_figure(flight)
    write_atomically(path, lambda part: figure.savefig(part, dpi=100, format="png", facecolor=SKY))
    return path


def descent_figure(flight: "Flight") -> "Figure":
    """The picture as a matplotlib figure of 16 by 9 inches."""
    from matplotlib.figure import Figure

    view = View(flight)
    figure = Figure(figsize=(16, 9), facecolor=SKY)
    rows = figure.add_gridspec(2, 1, height_ratios=[1.12, 1.0], left=0.05, right=0.985, top=0.855, bottom=0.125, hspace=0.33)
    below = rows[1].subgridspec(1, 3, width_ratios=[0.88, 1.2, 1.8], wspace=0.3)
    speeds = below[2].subgridspec(2, 1, hspace=0.16)
    _profile(figure.add_subplot(rows[0]), view)
    _near_site(figure.add_subplot(below[0]), view)
    _last_metres(figure.add_subplot(below[1]), view)
    upper = figure.add_subplot(speeds[0])
    _speed(upper, view, "vertical", flight.mission.limits.vertical_speed_m_s)
    _speed(figure.add_subplot(speeds[1], sharex=upper), view, "horizontal", flight.mission.limits.horizontal_speed_m_s)
    upper.tick_params(labelbottom=False)
    upper.set_title("Speeds over the ground under power", **TITLE)
    seed = "undispersed" if flight.seed is None else f"seed {flight.seed}, run {flight.run}"
    figure.text(0.05, 0.955, f"{flight.mission.mission.title}: {flight.verdict}", color=INK, fontsize=19, fontweight="bold", va="center")
    figure.text(0.05, 0.92, f"Case {flight.case}, {seed}. {flight.reason}", color=SOFT, fontsize=12, va="center")
    figure.text(
        0.05,
        0.03,
        _wrapped(describe(flight.mission.environment.relief, flight.mission.planned.avionics.belief.map)),
        color=SOFT,
        fontsize=9.5,
        va="center",
        linespacing=1.35,
    )
    return figure


TITLE: dict[str, Any] = {"color": INK, "fontsize": 12.5, "loc": "left", "pad": 7}


def _wrapped(text: str) -> str:
    from textwrap import fill

    return fill(text, 215)


def _dress(axes: "Axes", x: str, y: str) -> None:
    """Labels with units, and colours for a dark ground."""
    axes.set_facecolor(SKY)
    axes.set_xlabel(x, color=SOFT, fontsize=11)
    axes.set_ylabel(y, color=SOFT, fontsize=11)
    axes.tick_params(colors=SOFT, labelsize=10)
    for spine in axes.spines.values():
        spine.set_color("#2c3446")
    axes.grid(color="#2c3446", linewidth=0.6, alpha=0.7)
    axes.locator_params(axis="both", nbins=7 if axes.get_aspect() == "auto" else 5)


def _distance_km(view: View) -> np.ndarray:
    """Way on the ground to where the record ends [km], along the great circle."""
    place = np.stack([view.whole(f"position_site_{axis}_m") for axis in ("east", "north", "up")], axis=1)
    place[:, 2] += view.plane_radius
    direction = place / np.linalg.norm(place, axis=1)[:, None]
    across = np.linalg.norm(np.cross(direction, direction[view.end]), axis=1)
    return np.arctan2(across, direction @ direction[view.end]) * view.plane_radius / 1e3


def _profile(axes: "Axes", view: View) -> None:
    rows = slice(view.powered.start, view.end + 1)
    away, altitude = _distance_km(view)[rows], view.whole("altitude_m")[rows] / 1e3
    ground, modes, times = altitude - view.whole("height_m")[rows] / 1e3, view.whole("mode")[rows], view.whole("time_s")[rows]
    low = float(ground.min()) - 1.2
    axes.fill_between(away, ground, low, color=GROUND, linewidth=0)
    axes.plot(away, ground, color="#b9b3aa", linewidth=1.2)
    for mode in np.unique(modes):
        part = np.flatnonzero(modes == mode)
        part = np.arange(part[0], min(part[-1] + 2, len(modes)))
        axes.plot(away[part], altitude[part], color=PHASES[MODES[int(mode)]], linewidth=3.2, solid_capstyle="round")
    minute = np.flatnonzero(np.diff(np.floor((times[-1] - times) / 60.0)) < 0) + 1
    axes.plot(away[minute], altitude[minute], "o", color=SKY, markeredgecolor=INK, markersize=5, label="every minute before the end")
    estimate = view.whole("estimated_height_m")[rows] / 1e3 + ground
    axes.plot(away, estimate, color=INK, linewidth=1.0, linestyle=(0, (4, 3)), alpha=0.85, label="where navigation believed itself above that ground")
    axes.set_xlim(float(away.max()), -0.025 * float(away.max()))
    axes.set_ylim(low, float(max(altitude.max(), estimate.max())) * 1.14 + 0.5)
    ranges = np.flatnonzero(view.whole("measured_range_valid")[rows])
    if ranges.size:
        i = int(ranges[0])
        axes.plot([away[i], away[i]], [ground[i], altitude[i]], color=RED, linewidth=1.4)
        note = f"first range (slant): {view.whole('measured_range_m')[rows][i]:,.0f} m".replace(",", "\u202f")
        line = {"arrowstyle": "-", "color": RED}
        axes.annotate(note, (away[i], altitude[i]), (-46, 26), textcoords="offset points", ha="right", color=RED, fontsize=11, arrowprops=line)
    _name_phases(axes, modes)
    _dress(axes, "ground distance to the end of the flight (km)", "altitude (km)")
    axes.set_title("The way down, over the ground below it (altitude above the sphere of 1737.4 km; heights stretched)", **TITLE)
    axes.legend(loc="center left", bbox_to_anchor=(0.01, 0.5), fontsize=10, facecolor="#121829", edgecolor="#2c3446", labelcolor=INK, framealpha=0.9)


def _name_phases(axes: "Axes", modes: np.ndarray) -> None:
    """The phases as a row of words in the colours of their curves."""
    from matplotlib.lines import Line2D

    names = [MODES[int(mode)] for mode in np.unique(modes) if MODES[int(mode)] != "landed"]
    handles = [Line2D([], [], color=PHASES[name], linewidth=3.2, label=name) for name in names]
    phases = axes.legend(handles=handles, loc="upper right", ncols=len(names), fontsize=11, frameon=False, labelcolor=INK)
    axes.add_artist(phases)


def _near_site(axes: "Axes", view: View) -> None:
    east, north = view.plane
    end = np.array([east[view.end], north[view.end]])
    half = max(NEAR_HALF_M, 0.8 * float(np.hypot(*end)))
    if not np.isfinite(end).all() or half > 1e6:
        _say(axes, "The flight ended far from its site.")
        return
    centre = end / 2.0
    side, height = view.ground(float(centre[0]), float(centre[1]), half, NEAR_POINTS)
    unit, name = (1.0, "m") if half < 5000 else (1e3, "km")
    extent = (*((side[[0, -1]] + centre[0]) / unit), *((side[[0, -1]] + centre[1]) / unit))
    axes.imshow(
        shade(height, float(side[1] - side[0]), 2.0), cmap="gray", vmin=0.0, vmax=0.95, origin="lower", extent=extent, interpolation="bilinear"
    )
    stop = view.end + 1
    axes.plot(east[:stop] / unit, north[:stop] / unit, color=RED, linewidth=2.2)
    axes.plot(0, 0, "*", color="#56B4E9", markeredgecolor="black", markersize=15, label="site")
    ended = "touchdown" if view.flight.touchdown is not None else "end"
    axes.plot(*(end / unit), "X", color="#E69F00", markeredgecolor="black", markersize=11, label=ended)
    axes.set(xlim=extent[:2], ylim=extent[2:])
    _dress(axes, f"east of the site ({name})", f"north of the site ({name})")
    axes.grid(False)
    axes.set_title("The ground at the end, from above", **TITLE)
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.02), fontsize=10, frameon=False, labelcolor=INK, handletextpad=0.2)


def _last_metres(axes: "Axes", view: View) -> None:
    from matplotlib.collections import LineCollection
    from matplotlib.ticker import MaxNLocator

    stop = view.end + 1
    height = view.whole("height_m")[:stop]
    high = np.flatnonzero(height > LAST_M)
    first = int(high[-1]) if high.size else 0
    if height[-1] > LAST_M or stop - first < 3:
        _say(axes, "The flight never came below 500 m.")
        return
    east, north = (side[first:stop] for side in view.plane)
    way = np.array([east[-1] - east[0], north[-1] - north[0]])
    length = float(np.hypot(*way))
    way = way / length if length > 1.0 else np.array([0.0, -1.0])
    along = (east - east[-1]) * way[0] + (north - north[-1]) * way[1]
    half = max(0.62 * LAST_M, 1.2 * float(np.abs(along).max()))
    side = np.linspace(-half, half, 401)
    ground = view.profile(float(east[-1]), float(north[-1]), way, side)
    base = float(ground[len(side) // 2])
    above = view.whole("altitude_m")[first:stop] - base
    speed = np.hypot(view.whole("vertical_speed_m_s")[first:stop], view.whole("horizontal_speed_m_s")[first:stop])
    axes.fill_between(side, ground - base, -0.2 * LAST_M, color=GROUND, linewidth=0)
    axes.plot(side, ground - base, color="#b9b3aa", linewidth=1.2)
    points = np.stack([along, above], axis=1)
    path = LineCollection(np.stack([points[:-1], points[1:]], axis=1), cmap="viridis", linewidth=4, capstyle="round")  # type: ignore[arg-type]
    path.set_array(speed[:-1])
    axes.add_collection(path)
    axes.plot(0, above[-1], "X", color="#E69F00", markeredgecolor="black", markersize=11)
    axes.set(xlim=(-half, half), ylim=(-0.08 * LAST_M, 1.08 * LAST_M), aspect="equal", adjustable="box")
    _dress(axes, "along the track from the end (m)", "above the ground at the end (m)")
    bar = axes.figure.colorbar(path, ax=axes, fraction=0.045, pad=0.03)
    bar.locator = MaxNLocator(5)
    bar.set_label("speed (m/s)", color=SOFT, fontsize=11)
    bar.ax.tick_params(colors=SOFT, labelsize=10)
    axes.set_title("The last 500 m, true to scale", **TITLE)


def _speed(axes: "Axes", view: View, which: str, limit: float) -> None:
    stop = view.end + 1
    rows = slice(view.powered.start, stop)
    name = f"{which}_speed_m_s"
    before = (view.whole("time_s")[view.end] - view.whole("time_s")[rows]) / 60.0
    speed, modes = view.whole(name)[rows], view.whole("mode")[rows]
    for mode in np.unique(modes):
        part = np.flatnonzero(modes == mode)
        part = np.arange(part[0], min(part[-1] + 2, len(modes)))
        axes.plot(before[part], speed[part], color=PHASES[MODES[int(mode)]], linewidth=2.4, solid_capstyle="round")
    axes.axhline(limit, color=RED, linewidth=1.0, linestyle=":")
    touchdown = view.flight.touchdown
    if touchdown is not None:
        value = getattr(touchdown, name)
        text = f"{value:.2f} m/s at contact (limit {limit:g})"
        axes.annotate(
            text, (0.0, value), (0.985 if which == "horizontal" else 0.6, 0.82), textcoords="axes fraction", ha="right", color=INK, fontsize=11
        )
    axes.set_xlim(float(before.max()), -0.012 * float(before.max()))
    _dress(axes, "minutes to the end" if which == "horizontal" else "", f"{which} (m/s)")


def _say(axes: "Axes", text: str) -> None:
    axes.set_facecolor(SKY)
    axes.set_axis_off()
    axes.text(0.5, 0.5, text, color=SOFT, ha="center", va="center", transform=axes.transAxes, fontsize=11)
