"""A budget on the terminal: Δv by phase, margin, touchdown errors linear beside sample, and what makes them."""

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

from perilune.flight.budget.touchdowns import COMPONENTS

if TYPE_CHECKING:
    from perilune.flight.budget.budget import Budget
    from perilune.flight.budget.error_budget import ErrorBudget, Sample


def show_budget(made: "Budget", folder: Path) -> None:
    """Print it; plain text where the output is no terminal."""
    console = Console(highlight=False, markup=False)
    console.print(made.flight.provenance["relief"], style="dim")
    console.print(f"{made.mission.mission.title}, case {made.mission.case}; undispersed flight: {made.flight.verdict}")
    console.print()
    console.print(delta_v_table(made))
    console.print(margin_line(made))
    console.print()
    if made.errors is None:
        console.print(f"no error budget: {made.no_errors}")
    else:
        console.print(touchdown_table(made.errors))
        console.print(flights_line(made.errors))
        for path, why in made.errors.not_linear.items():
            console.print(f"{path}: {why}")
        console.print()
        console.print(sources_table(made.errors))
    report = folder / "report.html"
    print(f"report     {report if report.exists() else folder}")


def delta_v_table(made: "Budget") -> Table:
    """Phases and their sums: Δv, where it went, and who used how much propellant."""
    delta_v = made.delta_v
    table = plain_table("phase", "for\ns", "Δv\nm/s", "speed\nm/s", "gravity\nm/s", "steering\nm/s", "ideal\nm/s", "rocket\nm/s")
    for engine in delta_v.engines:
        table.add_column(f"{engine.removesuffix('s').removesuffix(' engine')}\nkg", justify="right", no_wrap=True)
    for phase in (*delta_v.phases, delta_v.under_power, delta_v.total):
        speeds = (phase.delta_v_m_s, phase.speed_taken_off_m_s, phase.gravity_loss_m_s, phase.steering_loss_m_s, phase.ideal_m_s)
        row = [phase.name, f"{phase.duration_s:.1f}", *(f"{round(value, 1) + 0.0:.1f}" for value in speeds), f"{phase.rocket_equation_m_s:.1f}"]
        row += [f"{phase.engine_propellant_kg[engine]:.1f}" for engine in delta_v.engines]
        table.add_row(*row, style="bold" if phase is delta_v.total else None)
    return table


def margin_line(made: "Budget") -> str:
    """What was left."""
    margin = made.delta_v.margin
    line = f"margin     {margin.usable_kg:.1f} kg of {margin.loaded_kg:.1f} kg main propellant ({margin.unusable_kg:.1f} kg unusable)"
    if margin.delta_v_m_s is not None and margin.hover_s is not None:
        line += f", {margin.delta_v_m_s:.0f} m/s, {margin.hover_s:.0f} s of hovering"
    line += f"; attitude {margin.attitude_left_kg:.2f} of {margin.attitude_loaded_kg:.2f} kg left"
    lost = sum(phase.leaked_kg for phase in made.delta_v.phases)
    return line + (f"; {lost:.1f} kg leaked" if lost > 0.05 else "")


def touchdown_table(errors: "ErrorBudget") -> Table:
    """Linear 1 sigma beside that of the sample and its bounds."""
    table = plain_table("at contact", "nominal", "mean", "linear\nsigma", "sample\nsigma", "its 95 %\nbounds", "explained\n%")
    table.add_column("")
    for i, (_, words, unit) in enumerate(COMPONENTS):
        low, high = errors.sample_bounds[:, i]
        explained = errors.explained[i]
        table.add_row(
            f"{words.removeprefix('usable ')}, {unit}",
            shown(errors.reference[i]),
            shown(errors.sample.mean[i]),
            shown(errors.linear_sigma[i]),
            shown(errors.sample_sigma[i]),
            f"{shown(low)} to {shown(high)}",
            "–" if explained != explained else "below 0" if explained < 0.0 else f"{100.0 * explained:.0f}",
            Text("agree", "green") if errors.agrees[i] else Text("differ", "yellow"),
        )
    return table


def flights_line(errors: "ErrorBudget") -> str:
    """How many flights of each kind count, and who was left out why."""
    kinds: list[tuple[str, Sample | None]] = [("dispersed", errors.sample), ("noise alone", errors.noise), ("map error alone", errors.pattern)]
    said = []
    for name, sample in kinds:
        if sample is not None:
            lost = ", ".join(f"{count} {word}" for word, count in sample.left_out.items())
            said.append(f"{name} {sample.kept} of {sample.flown}" + (f" (left out: {lost})" if lost else ""))
    return f"flights that count: {'; '.join(said)}"


def sources_table(errors: "ErrorBudget") -> Table:
    """What each source does, the largest horizontal position error first."""
    table = plain_table("1 sigma from", *(f"{words.rpartition(' ')[2]}\n{unit}" for _, words, unit in COMPONENTS))
    for made in errors.contributions:
        table.add_row(made.name, *(shown(value) for value in made.sigma))
    table.add_row("all, linear", *(shown(value) for value in errors.linear_sigma), style="bold")
    table.add_row()
    return table


def plain_table(first: str, *heads: str) -> Table:
    """A table without a frame: a column of names, then numbers."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    table.add_column(first, no_wrap=True)
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    return table


def shown(value: float) -> str:
    """Some three figures without an exponent."""
    size = abs(float(value))
    return f"{value:.0f}" if size >= 100.0 else f"{value:.1f}" if size >= 10.0 else f"{value:.2f}" if size >= 0.1 else f"{value:.3f}"
