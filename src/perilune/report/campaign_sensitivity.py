"""Sensitivity of a campaign as bars: how much each input moves an outcome, and what chance alone would show."""

from collections.abc import Iterator
from typing import Any

from perilune.report.campaign_view import DEEP_BLUE, CampaignView
from perilune.report.numbers import fixed
from perilune.report.plot import GRID, ORANGE, SKY, Figure, Trace, axis

BARS = 10
BAR_PX = 34
NAMES = {
    "margin_to_limit": "Margin to the limit",
    "touchdown_vertical_speed_m_s": "Vertical speed at the touchdown",
    "touchdown_horizontal_speed_m_s": "Horizontal speed at the touchdown",
    "touchdown_miss_m": "Distance from the site",
    "propellant_left_kg": "Propellant left",
}
KINDS = (("beyond chance", DEEP_BLUE), ("beyond chance by its rank correlation alone", SKY), ("not told from chance", GRID))
LEGEND = {"orientation": "h", "x": 0, "xanchor": "left", "y": 1.0, "yanchor": "bottom", "font": {"size": 11}, "itemsizing": "constant"}


def sensitivity_figures(view: CampaignView) -> Iterator[Figure]:
    """One figure an outcome that has inputs."""
    for about in view.numbers.get("sensitivity", {}).get("outcomes", []):
        if about["inputs"]:
            yield _bars(about)


def _bars(about: dict[str, Any]) -> Figure:
    """The inputs of one outcome, the strongest on top; their names stand above their bars, where a narrow screen has room for them."""
    rows = about["inputs"][:BARS]
    data: list[Trace] = []
    bound, most = about["pawn_bound"], max(row["pawn"] for row in rows)
    kinds = [0 if row["pawn"] > bound else 1 if row["distinct"] else 2 for row in rows]
    for kind, (name, colour) in enumerate(KINDS):
        chosen = [(k, row) for k, row in enumerate(rows) if kinds[k] == kind]
        if not chosen:
            continue
        said = [f"{row['path']}: PAWN {row['pawn']:.3f}, rank correlation {row['spearman']:+.3f}" for _, row in chosen]
        bar: Trace = {"type": "bar", "orientation": "h", "x": [row["pawn"] for _, row in chosen], "y": [k for k, _ in chosen], "width": 0.36}
        data.append({**bar, "name": name, "marker": {"color": colour}, "customdata": said, "hovertemplate": "%{customdata}<extra></extra>"})
    label: Trace = {
        "type": "scatter",
        "mode": "text",
        "x": [0.0] * len(rows),
        "y": [k - 0.4 for k in range(len(rows))],
        "textposition": "middle right",
    }
    text = [f"{row['path']}  ({_signed(row['spearman'])})" for row in rows]
    data.append({**label, "text": text, "textfont": {"size": 11}, "showlegend": False, "hoverinfo": "skip"})
    line = {"color": ORANGE, "width": 2, "dash": "dash"}
    ends = {"x": [bound, bound], "y": [-0.7, len(rows) - 0.6]}
    data.append({"type": "scatter", "mode": "lines", **ends, "name": "bound of chance", "line": line, "hoverinfo": "skip"})
    layout = {
        "xaxis": axis("PAWN index (0: no influence, 1: all)", range=[0.0, 1.08 * max(most, bound)], automargin=False),
        "yaxis": {
            **axis("inputs (rank)"),
            "range": [len(rows) - 0.6, -0.7],
            "showticklabels": False,
            "showgrid": False,
            "zeroline": False,
            "automargin": False,
        },
        "legend": LEGEND,
        "margin": {"l": 30, "r": 12, "t": 44, "b": 48},
        "hovermode": "closest",
    }
    return Figure(
        f"sensitivity-{about['outcome']}",
        NAMES.get(about["outcome"], about["outcome"]),
        _caption(about),
        data,
        layout,
        110 + BAR_PX * len(rows),
        timed=False,
    )


def _caption(about: dict[str, Any]) -> str:
    left_out = f", {about['left_out']} runs without this number left out" if about["left_out"] else ""
    others = about["inputs_in_all"] - min(len(about["inputs"]), BARS)
    return (
        f"{about['runs']} runs{left_out}; {about['distinct']} of {about['inputs_in_all']} inputs act beyond chance"
        + (f", {others} weaker ones are not drawn" if others > 0 else "")
        + f". In brackets Spearman's rank correlation, of which chance shows up to ±{fixed(about['spearman_bound'], 2)}."
    )


def _signed(value: float) -> str:
    rounded = round(value, 2) + 0.0
    return ("+" if rounded >= 0 else "") + fixed(rounded, 2)


def sensitivity_note(view: CampaignView) -> str:
    """What the bars are, and of which outcomes nothing can be said, as plain text."""
    made = view.numbers.get("sensitivity")
    if made is None:
        return "This campaign was flown before sensitivities were looked for; resume it with this version."
    vain = [f"{NAMES.get(about['outcome'], about['outcome']).lower()}: {about['not']}" for about in made["outcomes"] if about.get("not")]
    chance = 100.0 * (1.0 - made["confidence"])
    said = (
        "PAWN indices of the campaign's own runs: how far the distribution of an outcome shifts with an input, averaged over ten slices of it. An "
        "input acts beyond chance where it passes what the strongest of as many inputs without a say would show in "
        f"{chance:.0f} % of campaigns, by this index or by its rank correlation."
    )
    return said + (f" Not shown: {'; '.join(vain)}." if vain else "")
