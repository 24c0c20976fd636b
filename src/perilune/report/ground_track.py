"""Figures of the ground track: the approach and the surroundings of the touchdown, drawn on the relief that was flown over."""

import numpy as np

from perilune.environment.relief_detail import COARSE_SIDE, COARSE_SPACING
from perilune.report.plot import ORANGE, RED, SKY, Figure, Trace, axis, encode
from perilune.report.view import View

WIDE_HALF_M, NEAR_HALF_M = 60_000.0, 1_500.0
GRID_POINTS = 241
SUN = np.array([-0.6, 0.6, 0.53])  # the light of the shading: from the north-west, 32° high; for reading the relief, not the true Sun
TRACK_POINTS = 1500
TILE_M = COARSE_SIDE * COARSE_SPACING


def shade(height: np.ndarray, spacing_m: float, exaggeration: float = 1.0) -> np.ndarray:
    """Brightness of a lit matt surface, shape as `height` [m], 0 to 1."""
    north, east = np.gradient(height * exaggeration, spacing_m)
    normal = np.stack([-east, -north, np.ones_like(height)])
    light = np.tensordot(SUN / np.linalg.norm(SUN), normal / np.linalg.norm(normal, axis=0), axes=1)
    return np.clip(light, 0.0, 1.0)


def words_of_heights(height: np.ndarray) -> str:
    """Range of heights as words."""
    return f"{height.min():,.0f} to {height.max():,.0f} m".replace(",", " ").replace("-", "−")


def ground_tracks(view: View) -> list[Figure]:
    """The approach of the last 60 km or more, and the ground about site and touchdown."""
    east, north = view.plane
    end_east, end_north = float(east[view.end]), float(north[view.end])
    if not np.isfinite(end_east + end_north):
        return []
    miss = float(np.hypot(end_east, end_north))
    half = max(WIDE_HALF_M, 1.3 * miss)
    near = max(NEAR_HALF_M, 0.9 * miss)
    middle = (end_east / 2.0, end_north / 2.0)
    return [
        _track(view, "track-approach", "Ground track of the approach", (0.0, 0.0), half, 1e3, "km"),
        _track(view, "track-near", "Ground track near the site", middle, near, 1.0 if near < 10e3 else 1e3, "m" if near < 10e3 else "km"),
    ]


def _track(view: View, name: str, title: str, centre: tuple[float, float], half: float, unit_m: float, unit: str) -> Figure:
    side, height = view.ground(*centre, half, GRID_POINTS)
    spacing = float(side[1] - side[0])
    x, y = (side + centre[0]) / unit_m, (side + centre[1]) / unit_m
    bright = np.round(255.0 * shade(height, spacing, stretch_of(height, spacing)))
    bar = {
        "title": {"text": "height above the 1737.4 km sphere (m)", "side": "bottom", "font": {"size": 12}},
        "thickness": 12,
        "orientation": "h",
        "y": -0.1,
        "yanchor": "top",
        "len": 1.0,
        "x": 0.5,
    }
    relief: Trace = {"type": "heatmap", "x": encode(x), "y": encode(y), "z": encode(np.round(height, 1)), "colorscale": "Cividis", "colorbar": bar}
    relief |= {
        "name": "relief",
        "zsmooth": "best",
        "hovertemplate": f"east %{{x:.2f}} {unit}<br>north %{{y:.2f}} {unit}<br>height %{{z:.0f}} m<extra></extra>",
    }
    shading = shading_of(x, y, bright)
    east, north = view.plane
    stop = view.end + 1
    inside = np.flatnonzero((np.abs(east[:stop] - centre[0]) < 1.02 * half) & (np.abs(north[:stop] - centre[1]) < 1.02 * half))
    keep = inside[np.unique(np.linspace(0, max(len(inside) - 1, 0), TRACK_POINTS).astype(int))] if len(inside) else inside
    drop = view.whole("height_m")[keep]
    path: Trace = {"type": "scatter", "mode": "lines", "x": encode(east[keep] / unit_m), "y": encode(north[keep] / unit_m), "name": "track"}
    path |= {
        "line": {"color": RED, "width": 2.5},
        "customdata": encode(drop),
        "hovertemplate": "height above ground %{customdata:.0f} m<extra>track</extra>",
    }
    site = spot(0.0, 0.0, "site", "star", SKY)
    is_contact = view.flight.touchdown is not None
    last = spot(float(east[view.end]) / unit_m, float(north[view.end]) / unit_m, "touchdown" if is_contact else "end of the record", "x", ORANGE)
    miss = float(np.hypot(east[view.end], north[view.end]))
    limits = {"x": [float(x[0]), float(x[-1])], "y": [float(y[0]), float(y[-1])]}
    layout = {
        "xaxis": axis(f"east of the site ({unit})", range=limits["x"], constrain="domain", zeroline=False),
        "yaxis": axis(f"north of the site ({unit})", range=limits["y"], scaleanchor="x", constrain="domain", zeroline=False),
        "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "font": {"size": 11}},
        "margin": {"l": 60, "r": 10, "t": 34, "b": 60},
        "hovermode": "closest",
    }
    far = f"{miss / 1e3:.2f} km" if miss >= 1000 else f"{miss:.0f} m"
    caption = (
        f"{2 * half / 1e3:.3g} km a side, a point every {spacing:.3g} m; heights {words_of_heights(height)} above the sphere. "
        f"The flight ends {far} from the site. Lit from the north-west to show the relief, not by the true Sun."
    )
    if 2 * half > TILE_M:
        caption += f" The synthetic craters repeat every {TILE_M / 1e3:.3g} km."
    return Figure(name, title, caption, [relief, shading, path, site, last], layout, 760, timed=False, is_square=True)


def shading_of(x: np.ndarray, y: np.ndarray, bright: np.ndarray, opacity: float = 0.42) -> Trace:
    """The brightness of the ground, shape (n, n), 0 to 255, as a layer over what lies below."""
    return {
        "type": "heatmap",
        "x": encode(x),
        "y": encode(y),
        "z": encode(bright, "u1"),
        "colorscale": [[0, "#000"], [1, "#fff"]],
        "opacity": opacity,
        "showscale": False,
        "hoverinfo": "skip",
        "zsmooth": "best",
        "zmin": 40,
        "zmax": 255,
    }


def stretch_of(height: np.ndarray, spacing_m: float) -> float:
    """How many times the heights [m] are stretched for the shading to show a relief as gentle as this, 1 to 12."""
    steep = float(np.std(np.gradient(height, spacing_m)[0]))
    return float(np.clip(0.25 / max(steep, 1e-6), 1.0, 12.0))


def spot(x: float, y: float, name: str, symbol: str, colour: str) -> Trace:
    """One marked place."""
    marker = {"symbol": symbol, "size": 12, "color": colour, "line": {"color": "#000", "width": 1.2}}
    return {"type": "scatter", "mode": "markers", "x": [x], "y": [y], "name": name, "marker": marker, "hovertemplate": f"{name}<extra></extra>"}
