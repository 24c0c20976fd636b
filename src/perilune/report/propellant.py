"""Figure of the propellant left in the tanks."""

from perilune.report.plot import BLUE, GREEN, RED, Figure, Panel, column, level, line
from perilune.report.view import View


def propellant(view: View) -> Figure:
    """Main propellant with the part that cannot leave the tanks, and that of the attitude thrusters."""
    t, unusable = view["time_s"], view.unusable_kg
    main = [line(t, view["main_propellant_kg"], "main propellant", BLUE, width=2.0), level(view.span, unusable, "unusable", RED)]
    rcs = [line(t, view["rcs_propellant_kg"], "attitude thrusters' propellant", GREEN, width=2.0)]
    panels = [Panel("main (kg)", main, 170, {"rangemode": "tozero"}), Panel("thrusters (kg)", rcs, 110)]
    data, layout, pixels = column(panels, view.marks, view.shown_span)
    left = float(view["main_propellant_kg"][-1])
    caption = f"At the end of the record {left:.1f} kg of main propellant were left, {max(left - unusable, 0.0):.1f} kg of them usable."
    return Figure("propellant", "Propellant", caption, data, layout, pixels)
