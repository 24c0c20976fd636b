"""Figure of the speeds over the ground: true, as estimated, and the limits of a soft landing."""

from perilune.report.plot import BLUE, ORANGE, RED, Figure, Panel, column, level, line
from perilune.report.view import View


def speeds(view: View) -> Figure:
    """Vertical and horizontal speed with the limits at contact."""
    t, limits = view["time_s"], view.mission.limits
    sent = view.sent("time_s")
    panels = [
        Panel(
            f"{name} (m/s)",
            [
                line(t, view[column_name], "true", BLUE, width=2.2),
                line(sent, view.sent(column_name), "estimated", ORANGE, dash="dash"),
                level(view.span, limit, "limit at contact", RED),
            ],
            180,
        )
        for name, column_name, limit in (
            ("vertical, down +", "vertical_speed_m_s", limits.vertical_speed_m_s),
            ("horizontal", "horizontal_speed_m_s", limits.horizontal_speed_m_s),
        )
    ]
    data, layout, pixels = column(panels, view.marks, view.shown_span)
    caption = (
        f"Speeds relative to the turning ground. Limits of this mission at contact: {limits.vertical_speed_m_s:g} m/s vertical, "
        f"{limits.horizontal_speed_m_s:g} m/s horizontal."
    )
    return Figure("speeds", "Speeds", caption, data, layout, pixels)
