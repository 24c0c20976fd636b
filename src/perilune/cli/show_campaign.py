"""A campaign on the terminal: verdicts, the landing probability, the requirements, the causes of the losses, and the worst runs."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from perilune.campaigns.results import Campaign

WORST = 5
CAUSES = 12


def show_campaign(made: Campaign) -> None:
    """Print it; plain text where the output is no terminal."""
    console = Console(highlight=False, markup=False)
    n = made.numbers
    console.print(n["provenance"]["relief"], style="dim")
    how = f"case {n['case']}, seed {n['seed']}, {n['runs']} runs from {n['start']}" + (f" (of {n['runs_asked']} asked)" if n["stopped_early"] else "")
    console.print(f"{made.mission.mission.title}, {how}")
    console.print()
    console.print(verdicts_table(made))
    console.print()
    console.print(probability_line(made))
    for requirement in n.get("requirements", []):
        console.print(requirement_line(requirement))
    causes = causes_table(made)
    if causes is not None:
        console.print()
        console.print(causes)
    worst = worst_table(made)
    if worst is not None:
        console.print()
        console.print(worst)
    rate = n["throughput"]["runs_per_s"]
    if rate:
        console.print(f"\nflown      {n['throughput']['runs']} runs in {n['throughput']['seconds']:.0f} s, {rate:.1f} a second")
    report = made.folder / "report.html"
    print(f"report     {report if report.exists() else made.folder}")


def verdicts_table(made: Campaign) -> Table:
    """How many runs ended how."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("verdict")
    table.add_column("runs", justify="right")
    table.add_column("share", justify="right")
    for verdict, count in made.numbers["verdicts"].items():
        table.add_row(verdict, str(count), f"{100.0 * count / made.numbers['runs']:.2f} %")
    return table


def probability_line(made: Campaign) -> Text:
    """The landing probability with its interval."""
    n = made.numbers
    if n["probability"] is None:
        return Text("lands      no valid run")
    between = f"{100.0 * n['interval_low']:.2f} to {100.0 * n['interval_high']:.2f} %"
    return Text(f"lands      {100.0 * n['probability']:.2f} %, {between} at confidence {n['confidence']:g} ({n['method']}, {n['valid']} valid runs)")


def requirement_line(requirement: dict[str, str]) -> Text:
    """A requirement and its answer."""
    colour = {"shown": "bold green", "refuted": "bold red"}.get(requirement["answer"], "bold yellow")
    line = Text("required   ")
    line.append(requirement["requirement"])
    line.append(": ")
    line.append(requirement["answer"], colour)
    line.append(f" ({requirement['because']})" if requirement.get("because") else "")
    return line


def causes_table(made: Campaign) -> Table | None:
    """What lost the runs that were looked into, by counterfactual; None where none was."""
    n = made.numbers
    if not n.get("causes"):
        return None
    table = Table(box=None, pad_edge=False, header_style="dim")
    for head, justify in (("lands without", "left"), ("runs", "right"), ("alone", "right"), ("such as", "left")):
        table.add_column(head, justify=justify)  # type: ignore[arg-type]
    for cause in n["causes"][:CAUSES]:
        table.add_row(cause["cause"], str(cause["count"]), str(cause["alone"]), ", ".join(str(run) for run in cause["runs"][:6]))
    more = len(n["causes"]) - CAUSES
    table.caption = f"{n['causes_examined']} of {n['causes_lost']} lost runs flown again without one thing at a time; causes.parquet has each" + (
        f"; {more} rarer causes in campaign.json" if more > 0 else ""
    )
    table.caption_justify = "left"
    return table


def worst_table(made: Campaign) -> Table | None:
    """The runs farthest beyond a limit; None where all landed."""
    import polars as pl

    lost = made.runs.filter(pl.col("verdict") != "landed").sort("margin_to_limit", nulls_last=False)
    if not len(lost):
        return None
    table = Table(box=None, pad_edge=False, header_style="dim")
    for head, justify in (("run", "right"), ("margin", "right"), ("verdict", "left"), ("reason", "left")):
        table.add_column(head, justify=justify)  # type: ignore[arg-type]
    for row in lost.head(WORST).iter_rows(named=True):
        margin = "–" if row["margin_to_limit"] is None else f"{row['margin_to_limit']:.2f}"
        table.add_row(str(row["run"]), margin, row["verdict"], row["reason"])
    table.caption = f"the worst of {len(lost)} lost; `perilune refly {made.folder} --run N` flies one again, with its history and report"
    table.caption_justify = "left"
    return table
