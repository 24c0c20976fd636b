"""A comparison of two campaigns on the terminal: what was changed, the joint verdicts, what moved, and what flipped the runs."""

from rich.console import Console
from rich.table import Table

from perilune.campaigns.compare import Comparison

FLIPS = 5


def show_compare(made: Comparison) -> None:
    """Print it; plain text where the output is no terminal."""
    console = Console(highlight=False, markup=False)
    n = made.numbers
    for letter, campaign in (("A", n["a"]), ("B", n["b"])):
        between = f"{100.0 * campaign['interval_low']:.2f} to {100.0 * campaign['interval_high']:.2f} %"
        console.print(
            f"{letter}  {campaign['folder']}: {campaign['mission']}, {campaign['case']}, lands {_share(campaign['probability'])} ({between})"
        )
    console.print(f"{n['runs']} runs of seed {n['seed']} from {n['start']} in both")
    if n["builds_differ"]:
        console.print(f"the two were flown with different builds ({n['builds_differ']}), so that runs may differ for that alone", style="bold yellow")
    console.print()
    for group in made.groups:
        console.print(f"changed    {group.text}")
    if not made.groups:
        console.print("changed    nothing")
    console.print()
    console.print(joint_table(made))
    console.print(
        f"\nflipped    {len(n['flipped_to_lost'])} to lost, {len(n['flipped_to_landed'])} to landed; the share that lands changes by "
        f"{100.0 * (n['probability_change'] or 0.0):+.2f} % (McNemar's exact test: p = {n['mcnemar_p']:.2g})\n"
    )
    console.print(changes_table(made))
    if made.flips:
        console.print()
        console.print(causes_table(made))
        for flip in [flip for flip in made.flips if flip.text][:FLIPS]:
            console.print(f"run {flip.run:<6} {flip.text}")
    for group in n["untested"]:
        console.print(f"untested   {group['group']} by itself: {group['because']}")
    report = made.folder / "report.html"
    print(f"report     {report if report.exists() else made.folder}")


def joint_table(made: Comparison) -> Table:
    """Verdict in A against verdict in B."""
    rows = made.numbers["verdicts"]
    heads = list(dict.fromkeys(row["b"] for row in rows))
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("runs: A down, B across")
    for head in heads:
        table.add_column(head, justify="right")
    for verdict in dict.fromkeys(row["a"] for row in rows):
        counts = {row["b"]: row["runs"] for row in rows if row["a"] == verdict}
        table.add_row(verdict, *(str(counts.get(head, 0)) for head in heads))
    return table


def changes_table(made: Comparison) -> Table:
    """By how much the touchdown moved, run by run."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for head, justify in (("B less A, run by run", "left"), ("median", "right"), ("90 % between", "right"), ("and", "right"), ("runs", "right")):
        table.add_column(head, justify=justify)  # type: ignore[arg-type]
    for row in made.numbers["touchdown_changes"]:
        if row["runs"]:
            table.add_row(row["column"], *(f"{row[key]:+.3g}" for key in ("median", "low_90", "high_90")), str(row["runs"]))
    return table


def causes_table(made: Comparison) -> Table:
    """What flipped the runs that were looked into."""
    n = made.numbers
    table = Table(box=None, pad_edge=False, header_style="dim")
    for head, justify in (("flipped by", "left"), ("runs", "right"), ("to lost", "right"), ("to landed", "right"), ("such as", "left")):
        table.add_column(head, justify=justify)  # type: ignore[arg-type]
    for cause in n["causes"]:
        numbers = (str(cause[key]) for key in ("count", "to_lost", "to_landed"))
        table.add_row(cause["cause"], *numbers, ", ".join(str(run) for run in cause["runs"][:6]))
    table.caption = f"{n['flips_examined']} of {n['flips']} flipped runs flown again with one change at a time; flips.parquet has each"
    table.caption_justify = "left"
    return table


def _share(probability: float | None) -> str:
    return "of no valid run" if probability is None else f"{100.0 * probability:.2f} %"
