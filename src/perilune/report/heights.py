"""Figures of the height: altitude over the ground flown across, height as it is and as believed, ranges measured; and the coast before."""

import numpy as np

from perilune.report.plot import BLUE, GREEN, INK, ORANGE, PURPLE, Figure, Panel, column, dots, line
from perilune.report.view import View


def heights(view: View) -> Figure:
    """Altitude with the ground below, and height and range, under power."""
    t, altitude, height = view["time_s"], view["altitude_m"], view["height_m"]
    above = [
        line(t, altitude / 1e3, "altitude above the 1737.4 km sphere", BLUE),
        line(t, (altitude - height) / 1e3, "ground below the lander", INK, width=1.2),
    ]
    over = [
        line(t, height, "height above the ground", BLUE, width=2.2),
        line(t, view["estimated_height_m"], "height as estimated", ORANGE, dash="dash"),
    ]
    count = 0
    for name, colour, ranges in (("range", GREEN, "measured_range"), ("radar range", PURPLE, "measured_radar_range")):
        measured = view[f"{ranges}_valid"].astype(bool)
        if measured.any():
            over.append(dots(t[measured], view[f"{ranges}_m"][measured], f"{name} measured (slant)", colour))
        count += int(measured.sum())
    panels = [Panel("altitude (km)", above, 170), Panel("height, range (m)", over, 210)]
    data, layout, pixels = column(panels, view.marks, view.shown_span)
    caption = "Heights are of the middle of the footpad plane; a slant range is longer than the height by the lean of its beam and the relief. "
    caption += f"{count} valid ranges under power." if count else "No range was ever valid."
    return Figure("heights", "Height and range", caption, data, layout, pixels)


def coast(view: View) -> Figure | None:
    """Altitude and height before ignition, or None where the record begins with the burn."""
    end = view.powered.start
    if end < 2 or end >= view.powered.stop:
        return None
    t = view.whole("time_s")[:end] / 60.0
    panel = Panel(
        "altitude, height (km)",
        [
            line(t, view.whole("altitude_m")[:end] / 1e3, "altitude above the sphere", BLUE),
            line(t, view.whole("height_m")[:end] / 1e3, "height above the ground", GREEN),
            line(t, view.whole("estimated_height_m")[:end] / 1e3, "height as estimated", ORANGE, dash="dash"),
        ],
        150,
    )
    sigma = Panel("3 σ of height (m)", [line(t, 3.0 * view.whole("sigma_height_m")[:end], "3 σ of the estimated height", PURPLE)], 110)
    data, layout, pixels = column([panel, sigma], [], (float(t[0]), float(t[-1])))
    layout["xaxis"]["title"]["text"] = "time after the start (min)"
    lowest = float(np.min(view.whole("height_m")[:end])) / 1e3
    caption = f"From the first row of the record to shortly before ignition; lowest height {lowest:.1f} km."
    return Figure("coast", "The coast before", caption, data, layout, pixels, timed=False)
