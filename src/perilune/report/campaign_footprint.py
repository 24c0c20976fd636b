"""The footprint of a campaign: where its runs touched the ground, on the relief about the site, with ellipses and who really lies in them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from perilune.campaigns.standing import LANDED
from perilune.report.campaign_view import DEEP_BLUE, CampaignView, mark_of
from perilune.report.ellipses import Reach, ellipse, reach, within
from perilune.report.ground_track import TILE_M, shade, shading_of, spot, stretch_of, words_of_heights
from perilune.report.numbers import fixed
from perilune.report.plot import BLUE, INK, Figure, Trace, axis, encode

Frame = tuple[tuple[float, float], float]
"""What a map shows: its middle, east and north of the site, and half its width [m]."""

SHARES = (0.5, 0.95, 0.997)
DASHES = {0.5: "dot", 0.95: "solid", 0.997: "dash"}
LEAST_HALF_M = 250.0
GRID_POINTS, CONTOUR_STEP = 241, 4
LONG = 3.0  # times as long as wide, from which the footprint is also drawn with scales of its own
ON_MAP = "#111"
CROWD = 120  # lost runs of one verdict from which their marks are small
LEGEND = {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.01, "yanchor": "bottom", "font": {"size": 11}, "itemsizing": "constant"}
MAP_LEGEND = {**LEGEND, "bgcolor": "#d9d9d9", "font": {"size": 11, "color": ON_MAP}}


@dataclass(frozen=True)
class Footprint:
    """Touchdowns (n, 2), east and north of the site [m], with their mean and covariance."""

    points: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray

    @property
    def has_ellipses(self) -> bool:
        """Whether there are enough touchdowns, apart from each other, for ellipses."""
        return len(self.points) >= 3 and float(np.linalg.eigvalsh(self.covariance)[0]) > 0.0

    def inside(self, share: float) -> float:
        """The share of the touchdowns that lie inside the ellipse that would hold `share` of a normal distribution."""
        return float(np.mean(within(self.points, self.mean, self.covariance, share)))

    def reach(self, share: float) -> Reach:
        """How far that ellipse reaches [m]."""
        return reach(self.covariance, share)


def footprint_of(view: CampaignView) -> Footprint | None:
    """All touchdowns, landed or lost; None where there was none."""
    points = np.stack([view.column("touchdown_east_m"), view.column("touchdown_north_m")], axis=1)[view.touched]
    if not len(points):
        return None
    covariance = np.cov(points.T) if len(points) > 1 else np.zeros((2, 2))
    return Footprint(points, points.mean(axis=0), covariance)


def footprint_figures(view: CampaignView) -> Iterator[Figure]:
    """The footprint on the map, and stretched where it is long and narrow; nothing where no run touched the ground."""
    found = footprint_of(view)
    if found is None:
        return
    yield on_the_map(view, found)
    if found.has_ellipses:
        whole = found.reach(0.5)
        if whole.long > LONG * whole.short:
            yield stretched(view, found)


def on_the_map(view: CampaignView, found: Footprint, name: str = "footprint", title: str = "Footprint", frame: Frame | None = None) -> Figure:
    """Touchdowns and ellipses on the shaded ground, at equal scales; `frame` is what the map shows where it is not their own."""
    centre, half = window([found]) if frame is None else frame
    side, height = ground(view, centre, half)
    spacing = float(side[1] - side[0])
    unit_m, unit = (1.0, "m") if half < 5e3 else (1e3, "km")
    x, y = (side + centre[0]) / unit_m, (side + centre[1]) / unit_m
    bright = np.round(255.0 * (0.35 + 0.65 * shade(height, spacing, stretch_of(height, spacing))))
    coarse = slice(None, None, CONTOUR_STEP)
    contours: Trace = {"type": "contour", "x": encode(x[coarse]), "y": encode(y[coarse]), "z": encode(np.round(smooth(height)[coarse, coarse], 1))}
    contours |= {
        "contours": {"coloring": "none", "showlabels": True, "labelfont": {"size": 10, "color": "#333"}},
        "ncontours": 9,
        "line": {"color": "#555", "width": 0.7},
        "showlegend": False,
        "hovertemplate": f"east %{{x:.2f}} {unit}<br>north %{{y:.2f}} {unit}<br>height %{{z:.0f}} m<extra></extra>",
        "name": "height",
    }
    # Colours of the map are the same in light and dark, so those of what lies on it are, too.
    data = [
        shading_of(x, y, bright, 1.0),
        contours,
        *dots(view, unit_m, DEEP_BLUE),
        *outlines(found, unit_m, ON_MAP),
        spot(0.0, 0.0, "site", "star", "#fff"),
    ]
    square: Trace = {"constrain": "domain", "constraintoward": "top", "zeroline": False, "automargin": False}
    layout = {
        "xaxis": axis(f"east of the site ({unit})", range=[float(x[0]), float(x[-1])], **{**square, "constraintoward": "left"}),
        "yaxis": axis(f"north of the site ({unit})", range=[float(y[0]), float(y[-1])], scaleanchor="x", **square),
        "legend": MAP_LEGEND,
        "margin": {"l": 76, "r": 10, "t": 40, "b": 50},
        "hovermode": "closest",
    }
    caption = (
        f"{len(found.points)} touchdowns on the ground of the undispersed flight, {2 * half / 1e3:.3g} km a side, lit from the north-west to show "
        f"the relief, not by the true Sun; heights {words_of_heights(height)} above the sphere, contour lines smoothed."
    )
    if 2 * half > TILE_M:
        caption += f" The synthetic craters repeat every {TILE_M / 1e3:.3g} km."
    caption += said_of_ellipses(found) + view.said_of_thinning(view.touched)
    return Figure(name, title, caption, data, layout, 820, timed=False, is_square=True)


def stretched(view: CampaignView, found: Footprint) -> Figure:
    """The same along and across the longer axis of the ellipses, each with a scale of its own."""
    azimuth = np.radians(found.reach(0.95).azimuth_deg)
    turn = np.array([[np.cos(azimuth), -np.sin(azimuth)], [np.sin(azimuth), np.cos(azimuth)]])  # (east, north) to (across, along)
    turned = Footprint(found.points @ turn.T, turn @ found.mean, turn @ found.covariance @ turn.T)
    site = spot(0.0, 0.0, "site", "star", INK)
    data = [*dots(view, 1.0, BLUE, turn), *outlines(turned, 1.0, INK), site]
    layout = {
        "xaxis": axis("across, to the right (m)"),
        "yaxis": axis(f"along {fixed(np.degrees(azimuth), 1)}° from north (m)"),
        "legend": LEGEND,
        "margin": {"l": 70, "r": 10, "t": 40, "b": 50},
        "hovermode": "closest",
    }
    caption = "The same touchdowns along and across the longer axis of the ellipses; the two axes have scales of their own."
    return Figure("footprint-stretched", "Footprint, stretched", caption, data, layout, 560, timed=False)


def said_of_ellipses(found: Footprint) -> str:
    """What the ellipses are, and how many runs really lie in each."""
    if not found.has_ellipses:
        return " Too few touchdowns for ellipses."
    inside = ", ".join(f"{100.0 * found.inside(share):.1f} % in that of {100.0 * share:g} %" for share in SHARES)
    return f" The ellipses are those of a normal distribution with the mean and covariance of all touchdowns; of these really lie {inside}."


def dots(view: CampaignView, unit_m: float, landed: str, turn: np.ndarray | None = None) -> Iterator[Trace]:
    """Touchdowns by verdict, lost ones on top; `landed` is the colour of the others."""
    points = np.stack([view.column("touchdown_east_m"), view.column("touchdown_north_m")], axis=1)
    points = points if turn is None else points @ turn.T
    for verdict, at in view.drawn(view.touched).items():
        yield scattered(view, verdict, at, points[:, 0] / unit_m, points[:, 1] / unit_m, landed)


def scattered(view: CampaignView, verdict: str, at: np.ndarray, x: np.ndarray, y: np.ndarray, landed: str = BLUE) -> Trace:
    """Runs of one verdict as points; hovering tells the run."""
    is_landed = verdict == LANDED
    colour, symbol = mark_of(verdict)
    colour = landed if is_landed else colour
    is_crowded = is_landed or len(at) > CROWD
    marker: Trace = {
        "color": colour,
        "symbol": symbol,
        "size": 4 if is_landed else 5 if is_crowded else 8,
        "opacity": 0.55 if is_landed else 0.85 if is_crowded else 1.0,
    }
    marker |= {} if is_crowded else {"line": {"color": "#000", "width": 0.8}}
    count = int((view.verdicts == verdict).sum())
    return {
        "type": "scatter",
        "mode": "markers",
        "x": encode(x[at]),
        "y": encode(y[at]),
        "customdata": encode(view.runs[at], "i4"),
        "name": f"{verdict} ({count})",
        "marker": marker,
        "hovertemplate": f"run %{{customdata}}: %{{x:.4~g}}, %{{y:.4~g}}<extra>{verdict}</extra>",
    }


def outlines(found: Footprint, unit_m: float, colour: str) -> Iterator[Trace]:
    """The ellipses."""
    for share in SHARES if found.has_ellipses else ():
        points = ellipse(found.mean, found.covariance, share) / unit_m
        line = {"color": colour, "width": 1.8, "dash": DASHES[share]}
        trace = {"type": "scatter", "mode": "lines", "x": encode(points[:, 0]), "y": encode(points[:, 1]), "name": f"{100.0 * share:g} % ellipse"}
        yield {**trace, "line": line, "hoverinfo": "skip"}


def window(several: Sequence[Footprint]) -> Frame:
    """A square that holds the site, all touchdowns and the ellipses of footprints about one site."""
    corners = [np.zeros((1, 2)), *(found.points for found in several)]
    corners += [ellipse(found.mean, found.covariance, SHARES[-1]) for found in several if found.has_ellipses]
    every = np.concatenate(corners)
    low, high = every.min(axis=0), every.max(axis=0)
    middle = (low + high) / 2.0
    return (float(middle[0]), float(middle[1])), max(LEAST_HALF_M, 0.56 * float((high - low).max()))


def ground(view: CampaignView, centre: tuple[float, float], half_m: float) -> tuple[np.ndarray, np.ndarray]:
    """The ground of the undispersed flight on a square grid: distances from the centre (n,), and heights above the sphere (n, n), m."""
    from perilune.base.start_warp import start_warp
    from perilune.environment.relief import ReliefDraw
    from perilune.environment.relief_site import build_relief, ground_grid

    start_warp()
    surroundings, site = view.mission.environment, view.mission.site
    draw = ReliefDraw()
    draw.map_error, draw.map_offset_east, draw.map_offset_north = (
        surroundings.map_error_m,
        surroundings.map_offset_east_m,
        surroundings.map_offset_north_m,
    )
    relief = build_relief(surroundings.relief, site.latitude_deg, site.longitude_deg)
    _, _, height = ground_grid(relief, draw, *centre, half_m, GRID_POINTS)
    return np.linspace(-half_m, half_m, GRID_POINTS), height


def smooth(height: np.ndarray, reach: int = 6) -> np.ndarray:
    """Heights as the mean of the square about each point, shape as given: contour lines of the lie of the land, not of each crater."""
    out = np.pad(height, reach, mode="edge")
    kernel = np.ones(2 * reach + 1) / (2 * reach + 1)
    for along in (0, 1):
        out = np.apply_along_axis(np.convolve, along, out, kernel, "valid")
    return np.asarray(out)
