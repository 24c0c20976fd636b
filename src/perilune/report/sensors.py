"""Figure of what navigation was given: when each sensor was heard, what the gates refused, and how the ranges fitted the filter's expectation."""

import numpy as np

from perilune.report.plot import BLUE, GREEN, ORANGE, PURPLE, RED, SKY, Figure, Panel, Trace, band, column, dots, line
from perilune.report.view import View

LONGEST_GAP_S = 1.05  # between two measurements of one stretch; more for a device that measures less often
ROW_PX, ROWS_MARGIN_PX = 26, 18
DEVICES = (  # device in the lander, row of the figure, column that says when it was heard, what a measurement of it is called, its colour
    ("star_tracker", "star tracker", "measured_star_tracker_valid", "star tracker attitudes", BLUE),
    ("sun_sensor", "sun sensor", "measured_sun_valid", "Sun directions", ORANGE),
    ("position_fix", "position fix", "measured_position_fix_valid", "position fixes", PURPLE),
    ("velocimeter", "velocimeter", "measured_velocimeter_beams", "sets of velocimeter speeds", SKY),
    ("landing_radar", "radar speeds", "measured_radar_beams", "sets of radar speeds", SKY),
    ("landing_radar", "radar range", "measured_radar_range_valid", "radar ranges", GREEN),
    ("range_finder", "range finder", "measured_range_valid", "ranges", GREEN),
)
REFUSALS = (  # devices, column of the telemetry, what was refused, its colour
    (("range_finder", "landing_radar"), "range_rejections", "ranges", RED),
    (("landing_radar", "velocimeter"), "speed_rejections", "speeds", SKY),
    (("position_fix",), "fix_rejections", "position fixes", PURPLE),
    (("sun_sensor",), "sun_rejections", "Sun directions", ORANGE),
)


def stretches(times: np.ndarray, valid: np.ndarray, longest_gap_s: float = LONGEST_GAP_S) -> list[tuple[float, float]]:
    """Spans in which measurements followed one another within `longest_gap_s`."""
    heard = times[valid]
    if not heard.size:
        return []
    breaks = np.flatnonzero(np.diff(heard) > longest_gap_s)
    return [(float(a), float(b)) for a, b in zip(heard[np.r_[0, breaks + 1]], heard[np.r_[breaks, -1]], strict=True)]


def _bars(spans: list[tuple[float, float]], row: str, colour: str) -> Trace:
    x: list[float | None] = []
    y: list[str | None] = []
    for a, b in spans:
        x += [a, max(b, a + 0.1), None]
        y += [row, row, None]
    stroke = {"color": colour, "width": 9}
    return {"type": "scatter", "mode": "lines", "x": x or [None], "y": y or [row], "name": row, "line": stroke, "showlegend": False, "hoverinfo": "x"}


def _heard(view: View) -> tuple[list[Trace], list[str]]:
    """A row for each sensor aboard, and how many of its measurements arrived, in words."""
    bars, counts = [], []
    for device, row, heard_in, called, colour in DEVICES:
        aboard = getattr(view.mission.lander, device)
        if aboard is None:
            continue
        valid = view[heard_in].astype(np.int64) > 0
        gap = max(LONGEST_GAP_S, LONGEST_GAP_S / aboard.rate_hz)
        bars.append(_bars(stretches(view["time_s"], valid, gap), row, colour))
        counts.append(f"{int(valid.sum())} {called}")
    return bars, counts


def _refused(view: View) -> tuple[list[Trace], list[str]]:
    """How many measurements of each kind the gates have refused so far, and how many in all, in words."""
    curves, counts = [], []
    for devices, said_in, called, colour in REFUSALS:
        if all(getattr(view.mission.lander, device) is None for device in devices):
            continue
        refused = view.sent(said_in).astype(np.float64)
        curves.append(line(view.sent("time_s"), refused, f"{called} refused so far", colour))
        counts.append(f"{int(refused[-1]) if refused.size else 0} {called}")
    return curves, counts


def _fit(view: View) -> tuple[list[Trace], str]:
    """Innovation of each range that arrived over its sigma, and the share within 3, in words; nothing where none arrived."""
    ranged = (view["measured_range_valid"] | view["measured_radar_range_valid"]).astype(bool)
    innovation, sigma = view["range_innovation_m"][ranged], view["range_innovation_sigma_m"][ranged]
    offered = (sigma > 0) & np.isfinite(innovation)
    ratio, when = innovation[offered] / sigma[offered], view["time_s"][ranged][offered]
    if not ratio.size:
        return [], ""
    edge = np.full(2, 3.0)
    traces = [*band(np.array(view.span), -edge, edge, "± 3"), dots(when, ratio, "range innovation over its σ", BLUE)]
    return traces, f" {100.0 * float(np.mean(np.abs(ratio) <= 3.0)):.1f} % of the innovations of ranges lie within 3 σ."


def sensors(view: View) -> Figure:
    """Sensor use, rejections and innovations under power."""
    (bars, arrived), (curves, refused), (fit, fitted) = _heard(view), _refused(view), _fit(view)
    rows = {"type": "category", "range": [-0.6, len(bars) - 0.4], "showgrid": False}
    panels = [Panel("", bars, ROWS_MARGIN_PX + ROW_PX * len(bars), rows)] if bars else []
    panels += [Panel("refused (count)", curves, 90, {"rangemode": "tozero"})] if curves else []
    panels += [Panel("innovation (σ)", fit, 160)] if fit else []
    data, layout, pixels = column(panels or [Panel("", [], 60)], view.marks, view.shown_span)
    caption = f"Arrived: {', '.join(arrived)}." if arrived else "Nothing aboard but the inertial unit."
    caption += f" Refused by the gates: {', '.join(refused)}." if refused else ""
    return Figure("sensors", "Sensor use", caption + fitted, data, layout, pixels)
