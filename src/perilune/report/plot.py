"""The pieces of which the page's figures are built: curves, bands, panels and mode marks, as the plain data that plotly.js draws.

Figures are dictionaries in plotly.js' own schema, so the plotly package itself is never imported. `@ink`, `@blue`, `@grid` and `@paper` stand for
colours that the page chooses by the reader's light or dark setting. Colours are those of Okabe and Ito, told apart by colour-blind readers.
"""

import base64
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from perilune.report.decimation import LIMIT, extremes

INK, GRID, PAPER = "@ink", "@grid", "@paper"
BLUE, ORANGE, GREEN, RED, SKY, PURPLE = "@blue", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7"
LINES = {"gridcolor": GRID, "linecolor": GRID, "zerolinecolor": GRID, "zerolinewidth": 1, "separatethousands": True, "exponentformat": "none"}
TIME_TITLE = "time after the start (s)"
NARROWEST_PLOT_PX, LETTER_PX, LABEL_ROW_PX = 290.0, 6.0, 14
GAP_PX = 26  # between panels
Trace = dict[str, Any]


@dataclass(frozen=True)
class Figure:
    """One figure of the page; `timed` figures share the buttons that choose a span of the descent."""

    name: str
    title: str
    caption: str
    data: list[Trace]
    layout: dict[str, Any]
    height_px: int
    timed: bool = True
    is_square: bool = False


@dataclass(frozen=True)
class Panel:
    """One set of axes in a column of them that share their time axis."""

    title: str
    traces: list[Trace]
    height_px: int = 150
    axis: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Mark:
    """An instant that every figure over time shows as a vertical line."""

    time_s: float
    label: str


def encode(values: np.ndarray, dtype: str = "f4") -> dict[str, Any]:
    """An array as plotly.js reads it without parsing numbers: base64 of `f4` (7 digits) unless told otherwise."""
    values = np.ascontiguousarray(values, dtype="<" + dtype)
    packed: dict[str, Any] = {"dtype": dtype, "bdata": base64.b64encode(values.tobytes()).decode()}
    if values.ndim > 1:
        packed["shape"] = ", ".join(str(n) for n in values.shape)
    return packed


def line(x: np.ndarray, y: np.ndarray, name: str, colour: str, *, dash: str = "solid", width: float = 1.6, limit: int = LIMIT, **more: Any) -> Trace:
    """A curve, thinned to its extremes; not a number leaves a gap."""
    keep = extremes(y, limit)
    stroke = {"color": colour, "width": width, "dash": dash}
    return {"type": "scatter", "mode": "lines", "x": encode(x[keep]), "y": encode(y[keep]), "name": name, "line": stroke, **more}


def dots(x: np.ndarray, y: np.ndarray, name: str, colour: str, *, size: float = 3, symbol: str = "circle", limit: int = LIMIT, **more: Any) -> Trace:
    """Single points, thinned to their extremes."""
    keep = extremes(y, limit)
    marker = {"color": colour, "size": size, "symbol": symbol}
    return {"type": "scatter", "mode": "markers", "x": encode(x[keep]), "y": encode(y[keep]), "name": name, "marker": marker, **more}


def band(x: np.ndarray, low: np.ndarray, high: np.ndarray, name: str, colour: str = SKY) -> list[Trace]:
    """The area between two smooth curves."""
    keep = np.unique(np.concatenate([extremes(low, LIMIT // 4), extremes(high, LIMIT // 4)]))
    edge = {"type": "scatter", "mode": "lines", "x": encode(x[keep]), "line": {"width": 0.6, "color": colour}, "legendgroup": name}
    fill = "rgba(86,180,233,0.28)" if colour == SKY else "rgba(230,159,0,0.22)"
    return [
        {**edge, "y": encode(low[keep]), "showlegend": False, "hoverinfo": "skip", "name": name},
        {**edge, "y": encode(high[keep]), "fill": "tonexty", "fillcolor": fill, "name": name},
    ]


def level(x: tuple[float, float], y: float, name: str, colour: str = INK, dash: str = "dot") -> Trace:
    """A horizontal line: a limit."""
    return {"type": "scatter", "mode": "lines", "x": list(x), "y": [y, y], "name": name, "line": {"color": colour, "width": 1.2, "dash": dash}}


def once(traces: list[Trace]) -> list[Trace]:
    """The same traces without a second entry of the same name in the legend."""
    seen: set[str] = set()
    out = []
    for trace in traces:
        name = trace.get("name", "")
        hidden = name in seen and trace.get("showlegend", True)
        out.append({**trace, "legendgroup": name, "showlegend": False} if hidden else {"legendgroup": name, **trace})
        if trace.get("showlegend", True):
            seen.add(name)
    return out


def mark_shapes(marks: list[Mark], span: tuple[float, float], plot_px: float) -> tuple[list[Trace], list[Trace], int]:
    """Vertical lines at the marks, their labels on rows above the plot where none covers another, and the room in pixels that the rows take.

    The rows are laid out for the narrowest screen; on a wider one the labels only move apart.
    """
    shapes, labels = [], []
    ends: list[list[tuple[float, float]]] = []
    for mark in [m for m in marks if span[0] <= m.time_s <= span[1]]:
        at = (mark.time_s - span[0]) / max(span[1] - span[0], 1e-9) * NARROWEST_PLOT_PX
        width = LETTER_PX * len(mark.label) + 8.0
        is_late = at > width
        low, high = (at - width, at) if is_late else (at, at + width)
        row = next((i for i, taken in enumerate(ends) if all(high <= a or low >= b for a, b in taken)), len(ends))
        if row == len(ends):
            ends.append([])
        ends[row].append((low, high))
        top = 1.0 + (LABEL_ROW_PX * (row + 1)) / plot_px
        stroke = {"color": INK, "width": 0.8, "dash": "dot"}
        shapes.append(
            {"type": "line", "xref": "x", "yref": "paper", "x0": mark.time_s, "x1": mark.time_s, "y0": 0, "y1": top, "line": stroke, "opacity": 0.6}
        )
        text = {
            "xref": "x",
            "yref": "paper",
            "x": mark.time_s,
            "y": top,
            "text": mark.label,
            "showarrow": False,
            "font": {"size": 11},
            "yanchor": "top",
        }
        labels.append({**text, "xanchor": "right" if is_late else "left", "borderpad": 0, "xshift": -2 if is_late else 2})
    return shapes, labels, LABEL_ROW_PX * len(ends)


def column(panels: list[Panel], marks: list[Mark], span: tuple[float, float]) -> tuple[list[Trace], dict[str, Any], int]:
    """Panels one below the other over one time axis: traces, layout and height in pixels."""
    plot_px = float(sum(p.height_px for p in panels) + GAP_PX * (len(panels) - 1))
    data: list[Trace] = []
    layout: dict[str, Any] = {}
    top = plot_px
    for i, panel in enumerate(panels):
        suffix = "" if i == 0 else str(i + 1)
        bottom = top - panel.height_px
        layout[f"yaxis{suffix}"] = axis(panel.title, domain=[max(bottom / plot_px, 0.0), top / plot_px], anchor="x", **panel.axis)
        data += [{**trace, "yaxis": f"y{suffix}", "xaxis": "x"} for trace in panel.traces]
        top = bottom - GAP_PX
    last = "" if len(panels) == 1 else str(len(panels))
    shapes, labels, room = mark_shapes(marks, span, plot_px)
    layout["xaxis"] = axis(TIME_TITLE, anchor=f"y{last}", range=list(span), automargin=False, title_standoff=6)
    layout |= {"shapes": shapes, "annotations": labels}
    legend_px = 92
    layout["margin"] = {"l": 64, "r": 12, "t": room + 12, "b": legend_px}
    layout["legend"] = {
        "orientation": "h",
        "x": 0,
        "xanchor": "left",
        "y": -48.0 / plot_px,
        "yanchor": "top",
        "font": {"size": 11},
        "itemsizing": "constant",
    }
    layout["hovermode"] = "x unified"
    return once(data), layout, int(plot_px + room + 12 + legend_px)


def axis(title: str, title_standoff: int = 4, **more: Any) -> dict[str, Any]:
    """An axis with its quantity and unit."""
    text = {"text": title, "standoff": title_standoff, "font": {"size": 12}}
    return {"title": text, "automargin": True, **LINES, **more}
