"""Figure of the attitude: lean from the vertical and body rates."""

import numpy as np

from perilune.report.plot import BLUE, GREEN, ORANGE, RED, Figure, Panel, column, level, line
from perilune.report.view import View


def attitude(view: View) -> Figure:
    """Tilt with its limit at contact, and the rates about the body axes."""
    t, limit = view["time_s"], view.mission.limits.tilt_deg
    tilt = [line(t, np.degrees(view["tilt_rad"]), "tilt", BLUE, width=2.0), level(view.span, limit, "limit at contact", RED)]
    colours = {"x": BLUE, "y": ORANGE, "z": GREEN}
    rates = [line(t, np.degrees(view[f"rate_body_{axis}_rad_s"]), f"rate about body {axis}", colour, width=1.2) for axis, colour in colours.items()]
    torques = [line(t, view[f"command_torque_body_{axis}_n_m"], f"torque about body {axis}", c, width=1.2) for axis, c in colours.items()]
    panels = [Panel("tilt (°)", tilt, 170), Panel("body rate (°/s)", rates, 140), Panel("torque asked (N m)", torques, 140)]
    data, layout, pixels = column(panels, view.marks, view.shown_span)
    caption = f"Tilt is the angle between the lander's axis (+z, along the thrust) and the local vertical; limit at contact {limit:g}°."
    return Figure("attitude", "Attitude", caption, data, layout, pixels)
