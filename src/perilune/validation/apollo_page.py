"""The Apollo 11 page: our Eagle beside the recorded one, both curves and every miss; made by flying it.

`python -m perilune.validation.apollo_page docs/apollo-11.md` takes a minute; the picture goes into the folder `pictures` beside the page.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from perilune.base.tables import write_atomically
from perilune.flight.flight import Flight
from perilune.flight.fly_many import fly_many
from perilune.validation import apollo
from perilune.validation.apollo import Comparison
from perilune.validation.apollo_alarms import alarms_part
from perilune.validation.apollo_picture import picture
from perilune.validation.apollo_reckoning import reckoning_part
from perilune.validation.page import machine_kind

PICTURE = "apollo-11.png"
SEED, RUNS = 1, 300
LARGEST_FLOW_KG_S = 48145.4 / 2955.889  # LUMINARY 099: FMAXODD over DPSVEX, the most that its program reckoned with


def head(flight: Flight) -> Iterator[str]:
    """What was flown, from what, and how it ended."""
    start = flight.mission.start
    yield (
        f"Flown on {datetime.now(UTC):%Y-%m-%d} by `python -m perilune.validation.apollo_page docs/apollo-11.md` on {machine_kind()}. "
        "`perilune fly apollo-11` flies the same."
    )
    yield ""
    yield (
        f"The lunar module begins at throttle-up, {apollo.START_TFI_S:.0f} s after ignition (TFI), at {start.speed_m_s:.1f} m/s over the turning "  # type: ignore[union-attr]
        "ground, and flies itself to the ground: the flown guidance targets of braking and approach under Klumpp's law every 2 s, the flown throttle "
        "logic, an engine of 43 670 N and 2 955.9 m/s, a landing radar with the flown antenna angles. Nothing was fitted to what was recorded; the "
        "figures and their sources stand in the mission file, the recordings with theirs in `src/perilune/validation/data/apollo_11_descent.toml`."
    )
    yield ""
    yield f"Ours: **{flight.verdict}**. {flight.reason}"


def verdict_part(height: Comparison, slant: Comparison, propellant: Comparison) -> Iterator[str]:
    """How many points lie within their bounds; the slant range has none of its own and is shown in the height's."""
    yield "| compared | points | within | bound | worst |"
    yield "|---|---:|---:|---:|---:|"
    late = propellant.counts & (propellant.recorded.tfi_s >= apollo.HEIGHT_FROM_TFI_S)
    rows = (
        (
            "height above ground with the radar's slant range, TFI 300 to 590 s (of 19, one comes before)",
            height,
            height.counts,
            apollo.HEIGHT_BOUND_PERCENT,
        ),
        ("the modelled beam's slant range with the same (shown beside)", slant, slant.counts, apollo.HEIGHT_BOUND_PERCENT),
        ("propellant used with telemetry, TFI 60 to 600 s", propellant, propellant.counts, apollo.PROPELLANT_BOUND_PERCENT),
        ("the same from TFI 300 s on", propellant, late, apollo.PROPELLANT_BOUND_PERCENT),
    )
    for name, comparison, counts, bound in rows:
        errors = np.abs(comparison.error_percent[counts])
        yield f"| {name} | {counts.sum()} | {(errors <= bound).sum()} | {bound:.0f} % | {errors.max():.1f} % |"


def height_part(flight: Flight, height: Comparison, slant: Comparison) -> Iterator[str]:
    """Every radar range beside our height and the slant range of our beam."""
    yield "Recorded: slant range. " + _one_line(height.recorded.provenance)
    yield ""
    yield "| TFI, s | recorded range, m | our height, m | difference | our beam's slant range, m | difference | |"
    yield "|---:|---:|---:|---:|---:|---:|---|"
    for i, t in enumerate(height.recorded.tfi_s):
        yield (
            f"| {t:.0f} | {height.recorded.value[i]:,.0f} | {_number(height.ours[i])} | {_percent(height.error_percent[i])} | "
            f"{_number(slant.ours[i])} | {_percent(slant.error_percent[i])} | "
            f"{_mark(height, i, apollo.HEIGHT_BOUND_PERCENT)} |"
        )
    missed = [int(i) for i in np.flatnonzero(height.counts) if abs(height.error_percent[i]) > apollo.HEIGHT_BOUND_PERCENT]
    yield ""
    for i in missed:
        t, beside = height.recorded.tfi_s[i], height.recorded.value[i]
        sink = float(apollo.at_tfi(flight, "vertical_speed_m_s", np.array([t]))[0])
        yield (
            f"- **Missed at TFI {t:.0f} s**: {height.ours[i]:,.0f} m beside {beside:,.0f} m, {height.ours[i] - beside:+,.0f} m, which at our sink of "
            f"{sink:.1f} m/s is {(height.ours[i] - beside) / sink:.1f} s of descent."
        )
    if not missed:
        yield "No scored point is missed."


def propellant_part(propellant: Comparison) -> Iterator[str]:
    """Every propellant point, and the flow that the recording itself asks for from point to point."""
    recorded = propellant.recorded
    yield "Recorded: " + _one_line(recorded.provenance)
    yield ""
    yield "| TFI, s | recorded, kg | ours, kg | difference | mean flow since the point before, recorded and ours, kg/s | |"
    yield "|---:|---:|---:|---:|---:|---|"
    steps = np.diff(recorded.tfi_s)
    flow, our_flow = np.diff(recorded.value) / steps, np.diff(propellant.ours) / steps
    for i, t in enumerate(recorded.tfi_s):
        flows = "" if i == 0 else f"{flow[i - 1]:.1f}, {'—' if np.isnan(our_flow[i - 1]) else f'{our_flow[i - 1]:.1f}'}"
        yield (
            f"| {t:.0f} | {recorded.value[i]:,.0f} | {_number(propellant.ours[i])} | {_percent(propellant.error_percent[i])} | {flows} | "
            f"{_mark(propellant, i, apollo.PROPELLANT_BOUND_PERCENT)} |"
        )
    missed = [int(i) for i in np.flatnonzero(propellant.counts) if abs(propellant.error_percent[i]) > apollo.PROPELLANT_BOUND_PERCENT]
    yield ""
    if not missed:
        yield "No scored point is missed."
        return
    yield (
        f"**Missed** at TFI {', '.join(f'{recorded.tfi_s[i]:.0f}' for i in missed)} s. The engine is at its fixed full thrust there, so that ours is "
        f"a straight line of {43670.0 / 2955.889:.2f} kg/s; the onboard program itself reckoned with at most {LARGEST_FLOW_KG_S:.1f} kg/s."
    )
    share = apollo.PROPELLANT_BOUND_PERCENT / 100.0
    reached = (1.0 + share) * recorded.value[:-1] + LARGEST_FLOW_KG_S * steps
    impossible = np.flatnonzero(reached < (1.0 - share) * recorded.value[1:])
    for k in impossible:
        yield (
            f"Between {recorded.tfi_s[k]:.0f} and {recorded.tfi_s[k + 1]:.0f} s the recording rises by {flow[k]:.1f} kg/s, which the engine could "
            f"not burn: from {1.0 + share:.2f} times the point at {recorded.tfi_s[k]:.0f} s it could have reached "
            f"{reached[k]:,.0f} kg at most, below {1.0 - share:.2f} times the point at "
            f"{recorded.tfi_s[k + 1]:.0f} s, {(1.0 - share) * recorded.value[k + 1]:,.0f} kg. No flow of this engine meets both within the bound: "
            "the digitised plot itself is off there, in its first point or in its time, and what it is off by stays in the next one."
        )


def published_part(flight: Flight) -> Iterator[str]:
    """The premission table and the budgets, each beside ours."""
    yield "| published | value | ours | difference or reason | role | source |"
    yield "|---|---:|---:|---|---|---|"
    for n in flight.published:
        value, ours = (f"{x:,.6g}" if isinstance(x, float) else (x or "—") for x in (n.published, n.flown))
        yield f"| {n.name}, {n.unit} | {value} | {ours} | {n.note} | {n.role} | {n.source} |"


def dispersed_part() -> Iterator[str]:
    """How many dispersed flights land, with the errors that the mission file gives."""
    table = fly_many("apollo-11", SEED, RUNS, record=False)
    landed = table.filter(table["verdict"] == "landed")
    downs, acrosses, misses = (landed[f"touchdown_{key}"].to_numpy() for key in ("vertical_speed_m_s", "horizontal_speed_m_s", "miss_m"))
    yield (
        f"Of {RUNS} flights with the mission file's dispersions (seed {SEED}) **{len(landed)} land**, at most {downs.max():.2f} m/s down and "
        f"{acrosses.max():.2f} m/s across, {np.median(misses):.0f} m from the site in the median and {np.percentile(misses, 95):.0f} m at 95 %: "
        "nothing on board corrects the place along the ground. The map is wrong by 50 m (1 sigma) in them. The targets are heights above the ground "
        "at the site, so guidance takes the map's error there to be what the ranges have shown, the less so the farther away (aimed at the map "
        "alone, one lander in three met the ground while still in the approach leg); and a radar whose ranges are refused five times in a row at a "
        "crater's rim is believed again, as LUMINARY's wide test of them would have had it."
    )
    for lost in table.filter(table["verdict"] != "landed").iter_rows(named=True):
        slope = lost["touchdown_slope_deg"]
        yield ""
        yield f"- Run {lost['run']}, **{lost['verdict']}**: {lost['reason']}" + ("" if slope is None else f" The ground there slopes {slope:.0f}°.")
    if len(landed) < RUNS:
        yield ""
        yield "On a crater's wall the sink loop lets the lander down along the slope with its engine on; a crew would have stopped it at the lamp."


LIMITS = """\
- The recorded range is a slant range, scored against the height as was laid down before the comparison was made; the slant range of our beam, \
along the same antenna axis from our attitude, stands beside, and is the fairer one.
- The engine is cut by our touchdown detector on the ground. Eagle's was stopped by hand at about the touch; with the cut at the first touch of a \
contact probe, as the procedure had it, ours falls the last 1.7 m and strikes at 2.3 m/s.
- The descent is automatic to the ground. The commander took over some ten minutes after ignition, flew on beyond a crater and used more time and \
propellant; the points after that are shown, not modelled and not scored. No redesignation of the landing point is flown in the approach.
- Eagle's navigation was some six kilometres off along its track at ignition, so that the ground below it was not the ground of ours; our \
undispersed flight knows where it is. Terrain finer than 3.8 km is synthetic.
- Navigation is our own filter, not the fixed weights of the program that flew; the stable platform is modelled as strapped-down gyros that are \
aligned at the start.
- Thrust and exhaust speed at the fixed full throttle are constant; the real engine's throat eroded, and its thrust grew by some percent.
- The premission table is recalled, and its heights are above the landing site's radius."""


def apollo_page(flight: Flight) -> Iterator[str]:
    """The lines of the page."""
    height, propellant = apollo.height_beside_radar(flight), apollo.propellant_beside_telemetry(flight)
    slant = apollo.beam_beside_radar(flight)
    yield "# Apollo 11 against its telemetry"
    yield ""
    yield from head(flight)
    yield ""
    yield from verdict_part(height, slant, propellant)
    yield ""
    yield f"![Height and propellant, ours and recorded](pictures/{PICTURE})"
    parts = (
        ("Height above the ground", height_part(flight, height, slant)),
        ("Slant range or height, and why ours is higher", reckoning_part(flight)),
        ("Propellant", propellant_part(propellant)),
        ("The program alarms", alarms_part()),
        ("Dispersed", dispersed_part()),
        ("Premission table and budgets", published_part(flight)),
    )
    for title, part in parts:
        yield ""
        yield f"## {title}"
        yield ""
        yield from part
    yield ""
    yield "## What this can and cannot show"
    yield ""
    yield LIMITS
    yield ""
    yield (
        "The guidance law by itself, planar and without rotation, terrain or navigation, is held against a regression run of the same targets in "
        "[the validation page](validation.md)."
    )


def _mark(comparison: Comparison, i: int, bound: float) -> str:
    if not comparison.recorded.scored[i]:
        return "flown by hand: not modelled, not scored"
    if not comparison.counts[i]:
        return "before the comparison begins"
    return "" if abs(comparison.error_percent[i]) <= bound else "**missed**"


def _number(value: float) -> str:
    return "—" if np.isnan(value) else f"{value:,.0f}"


def _percent(value: float) -> str:
    return "—" if np.isnan(value) else f"{value:+.1f} %"


def _one_line(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    page = Path(sys.argv[1])
    flown = apollo.eagle()
    text = "\n".join(apollo_page(flown)) + "\n"
    picture(flown, page.parent / "pictures" / PICTURE)
    write_atomically(page, lambda part: part.write_text(text) and None)
