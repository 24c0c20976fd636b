"""Figure of the last 500 m in three dimensions: the path over the terrain, its colour the speed."""

import numpy as np

from perilune.report.ground_track import shade, words_of_heights
from perilune.report.plot import ORANGE, SKY, Figure, Trace, encode
from perilune.report.view import View

FROM_HEIGHT_M, LEAST_HALF_M, LARGEST_HALF_M = 500.0, 260.0, 4000.0
GRID_POINTS = 131
PATH_POINTS = 600


def last_metres(view: View) -> Figure | None:
    """The path from 500 m above the ground on, or None where the flight never came so low."""
    stop = view.end + 1
    height = view.whole("height_m")[:stop]
    high = np.flatnonzero(height > FROM_HEIGHT_M)
    first = int(high[-1]) if high.size else 0
    east, north = (side[first:stop] for side in view.plane)
    if stop - first < 2 or height[-1] > FROM_HEIGHT_M or not np.isfinite(east + north).all():
        return None
    centre = (float(east.min() + east.max()) / 2.0, float(north.min() + north.max()) / 2.0)
    half = float(np.clip(0.75 * max(np.ptp(east), np.ptp(north)), LEAST_HALF_M, LARGEST_HALF_M))
    side, ground = view.ground(*centre, half, GRID_POINTS)
    spacing, base = float(side[1] - side[0]), view.site_height
    x0, y0 = float(east[-1]), float(north[-1])
    x, y = side + centre[0] - x0, side + centre[1] - y0
    surface: Trace = {
        "type": "surface",
        "x": encode(x),
        "y": encode(y),
        "z": encode(ground - base),
        "surfacecolor": encode(shade(ground, spacing, 2.0)),
    }
    surface |= {"colorscale": [[0, "#2b2b2b"], [0.5, "#8f8d89"], [1, "#f4f2ee"]], "cmin": 0.1, "cmax": 0.95, "showscale": False, "name": "terrain"}
    surface |= {"lighting": {"ambient": 0.9, "diffuse": 0.1, "specular": 0.0}, "hovertemplate": "ground %{z:.1f} m<extra></extra>"}
    keep = np.unique(np.linspace(0, stop - first - 1, PATH_POINTS).astype(int)) + first
    speed = np.hypot(view.whole("vertical_speed_m_s")[keep], view.whole("horizontal_speed_m_s")[keep])
    path_height = view.whole("altitude_m")[keep] - base
    bar = {
        "title": {"text": "speed (m/s)", "side": "bottom", "font": {"size": 12}},
        "thickness": 12,
        "orientation": "h",
        "y": -0.02,
        "yanchor": "top",
        "x": 0.5,
        "len": 0.9,
    }
    stroke = {"color": encode(speed), "colorscale": "Viridis", "width": 7, "colorbar": bar, "showscale": True}
    path: Trace = {
        "type": "scatter3d",
        "mode": "lines",
        "x": encode(east[keep - first] - x0),
        "y": encode(north[keep - first] - y0),
        "z": encode(path_height),
    }
    path |= {"line": stroke, "name": "path", "showlegend": False, "customdata": encode(np.stack([speed, view.whole("height_m")[keep]], axis=1))}
    path |= {"hovertemplate": "%{customdata[1]:.1f} m above the ground<br>%{customdata[0]:.2f} m/s<extra></extra>"}
    name = "touchdown" if view.flight.touchdown is not None else "end of the record"
    marks = [_spot(0.0, 0.0, float(path_height[-1]), name, ORANGE)]
    if max(abs(centre[0]), abs(centre[1])) < half:
        _, at_site = view.ground(0.0, 0.0, 1.0, 3)
        marks.append(_spot(-x0, -y0, float(at_site[1, 1]) - base, "site", SKY))
    bottom, top = float(ground.min()) - base, max(float(ground.max()) - base, float(path_height.max()))
    layout = {
        "scene": {
            "aspectmode": "manual",
            "aspectratio": {"x": 1, "y": 1, "z": (top - bottom) / (2.0 * half)},
            "xaxis": _axis(f"east of the {name} (m)", range=[float(x[0]), float(x[-1])]),
            "yaxis": _axis(f"north of the {name} (m)", range=[float(y[0]), float(y[-1])]),
            "zaxis": _axis("above the site (m)", range=[bottom, top], nticks=6 if top - bottom > half else 3),
            "camera": {"eye": {"x": 1.5, "y": -1.5, "z": 0.8}, "center": {"x": 0, "y": 0, "z": -0.1}},
        },
        "margin": {"l": 0, "r": 0, "t": 8, "b": 70},
        "legend": {"orientation": "h", "x": 0, "y": 1, "yanchor": "top"},
    }
    change = "falls" if speed[-1] < speed[0] else "grows"
    caption = (
        f"Equal scales; terrain of {2 * half:.0f} m a side, a point every {spacing:.2g} m, {words_of_heights(ground)} above the sphere. "
        f"Turn it with the mouse. Speed {change} from {speed[0]:.1f} to {speed[-1]:.1f} m/s."
    )
    return Figure("last-metres", "The last 500 m", caption, [surface, path, *marks], layout, 760, timed=False, is_square=True)


def _axis(title: str, **more: object) -> dict[str, object]:
    return {
        "title": {"text": title, "font": {"size": 11}},
        "tickfont": {"size": 10},
        "gridcolor": "@grid",
        "showbackground": False,
        "nticks": 6,
        "separatethousands": True,
        **more,
    }


def _spot(x: float, y: float, z: float, name: str, colour: str) -> Trace:
    marker = {"size": 5, "color": colour, "symbol": "diamond", "line": {"color": "#000", "width": 1}}
    return {
        "type": "scatter3d",
        "mode": "markers",
        "x": [x],
        "y": [y],
        "z": [z],
        "name": name,
        "marker": marker,
        "hovertemplate": f"{name}<extra></extra>",
    }
