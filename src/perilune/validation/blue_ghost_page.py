"""The Blue Ghost page: the published phases beside ours, what was put in told apart from what came out, and the miss beside that of seeds.

`python -m perilune.validation.blue_ghost_page docs/blue-ghost.md` takes some minutes; the picture goes into the folder `pictures` beside the page.
"""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from perilune.base.tables import write_atomically
from perilune.flight.compare_published import PublishedNumber
from perilune.validation import blue_ghost
from perilune.validation.page import machine_kind

if TYPE_CHECKING:
    from matplotlib.axes import Axes

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
    near = float(np.percentile(from_chosen, 95))
    yield (
        f"The published miss of {blue_ghost.PUBLISHED_MISS_M:.0f} m lies **{'inside' if inside else 'outside'}** the 5 to 95 % of ours; "
        f"{beyond:.0f} % of ours miss by as much or more. Ours move their target by {east:+.0f} m east and {north:+.0f} m north, assumed: where "
        f"the lander's own diverts led is not published. 95 % of ours stand within {near:.0f} m of the place chosen last; had the lander steered as "
        f"well, it would have chosen a place {max(blue_ghost.PUBLISHED_MISS_M - near, 0.0):.0f} to {blue_ghost.PUBLISHED_MISS_M + near:.0f} m from "
        "its first target. So this compares sizes and proves no more."
    )
    yield ""
    yield (
        f"{100.0 * (misses <= blue_ghost.ELLIPSE_M).mean():.0f} % of ours stand within the {blue_ghost.ELLIPSE_M:.0f} m of the published ellipse. "
        "What is left is the slow error of the vision fixes (map and camera mounting, assumed 20 m an axis), which no filter can see: alone it gives "
        "24 m in the median and 49 m in 95 %."
    )


def causes_part() -> Iterator[str]:
    """What gave the misses their former tail, each put back alone."""
    yield (
        "Until all four were mended, one flight in ten missed by more than half a kilometre, the worst by nine. Each put back alone, runs 0 to "
        f"{blue_ghost.TUNING_RUNS - 1} of seed {blue_ghost.TUNING_SEED}, on which the flight software was tuned:"
    )
    yield ""
    yield "| put back | landed | miss, m: median | 95 % | largest |"
    yield "|---|---:|---:|---:|---:|"
    for what, _ in blue_ghost.MENDED:
        table = blue_ghost.put_back(what)
        misses = table["miss_m"].drop_nulls().to_numpy()
        numbers = " | ".join(f"{x:.0f}" for x in (*np.percentile(misses, [50, 95]), misses.max()))
        yield f"| {what} | {(table['verdict'] == 'landed').sum()} of {blue_ghost.TUNING_RUNS} | {numbers} |"
    yield ""
    yield CAUSES
    yield ""
    yield "Undispersed, with the dry centre of mass beside the middle:"
    yield ""
    yield "| integral | " + " | ".join(f"{mm:.0f} mm" for mm in blue_ghost.OFFSETS_MM) + " |"
    yield "|---|" + "---:|" * len(blue_ghost.OFFSETS_MM)
    for of, limit in blue_ghost.INTEGRALS:
        ends = (blue_ghost.with_offset(of, limit, mm) for mm in blue_ghost.OFFSETS_MM)
        yield f"| of the {of}, up to {limit:.0f} N m | " + " | ".join(_end(row) for row in ends) + " |"


def _end(row: dict[str, Any]) -> str:
    """How a flight ended, in few words."""
    return f"{row['miss_m']:.0f} m" if row["verdict"] == "landed" else str(row["verdict"])


CAUSES = """\
- **No margin of thrust** (a fault of the plan): the law knows no limit of thrust, and ignition range and time weight asked for all of it \
for six of the nine minutes. Half a per cent less than believed, and the lander came in fast and flew past its target, southward, by \
kilometres. Braking is now planned at 95 %, which takes the published 550 s with a main engine of 1 200 N instead of 1 100 N (an \
extra-thrust variant; its thrust is not published).
- **The integral of attitude control** (a fault of the flight software): held to 5 N m it could not meet the torque of a centre of mass a \
few millimetres off (2 800 N of thrust, 1 sigma 5 mm an axis), and the lander flew askew; larger, it wound up while the lander slewed \
upright, kept the torque of full thrust when thrust fell to a half, and threw the lander back north. It now gathers the torque demanded, \
which a slew leaves unchanged, goes with the thrust, and may hold 34 N m.
- **A gate too far short** (tuning): the lander stood upright 250 m short of the target, and 3 m/s of homing had not always the time for \
that. The gate is now where the vertical leg begins over the target.
- **Touchdown noticed late** (a fault of the flight software; no miss): a lander that rocked on its legs was carried by turns, no sign of \
contact lasted, and the engines went on for up to 52 s, once beyond the minute after which a lander is told not to have come to rest. After \
a jolt a lost sink rate now counts as well. The one flight of 200 that ran dry had its centre of mass 17 mm off and flew askew: it braked 45 \
s longer.
- Not the cause: vision fixes, which come from before ignition down to 30 m, and the dispersions, which are as they were."""


LIMITS = """\
- Thrust, Isp, mass at the start, heading, the tuning of the flight software and every figure of the vision fixes are recalled or assumed; \
what is known of them stands in the mission file. Mass and thrust were chosen so that the published burn fits, so the burn proves nothing.
- Heights of the two diverts and their directions are assumed; nothing looks for hazards here, the choice is given.
- Fixes are made at the level of the measurement: no image is drawn. Terrain finer than 3.8 km is synthetic.
- The flight software was tuned on seed 1; no flight of this page's seed was seen before all was done. Dispersions and errors of the \
sensors were not touched, and nothing was tuned for the published miss.
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
        ("What the miss was made of", causes_part()),
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


BLUE, ORANGE, GREEN = "#0072B2", "#D55E00", "#009E73"  # told apart by colour-blind readers (Okabe and Ito)
SHOWN_M = 170.0  # either side of the target


def picture(path: Path) -> None:
    """Height and speed of the undispersed descent from ignition, and the seeds' touchdowns about the target."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 6.2), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[1.0, 1.1])
    draw_descent(*left.subplots(2, 1, sharex=True))
    draw_touchdowns(right.subplots())
    figure.suptitle("Blue Ghost: ours and the published landing")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, lambda part: figure.savefig(part, dpi=110, format="png"))


def draw_descent(heights: "Axes", speeds: "Axes") -> None:
    """Height and speed over the time before touchdown, with the published instants."""
    flight = blue_ghost.undispersed()
    ignition = next(e.t_s for e in flight.events if e.name == "ignition")
    contact = float(flight.flown.last["contact"]["time"])
    rows = flight.history.filter((flight.history["time_s"] >= ignition) & (flight.history["time_s"] <= contact))
    before = rows["time_s"].to_numpy() - contact
    heights.plot(before, rows["altitude_m"] / 1e3, color=BLUE, label="above the 1737.4 km sphere")
    heights.plot(before, rows["height_m"] / 1e3, color=ORANGE, lw=1.0, ls="--", label="above the ground")
    heights.set(ylabel="height, km", title="undispersed descent")
    heights.legend(fontsize="small", loc="lower left")
    speeds.plot(before, np.hypot(rows["vertical_speed_m_s"].to_numpy(), rows["horizontal_speed_m_s"].to_numpy()), color=BLUE)
    speeds.set(xlabel="time from touchdown, s", ylabel="speed over the ground, m/s")
    for axes in (heights, speeds):
        axes.grid(alpha=0.3)
        for at in (-660.0, -100.0):
            axes.axvline(at, color="0.4", lw=0.8, ls="--")
    for at, name, side in ((-650.0, "published:\nignition", "left"), (-110.0, "published: main\nengine off, 40 m/s", "right")):
        speeds.text(at, 0.75 if side == "right" else 0.1, name, ha=side, transform=speeds.get_xaxis_transform(), fontsize="small")


def draw_touchdowns(ground: "Axes") -> None:
    """The place about the target, to scale; what lies beyond is told in words."""
    east, north = blue_ghost.contacts()
    angle = np.linspace(0.0, 2.0 * np.pi, 200)
    ground.plot(blue_ghost.ELLIPSE_M * np.cos(angle), blue_ghost.ELLIPSE_M * np.sin(angle), color="0.4", lw=1.0, label="published ellipse, 100 m")
    ground.plot(east, north, "o", ms=4, mew=0, alpha=0.55, color=BLUE, label=f"ours, {len(east)} touchdowns of seed {blue_ghost.SEED}")
    ground.plot(0.0, 0.0, "+", color="black", ms=12, mew=1.8, label="target")
    ground.plot(
        *blue_ghost.redesignated(blue_ghost.undispersed().mission), "x", color=GREEN, ms=10, mew=2.5, label="place chosen last (ours, assumed)"
    )
    ground.plot(TOUCHDOWN_EAST_M, TOUCHDOWN_NORTH_M, "*", color=ORANGE, mec="black", ms=16, label="Blue Ghost, 118 m (published)")
    beyond = (np.abs(east) > SHOWN_M) | (np.abs(north) > SHOWN_M)
    told = f"; {beyond.sum()} beyond, up to {np.hypot(east, north).max():.0f} m" if beyond.any() else ""
    ground.set(xlim=(-SHOWN_M, SHOWN_M), ylim=(-SHOWN_M, SHOWN_M), aspect="equal", xlabel="east of the target, m", ylabel="north of the target, m")
    ground.set_title(f"touchdowns{told}")
    ground.grid(alpha=0.3)
    ground.legend(fontsize="small", loc="lower left")


if __name__ == "__main__":
    page = Path(sys.argv[1])
    text = "\n".join(blue_ghost_page()) + "\n"
    picture(page.parent / "pictures" / PICTURE)
    write_atomically(page, lambda part: part.write_text(text) and None)
