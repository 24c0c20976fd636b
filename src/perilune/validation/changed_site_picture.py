"""The pictures of the changed-site page: what the lander flew over and believed of it, and the sweeps beside the published pair."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from perilune.base.tables import write_atomically
from perilune.environment.relief_site import RADIUS_M
from perilune.flight.compare_ground import ground_below
from perilune.flight.flight import Flight
from perilune.validation import changed_site

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TRUE, BELIEVED, GROUND, RIM = "#0072B2", "#D55E00", "0.8", "0.35"  # told apart by colour-blind readers (Okabe and Ito)
VERDICTS = {
    "landed": ("#009E73", "landed"),
    "hard-landing": ("#F0E442", "hard"),
    "tipped-over": ("#F0E442", "tipped"),
    "out-of-propellant": ("#D55E00", "dry"),
    "crashed": ("#CC79A7", "crashed"),
    "not-landed": ("#56B4E9", "not landed"),
}
TITLES = {
    "plain": "plain: original site, distrust for good",
    "as-flown": "as-flown: Atlas, distrust for good",
    "mended": "mended: Atlas, allow for it",
}
FROM_KM = 45.0


def draw_flights(path: Path) -> None:
    """The three cases undispersed: over the relief against the way to go, and against time."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15, 8.4), layout="constrained")
    panels = figure.subplots(2, 3, sharey="row")
    for column, case in enumerate(TITLES):
        flight = changed_site.undispersed(case)
        draw_over_ground(panels[0, column], flight)
        draw_in_time(panels[1, column], flight)
        panels[0, column].set_title(TITLES[case])
    panels[0, 0].set_ylabel("height above the site, km")
    panels[1, 0].set_ylabel("height above the ground, km")
    panels[0, 0].legend(fontsize="small", loc="upper right")
    panels[1, 0].legend(fontsize="small", loc="upper right")
    figure.suptitle("HAKUTO-R Mission 1: the same lander, flight software and approach; the site changed, then the policy of the filter's gate")
    _write(figure, path)


def draw_over_ground(axes: "Axes", flight: Flight) -> None:
    """The relief under the track, the true path and where the computer believes the lander to be, over the distance to go."""
    flown = flight.flown
    site_m = flown.scene.start.site_height_m
    rows = flown.history[flown.history["mode"] > 0]
    distance = np.hypot(rows["position_site"][:, 0], rows["position_site"][:, 1]) / 1e3
    near = distance <= FROM_KM
    believed = np.linalg.norm(rows["estimated_position_mci"], axis=1) - RADIUS_M - site_m
    _, way, ground = ground_below(flown)
    order = np.argsort(way)
    axes.fill_between(way[order] / 1e3, (ground[order] - site_m) / 1e3, -1.0, color=GROUND, lw=0, label="relief under the track (LOLA)")
    axes.axhline(0.0, color="black", lw=0.8, ls=":", label="the ground on board")
    axes.plot(distance[near], (rows["altitude"][near] - site_m) / 1e3, color=TRUE, lw=2.0, label="true path")
    axes.plot(distance[near], believed[near] / 1e3, color=BELIEVED, lw=1.5, ls="--", label="believed path")
    rim_m, rim_height = changed_site.rim(flight)
    if rim_height > 500.0:
        axes.axvline(rim_m / 1e3, color=RIM, lw=1.0)
        axes.text(rim_m / 1e3 - 0.4, 0.3, "rim", color=RIM, fontsize="small")
    locked = changed_site.locked_out(flown)
    if locked is not None:
        at = changed_site.to_go(flown, locked) / 1e3
        axes.plot(at, (locked["altitude"] - site_m) / 1e3, "X", color="black", ms=9)
        axes.annotate("distrusted for good", (at, (locked["altitude"] - site_m) / 1e3), (6, 10), textcoords="offset points", fontsize="small")
    axes.set(xlim=(FROM_KM, -1.0), ylim=(-1.0, 18.0), xlabel="distance to go over the ground, km")
    axes.grid(alpha=0.3)


def draw_in_time(axes: "Axes", flight: Flight) -> None:
    """True and believed height above the ground from two minutes before pitch-up to the end, with the instants that matter."""
    flown = flight.flown
    up = next(event.t_s for event in flight.events if event.name == "pitch-up")
    contact = float(flown.last["contact"]["time"])
    rows = flown.history[(flown.history["time"] >= up - 120.0) & (flown.history["time"] <= contact)]
    since = rows["time"] - up
    axes.plot(since, rows["height"] / 1e3, color=TRUE, lw=2.0, label="true")
    axes.plot(since, rows["estimated_height"] / 1e3, color=BELIEVED, lw=1.5, ls="--", label="believed")
    zero, dry = changed_site.zero_aloft(flown), float(flown.last["dry_time"])
    if zero is not None:
        way = "down" if zero["vertical_speed"] > 0 else "up"
        told = f"believes zero:\n{zero['height'] / 1e3:.1f} km up, {abs(zero['vertical_speed']):.1f} m/s {way}"
        axes.plot([zero["time"] - up] * 2, [0.0, zero["height"] / 1e3], color="black", lw=0.8, marker="o", ms=4)
        axes.annotate(told, (zero["time"] - up, zero["height"] / 1e3), (-70, 40), textcoords="offset points", fontsize="small")
    if dry >= 0.0:
        axes.axvline(dry - up, color=RIM, lw=1.0, ls="--")
        axes.text(dry - up - 3.0, 9.2, "tanks dry", color=RIM, fontsize="small", ha="right")
    down = flight.touchdown
    if down is not None:
        axes.text(contact - up, -4.5, f"met the ground at {down.vertical_speed_m_s:.1f} m/s", fontsize="small", ha="right")
    axes.axhline(0.0, color="black", lw=0.8, ls=":")
    axes.set(ylim=(-5.0, 11.0), xlabel="time from the end of braking, s")
    axes.grid(alpha=0.3)


def draw_sweeps(path: Path) -> None:
    """The outcomes over the approach heading, and where height and speed at the believed zero lie beside the published pair."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(15, 6.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1.25, 1.0])
    draw_headings(left)
    draw_zeros(right)
    _write(figure, path)


def draw_headings(axes: "Axes") -> None:
    """The step of the relief along the track as bars, above them how the three cases end."""
    headings = changed_site.HEADINGS_DEG
    places = np.arange(len(headings))
    steps = [changed_site.from_heading("as-flown", heading).step_m or 0.0 for heading in headings]
    axes.bar(places, np.array(steps) / 1e3, color=GROUND, width=0.8)
    axes.axhline(3.0, color=RIM, lw=1.0, ls="--")
    axes.text(-0.4, 3.05, "published: about 3 km", color=RIM, fontsize="small")
    for row, (case, name) in enumerate((("mended", "Atlas, mended"), ("as-flown", "Atlas, distrust"), ("plain", "original site, distrust"))):
        for place, heading in enumerate(headings):
            outcome = changed_site.from_heading(case, heading)
            colour, word = VERDICTS.get(outcome.verdict, ("0.5", outcome.verdict))
            axes.barh(3.7 + 0.45 * row, 0.92, 0.4, place - 0.46, color=colour)
            axes.text(place, 3.7 + 0.45 * row, word, ha="center", va="center", fontsize=6.5)
        axes.text(len(headings) - 0.4, 3.7 + 0.45 * row, name, va="center", fontsize="small")
    axes.set_xticks(places, [f"{heading}" for heading in headings])
    axes.set(xlabel="approach heading, ° from north (180: from the north, as flown here)", ylabel="largest fall of the relief within 20 km, km")
    axes.set(xlim=(-0.6, len(headings) + 3.2), ylim=(0.0, 5.0), title="undispersed, over the approach heading")
    axes.set_yticks(np.arange(0.0, 3.5, 0.5))


def draw_zeros(axes: "Axes") -> None:
    """Every flight that believed itself on the ground while aloft: seeds, headings, assumed numbers, and the published pair."""
    table = changed_site.dispersed("as-flown")
    aloft = table.filter(table["highest_false_zero_m"] > changed_site.ALOFT_M)
    label = f"{len(aloft)} of {len(table)} seeds"
    axes.plot(aloft["false_zero_sink_m_s"], aloft["highest_false_zero_m"] / 1e3, "o", color="0.6", ms=4, mew=0, alpha=0.7, label=label)
    kinds = {
        "other headings": ([changed_site.from_heading("as-flown", h) for h in changed_site.HEADINGS_DEG], "s", "#56B4E9"),
        "other numbers that are assumed": ([changed_site.moved("as-flown", values) for _, values in changed_site.ASSUMED], "^", "#E69F00"),
        "undispersed": ([changed_site.moved("as-flown", {})], "D", TRUE),
    }
    for name, (outcomes, marker, colour) in kinds.items():
        zeros = [(o.zero_sink_m_s, o.zero_height_m / 1e3) for o in outcomes if o.zero_height_m is not None]
        axes.plot(*zip(*zeros, strict=True), marker, color=colour, mec="black", mew=0.5, ms=8, ls="", label=name)
    sink, height = changed_site.PUBLISHED_SINK_M_S, changed_site.PUBLISHED_ZERO_M / 1e3
    axes.plot([-sink, sink], [height, height], color="#D55E00", lw=2.0)
    axes.plot(0.0, height, "*", color="#D55E00", mec="black", ms=18, label="published: about 5 km, less than 1 m/s")
    axes.axvline(0.0, color="black", lw=0.8, ls=":")
    axes.set(xlabel="vertical speed, m/s (positive down; below zero it climbs)", ylabel="true height above the ground, km", ylim=(0.0, 5.6))
    axes.set_title("when it believed itself on the ground")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small", loc="lower left")


def _write(figure: object, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, lambda part: figure.savefig(part, dpi=100, format="png"))  # type: ignore[attr-defined]
