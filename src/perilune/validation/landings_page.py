"""The landings page: what hundreds of dispersed flights of Resilience gave, misses as plainly as hits; made by flying them.

`python -m perilune.validation.landings_page docs/landings.md` takes some ten minutes on two cores.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from perilune.base.tables import write_atomically
from perilune.flight.fly_many import fly_many
from perilune.flight.verdict import judge
from perilune.lander.tanks import main_left_kg
from perilune.mission.loader import load
from perilune.mission.schema import Mission
from perilune.validation import landings
from perilune.validation.page import machine_kind

REACHES_M, CANTS_DEG, GRID_RUNS = (3000.0, 5000.0, 7000.0, 10000.0), (15.0, 30.0, 45.0), 40
BUDGET_RUNS = 60
DELAYS_S = (0.0, 1.0, 2.0, 3.5, 5.0)
MASSES_KG = (760.0, 780.0, 800.0, 820.0, 840.0)


def planned_part() -> Iterator[str]:
    """The planned landings: soft, horizontal speed and what it is made of, the filter."""
    flown = landings.planned()
    contact, drift = flown.batch.states["contact"], flown.drift[np.isfinite(flown.drift)]
    left = main_left_kg(flown.batch.states["lander"]) - flown.batch.packs["lander"]["mass"]["main_unusable"]
    soft = int((~flown.lost).sum())
    verdicts = Counter(str(verdict) for verdict in judge(flown.scene.mission.limits, flown.batch.states))
    yield (
        f"{landings.RUNS} dispersed flights of the case `planned`, seed {landings.SEED}: **{soft} soft** (at most 2 m/s down; 195 asked). "
        f"Verdicts, with what the legs made of it: {', '.join(f'{count} {verdict}' for verdict, count in verdicts.most_common())}."
    )
    yield ""
    yield "| at contact | mean | 1 sigma | smallest | largest |"
    yield "|---|---:|---:|---:|---:|"
    for name, values in (
        ("vertical speed, m/s", contact["vertical_speed"]),
        ("horizontal speed, m/s", drift),
        ("tilt, °", np.degrees(contact["tilt"])),
        ("usable propellant left, kg", left),
        ("time after 19:17:00, s", contact["time"] - flown.scene.start.planned_touchdown_s),
    ):
        yield f"| {name} | {values.mean():.2f} | {values.std():.2f} | {values.min():.2f} | {values.max():.2f} |"
    yield ""
    yield (
        f"Horizontal speed: {np.sqrt((drift**2).mean() / 2):.2f} m/s rms an axis, {100 * (drift < 1).mean():.1f} % under 1 m/s. Nothing "
        "measures it on this lander (no velocimeter is documented), so it is what the inertial unit and the state after the descent burn leave:"
    )
    yield ""
    yield f"| dispersed alone ({BUDGET_RUNS} flights each, sensor noise on) | horizontal speed, m/s rms an axis |"
    yield "|---|---:|"
    for name, value in landings.drift_budget(BUDGET_RUNS).items():
        yield f"| {name} | {value:.2f} |"
    found = landings.consistency()
    height, sink = (np.sqrt((contact[key] ** 2).mean()) for key in ("height_error", "vertical_speed_error"))
    yield ""
    yield (
        f"Filter, {len(found.epochs_s)} epochs from {found.epochs_s[0]:.0f} to {found.epochs_s[-1]:.0f} s: normalised error squared of position and "
        f"velocity {found.nees.min():.2f} to {found.nees.max():.2f} times its dimension (0.5 to 2 asked), {100 * found.inside.mean():.2f} % of the "
        f"components inside their 3 sigma (99 % asked), {found.rejections} measurements rejected. Its own sigma at contact: height "
        f"{contact['height_sigma'].max():.2f} m at most (1 m asked; true error {height:.2f} m rms), vertical speed "
        f"{contact['vertical_speed_sigma'].max():.3f} m/s (0.15 asked; true error {sink:.3f} m/s rms)."
    )


def sensor_part() -> Iterator[str]:
    """The share lost over the two numbers of the range finder that are assumed."""
    yield f"Share of planned landings lost over reach and beam cant, {GRID_RUNS} flights each; 10,000 m and 30° are flown, both assumed:"
    yield ""
    yield "| reach | " + " | ".join(f"cant {cant:g}°" for cant in CANTS_DEG) + " |"
    yield "|---:|" + "---:|" * len(CANTS_DEG)
    shares = landings.lost_share(REACHES_M, CANTS_DEG, GRID_RUNS)
    for reach, row in zip(REACHES_M, shares, strict=True):
        yield f"| {reach:,.0f} m | " + " | ".join(f"{100 * share:.0f} %" for share in row) + " |"


def as_flown_part() -> Iterator[str]:
    """The case as flown: its solved scalar, the bands beside the published numbers, delay and mass."""
    mission = load("resilience", case="as-flown")
    error = mission.start.velocity_error_along_track_m_s
    sigma = next(d.sigma for d in mission.dispersions if d.path == landings.AS_FLOWN_ERROR)
    alone = fly_many(mission, None, 1)
    yield (
        f"One scalar is solved: the along-track velocity after the descent burn is {error:.3f} m/s off ({abs(error) / float(sigma or 1):.2f} sigma), "
        f"so that the sink at the first valid range is 66 m/s, undispersed. It makes the believed height "
        f"{alone['braking_start_height_error_m'][0]:+.0f} m wrong at powered descent initiation and "
        f"{alone['first_range_height_error_m'][0]:+.0f} m at the first range. It is then held while {landings.RUNS} seeds disperse the rest."
    )
    yield ""
    yield from _published(mission)
    yield ""
    yield "Acquisition-to-thrust delay and mass, undispersed, each with the same solved scalar:"
    yield ""
    yield "| varied | sink at first range, m/s | sink at 192 m, m/s | 192 m before 19:17:00, s | sink at contact, m/s |"
    yield "|---|---:|---:|---:|---:|"
    for delay in DELAYS_S:
        yield _line(f"acquisition {delay:g} s", (f"lander.range_finder.acquisition_s={delay}",))
    dry, rcs = mission.lander.mass.dry_mass_kg, mission.lander.mass.rcs_loaded_kg
    for mass in MASSES_KG:
        yield _line(
            f"mass {mass:g} kg after the burn",
            (f"lander.mass.main_loaded_kg={mass - dry - rcs}", *(f"lander.tanks.{tank}.radius_m=0.3" for tank in ("fuel", "oxidiser"))),
        )


def _line(name: str, overrides: tuple[str, ...]) -> str:
    flown = landings.fly("as-flown", overrides, seed=None)
    low = flown.event("height-192-m")
    before = flown.scene.start.planned_touchdown_s - low["time"][0]
    first = flown.event("first-range")["vertical_speed"][0]
    return f"| {name} | {first:.1f} | {low['vertical_speed'][0]:.1f} | {before:.0f} | {flown.sink[0]:.1f} |"


def _published(mission: Mission) -> Iterator[str]:
    table = fly_many(mission, landings.SEED, landings.RUNS)
    yield "| published | value | role | 5 % | median | 95 % | the published value or band lies |"
    yield "|---|---:|---|---:|---:|---:|---|"
    for number in mission.published:
        if number.value is None or number.case not in (None, "as-flown"):
            continue
        column = number.quantity if number.at_height_m is None else number.quantity.replace("_at_height_", f"_at_{number.at_height_m:g}_m_")
        flown = table[column].drop_nulls().to_numpy()
        if not len(flown):
            yield f"| {number.name} | {number.value:g} {number.unit.replace('m_s', 'm/s')} | {number.role} | | | | not defined in these flights |"
            continue
        low, median, high = np.percentile(flown, [5, 50, 95])
        lowest, highest = (number.value if end is None else end for end in (number.low, number.high))
        where = "inside" if low <= highest and lowest <= high else "**outside**"
        where += f" (in the range of all {len(flown)})" if where != "inside" and flown.min() <= number.value <= flown.max() else ""
        band = f"{low:.4g} | {median:.4g} | {high:.4g}"
        yield f"| {number.name} | {number.value:g} {number.unit.replace('m_s', 'm/s')} | {number.role} | {band} | {where} |"
    sinks = table["touchdown_vertical_speed_m_s"].drop_nulls().to_numpy()
    yield ""
    yield f"Sink at impact: {np.percentile(sinks, 5):.1f} to {np.percentile(sinks, 95):.1f} m/s (5 to 95 %), {np.median(sinks):.1f} m/s median."


def cause_part() -> Iterator[str]:
    """The counterfactuals and the reach at which the landing turns."""
    yield f"| {landings.RUNS} flights each | share lost |"
    yield "|---|---:|"
    for name in landings.COUNTERFACTUALS:
        yield f"| {name} | {100 * landings.counterfactual(name).lost.mean():.1f} % |"
    yield ""
    yield "| reach in the as-flown case, undispersed | sink at contact |"
    yield "|---:|---:|"
    for reach in (3000.0, 893.0, 500.0, 250.0):
        yield f"| {reach:,.0f} m | {landings.fly('as-flown', (f'lander.range_finder.reach_m={reach}',), seed=None).sink[0]:.1f} m/s |"
    yield ""
    yield f"It turns from lost to landed at a reach of {landings.reach_turn():.0f} m."


def landings_page() -> Iterator[str]:
    """The lines of the page."""
    yield "# Landings"
    yield ""
    yield (
        f"Flown on {datetime.now(UTC):%Y-%m-%d} by `python -m perilune.validation.landings_page docs/landings.md` on {machine_kind()}. A flight is "
        "lost here when it meets the ground at more than 2 m/s down, or never does. Numbers *calibrated* were solved for and prove nothing; "
        "*predicted* ones were used nowhere."
    )
    parts = (("Planned", planned_part), ("Reach and cant", sensor_part), ("As flown", as_flown_part), ("What caused it", cause_part))
    for title, part in parts:
        yield ""
        yield f"## {title}"
        yield ""
        print(f"landings page: {title} …", file=sys.stderr)
        yield from part()


if __name__ == "__main__":
    text = "\n".join(landings_page()) + "\n"
    write_atomically(Path(sys.argv[1]), lambda part: part.write_text(text) and None)
