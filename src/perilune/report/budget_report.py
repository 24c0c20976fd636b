"""The report of a budget as one HTML page that opens without a network: tables and figures of Δv, propellant, margin and touchdown errors."""

from collections.abc import Iterable
from html import escape
from pathlib import Path

from perilune.base.tables import write_atomically
from perilune.flight.budget.budget import Budget
from perilune.flight.budget.delta_v import Phase
from perilune.flight.budget.error_budget import Contribution, ErrorBudget, Sample
from perilune.flight.budget.touchdowns import COMPONENTS
from perilune.report.budget_figures import delta_v_figures, error_figures
from perilune.report.numbers import fixed, number
from perilune.report.page import page, section, verdict_of
from perilune.report.tables import caveat_list, flat, table


def write_budget_report(made: Budget, path: str | Path) -> Path:
    """Write the report of a budget to `path`, beside and renamed.

    Raises PeriluneError when the file cannot be written or plotly's script is missing.
    """
    path, text = Path(path), budget_page(made)
    write_atomically(path, lambda part: part.write_text(text, encoding="utf-8") and None)
    return path


def budget_page(made: Budget) -> str:
    """The whole page as text."""
    of_delta_v = list(delta_v_figures(made))
    of_errors = [] if made.errors is None else list(error_figures(made.errors))
    about, flight = made.mission.mission, made.flight
    dispersed = f", {made.runs} dispersed flights of seed {made.seed}" if made.runs else ""
    parts = {
        "delta_v": delta_v_table(made),
        "figures_delta_v": "".join(section(figure) for figure in of_delta_v),
        "propellant": propellant_table(made),
        "margin": margin_table(made),
        "errors": f"<p>No error budget: {escape(made.no_errors)}.</p>" if made.errors is None else touchdown_table(made.errors),
        "figures_errors": "".join(section(figure) for figure in of_errors),
        "sources": "" if made.errors is None else sources_table(made.errors),
        "caveats": caveat_list(flight.not_yet_modelled),
        "provenance": table("provenance", ("key", "value"), ((escape(key), escape(text)) for key, text in flat(made.to_json()["provenance"]))),
    }
    case = f"case {made.mission.case}, undispersed flight{dispersed}"
    return page(verdict_of(flight), "budget.html", f"{about.name}: budget", f"Budget: {about.title}", case, parts, [*of_delta_v, *of_errors])


def delta_v_table(made: Budget) -> str:
    """Phases and their sum."""
    heads = ("phase", "from (s)", "for (s)", "Δv", "speed taken off", "gravity loss", "steering loss", "unaccounted", "ideal", "rocket equation")
    rows = [
        (
            escape(phase.name),
            fixed(phase.begin_s, 1),
            fixed(phase.duration_s, 1),
            *(fixed(value, 1) for value in (phase.delta_v_m_s, phase.speed_taken_off_m_s, phase.gravity_loss_m_s, phase.steering_loss_m_s)),
            fixed(round(phase.unaccounted_m_s, 3) + 0.0, 3),
            fixed(round(phase.ideal_m_s, 1) + 0.0, 1),
            fixed(phase.rocket_equation_m_s, 1),
        )
        for phase in _with_total(made)
    ]
    return table("delta-v-table", heads, rows, range(1, 10)) + '<p class="note">Speeds in m/s.</p>'


def propellant_table(made: Budget) -> str:
    """Who used how much, phase by phase."""
    engines = made.delta_v.engines
    heads = ("phase", *(escape(engine) for engine in engines), "leaked", "attitude thrusters")
    rows = [
        (
            escape(phase.name),
            *(fixed(phase.engine_propellant_kg[engine], 2) for engine in engines),
            fixed(phase.leaked_kg, 2),
            fixed(phase.attitude_propellant_kg, 3),
        )
        for phase in _with_total(made)
    ]
    after = made.delta_v.used_after_contact_kg
    return (
        table("propellant-table", heads, rows, range(1, 3 + len(engines)))
        + f'<p class="note">In kg; {number(after)} kg more were used after contact.</p>'
    )


def margin_table(made: Budget) -> str:
    """What was left, as mass, speed and time."""
    margin = made.delta_v.margin
    rows = [
        ("main propellant at the start", number(margin.loaded_kg), "kg"),
        ("left at contact" if made.delta_v.reached_ground else "left at the end", number(margin.left_kg), "kg"),
        ("of that unusable", number(margin.unusable_kg), "kg"),
        ("of that in one tank when the other is dry", number(margin.trapped_kg), "kg"),
        ("margin", number(margin.usable_kg), "kg"),
        ("margin as Δv, with the engines that burnt last", number(margin.delta_v_m_s), "m/s"),
        ("margin as hovering", number(margin.hover_s), "s"),
        ("attitude propellant left", f"{number(margin.attitude_left_kg)} of {number(margin.attitude_loaded_kg)}", "kg"),
    ]
    if made.errors is not None:
        i, errors = [key for key, _, _ in COMPONENTS].index("propellant_kg"), made.errors
        rows.append(("margin over the sample, mean − 3 sigma", number(float(errors.sample.mean[i] - 3.0 * errors.sample_sigma[i])), "kg"))
        rows.append(("margin over the sample, least", number(float(errors.points[:, i].min())), "kg"))
    return table("margin", ("what", "value", "unit"), rows, (1,))


def touchdown_table(errors: ErrorBudget) -> str:
    """Linear 1 sigma beside the sample's, with who was left out."""
    heads = ("at contact", "unit", "undispersed", "mean", "linear 1 sigma", "95 % bounds", "sample 1 sigma", "95 % bounds", "agree", "explained")
    rows, kinds = [], []
    for i, (_, words, unit) in enumerate(COMPONENTS):
        agrees = bool(errors.agrees[i])
        rows.append(
            (
                words,
                unit,
                number(float(errors.reference[i])),
                number(float(errors.sample.mean[i])),
                number(float(errors.linear_sigma[i])),
                _bounds(errors.linear_bounds[:, i]),
                number(float(errors.sample_sigma[i])),
                _bounds(errors.sample_bounds[:, i]),
                "yes" if agrees else "no",
                f"{fixed(100.0 * float(errors.explained[i]), 0)} %" if errors.explained[i] == errors.explained[i] else "—",
            )
        )
        kinds.append("" if agrees else "differs")
    note = (
        "The linear budget moves one input at a time by 1 sigma through the closed loop, with the same noise on both sides, and adds flights with "
        "noise alone and flights over other patterns of the map's error; the sample has everything at once. They agree where their bounds overlap. "
        "<em>Explained</em> is the share of the sample's variance that is gone when each flight is predicted from its own draws and noise."
    )
    return f'<p class="note">{note}</p>' + table("touchdown-errors", heads, rows, (2, 3, 4, 5, 6, 7, 9), kinds) + flights_note(errors)


def flights_note(errors: ErrorBudget) -> str:
    """How many flights of each kind count, and who was left out why."""
    kinds = [("everything dispersed", errors.sample), ("noise alone", errors.noise)]
    kinds += [("map error alone", errors.pattern)] if errors.pattern is not None else []
    said = "; ".join(f"{name}: {in_words(sample)}" for name, sample in kinds)
    items = "".join(f"<li><code>{escape(path)}</code>: {escape(why)}</li>" for path, why in errors.not_linear.items())
    return f'<p id="flights">Flights: {escape(said)}.</p>' + (f"<p>Not linear:</p><ul id=not-linear>{items}</ul>" if items else "")


def in_words(sample: Sample) -> str:
    """How many count, and the verdicts of those that do not."""
    lost = ", ".join(f"{count} {word}" for word, count in sample.left_out.items())
    return f"{sample.kept} of {sample.flown} count" + (f" (left out: {lost})" if lost else "")


def sources_table(errors: ErrorBudget) -> str:
    """1 sigma of every component by source, and each source's numbers folded in below."""
    heads = ("source", *(f"{words} ({unit})" for _, words, unit in COMPONENTS), "share of position²", "share of velocity²")
    total = errors.linear

    def row(made: Contribution, name: str) -> tuple[str, ...]:
        shares = ((made.sigma[a] ** 2 + made.sigma[b] ** 2) / (total[a, a] + total[b, b]) for a, b in ((0, 1), (2, 3)))
        return (name, *(number(float(value)) for value in made.sigma), *(f"{fixed(100.0 * float(share), 1)} %" for share in shares))

    rows = [row(made, escape(made.name)) for made in errors.contributions]
    rows.append(("all, linear", *(number(float(value)) for value in errors.linear_sigma), "100 %", "100 %"))
    one_by_one = [row(part, f"<code>{escape(part.name)}</code>") for made in errors.contributions for part in made.parts]
    details = f"<details><summary>Number by number ({len(one_by_one)})</summary>{table('inputs', heads, one_by_one, range(1, 10))}</details>"
    return table("sources", heads, rows, range(1, 10)) + '<p class="note">1 sigma of each component; shares of the horizontal variance.</p>' + details


def _with_total(made: Budget) -> Iterable[Phase]:
    return (*made.delta_v.phases, made.delta_v.under_power, made.delta_v.total)


def _bounds(pair: Iterable[float]) -> str:
    return " to ".join(number(float(value)) for value in pair)
