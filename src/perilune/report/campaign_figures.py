"""Figures of a campaign: speeds and tilts at the first touch, what propellant was left, the margin, and how the landing probability settled."""

from collections.abc import Iterator

import numpy as np

from perilune.campaigns.intervals import wilson
from perilune.campaigns.standing import INVALID
from perilune.mission.requirements import requirement_of
from perilune.report.campaign_footprint import scattered
from perilune.report.campaign_view import CampaignView, mark_of, numbers_of
from perilune.report.plot import BLUE, GREEN, INK, RED, Figure, Trace, axis, band, encode, level

BINS = 48
LEGEND = {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.01, "yanchor": "bottom", "font": {"size": 11}, "itemsizing": "constant"}
MARGINS = {"l": 64, "r": 12, "t": 40, "b": 50}
CONVERGENCE_POINTS = 700
FEW, FAR = 0.005, 2.0  # runs that a figure's first view may leave out, and how far beyond the others they must lie for that


def touchdown_figures(view: CampaignView) -> Iterator[Figure]:
    """What the first touch was like; nothing where no run touched the ground."""
    if view.touched.any():
        yield speeds(view)
        yield tilts(view)


def speeds(view: CampaignView) -> Figure:
    """Vertical against horizontal speed, with the limits."""
    across, down, limits = view.column("touchdown_horizontal_speed_m_s"), view.column("touchdown_vertical_speed_m_s"), view.mission.limits
    data = points_of(view, across, down)
    box_x, box_y = limits.horizontal_speed_m_s, limits.vertical_speed_m_s
    low, right, top = _least(down, view), edge_of(across, view, box_x), edge_of(down, view, box_y)
    edge = {"color": INK, "width": 1.6, "dash": "dash"}
    corner = {"x": [box_x, box_x, min(0.0, low)], "y": [low, box_y, box_y]}
    data.append({"type": "scatter", "mode": "lines", **corner, "name": "limits of a soft landing", "line": edge, "hoverinfo": "skip"})
    if float(np.hypot(right, top)) > limits.structural_speed_m_s:
        angle = np.linspace(0.0, np.pi / 2.0, 61)
        arc = {"x": encode(limits.structural_speed_m_s * np.sin(angle)), "y": encode(limits.structural_speed_m_s * np.cos(angle))}
        data.append(
            {"type": "scatter", "mode": "lines", **arc, "name": "what the structure bears", "line": {"color": RED, "width": 1.6}, "hoverinfo": "skip"}
        )
    layout = {
        "xaxis": axis("horizontal speed (m/s)", range=[0.0, 1.06 * right]),
        "yaxis": axis("vertical speed, down + (m/s)", range=[min(0.0, 1.06 * low), 1.06 * top]),
        "legend": LEGEND,
        "margin": MARGINS,
        "hovermode": "closest",
    }
    caption = "Speeds of each run at the first touch of a footpad, by its verdict; hovering tells the run." + view.said_of_thinning(view.touched)
    caption += said_of_those_beyond(view, (across > 1.06 * right) | (down > 1.06 * top))
    return Figure("speeds", "Touchdown speeds", caption, data, layout, 500, timed=False)


def tilts(view: CampaignView) -> Figure:
    """Tilt of the lander against the slope of the ground."""
    slope, tilt, limit = view.column("touchdown_slope_deg"), view.column("touchdown_tilt_deg"), view.mission.limits.tilt_deg
    data = points_of(view, slope, tilt)
    right, top = max(1.06 * edge_of(slope, view), 1.0), edge_of(tilt, view)
    is_near = top > 0.3 * limit
    top = 1.06 * max(top, limit if is_near else 0.0, 0.1)
    if is_near:
        data.append(level((0.0, right), limit, f"limit of the tilt, {limit:g}°", dash="dash"))
    layout = {
        "xaxis": axis("slope of the ground under the footpads (°)", range=[0.0, right]),
        "yaxis": axis("tilt of the lander (°)", range=[0.0, top]),
        "legend": LEGEND,
        "margin": MARGINS,
        "hovermode": "closest",
    }
    far = "" if is_near else f" The limit of the tilt, {limit:g}°, lies far above."
    caption = f"Tilt from the vertical at the first touch, and the slope of the plane through the ground under the footpads.{far}"
    caption += view.said_of_thinning(view.touched) + said_of_those_beyond(view, (slope > right) | (tilt > top))
    return Figure("tilts", "Tilt and slope", caption, data, layout, 460, timed=False)


def points_of(view: CampaignView, x: np.ndarray, y: np.ndarray) -> list[Trace]:
    """Runs that touched the ground, by verdict."""
    return [scattered(view, verdict, at, x, y) for verdict, at in view.drawn(view.touched).items()]


def margin_figures(view: CampaignView) -> Iterator[Figure]:
    """Histograms of what was left and of the margin to the limit."""
    left = view.column("propellant_left_kg")
    if np.isfinite(left).any():
        yield propellant(view, left)
    margin = view.column("margin_to_limit")
    if np.isfinite(margin).any():
        yield margins(view, margin)


def propellant(view: CampaignView, left: np.ndarray) -> Figure:
    """Usable main propellant at the first touch or the end."""
    asked = [requirement_of(text) for text in view.mission.requirements]
    lines = [(0.0, "dry"), *((r.bound, "required") for r in asked if r.quantity == "propellant_left_kg")]
    caption = (
        "Usable main propellant at the first touch, or at the end of a run that never touched the ground; at 0 the engines are dry. "
        f"Least {np.nanmin(left):.2f} kg, mean {np.nanmean(left):.2f} kg."
    )
    return _histogram(view, left, lines, "propellant", "Propellant margin", caption, "usable main propellant left (kg)")


def margins(view: CampaignView, margin: np.ndarray) -> Figure:
    """How far inside its limits each run's worst quantity was."""
    shown = np.clip(margin, max(float(np.nanmin(margin)), -3.0), None)
    below = int((margin < -3.0).sum())
    caption = (
        "The worst of a run's quantities as a share of its limit (speeds and tilt at the touch, tilt at rest, a minute of hover left): "
        "1 is far inside, 0 on the limit, below it the run was lost." + (f" {below} runs below −3 stand at −3." if below else "")
    )
    return _histogram(view, shown, [(0.0, "limit")], "margins", "Margin to the limit", caption, "margin to the limit (1 = a whole limit)")


def _histogram(view: CampaignView, values: np.ndarray, lines: list[tuple[float, str]], name: str, title: str, caption: str, quantity: str) -> Figure:
    """Stacked bars by verdict, with vertical lines."""
    there = np.isfinite(values) & (view.verdicts != INVALID)
    low, high = (float(f(values[there])) for f in (np.min, np.max)) if there.any() else (0.0, 1.0)
    low, high = min([low, *(x for x, _ in lines if x > low - 0.5 * (high - low) - 1e-9)]), max([high, *(x for x, _ in lines)])
    edges = bin_edges(low, high)
    middle, width = (edges[:-1] + edges[1:]) / 2.0, float(edges[1] - edges[0])
    data: list[Trace] = []
    for verdict in view.verdicts_in(there):
        counts = np.histogram(values[there & (view.verdicts == verdict)], edges)[0]
        bars = {"type": "bar", "x": encode(middle), "y": encode(counts, "i4"), "width": width, "name": f"{verdict} ({int(counts.sum())})"}
        data.append({**bars, "marker": {"color": mark_of(verdict)[0]}, "hovertemplate": f"%{{x:.3~g}}: %{{y}} runs<extra>{verdict}</extra>"})
    shapes, labels = [], []
    for at, word in lines:
        stroke = {"color": INK, "width": 1.6, "dash": "dash"}
        shapes.append({"type": "line", "xref": "x", "yref": "paper", "x0": at, "x1": at, "y0": 0, "y1": 1, "line": stroke})
        text = {"xref": "x", "yref": "paper", "x": at, "y": 1.0, "text": word, "showarrow": False, "font": {"size": 11}, "yanchor": "top"}
        labels.append({**text, "xanchor": "left", "xshift": 3})
    pad = 0.03 * float(edges[-1] - edges[0])
    layout = {
        "barmode": "stack",
        "bargap": 0.0,
        "xaxis": axis(quantity, range=[float(edges[0]) - pad, float(edges[-1]) + pad]),
        "yaxis": axis("runs (number)"),
        "shapes": shapes,
        "annotations": labels,
        "legend": LEGEND,
        "margin": MARGINS,
    }
    return Figure(name, title, caption, data, layout, 380, timed=False)


def bin_edges(low: float, high: float) -> np.ndarray:
    """Edges of some fifty bins that hold `low` to `high`, one of them at 0: no bar stands on both sides of a limit."""
    width = (high - low) / BINS if high > low else max(abs(low), 1.0) / BINS
    return np.arange(np.floor(low / width), np.ceil(high / width) + 1.5) * width


def convergence(view: CampaignView) -> Figure | None:
    """The landing probability over the runs so far, with its interval; None without a valid run."""
    plan, numbers = view.numbers["plan"], view.numbers
    valid = view.verdicts != INVALID
    if not valid.any():
        return None
    n, k = np.cumsum(valid), np.cumsum(view.landed)
    last = len(n) - 1
    keep = np.arange(len(n))
    if len(n) > CONVERGENCE_POINTS:
        early, evenly = np.geomspace(1, len(n), CONVERGENCE_POINTS // 2), np.linspace(1, len(n), CONVERGENCE_POINTS // 2)
        keep = np.unique(np.concatenate([early, evenly]).round().astype(int).clip(1, len(n)) - 1)
    keep = keep[n[keep] > 0]
    runs = (keep + 1).astype(float)
    data: list[Trace] = []
    low = high = np.array([])
    confidence = numbers["confidence"]
    if plan["sampling"] == "independent":
        low, high = (100.0 * np.asarray(end, dtype=float) for end in wilson(k[keep], n[keep], confidence))
        data += band(runs, low, high, f"interval at confidence {confidence:g} (Wilson)")
    data.append(
        {
            "type": "scatter",
            "mode": "lines",
            "x": encode(runs),
            "y": encode(100.0 * k[keep] / n[keep]),
            "name": "share that landed",
            "line": {"color": BLUE, "width": 2},
            "hovertemplate": "%{y:.3f} % of the first %{x} runs<extra></extra>",
        }
    )
    final = [100.0 * numbers[key] for key in ("interval_low", "probability", "interval_high")]
    whisker = {
        "type": "data",
        "symmetric": False,
        "array": [final[2] - final[1]],
        "arrayminus": [final[1] - final[0]],
        "color": INK,
        "thickness": 1.6,
    }
    end = {"type": "scatter", "mode": "markers", "x": [last + 1], "y": [final[1]], "error_y": whisker, "marker": {"color": INK, "size": 7}}
    data.append(
        {**end, "name": f"result ({numbers['method']})", "hovertemplate": f"{final[1]:.2f} %, {final[0]:.2f} to {final[2]:.2f} %<extra></extra>"}
    )
    asked = [requirement_of(text) for text in view.mission.requirements]
    required = [100.0 * requirement.share for requirement in asked if requirement.quantity is None]
    for share in required:
        data.append(level((1.0, float(last + 1)), share, f"required: {share:g} %", GREEN, "dash"))
    spread = low[len(low) // 2 :] if len(low) else 100.0 * k[keep][len(keep) // 2 :] / n[keep][len(keep) // 2 :]
    bottom, top = min(float(spread.min()), final[0]), max(float(high[len(high) // 2 :].max()) if len(high) else final[2], final[2])
    near = 3.0 * max(top - bottom, 1.0)
    wanted = [share for share in required if bottom - near < share < top + near]
    bottom, top = min([bottom, *wanted]), max([top, *wanted])
    pad = max(0.15 * (top - bottom), 0.5)
    layout = {
        "xaxis": axis("runs in the order of their index (number)", range=[0.0, 1.03 * (last + 1)]),
        "yaxis": axis("landing probability (%)", range=[max(bottom - pad, -1.0), min(top + pad, 101.0)]),
        "legend": LEGEND,
        "margin": MARGINS,
        "hovermode": "x unified",
    }
    return Figure("convergence", "Convergence", said_of_the_stop(view), data, layout, 420, timed=False)


def said_of_the_stop(view: CampaignView) -> str:
    """Why the campaign has as many runs as it has."""
    numbers, plan = view.numbers, view.numbers["plan"]
    wanted = plan["until_half_width"]
    if wanted is None:
        said = f"All {numbers['runs']} runs that were asked for."
    elif numbers["stopped_early"]:
        said = f"Stopped after run {numbers['runs'] - 1}, the first at which half the interval was {100.0 * wanted:g} % or less."
    else:
        said = f"All {numbers['runs']} runs that were allowed; half the interval was to be {100.0 * wanted:g} % or less."
    if plan["sampling"] != "independent":
        said += f" Runs of {plan['replicates']} replicates ({plan['sampling']}) have an interval only when all are flown."
    return said


def edge_of(values: np.ndarray, view: CampaignView, least: float = 0.0) -> float:
    """How far a figure reaches: to the largest of the runs that touched or, where few lie far beyond the others, to that of the others."""
    touched = values[view.touched & np.isfinite(values)]
    usual = max(float(np.quantile(touched, 1.0 - FEW)), least) if len(touched) else least
    near = touched[touched <= FAR * usual] if usual > 0.0 else touched
    return float(np.max(near, initial=least))


def said_of_those_beyond(view: CampaignView, beyond: np.ndarray) -> str:
    """One sentence where runs lie outside a figure's first view."""
    runs = view.runs[view.touched & beyond]
    if not len(runs):
        return ""
    which = f"Run {runs[0]} lies" if len(runs) == 1 else f"{len(runs)} runs ({numbers_of(runs.tolist(), 10)}) lie"
    return f" {which} beyond the edge; a double click on the figure shows all."


def _least(values: np.ndarray, view: CampaignView) -> float:
    return min(0.0, float(np.nanmin(values[view.touched])))
