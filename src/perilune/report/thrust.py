"""Figure of the thrust: what the computer asked for and what the engines gave."""

from perilune.report.numbers import given
from perilune.report.plot import BLUE, GREEN, INK, ORANGE, RED, Figure, Panel, column, line
from perilune.report.view import View


def thrust(view: View) -> Figure:
    """Thrust asked for, and command and level of the main and assist engines as shares of full thrust."""
    t = view["time_s"]
    asked = [line(t, view["command_thrust_n"], "thrust asked of all engines", INK)]
    main = [
        line(t, view["command_main_engine"] * 100.0, "main engine command", RED, dash="dash"),
        line(t, view["main_level"] * 100.0, "main engine thrust", BLUE, width=2.0),
    ]
    assist = [
        line(t, view["command_assist_duty"] * 100.0, "assist duty command", ORANGE, dash="dash"),
        line(t, view["assist_level"] * 100.0, "assist engines' thrust", GREEN, width=2.0),
    ]
    share = {"range": [-5, 108]}
    lander = view.mission.lander
    caption = f"Full thrust in the mission file: main {lander.main_engine.count} × {given(lander.main_engine.thrust_n)} N"
    panels = [Panel("thrust (N)", asked, 150), Panel("main (% of full)", main, 120, share)]
    if lander.assist_engines is not None:
        caption += f", assist {lander.assist_engines.count} × {given(lander.assist_engines.thrust_n)} N"
        panels.append(Panel("assist (% of full)", assist, 150, share))
    data, layout, pixels = column(panels, view.marks, view.shown_span)
    return Figure("thrust", "Thrust", f"{caption}.", data, layout, pixels)
