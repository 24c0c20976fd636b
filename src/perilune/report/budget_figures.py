"""Figures of a budget: Δv and propellant phase by phase, what each error source does to the touchdown, and linear beside sample as ellipses."""

from collections.abc import Iterator

import numpy as np

from perilune.flight.budget.budget import Budget
from perilune.flight.budget.delta_v import Phase
from perilune.flight.budget.error_budget import ErrorBudget
from perilune.report.ellipses import ellipse, within
from perilune.report.plot import BLUE, GREEN, INK, ORANGE, PURPLE, RED, SKY, Figure, Trace, axis, encode

BAR_PX = 34  # of height a bar takes
LEGEND = {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.0, "yanchor": "bottom", "font": {"size": 11}}
LEAST_SHOWN = 1e-4  # of the whole 1 sigma; what is smaller is left out of the figure
PAIRS = (("position", (0, 1), "m"), ("velocity", (2, 3), "m/s"))
ENGINE_COLOURS = (BLUE, ORANGE, PURPLE, SKY)


def delta_v_figures(made: Budget) -> Iterator[Figure]:
    """Stacked bars of Δv and of propellant."""
    phases = [phase for phase in made.delta_v.phases if phase.delta_v_m_s > 0.0]
    if not phases:
        return
    yield delta_v_bars(phases)
    yield propellant_bars(made, phases)


def delta_v_bars(phases: list[Phase]) -> Figure:
    """What the Δv of every phase under power went into."""
    names = [phase.name for phase in phases]
    parts = (
        ("speed taken off", [p.speed_taken_off_m_s for p in phases], BLUE),
        ("gravity loss", [p.gravity_loss_m_s for p in phases], ORANGE),
        ("steering loss", [p.steering_loss_m_s for p in phases], RED),
    )
    data = [bars(values, names, name, colour, "m/s") for name, values, colour in parts]
    ideal = {"color": INK, "symbol": "line-ns", "size": 20, "line": {"color": INK, "width": 2.5}}
    data.append(
        {
            "type": "scatter",
            "mode": "markers",
            "x": [p.ideal_m_s for p in phases],
            "y": names,
            "name": "ideal",
            "marker": ideal,
            "hovertemplate": "%{y}: ideal %{x:.1f} m/s<extra></extra>",
        }
    )
    caption = "The three parts of a bar add up to the phase's Δv; the mark is the least Δv that could have taken the phase's energy off."
    return _bar_figure("delta-v", "Δv by phase", caption, data, len(phases), "Δv (m/s)")


def propellant_bars(made: Budget, phases: list[Phase]) -> Figure:
    """Who used the propellant of every phase."""
    names = [phase.name for phase in phases]
    data = [
        bars([phase.engine_propellant_kg[engine] for phase in phases], names, engine, ENGINE_COLOURS[i % len(ENGINE_COLOURS)], "kg")
        for i, engine in enumerate(made.delta_v.engines)
    ]
    data.append(bars([phase.attitude_propellant_kg for phase in phases], names, "attitude thrusters", GREEN, "kg"))
    if any(phase.leaked_kg > 0.0 for phase in phases):
        data.append(bars([phase.leaked_kg for phase in phases], names, "leaked", RED, "kg"))
    margin = made.delta_v.margin
    caption = f"{margin.usable_kg:.1f} kg of {margin.loaded_kg:.1f} kg of main propellant are left and usable at contact."
    return _bar_figure("propellant-use", "Propellant by phase", caption, data, len(phases), "propellant (kg)")


def bars(values: list[float], names: list[str], name: str, colour: str, unit: str) -> Trace:
    """One part of stacked horizontal bars."""
    return {
        "type": "bar",
        "orientation": "h",
        "x": values,
        "y": names,
        "name": name,
        "marker": {"color": colour},
        "hovertemplate": f"%{{y}}: {name} %{{x:.4~g}} {unit}<extra></extra>",
    }


def _bar_figure(name: str, title: str, caption: str, data: list[Trace], rows: int, quantity: str) -> Figure:
    layout = {
        "barmode": "relative",
        "bargap": 0.35,
        "xaxis": axis(quantity),
        "yaxis": {"type": "category", "autorange": "reversed", "automargin": True},
        "legend": LEGEND,
        "margin": {"l": 70, "r": 12, "t": 44, "b": 48},
    }
    return Figure(name, title, caption, data, layout, 110 + BAR_PX * rows, timed=False)


def error_figures(errors: ErrorBudget) -> Iterator[Figure]:
    """Contributions, and the two ellipses."""
    yield contributions(errors)
    for what, pair, unit in PAIRS:
        yield ellipses(errors, what, pair, unit)


def contributions(errors: ErrorBudget) -> Figure:
    """1 sigma that each source makes, of the components of position and velocity, on logarithmic axes."""
    names = [made.name for made in errors.contributions]
    data: list[Trace] = []
    panels = (("x", ((0, "east", BLUE), (1, "north", ORANGE))), ("x2", ((2, "east", BLUE), (3, "north", ORANGE), (4, "down", GREEN))))
    for where, components in panels:
        for i, label, colour in components:
            total = float(errors.linear_sigma[i])
            sigma = [float(made.sigma[i]) for made in errors.contributions]
            unit = "m" if where == "x" else "m/s"
            data.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "x": [*(value if value > LEAST_SHOWN * total else None for value in sigma), total],
                    "y": [*names, "all, linear"],
                    "xaxis": where,
                    "yaxis": "y",
                    "name": label,
                    "legendgroup": label,
                    "showlegend": where == "x" or label == "down",
                    "marker": {"color": colour, "size": 10, "symbol": {"east": "circle", "north": "diamond", "down": "square"}[label]},
                    "hovertemplate": f"%{{y}}: {label} %{{x:.3~g}} {unit}<extra></extra>",
                }
            )
    layout = {
        "xaxis": axis("position, 1 sigma (m)", type="log", domain=[0.0, 0.48], exponentformat="power", dtick=1),
        "xaxis2": axis("velocity, 1 sigma (m/s)", type="log", domain=[0.54, 1.0], anchor="y", exponentformat="power", dtick=1),
        "yaxis": {"type": "category", "autorange": "reversed", "automargin": True, "gridcolor": "@grid"},
        "legend": LEGEND,
        "margin": {"l": 130, "r": 12, "t": 44, "b": 52},
    }
    caption = (
        "1 sigma of each component of the touchdown that a source makes alone, the largest horizontal position error first; "
        "logarithmic scales, without what is less than 1/10 000 of the whole."
    )
    return Figure("sources-of-error", "Contributions of the error sources", caption, data, layout, 130 + BAR_PX * (len(names) + 1), timed=False)


def ellipses(errors: ErrorBudget, what: str, pair: tuple[int, int], unit: str) -> Figure:
    """Touchdowns of the sample with the 95 % ellipses of the sample and of the linear covariance."""
    at = list(pair)
    points = errors.points[:, at]
    sampled = ellipse(errors.sample.mean[at], errors.sample.covariance[np.ix_(at, at)])
    linear = ellipse(errors.reference[at], errors.linear[np.ix_(at, at)])
    inside = float(np.mean(within(points, errors.reference[at], errors.linear[np.ix_(at, at)])))
    reference = {"color": RED, "size": 11, "symbol": "x"}
    data: list[Trace] = [
        {
            "type": "scatter",
            "mode": "markers",
            "x": encode(points[:, 0]),
            "y": encode(points[:, 1]),
            "name": "flights",
            "marker": {"color": BLUE, "size": 4, "opacity": 0.6},
        },
        _outline(sampled, "95 %, sample", BLUE, "solid"),
        _outline(linear, "95 %, linear", ORANGE, "dash"),
        {
            "type": "scatter",
            "mode": "markers",
            "x": [float(errors.reference[at[0]])],
            "y": [float(errors.reference[at[1]])],
            "name": "undispersed",
            "marker": reference,
        },
    ]
    layout = {
        "xaxis": axis(f"{what} east ({unit})"),
        "yaxis": axis(f"{what} north ({unit})"),
        "legend": LEGEND,
        "margin": {"l": 70, "r": 12, "t": 44, "b": 52},
    }
    caption = (
        f"{len(points)} flights; {100.0 * inside:.0f} % of them lie in the linear ellipse (95 % expected). The two axes have scales of their own."
    )
    return Figure(f"ellipse-{what}", f"Horizontal {what} at contact", caption, data, layout, 620, timed=False, is_square=True)


def _outline(points: np.ndarray, name: str, colour: str, dash: str) -> Trace:
    stroke = {"color": colour, "width": 2, "dash": dash}
    return {
        "type": "scatter",
        "mode": "lines",
        "x": encode(points[:, 0]),
        "y": encode(points[:, 1]),
        "name": name,
        "line": stroke,
        "hoverinfo": "skip",
    }
