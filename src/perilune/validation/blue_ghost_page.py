"""The Blue Ghost page: the published phases beside ours, what was put in told apart from what came out, and the miss beside that of seeds.

`python -m perilune.validation.blue_ghost_page docs/blue-ghost.md` takes some minutes; the picture goes into the folder `pictures` beside the page.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from perilune.base.tables import write_atomically
from perilune.flight.compare_published import PublishedNumber
from perilune.validation import blue_ghost
from perilune.validation.page import machine_kind

PICTURE = "blue-ghost.png"
TOUCHDOWN_EAST_M, TOUCHDOWN_NORTH_M = 94.6, 69.7  # published: 18.5623° N 61.8103° E from 18.560° N 61.807° E


def head() -> Iterator[str]:
    """What was flown and how it ended."""
    flight = blue_ghost.undispersed()
    yield (
        f"Flown on {datetime.now(UTC):%Y-%m-%d} by `python -m perilune.validation.blue_ghost_page docs/blue-ghost.md` on {machine_kind()}. "
        "`perilune fly blue-ghost` flies the same."
    )
    yield ""
    yield (
        "On 2 March 2025 Blue Ghost left its 100 km orbit, braked on all its engines, pitched up over Mare Crisium, shut its main engine down at "
        "40 m/s and came down on pulsed thrusters, moving its target twice for hazards. Ours flies the same phases: vision fixes at the level of the "
        "measurement, a laser altimeter, braking by the law that the mission file names, two diverts as redesignations of the target in flight."
    )
    yield ""
    yield f"Ours, undispersed: **{flight.verdict}**. {flight.reason}"


def published_part(role: str) -> Iterator[str]:
    """The published numbers of one role, beside the undispersed flight and the seeds."""
    table = blue_ghost.dispersed()
    yield "| published | value | ours, undispersed | seeds: 5 % | median | 95 % | source |"
    yield "|---|---:|---:|---:|---:|---:|---|"
    for n in blue_ghost.undispersed().published:
        if n.role == role:
            yield f"| {n.name}, {n.unit} | {_shown(n.published)} | {_shown(n.flown)} | {_seeds(n, table)} | {n.source} |"


def _shown(value: float | str | None) -> str:
    return f"{value:,.6g}" if isinstance(value, float) else (value or "—")


def _seeds(number: PublishedNumber, table: object) -> str:
    if number.quantity.endswith("_utc"):
        return " | | "
    flown = table[number.quantity].drop_nulls().to_numpy()  # type: ignore[index]
    return " | ".join(f"{x:,.5g}" for x in np.percentile(flown, [5, 50, 95])) if len(flown) else " | | "


def miss_part() -> Iterator[str]:
    """The published miss beside the distribution of ours."""
    table = blue_ghost.dispersed()
    misses, from_chosen = table["miss_m"].drop_nulls().to_numpy(), blue_ghost.miss_from_redesignated()
    east, north = blue_ghost.redesignated(blue_ghost.undispersed().mission)
    verdicts = table["verdict"].value_counts(sort=True)
    counts = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.iter_rows())
    beyond = 100.0 * (misses >= blue_ghost.PUBLISHED_MISS_M).mean()
    yield f"{blue_ghost.RUNS} flights of seed {blue_ghost.SEED}: {counts}."
    yield ""
    yield "| | 5 % | median | 95 % | largest |"
    yield "|---|---:|---:|---:|---:|"
    for name, values in (("from the target, m", misses), ("from the place chosen last, m", from_chosen)):
        yield f"| {name} | " + " | ".join(f"{x:.0f}" for x in (*np.percentile(values, [5, 50, 95]), values.max())) + " |"
    yield ""
    inside = np.percentile(misses, 5) <= blue_ghost.PUBLISHED_MISS_M <= np.percentile(misses, 95)
    yield (
        f"The published miss of {blue_ghost.PUBLISHED_MISS_M:.0f} m lies **{'inside' if inside else 'outside'}** the 5 to 95 % of ours; "
        f"{beyond:.0f} % of ours miss by as much or more. Ours move their target by {east:+.0f} m east and {north:+.0f} m north, assumed: where "
        "the lander's own diverts led is not published, and they alone may make most of the 118 m. So this compares sizes and proves no more."
    )


LIMITS = """\
- Thrust, Isp, mass at the start, heading, the tuning of the flight software and every figure of the vision fixes are recalled or assumed; what is \
known of them stands in the mission file. Mass and thrust were chosen so that the published burn fits, so the burn proves nothing.
- Heights of the two diverts and their directions are assumed; nothing looks for hazards here, the choice is given.
- Fixes are made at the level of the measurement: no image is drawn. Terrain finer than 3.8 km is synthetic.
- The flight software was tuned until runs 0 to 39 of seed 1, which are among those above, landed; the share that lands is \
therefore no prediction, and the miss was seen meanwhile.
- The lander's own guidance is known by name only."""


def blue_ghost_page() -> Iterator[str]:
    """The lines of the page."""
    yield "# Blue Ghost"
    yield ""
    yield from head()
    yield ""
    yield f"![Descent, and touchdowns about the target](pictures/{PICTURE})"
    parts = (
        ("Predicted: used nowhere", published_part("predicted")),
        ("Constrained: put into the mission file", published_part("constrained")),
        ("The miss", miss_part()),
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


def picture(path: Path) -> None:
    """Height and speeds of the undispersed descent from ignition, and the seeds' touchdowns about the target."""
    from matplotlib.figure import Figure

    flight = blue_ghost.undispersed()
    ignition = next(e.t_s for e in flight.events if e.name == "ignition")
    contact = float(flight.flown.last["contact"]["time"])
    rows = flight.history.filter((flight.history["time_s"] >= ignition) & (flight.history["time_s"] <= contact))
    before = rows["time_s"].to_numpy() - contact
    figure = Figure(figsize=(11, 5.5), layout="constrained")
    descent, ground = figure.subplots(1, 2)
    descent.plot(before, rows["height_m"] / 1e3, label="height above the ground, km")
    speed = np.hypot(rows["vertical_speed_m_s"].to_numpy(), rows["horizontal_speed_m_s"].to_numpy())
    descent.plot(before, speed / 1e2, label="speed over the ground, 100 m/s")
    for at, name in ((-660.0, "published: ignition"), (-100.0, "main engine off at 40 m/s")):
        descent.axvline(at, color="0.4", lw=0.8, ls="--")
        descent.text(at, descent.get_ylim()[1], name, rotation=90, va="top", ha="right", fontsize="small")
    descent.set(xlabel="seconds before touchdown", title="undispersed descent")
    east, north = blue_ghost.contacts()
    angle = np.linspace(0.0, 2.0 * np.pi, 200)
    ground.plot(blue_ghost.ELLIPSE_M * np.cos(angle), blue_ghost.ELLIPSE_M * np.sin(angle), color="0.5", lw=0.8, label="100 m about the target")
    ground.plot(east, north, ".", alpha=0.5, label=f"{blue_ghost.RUNS} seeds")
    chosen = blue_ghost.redesignated(flight.mission)
    ground.plot(0.0, 0.0, "+", color="black", ms=10, label="target")
    ground.plot(*chosen, "x", color="#0072B2", ms=9, label="place chosen last (assumed)")
    ground.plot(TOUCHDOWN_EAST_M, TOUCHDOWN_NORTH_M, "*", color="#D55E00", ms=13, label="Blue Ghost, 118 m")
    ground.set(xlabel="east, m", ylabel="north, m", title="touchdowns", aspect="equal")
    for axes in (descent, ground):
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small")
    figure.suptitle("Blue Ghost: ours and the published landing")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, lambda part: figure.savefig(part, dpi=110, format="png"))


if __name__ == "__main__":
    page = Path(sys.argv[1])
    text = "\n".join(blue_ghost_page()) + "\n"
    picture(page.parent / "pictures" / PICTURE)
    write_atomically(page, lambda part: part.write_text(text) and None)
