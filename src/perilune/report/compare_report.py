"""The report of two campaigns compared: what was changed, which runs it flipped and why, and by how much each run moved, on one page."""

from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from perilune.base.tables import write_atomically
from perilune.campaigns.compare import Comparison
from perilune.campaigns.standing import INVALID, LANDED
from perilune.report.campaign_footprint import footprint_of, on_the_map, window
from perilune.report.campaign_tables import QUANTITIES, refly_command
from perilune.report.campaign_view import MOST_LANDED, CampaignView, numbers_of, thinned
from perilune.report.numbers import fixed, number
from perilune.report.page import Verdict, page, section
from perilune.report.plot import BLUE, GREEN, INK, ORANGE, RED, Figure, Trace, axis, encode
from perilune.report.tables import caveat_list, flat, table

MOST_FLIPS = 40  # rows of the table; flips.parquet has all
FLOOR = -3.0  # margins below stand there in the figure
CERTAIN = 0.05  # McNemar's probability below which a change is called one
PAIRS = (
    ((True, True), "landed in both", BLUE, "circle", 4),
    ((False, False), "lost in both", ORANGE, "diamond", 6),
    ((True, False), "landed in A, lost in B", RED, "x", 8),
    ((False, True), "lost in A, landed in B", GREEN, "cross", 8),
)
LEGEND = {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.01, "yanchor": "bottom", "font": {"size": 11}, "itemsizing": "constant"}


def write_compare_report(made: Comparison, path: str | Path) -> Path:
    """Write the report of a comparison to `path`, beside and renamed.

    Raises PeriluneError when the file cannot be written or plotly's script is missing.
    """
    path, text = Path(path), compare_page(made)
    write_atomically(path, lambda part: part.write_text(text, encoding="utf-8") and None)
    return path


def compare_page(made: Comparison) -> str:
    """The whole page as text."""
    n = made.numbers
    maps, pairs = list(footprints(made)), list(margin_pairs(made))
    parts = {
        "differences": difference_table(made),
        "verdicts": cross_table(n),
        "builds": f"<p>The two were flown with different builds ({escape(n['builds_differ'])}): runs may differ for that alone.</p>"
        if n["builds_differ"]
        else "",
        "how": escape(n["how"]),
        "causes": cause_table(n),
        "flips": flip_table(made),
        "figures_footprints": "".join(section(figure) for figure in maps) or "<p>No run touched the ground in either.</p>",
        "changes": change_table(n),
        "figures_margins": "".join(section(figure) for figure in pairs),
        "caveats": caveat_list(made.b.numbers["not_yet_modelled"]),
        "provenance": provenance_of(made),
    }
    names = f"{made.a.folder.resolve().name} and {made.b.folder.resolve().name}"
    titles = dict.fromkeys([made.a.mission.mission.title, made.b.mission.mission.title])
    said = f"{number(n['runs'])} runs of seed {n['seed']} in both, from {n['start']}; A: {_case(n['a'])}, B: {_case(n['b'])}"
    heading = f"Compared: {' / '.join(titles)}"
    return page(verdict_of_comparison(made), "compare.html", f"Compared: {names}", heading, said, parts, [*maps, *pairs])


def verdict_of_comparison(made: Comparison) -> Verdict:
    """By how much the landing probability changed, and whether that is more than chance."""
    n = made.numbers
    reliefs = " B: ".join(dict.fromkeys(str(campaign.numbers["provenance"]["relief"]) for campaign in (made.a, made.b)))
    if n["probability_change"] is None:
        return Verdict(reliefs, "no valid pair", "No run is valid in both.", "open")
    change, p = 100.0 * n["probability_change"], n["mcnemar_p"]
    lost, landed = len(n["flipped_to_lost"]), len(n["flipped_to_landed"])
    lands = ", ".join(f"{letter} lands {_percent(n[key])}" for letter, key in (("A", "a"), ("B", "b")))
    said = f"{lands}. Of {number(n['valid'])} valid pairs {number(lost)} flipped to lost and {number(landed)} to landed"
    said += f" (McNemar's exact test: p = {p:.2g})." if lost or landed else "."
    kind = "open" if p > CERTAIN or not change else "good" if change > 0.0 else "bad"
    return Verdict(reliefs, f"{'+' if change > 0.0 else ''}{fixed(change, 2)} percentage points", said, kind)


def difference_table(made: Comparison) -> str:
    """Every leaf in which the two differ, in the groups that were tried."""
    rows = []
    for group in made.numbers["differences"]:
        for i, leaf in enumerate(group["paths"]):
            truth_only = "the truth only" if leaf["planned_a"] == leaf["planned_b"] else "truth and plan"
            name = escape(group["name"]) if i == 0 else ""
            rows.append((name, f"<code>{escape(leaf['path'])}</code>", *(escape(_short(leaf[side])) for side in ("a", "b")), truth_only))
    if not rows:
        return "<p>Nothing: the two missions are the same.</p>"
    said = "".join(f"<li>{escape(u['group'])}: {escape(u['because'])}</li>" for u in made.numbers["untested"])
    untested = f"<p>Could not be flown by themselves:</p><ul id=untested>{said}</ul>" if said else ""
    return table("differences", ("group", "key", "in A", "in B", "differs in"), rows) + untested


def cross_table(n: dict[str, Any]) -> str:
    """How many runs ended how in A (rows) and in B (columns)."""
    found = {(pair["a"], pair["b"]): pair["runs"] for pair in n["verdicts"]}
    words = sorted({word for pair in found for word in pair}, key=lambda word: (word != LANDED, word == INVALID, word))
    heads = ("A \\ B", *(escape(word) for word in words), "in all")
    rows = [(escape(a), *(str(found.get((a, b), 0)) for b in words), str(sum(found.get((a, b), 0) for b in words))) for a in words]
    rows.append(("in all", *(str(sum(found.get((a, b), 0) for a in words)) for b in words), str(sum(found.values()))))
    return table("cross", heads, rows, range(1, len(words) + 2))


def cause_table(n: dict[str, Any]) -> str:
    """What flipped the runs that were looked into."""
    if not n["flips"]:
        return "<p>No run flipped.</p>"
    if not n["causes"]:
        return f"<p>{n['flips']} runs flipped; none was looked into.</p>"
    rows = [(escape(c["cause"]), str(c["count"]), str(c["to_lost"]), str(c["to_landed"]), escape(numbers_of(c["runs"]))) for c in n["causes"]]
    some = "" if n["flips_examined"] == n["flips"] else f'<p class="note">The first {n["flips_examined"]} of {n["flips"]} flipped runs.</p>'
    return some + table("flip-causes", ("what flipped them", "runs", "to lost", "to landed", "which"), rows, (1, 2, 3))


def flip_table(made: Comparison) -> str:
    """The flipped runs, each with how it ended in both and the commands that fly it again."""
    views = CampaignView(made.a), CampaignView(made.b)
    rows = [
        (
            str(flip.run),
            f"{escape(flip.verdict_a)} → {escape(flip.verdict_b)}",
            f"{number(flip.margin_a)} → {number(flip.margin_b)}",
            escape(flip.text or "not looked into"),
            "<br>".join(f"<code>{escape(refly_command(view, flip.run))}</code>" for view in views),
        )
        for flip in made.flips[:MOST_FLIPS]
    ]
    if not rows:
        return ""
    more = f'<p class="note">The first {MOST_FLIPS} of {len(made.flips)}; flips.parquet has all.</p>' if len(made.flips) > MOST_FLIPS else ""
    return more + table("flips", ("run", "A → B", "margin", "why", "flies it again, in A and in B"), rows, (0, 2))


def change_table(n: dict[str, Any]) -> str:
    """By how much larger each number is in B, run by run."""
    rows = []
    for row in n["touchdown_changes"]:
        if row["median"] is not None:
            words, shown_unit = QUANTITIES.get(row["column"], (row["column"], ""))
            between = f"{number(row['low_90'])} to {number(row['high_90'])}"
            rows.append((escape(words), number(row["median"]), between, shown_unit, str(row["runs"])))
    if not rows:
        return "<p>No run touched the ground in both.</p>"
    return table("changes", ("B less A, run by run", "median", "nine in ten", "unit", "runs"), rows, (1, 2, 4))


def footprints(made: Comparison) -> Iterator[Figure]:
    """Both footprints, each on its own ground, at one scale."""
    found = [(letter, view, footprint_of(view)) for letter, view in (("A", CampaignView(made.a)), ("B", CampaignView(made.b)))]
    there = [(letter, view, own) for letter, view, own in found if own is not None]
    is_one_site = made.a.mission.site == made.b.mission.site
    half_m = max((window([own])[1] for _, _, own in there), default=0.0)
    for letter, view, own in there:
        title = f"{letter}: {view.mission.mission.name}, {view.numbers['case']}, {view.mission.site.name}"
        frame = window([other for _, _, other in there]) if is_one_site else (window([own])[0], half_m)
        yield on_the_map(view, own, f"footprint-{letter.lower()}", title, frame)


def margin_pairs(made: Comparison) -> Iterator[Figure]:
    """Margin in A against margin in B, a point a run."""
    both = made.pairs()
    a, b = (both[name].cast(float).fill_null(float("nan")).to_numpy() for name in ("margin_to_limit", "margin_to_limit_b"))
    landed_a, landed_b = (both[name].to_numpy() == LANDED for name in ("verdict", "verdict_b"))
    runs, there = both["run"].to_numpy(), np.isfinite(a + b)
    if not there.any():
        return
    x, y = np.maximum(a, FLOOR), np.maximum(b, FLOOR)
    data: list[Trace] = []
    for (in_a, in_b), name, colour, symbol, size in PAIRS:
        every = np.flatnonzero(there & (landed_a == in_a) & (landed_b == in_b))
        at = every if in_a != in_b else thinned(every, MOST_LANDED)
        if not len(at):
            continue
        marker = {"color": colour, "symbol": symbol, "size": size, "opacity": 0.6 if in_a == in_b else 1.0}
        points = {"x": encode(x[at]), "y": encode(y[at]), "customdata": encode(runs[at], "i4")}
        hover = f"run %{{customdata}}: A %{{x:.2f}}, B %{{y:.2f}}<extra>{name}</extra>"
        data.append({"type": "scatter", "mode": "markers", **points, "name": f"{name} ({len(every)})", "marker": marker, "hovertemplate": hover})
    low, high = float(min(x[there].min(), y[there].min(), 0.0)), float(max(x[there].max(), y[there].max(), 0.0))
    pad = 0.05 * max(high - low, 0.1)
    ends = [low - pad, high + pad]
    data.append({"type": "scatter", "mode": "lines", "x": ends, "y": ends, "name": "as in A", "line": {"color": INK, "width": 1, "dash": "dot"}})
    stroke = {"color": INK, "width": 1.4, "dash": "dash"}
    across = {"type": "line", "xref": "x", "yref": "y", "line": stroke}
    layout = {
        "xaxis": axis("margin in A (1 = a whole limit)", range=ends),
        "yaxis": axis("margin in B (1 = a whole limit)", range=ends),
        "shapes": [{**across, "x0": 0, "x1": 0, "y0": ends[0], "y1": ends[1]}, {**across, "x0": ends[0], "x1": ends[1], "y0": 0, "y1": 0}],
        "legend": LEGEND,
        "margin": {"l": 64, "r": 12, "t": 40, "b": 50},
        "hovermode": "closest",
    }
    below = int(((a < FLOOR) | (b < FLOOR))[there].sum())
    caption = "Each run's margin to its limit in both: above the dotted line it did better in B; the dashed lines are the limits."
    caption += f" Margins below −3 stand at −3 ({below} runs)." if below else ""
    yield Figure("margin-pairs", "Margin, run by run", caption, data, layout, 560, timed=False)


def provenance_of(made: Comparison) -> str:
    """Where the two campaigns come from."""
    rows = []
    for letter, campaign in (("a", made.a), ("b", made.b)):
        rows.append((f"{letter}.folder", str(campaign.folder)))
        rows += [(f"{letter}.{key}", value) for key, value in flat(campaign.numbers["provenance"])]
    return table("provenance", ("key", "value"), ((escape(key), escape(text)) for key, text in rows))


def _case(about: dict[str, Any]) -> str:
    return f"{about['mission']}, {about['case']}"


def _percent(about: dict[str, Any]) -> str:
    return "—" if about["probability"] is None else f"{fixed(100.0 * about['probability'], 2)} %"


def _short(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_short(part) for part in value) or "none"
    text = number(value) if isinstance(value, float) else "none" if value is None else str(value)
    return text if len(text) <= 120 else text[:117] + "…"
