"""The tables of a campaign's report: verdicts, requirements, footprint, percentiles, causes, worst runs, what was dispersed and what was to break."""

import shlex
from collections import Counter
from collections.abc import Iterator
from html import escape
from typing import Any

import numpy as np

from perilune.campaigns.standing import INVALID, LANDED
from perilune.mission.dispersions import Dispersion, components, value_at
from perilune.report.campaign_footprint import SHARES, footprint_of
from perilune.report.campaign_view import CampaignView, numbers_of
from perilune.report.numbers import fixed, given, number
from perilune.report.tables import flat, table

WORST = 10
QUANTITIES = {
    "touchdown_miss_m": ("distance from the site", "m"),
    "touchdown_vertical_speed_m_s": ("vertical speed at the first touch", "m/s"),
    "touchdown_horizontal_speed_m_s": ("horizontal speed at the first touch", "m/s"),
    "touchdown_tilt_deg": ("tilt at the first touch", "°"),
    "touchdown_t_s": ("time of the first touch", "s"),
    "touchdown_north_m": ("first touch, north of the site", "m"),
    "touchdown_east_m": ("first touch, east of the site", "m"),
    "touchdown_slope_deg": ("slope of the ground under the footpads", "°"),
    "touchdown_propellant_left_kg": ("usable main propellant at the first touch", "kg"),
    "propellant_left_kg": ("usable main propellant left", "kg"),
    "margin_to_limit": ("margin to the limit", ""),
    "estimate_worst_sigma": ("worst error of the estimate, of its own sigma", ""),
}


def verdict_table(view: CampaignView) -> str:
    """How often each verdict came, with the first runs of each; invalid ones with how to fly them again."""
    rows, kinds = [], []
    for verdict, count in view.numbers["verdicts"].items():
        runs = view.runs[view.verdicts == verdict].tolist()
        which = "" if verdict == LANDED else escape(numbers_of(runs))
        rows.append((escape(verdict), str(count), f"{fixed(100.0 * count / view.numbers['runs'], 2)} %", which))
        kinds.append("out" if verdict == INVALID else "")
    invalid = view.numbers["invalid_runs"]
    said = (
        f'<p id="invalid">Invalid (the computation broke down) and counted in no share: runs {escape(numbers_of(invalid, 200))}.</p>'
        if invalid
        else ""
    )
    return table("verdicts", ("verdict", "runs", "share of all", "which"), rows, (1, 2), kinds) + said


def requirement_table(view: CampaignView) -> str:
    """Each requirement of the mission and its answer."""
    asked = view.numbers.get("requirements", [])
    if not asked:
        return "<p>The mission asks for nothing.</p>"
    rows, kinds = [], []
    for answer in asked:
        low, high = (None if answer.get(key) is None else 100.0 * answer[key] for key in ("low", "high"))
        bounds = "—" if low is None or high is None else f"{fixed(low, 2)} to {fixed(high, 2)} %"
        met = f"{answer['met']} of {answer['runs']}" if "met" in answer else "—"
        rows.append((escape(answer["requirement"]), escape(answer["answer"]), escape(answer.get("because") or ""), met, bounds))
        kinds.append({"shown": "shown", "refuted": "refuted"}.get(answer["answer"], "undecided"))
    heads = ("required", "answer", "because", "runs that meet it", "one-sided bounds of their share")
    return table("requirements", heads, rows, (3, 4), kinds)


def footprint_table(view: CampaignView) -> str:
    """The ellipses in numbers, with the share of the runs that really lies in each."""
    found = footprint_of(view)
    if found is None:
        return "<p>No run touched the ground.</p>"
    east, north = found.mean
    mean = f"{_side(north, 'north', 'south')}, {_side(east, 'east', 'west')} of the site"
    said = f'<p class="note">{len(found.points)} touchdowns, their mean {mean}.</p>'
    if not found.has_ellipses:
        return said
    rows = []
    for share in SHARES:
        far = found.reach(share)
        inside = f"{fixed(100.0 * found.inside(share), 2)} %"
        rows.append((f"{100.0 * share:g} %", inside, number(far.long), number(far.short), fixed(far.azimuth_deg, 1)))
    heads = (
        "ellipse of a normal distribution",
        "touchdowns really inside",
        "longer half axis (m)",
        "shorter half axis (m)",
        "longer axis, from north (°)",
    )
    return said + table("ellipses", heads, rows, range(1, 5))


def percentile_table(view: CampaignView) -> str:
    """Percentiles with their order-statistic bounds, or why there is none."""
    rows = []
    remarks: dict[str, None] = {}
    for quantity, found in view.numbers.get("percentiles", {}).items():
        words, shown_unit = QUANTITIES.get(quantity, (quantity, ""))
        for i, p in enumerate(found):
            bounds = "—" if p["low"] is None else f"{number(p['low'])} to {number(p['high'])}"
            name = words if i == 0 else ""
            rows.append((name, f"{100.0 * p['share']:g}th", number(p["value"]), shown_unit, bounds, str(p["runs"])))
            remarks |= {p["refused"]: None} if p.get("refused") else {}
    if not rows:
        return "<p>This campaign has no percentiles.</p>"
    heads = ("quantity", "percentile", "value", "unit", f"bounds at confidence {view.numbers['confidence']:g}", "runs")
    said = "".join(f'<p class="note">— : {escape(remark)}.</p>' for remark in remarks)
    return table("percentiles", heads, rows, (1, 2, 4, 5)) + said


def cause_table(view: CampaignView) -> str:
    """Why runs were lost: by counterfactual where that was looked for, else by what first went wrong."""
    if not view.lost.any():
        return "<p>No run was lost.</p>"
    causes = view.numbers.get("causes")
    if causes:
        rows = [
            (escape(c["cause"]), escape(c["kind"]), str(c["count"]), str(c["alone"]), escape(numbers_of(c["runs"])), *_verdicts_of(view, c["runs"]))
            for c in causes
        ]
        heads = ("cause", "kind", "runs", "it alone", "which", "how they ended")
        return f'<p class="note">{escape(view.numbers.get("causes_how", ""))}</p>' + table("causes", heads, rows, (2, 3)) + went_wrong_table(view)
    return "<p>Causes were not looked for by flying the lost runs again; below is what first went wrong in each.</p>" + went_wrong_table(view)


def went_wrong_table(view: CampaignView) -> str:
    """Lost runs by what first went wrong in them and by their verdict."""
    lost = view.made.runs.filter(np.asarray(view.lost))
    if "went_wrong" not in lost.columns:
        return ""
    found: dict[tuple[str, str], list[int]] = {}
    for run, first, verdict in lost.select("run", "went_wrong", "verdict").iter_rows():
        found.setdefault((first or "nothing noticed", verdict), []).append(run)
    ordered = sorted(found.items(), key=lambda pair: -len(pair[1]))
    rows = [(escape(first), escape(verdict), str(len(runs)), escape(numbers_of(runs))) for (first, verdict), runs in ordered]
    return table("went-wrong", ("went wrong first", "verdict", "runs", "which"), rows, (2,))


def _verdicts_of(view: CampaignView, runs: list[int]) -> tuple[str]:
    counts = Counter(view.verdicts[np.isin(view.runs, runs)].tolist())
    return (escape(", ".join(f"{count} {verdict}" for verdict, count in counts.most_common())),)


def worst_table(view: CampaignView) -> str:
    """The runs with the least margin, each with the command that flies it again."""
    rows_of = view.made.runs.drop_nulls("margin_to_limit").sort("margin_to_limit", "run").head(WORST)
    texts = {row["run"]: row["text"] for row in view.numbers.get("causes_by_run", [])}
    rows = []
    for row in rows_of.iter_rows(named=True):
        first = row.get("went_wrong")
        when = f"{first}, {fixed(row['went_wrong_t_s'], 1)}\u00a0s" if first and row.get("went_wrong_t_s") is not None else "—"
        why = f'<br><span class="note">{escape(texts[row["run"]])}</span>' if row["run"] in texts else ""
        command = f"<code>{escape(refly_command(view, row['run']))}</code>"
        rows.append((str(row["run"]), number(row["margin_to_limit"]), escape(row["verdict"]), escape(when), escape(row["reason"]) + why, command))
    if not rows:
        return "<p>No run has a margin.</p>"
    heads = ("run", "margin", "verdict", "went wrong first, after the start", "how it ended", "flies it again, with its history and report")
    return table("worst", heads, rows, (0, 1))


def refly_command(view: CampaignView, run: int) -> str:
    """What to type to fly a run again."""
    return f"perilune refly {shlex.quote(str(view.made.folder))} --run {run}"


def dispersion_table(view: CampaignView) -> str:
    """What was drawn from run to run."""
    mission = view.mission
    if not mission.dispersions:
        return "<p>Nothing is dispersed in this mission; runs differ by noise alone.</p>"
    held = set(mission.held)
    count, rows = 0, []
    for d in mission.dispersions:
        single = components(mission, d.path)
        is_held = d.path in held or (bool(single) and set(single) <= held)
        count += 0 if is_held or d.distribution == "fixed" else len(single)
        said = "held at its mean in this case" if is_held else spread(d)
        rows.append((f"<code>{escape(d.path)}</code>", escape(_mean(mission, d)), escape(said), f'<span class="note">{escape(d.source)}</span>'))
    heads = ("key", "value in the mission", "drawn from", "source")
    blocks = "".join(f"<li>{escape(', '.join(block.paths))}: <span class=note>{escape(block.source)}</span></li>" for block in mission.correlations)
    together = f"<p>Drawn together:</p><ul id=correlations>{blocks}</ul>" if blocks else ""
    note = '<p class="note">In the unit that ends the key; vectors marked * have each component drawn by itself.</p>'
    summary = f"<summary>What was dispersed ({count} numbers)</summary>"
    return f"<details>{summary}{note}{table('dispersed', heads, rows)}{together}</details>"


def spread(d: Dispersion) -> str:
    """A distribution in words."""
    sigma = (
        ""
        if d.sigma is None and d.sigma_percent is None
        else f"1 sigma {given(d.sigma)}"
        if d.sigma is not None
        else f"1 sigma {d.sigma_percent:g} %"
    )
    match d.distribution:
        case "normal":
            return f"normal, {sigma}"
        case "truncated_normal":
            return f"normal, {sigma}, cut at {d.cut_sigma:g} sigma"
        case "uniform":
            return f"uniform, ±{given(d.half_width or 0.0)}"
        case "fixed":
            return f"always {given(d.value or 0.0)}"
        case "log_normal":
            return f"log-normal, 1 sigma of the logarithm {given(d.sigma_ln or 0.0)}"
        case "choice":
            weights = f", weighted {', '.join(f'{w:g}' for w in d.weights)}" if d.weights else ""
            return f"one of {', '.join(given(v) for v in d.values)}{weights}"
    return str(d.distribution)


def _mean(mission: Any, d: Dispersion) -> str:
    value = value_at(mission, d.path.removesuffix(".*"))
    return (
        ", ".join(given(float(v)) for v in value)
        if isinstance(value, tuple)
        else given(float(value))
        if isinstance(value, int | float)
        else str(value)
    )


def fault_tables(view: CampaignView) -> str:
    """What breaks in every run, and what was drawn to break in some, with how many of those were lost."""
    always = [str(fault) for fault in view.mission.faults]
    drawn = list(_drawn_faults(view))
    if not always and not drawn:
        return "<p>Nothing was made to break.</p>"
    said = f"<p>In every run: {', '.join(f'<code>{escape(text)}</code>' for text in always)}.</p>" if always else ""
    if not drawn:
        return said
    heads = ("fault", "runs that drew it", "of them lost", "share lost", "lost runs")
    return said + table("faults-drawn", heads, drawn, (1, 2, 3))


def _drawn_faults(view: CampaignView) -> Iterator[tuple[str, ...]]:
    if "faults" not in view.made.runs.columns:
        return
    having: dict[str, list[int]] = {}
    for i, own in enumerate(view.made.runs["faults"].to_list()):
        for name in sorted({str(text).partition("@")[0] for text in own or ()}):
            having.setdefault(name, []).append(i)
    for name, rows in sorted(having.items(), key=lambda pair: -len(pair[1])):
        lost = [i for i in rows if view.lost[i]]
        share = f"{fixed(100.0 * len(lost) / len(rows), 1)} %"
        yield f"<code>{escape(name)}</code>", str(len(rows)), str(len(lost)), share, escape(numbers_of(view.runs[lost].tolist()))


def provenance_of(numbers: dict[str, Any]) -> str:
    """Where the campaign comes from: the plan, the builds that flew it, and how fast."""
    rows: list[tuple[str, str]] = list(flat(numbers["provenance"]))
    rows += [(f"plan.{key}", "none" if value is None else str(value)) for key, value in numbers["plan"].items()]
    for i, build in enumerate(numbers["builds"]):
        rows += [(f"builds.{i}.{key}", str(value)) for key, value in build.items()]
    rows += [(f"throughput.{key}", "none" if value is None else str(value)) for key, value in numbers["throughput"].items()]
    return table("provenance", ("key", "value"), ((escape(key), escape(text)) for key, text in rows))


def build_note(numbers: dict[str, Any]) -> str:
    """A sentence where several builds flew the campaign, so that its runs do not all repeat with one."""
    count = len(numbers["builds"])
    return (
        f'<p id="builds">{count} builds flew this campaign; the column <code>build</code> of runs.parquet tells which run is whose.</p>'
        if count > 1
        else ""
    )


def _side(metres: float, positive: str, negative: str) -> str:
    return f"{fixed(abs(float(metres)), 0)} m {positive if metres >= 0 else negative}"
