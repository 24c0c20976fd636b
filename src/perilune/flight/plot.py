"""A flight as one matplotlib figure: height, speeds, thrust and propellant, and the estimate's error within its 3 sigma."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from perilune.flight.flight import Flight


def plot(flight: "Flight") -> "Figure":
    """The powered descent from ignition to the end; the whole flight where none began. Four panels against time [s past the burn]."""
    from matplotlib.figure import Figure

    rows = flight.flown.history
    ignition = flight.flown.event("ignition")
    if ignition is not None:
        rows = rows[rows["time"] >= ignition["time"] - 10.0]
    t = rows["time"]
    figure = Figure(figsize=(11, 8), layout="constrained")
    height, speed, thrust, error = figure.subplots(2, 2, sharex=True).ravel()
    height.semilogy(t, np.maximum(rows["height"], 0.1), label="true")
    height.semilogy(t, np.maximum(rows["estimated_height"], 0.1), "--", label="estimated")
    height.set(title="height above ground", ylabel="m")
    speed.plot(t, rows["vertical_speed"], label="down")
    speed.plot(t, rows["horizontal_speed"], label="across")
    speed.set(title="speed over ground", ylabel="m/s")
    thrust.plot(t, rows["command_thrust"], label="thrust asked, N")
    thrust.plot(t, rows["main_propellant"], label="main propellant, kg")
    thrust.set(title="thrust and propellant")
    error.plot(t, rows["error_height"], label="truth − estimate")
    error.fill_between(t, -3.0 * rows["sigma_height"], 3.0 * rows["sigma_height"], alpha=0.2, label="3 σ")
    error.set(title="error of the estimated height", ylabel="m")
    for axes in (height, speed, thrust, error):
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
    for axes in (thrust, error):
        axes.set_xlabel("s after the start")
    figure.suptitle(f"{flight.mission.mission.title}, {flight.case}: {flight.verdict}")
    return figure
