"""The report of a campaign as one HTML page that opens without a network: probability and requirements first, then where, how and why."""

from html import escape
from pathlib import Path

from perilune.base.tables import write_atomically
from perilune.campaigns.results import Campaign
from perilune.report.campaign_figures import convergence, margin_figures, touchdown_figures
from perilune.report.campaign_footprint import footprint_figures
from perilune.report.campaign_sensitivity import sensitivity_figures, sensitivity_note
from perilune.report.campaign_tables import (
    build_note,
    cause_table,
    dispersion_table,
    fault_tables,
    footprint_table,
    percentile_table,
    provenance_of,
    requirement_table,
    verdict_table,
    worst_table,
)
from perilune.report.campaign_view import CampaignView
from perilune.report.numbers import fixed, number
from perilune.report.page import Verdict, page, section
from perilune.report.plot import Figure
from perilune.report.tables import assumed_table, caveat_list

STARTS = {"pdi": "just before the powered descent", "doi": "after the descent orbit insertion burn"}
NONE = '<p class="note">No run touched the ground.</p>'


def write_campaign_report(made: Campaign, path: str | Path) -> Path:
    """Write the report of a campaign to `path`, beside and renamed.

    Raises PeriluneError when the file cannot be written or plotly's script is missing.
    """
    path, text = Path(path), campaign_page(made)
    write_atomically(path, lambda part: part.write_text(text, encoding="utf-8") and None)
    return path


def campaign_page(made: Campaign) -> str:
    """The whole page as text."""
    view, numbers, about = CampaignView(made), made.numbers, made.mission.mission
    settled = convergence(view)
    figures: dict[str, list[Figure]] = {
        "footprint": list(footprint_figures(view)),
        "touchdown": list(touchdown_figures(view)),
        "margin": list(margin_figures(view)),
        "sensitivity": list(sensitivity_figures(view)),
        "convergence": [] if settled is None else [settled],
    }
    parts = {f"figures_{name}": "".join(section(figure) for figure in drawn) for name, drawn in figures.items()}
    parts["figures_touchdown"] = parts["figures_touchdown"] or NONE
    parts["figures_convergence"] = parts["figures_convergence"] or '<p class="note">No run is valid, so there is no probability.</p>'
    parts |= {
        "verdicts": verdict_table(view),
        "builds": build_note(numbers),
        "requirements": requirement_table(view),
        "ellipses": footprint_table(view),
        "percentiles": percentile_table(view),
        "causes": cause_table(view),
        "worst": worst_table(view),
        "sensitivity": escape(sensitivity_note(view)),
        "dispersed": dispersion_table(view),
        "faults": fault_tables(view),
        "caveats": caveat_list(numbers["not_yet_modelled"]),
        "assumed": assumed_table(made.mission),
        "provenance": provenance_of(numbers),
    }
    every = [figure for drawn in figures.values() for figure in drawn]
    title = f"{about.name}: {numbers['landed']} of {numbers['valid']} landed"
    return page(verdict_of_campaign(made), "campaign.html", title, f"Campaign: {about.title}", how_flown(made), parts, every)


def how_flown(made: Campaign) -> str:
    """What was flown, in words."""
    n = made.numbers
    begun = "at the state in the mission file" if made.mission.start.kind == "state" and n["start"] != "pdi" else STARTS.get(n["start"], n["start"])
    sampled = "" if n["sampling"] == "independent" else f", {n['replicates']} replicates of a {n['sampling']} plan"
    asked = f" of {number(n['runs_asked'])} asked for" if n["stopped_early"] else ""
    return f"case {n['case']}, seed {n['seed']}, {number(n['runs'])} runs{asked}{sampled}, started {begun}"


def verdict_of_campaign(made: Campaign) -> Verdict:
    """The landing probability with its interval, and how the requirements were answered."""
    n, relief = made.numbers, str(made.numbers["provenance"]["relief"])
    if n["probability"] is None:
        return Verdict(relief, "no valid run", f"All of the {n['runs']} runs are invalid.", "bad")
    answers = [answer["answer"] for answer in n.get("requirements", [])]
    between = f"{fixed(100.0 * n['interval_low'], 2)} to {fixed(100.0 * n['interval_high'], 2)} %"
    said = f"{between} at confidence {n['confidence']:g} ({n['method']}); {number(n['landed'])} of {number(n['valid'])} valid runs landed."
    if n["valid"] < n["runs"]:
        said += f" {n['runs'] - n['valid']} runs are invalid."
    if answers:
        counts = [(sum(a == "shown" for a in answers), "shown"), (sum(a == "refuted" for a in answers), "refuted")]
        counts.append((len(answers) - sum(count for count, _ in counts), "undecided"))
        said += f" Requirements: {', '.join(f'{count} {word}' for count, word in counts if count)}."
    kind = "bad" if "refuted" in answers else "good" if answers and all(a == "shown" for a in answers) else "open"
    return Verdict(relief, f"{fixed(100.0 * n['probability'], 2)} % land", said, kind)
