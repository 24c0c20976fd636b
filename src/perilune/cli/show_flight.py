"""A flight on the terminal: what of the relief is real, the events, flown numbers beside published ones, the touchdown and the verdict."""

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from perilune.flight.compare_published import PublishedNumber, in_figures
from perilune.flight.flight import Flight

COLOURS = {"landed": "bold green", "tipped-over": "bold yellow", "hard-landing": "bold yellow"}


def show_flight(flight: Flight, folder: Path) -> None:
    """Print it; plain text where the output is no terminal."""
    console = Console(highlight=False, markup=False)
    console.print(flight.provenance["relief"], style="dim")
    console.print(f"{flight.mission.mission.title}, case {flight.case}, {_drawn(flight)}")
    console.print()
    console.print(events_table(flight))
    if flight.published:
        console.print(published_table(flight.published))
    touchdown = flight.touchdown
    if touchdown is not None:
        console.print(
            f"touchdown  {touchdown.time_utc}  {touchdown.latitude_deg:.4f}°, {touchdown.longitude_deg:.4f}°, {touchdown.miss_m:.0f} m away; "
            f"{touchdown.vertical_speed_m_s:.2f} m/s down, {touchdown.horizontal_speed_m_s:.2f} m/s across, "
            f"tilt {touchdown.tilt_deg:.1f}°, slope {touchdown.slope_deg:.1f}°, {touchdown.propellant_left_kg:.1f} kg of propellant left"
        )
    rest = flight.rest
    if rest is not None:
        lack = 100.0 * abs(rest.energy.unaccounted_j) / rest.energy.at_contact_j
        when = "no rest    " if rest.after_s is None else f"rest       after {rest.after_s:.1f} s, "
        console.print(
            f"{when}tilt {rest.tilt_deg:.1f}°, {rest.slide_m:.2f} m from the first touch, longest stroke {1e3 * max(rest.stroke_m):.0f} mm; "
            f"energy accounted for to {lack:.4f} %"
        )
    line = Text("verdict    ")
    line.append(flight.verdict, COLOURS.get(flight.verdict, "bold red"))
    line.append(f"  {flight.reason}")
    console.print(line)
    if flight.without_commands is not None:
        for command in flight.commands:
            console.print(f"command    {command.command} at {command.t_s:.1f} s: {command.outcome or 'nothing told of it'}")
        console.print(f"without    {flight.without_commands.verdict}  {flight.without_commands.reason} (the same flight without commands)")
    report = folder / "report.html"
    print(f"report     {report if report.exists() else folder}")


def events_table(flight: Flight) -> Table:
    """What happened, with time to the planned touchdown."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("event", overflow="fold")
    table.add_column("UTC", no_wrap=True)
    for head in ("T\ns", "altitude\nm", "height\nm", "down\nm/s", "across\nm/s"):
        table.add_column(head, justify="right", no_wrap=True)
    planned = flight.flown.scene.start.planned_touchdown_s
    for event in flight.events:
        numbers = (f"{event.t_s - planned:+.1f}", f"{event.altitude_m:.0f}", f"{event.height_m:.1f}")
        speeds = (f"{event.vertical_speed_m_s:.2f}", f"{event.horizontal_speed_m_s:.2f}")
        table.add_row(event.name, event.time_utc[11:21], *numbers, *speeds)
    table.add_row()
    return table


def published_table(numbers: list[PublishedNumber]) -> Table:
    """Published beside flown: how far off, and whether it lies in the source's band."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("published number")
    for head in ("published", "flown"):
        table.add_column(head, justify="right", no_wrap=True)
    for head in ("unit", "role"):
        table.add_column(head, no_wrap=True)
    table.add_column("difference")
    for number in numbers:
        style = "red" if number.inside is False else "green" if number.inside else None
        table.add_row(
            number.name,
            shown(number.published, number.published),
            shown(number.flown, number.published),
            number.unit,
            number.role,
            Text(number.note, style or ""),
        )
    table.add_row()
    return table


def shown(value: float | str | None, beside: float | str) -> str:
    """A number to the figures of the published one, an instant as its time of day, nothing as a dash."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return value[11:-1] if value[10:11] == "T" else value
    return f"{value:g}" if value == beside or isinstance(beside, str) else in_figures(value, beside)


def _drawn(flight: Flight) -> str:
    return "undispersed" if flight.seed is None else f"seed {flight.seed}, run {flight.run}"
