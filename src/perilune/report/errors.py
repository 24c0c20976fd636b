"""Figures of the navigation: how far the estimate was from the truth, beside the three sigma that the filter claimed."""

import numpy as np

from perilune.report.plot import BLUE, GREEN, ORANGE, RED, SKY, Figure, Panel, band, column, level, line
from perilune.report.view import View

ARCSEC = 180.0 * 3600.0 / np.pi
DEG_H = np.degrees(1.0) * 3600.0
MICRO_G = 1e6 / 9.80665
SITE = ("east", "north", "up")
BODY = ("x", "y", "z")


def _panel(view: View, title: str, error: str, sigma: str, factor: float = 1.0, height_px: int = 120) -> tuple[Panel, float]:
    """Error within its 3 sigma, and the share of the rows that lie inside, percent."""
    t, off, wide = view["time_s"], view[error] * factor, 3.0 * view[sigma] * factor
    traces = [*band(t, -wide, wide, "± 3 σ"), line(t, off, "truth minus estimate", BLUE)]
    return Panel(title, traces, height_px), 100.0 * float(np.mean(np.abs(off) <= wide))


def _figure(view: View, name: str, title: str, panels: list[tuple[Panel, float]], labels: tuple[str, ...], more: str = "") -> Figure:
    data, layout, pixels = column([panel for panel, _ in panels], view.marks, view.shown_span)
    inside = ", ".join(f"{label} {share:.1f} %" for label, (_, share) in zip(labels, panels, strict=True))
    return Figure(name, title, f"Share of the instants shown that lie inside 3 σ: {inside}. {more}".strip(), data, layout, pixels)


def errors(view: View) -> list[Figure]:
    """Position, velocity, attitude, height and biases."""
    site = [
        _panel(view, f"{axis} ({unit})", f"error_{what}_site_{axis}_{tail}", f"sigma_{what}_site_{axis}_{tail}")
        for what, unit, tail in (("position", "m", "m"), ("velocity", "m/s", "m_s"))
        for axis in SITE
    ]
    turned = [_panel(view, f"about {axis} (″)", f"error_attitude_{axis}_rad", f"sigma_attitude_{axis}_rad", ARCSEC) for axis in BODY]
    height = [_panel(view, "height (m)", "error_height_m", "sigma_height_m", 1.0, 200)]
    axes = "Axes of the site: east, north, up where the lander is to land."
    return [
        _figure(view, "error-height", "Error of the estimated height above the ground", height, ("height",)),
        _figure(view, "error-position", "Error of the estimated position", site[:3], SITE, axes),
        _figure(view, "error-velocity", "Error of the estimated velocity", site[3:], SITE, axes),
        _figure(view, "error-attitude", "Error of the estimated attitude", turned, tuple(f"about {a}" for a in BODY), "Axes of the ICRF."),
        biases(view),
    ]


def biases(view: View) -> Figure:
    """Estimated biases of gyros and accelerometers and of the map within three sigma; the flight's constant part of the truth beside them."""
    t = view["time_s"]
    panels = []
    imu = view.pack["lander"]["imu"]
    for what, unit, tail, factor in (("gyro", "°/h", "rad_s", DEG_H), ("accel", "µg", "m_s2", MICRO_G)):
        for j, axis in enumerate(BODY):
            estimate = view[f"estimated_{what}_bias_{axis}_{tail}"] * factor
            wide = 3.0 * view[f"sigma_{what}_bias_{axis}_{tail}"] * factor
            true = float(imu[f"{what}_bias"][j]) * factor
            traces = [*band(t, estimate - wide, estimate + wide, "estimate ± 3 σ", SKY), line(t, estimate, "estimate", BLUE)]
            panels.append(Panel(f"{what} {axis} ({unit})", [*traces, level(view.span, true, "true, constant part", RED, "dash")], 85))
    off, wide = view["estimated_map_error_m"], 3.0 * view["sigma_map_error_m"]
    mapped = [*band(t, off - wide, off + wide, "map error ± 3 σ", ORANGE), line(t, off, "map error estimated", GREEN)]
    panels.append(Panel("map (m)", mapped, 100))
    data, layout, pixels = column(panels, view.marks, view.shown_span)
    caption = "Beside its constant part each true bias wanders by its instability, which the record does not hold."
    return Figure("biases", "Estimated biases of the sensors and the map", caption, data, layout, pixels)
