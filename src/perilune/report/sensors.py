"""Figure of what navigation was given: when each sensor was heard, what the gate refused, and how the ranges fitted the filter's expectation."""

import numpy as np

from perilune.report.plot import BLUE, GREEN, RED, Figure, Panel, Trace, band, column, dots, line
from perilune.report.view import View

LONGEST_GAP_S = 1.05  # between two measurements of one stretch


def stretches(times: np.ndarray, valid: np.ndarray) -> list[tuple[float, float]]:
    """Spans in which measurements followed one another within `LONGEST_GAP_S`."""
    heard = times[valid]
    if not heard.size:
        return []
    breaks = np.flatnonzero(np.diff(heard) > LONGEST_GAP_S)
    return [(float(a), float(b)) for a, b in zip(heard[np.r_[0, breaks + 1]], heard[np.r_[breaks, -1]], strict=True)]


def _bars(spans: list[tuple[float, float]], row: str, colour: str) -> Trace:
    x: list[float | None] = []
    y: list[str | None] = []
    for a, b in spans:
        x += [a, max(b, a + 0.1), None]
        y += [row, row, None]
    stroke = {"color": colour, "width": 9}
    return {"type": "scatter", "mode": "lines", "x": x or [None], "y": y or [row], "name": row, "line": stroke, "showlegend": False, "hoverinfo": "x"}


def sensors(view: View) -> Figure:
    """Sensor use, rejections and innovations under power."""
    t = view["time_s"]
    ranged, starred = view["measured_range_valid"].astype(bool), view["measured_star_tracker_valid"].astype(bool)
    heard = [_bars(stretches(t, starred), "star tracker", BLUE), _bars(stretches(t, ranged), "range finder", GREEN)]
    rejected = view["range_rejections"].astype(np.float64)
    innovation, sigma = view["range_innovation_m"][ranged], view["range_innovation_sigma_m"][ranged]
    offered = (sigma > 0) & np.isfinite(innovation)
    ratio, when = innovation[offered] / sigma[offered], t[ranged][offered]
    fit: list[Trace] = []
    if ratio.size:
        edge = np.full(2, 3.0)
        fit = [*band(np.array(view.span), -edge, edge, "± 3"), dots(when, ratio, "range innovation over its σ", BLUE)]
    panels = [
        Panel("", heard, 70, {"type": "category", "range": [-0.6, 1.6], "showgrid": False}),
        Panel("refused (count)", [line(t, rejected, "ranges refused by the gate so far", RED)], 90, {"rangemode": "tozero"}),
        Panel("innovation (σ)", fit, 160),
    ]
    data, layout, pixels = column(panels, view.marks, view.shown_span)
    caption = f"{int(starred.sum())} star tracker attitudes and {int(ranged.sum())} ranges arrived; the gate refused {int(rejected[-1])} ranges"
    caption += f"; {100.0 * float(np.mean(np.abs(ratio) <= 3.0)):.1f} % of the innovations lie within 3 σ." if ratio.size else "."
    return Figure("sensors", "Sensor use", caption, data, layout, pixels)
