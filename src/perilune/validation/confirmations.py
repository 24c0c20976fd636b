"""Rows that hold the ground's conclusion against the truth: a thousand dispersed and broken flights, each through its own link, confirmed or not.

Every run has dispersions, most have a single fault: anywhere in the last 2 km, or near the ground, where it ends in a fall, a crash, or a landing
that is too hard. What is received of a run is concluded from alone; its verdict is then looked up.

Assumptions and limitations: a run goes from half a minute before ignition; of its packets the last `LOOK_S` before its end are taken, and those of
the stay; faults and their ranges are ours, chosen to mislead.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from perilune.base.structs import joined, struct_from
from perilune.downlink.confirmation import CONFIRMED, confirm, planned_of
from perilune.downlink.decode import decode
from perilune.downlink.link import Place, link_from
from perilune.downlink.packets import sent_packets, stream_of
from perilune.downlink.received import received_packets
from perilune.environment.relief import ReliefDraw
from perilune.flight.flight import _mode_names
from perilune.flight.fly import Start, batch_from, in_case, published_rows, written_rows
from perilune.flight.flying import fly_recorded, prepare
from perilune.flight.pdi import tick_before_ignition
from perilune.flight.record import columns
from perilune.flight.setup import Scene
from perilune.flight.state import DESTROYED, STANDING
from perilune.flight.staying import fly_stay
from perilune.flight.verdict import LANDED, NOT_LANDED, judge
from perilune.mission.draws import draw
from perilune.mission.fault_schedule import Schedule, draw_faults, schedule_from
from perilune.mission.faults import ALWAYS_THERE
from perilune.mission.schema import Mission
from perilune.validation.rows import Check, Measured

SEED, AT_ONCE, LOOK_S, HELD_S = 777, 8, 120.0, 10.0  # thresholds were chosen on seeds 20250605 and 424242
FLEETS: tuple[tuple[str, str, Start, str, int], ...] = (  # mission, case, start, when faults strike, runs
    ("resilience", "planned", "pdi", "never", 200),
    ("resilience", "planned", "pdi", "any time", 200),
    ("apollo-11", "planned", "doi", "never", 100),
    ("apollo-11", "planned", "doi", "any time", 100),
    ("hakuto-r-m1", "mended", "pdi", "any time", 100),
    ("resilience", "planned", "pdi", "near the ground", 200),
    ("apollo-11", "planned", "doi", "near the ground", 100),
)
NEAR = "near the ground"
MOST_UNCONFIRMED = 5.0  # percent of the landed whose link held

LOW, ANY_TIME = "{ low = 0.3, high = 40.0 }", "{ low = 0.3, high = 2000.0 }"
LASTS = "duration_s = { low = 1.0, high = 30.0 }"  # of a sensor's fault that strikes at any time
FAULTS = (
    ("range_finder.dropout", f"height_m = {LOW}"),
    ("range_finder.bias", "height_m = 500.0\nsize_m = { low = -12.0, high = 12.0 }"),
    ("range_finder.stuck", "height_m = { low = 5.0, high = 200.0 }"),
    ("landing_radar.bias", "height_m = 500.0\nsize_m = { low = -12.0, high = 12.0 }"),
    ("landing_radar.scale", "height_m = 500.0\nsize_percent = { low = -5.0, high = 5.0 }"),
    ("velocimeter.bias", 'axis = "z"\nheight_m = 300.0\nsize_m_s = { low = -3.0, high = 3.0 }'),
    ("velocimeter.stuck", "height_m = { low = 1.0, high = 200.0 }"),
    ("imu.stuck", f"height_m = {LOW}\nduration_s = {{ low = 0.5, high = 15.0 }}"),
    ("imu.stuck", f"height_m = {LOW}"),
    ("imu.accel_bias", 'axis = "z"\nheight_m = { low = 1.0, high = 300.0 }\nsize_m_s2 = { low = -0.3, high = 0.3 }'),
    ("imu.accel_bias", 'axis = "x"\nheight_m = { low = 1.0, high = 300.0 }\nsize_m_s2 = { low = -0.3, high = 0.3 }'),
    ("imu.accel_saturation", f"height_m = {LOW}\nsize_m_s2 = {{ low = 1.7, high = 8.0 }}"),
    ("imu.accel_axis_dead", f'axis = "z"\nheight_m = {LOW}\nduration_s = {{ low = 0.3, high = 4.0 }}'),
    ("imu.gyro_bias", 'axis = "x"\nheight_m = { low = 1.0, high = 300.0 }\nsize_deg_s = { low = -1.0, high = 1.0 }'),
    ("imu.gyro_axis_dead", f'axis = "y"\nheight_m = {LOW}'),
    ("main_engine.early_shutdown", f"height_m = {LOW}"),
    ("main_engine.shortfall", "height_m = { low = 2.0, high = 300.0 }\nsize_percent = { low = 5.0, high = 50.0 }"),
    ("main_engine.stuck_open", f"height_m = {LOW}\nduration_s = {{ low = 0.2, high = 3.0 }}"),
    ("assist_engines.early_shutdown", f"height_m = {LOW}"),
    ("assist_engines.nozzle_loss", f"unit = 0\nheight_m = {LOW}"),
    ("assist_engines.shortfall", "height_m = { low = 2.0, high = 300.0 }\nsize_percent = { low = 5.0, high = 50.0 }"),
    ("assist_engines.stuck_open", f"height_m = {LOW}\nduration_s = {{ low = 0.2, high = 3.0 }}"),
    ("attitude_thrusters.stuck_open", f"unit = 0\nheight_m = {LOW}"),
    ("attitude_thrusters.stuck_closed", f"height_m = {LOW}"),
    ("contact_probes.stuck_closed", f"unit = 0\nheight_m = {LOW}"),
    ("tanks.leak", "height_m = 2000.0\nsize_kg_s = { low = 0.1, high = 1.5 }"),
    ("computer.restart", f"height_m = {LOW}\nduration_s = {{ low = 1.0, high = 8.0 }}"),
    ("computer.latency", "height_m = 200.0\nsize_s = { low = 0.1, high = 0.5 }"),
    ("computer.overload", "height_m = 100.0\nsize_percent = { low = 20.0, high = 80.0 }"),
    ("computer.clock_jump", f"height_m = {LOW}\nsize_s = {{ low = -30.0, high = 60.0 }}"),
)


@dataclass(frozen=True)
class Trial:
    """One flight: what was planned to break, how it ended, what the ground concluded and why, and whether its link held `HELD_S` after contact.

    `stands` is what can be confirmed: it rests upright within the limit, however hard it met the ground.
    """

    mission: str
    case: str
    when: str
    run: int
    fault: str
    verdict: str
    conclusion: str
    reason: str
    held: bool
    stands: bool


def schedule_for(mission: Mission, when: str) -> Schedule | None:
    """The single faults of `FAULTS` for whose devices the lander has: near the ground, at any time, or never."""
    if when == "never":
        return None
    there = []
    for name, rest in FAULTS:
        device = name.partition(".")[0]
        if device in ALWAYS_THERE or getattr(mission.lander, device) is not None:
            there.append((name, rest if when == NEAR else any_time(name, rest)))
    tables = [f'[[faults]]\nid = "{k}"\nfault = "{name}"\n{rest}\n' for k, (name, rest) in enumerate(there)]
    return schedule_from('kind = "single"\n' + "\n".join(tables), mission, "confirmations")


def any_time(name: str, rest: str) -> str:
    """The keys of a fault that strikes anywhere in the last 2 km; one of the inertial unit's passes."""
    lines = [line for line in rest.splitlines() if not line.startswith("height_m")]
    passes = name.startswith("imu.") and "duration_s" not in rest
    return "\n".join([*lines, f"height_m = {ANY_TIME}", *([LASTS] if passes else [])])


def trials(name: str, case: str, start: Start, when: str, runs: int, seed: int = SEED, threads: int | None = 1) -> Iterator[Trial]:
    """Fly runs of a case, each with its dispersions and one fault, and conclude from what is received of each."""
    mission = in_case(name, case)
    schedule, scene = schedule_for(mission, when), prepare(mission)
    for low in range(0, runs, AT_ONCE):
        indices = np.arange(low, min(low + AT_ONCE, runs), dtype=np.int64)
        faults = draw_faults(schedule, mission, seed, indices) if schedule is not None else [()] * len(indices)
        drawn = draw(mission, seed, indices)
        batch = batch_from(scene, seed, indices, start, drawn, faults if schedule is not None else None)
        recording = fly_recorded(scene, batch, threads=threads, from_tick=tick_before_ignition(scene))
        stays = fly_stay(scene, batch)
        verdicts = judge(mission.limits, batch.states)
        upright = batch.states["contact"]["rest_tilt"] <= np.radians(mission.limits.rest_tilt_deg)
        stands = (batch.states["status"] == STANDING) & upright & (verdicts != NOT_LANDED)
        for i, run in enumerate(indices):
            history = joined([written_rows(recording.history[i]), written_rows(stays[0][i])], 0)
            telemetry = published_rows(joined([recording.telemetry[i], stays[1][i]], 0))
            stream, held = received(scene, batch.packs[i], batch.states[i], history, telemetry, seed, int(run))
            found = confirm(decode(stream), planned_of(mission))
            fault = faults[i][0].fault if faults[i] else ""
            yield Trial(name, case, when, int(run), fault, str(verdicts[i]), found.conclusion, found.reason, held, bool(stands[i]))


def received(scene: Scene, pack: Any, last: Any, history: np.ndarray, telemetry: np.ndarray, seed: int, run: int) -> tuple[bytes, bool]:
    """The packets of the last part of a flight that reach the ground, one after another, and whether one left `HELD_S` after contact or later."""
    import polars as pl

    mission, contact = scene.mission, float(last["contact"]["time"])
    begin = float(last["time"]) - LOOK_S
    rows = history[history["time"] >= begin]
    said = telemetry[len(telemetry) - int(np.count_nonzero(rows["published"])) :]
    frame = pl.DataFrame(columns(said)).with_columns(mode=_mode_names(said["mode"]))
    radio = mission.lander.radio
    assert radio is not None
    sent = sent_packets(frame, mission.planned.start.epoch_utc, radio.frame_bits / radio.frame_s)
    broke = ((contact, float("inf")),) if int(last["status"]) == DESTROYED else ()
    draw_of = struct_from(pack["environment"], ReliefDraw)
    link = link_from(Place(mission, scene.start, scene.world.relief), rows, draw_of, seed, run, silences=broke)
    heard = received_packets(sent, link)
    left = rows["time"][np.asarray(rows["published"], dtype=bool)]
    held = contact >= 0.0 and any(left[one.packet.row] >= contact + HELD_S for one in heard)
    return stream_of([one.packet for one in heard]), held


def wrongly_confirmed(found: list[Trial]) -> list[Trial]:
    """Flights that were confirmed and do not stand, those that crashed or tipped over among them."""
    return [one for one in found if one.conclusion == CONFIRMED and (not one.stands or one.verdict in ("crashed", "tipped-over"))]


def unconfirmed(found: list[Trial]) -> tuple[int, int]:
    """Of the flights that landed and whose link held, how many were not confirmed, and how many there are."""
    of = [one for one in found if one.verdict == LANDED and one.held]
    return sum(one.conclusion != CONFIRMED for one in of), len(of)


def summary(found: list[Trial]) -> str:
    """What was concluded of how many of each verdict, and how often a landing was not confirmed."""
    counted = Counter((one.verdict, one.conclusion) for one in found)
    said = [", ".join(f"{verdict} {conclusion} {count}" for (verdict, conclusion), count in sorted(counted.items()))]
    for what, part in (("elsewhere", [one for one in found if one.when != NEAR]), (NEAR, [one for one in found if one.when == NEAR])):
        missed, of = unconfirmed(part)
        said.append(f"faults {what}: {missed} of {of} that landed, link held {HELD_S:g} s, not confirmed ({100.0 * missed / max(of, 1):.1f} %)")
    return "; ".join(said)


@cache
def flown_fleets() -> list[Trial]:
    """All trials of `FLEETS`."""
    return [one for fleet in FLEETS for one in trials(*fleet, threads=None)]


def confirmed_and_not_landed() -> Measured:
    """Flights confirmed that do not stand."""
    found = flown_fleets()
    return float(len(wrongly_confirmed(found))), f"{len(found)} flights: {summary(found)}"


def landed_and_not_confirmed() -> Measured:
    """Percent of the landings whose link held that were not confirmed."""
    missed, of = unconfirmed(flown_fleets())
    return 100.0 * missed / max(of, 1), f"{missed} of {of}"


CHECKS = [
    Check(
        "confirmation, never of a loss",
        f"flights confirmed that do not stand, of {sum(fleet[-1] for fleet in FLEETS)} dispersed, most with a fault, each through its own link",
        "the verdict of the truth",
        0.0,
        "flights",
        confirmed_and_not_landed,
        full=True,
    ),
    Check(
        "confirmation of landings",
        "landings not confirmed, of those whose link held 10 s after contact, faults that strike in the last 40 m among them",
        "the verdict of the truth",
        MOST_UNCONFIRMED,
        "%",
        landed_and_not_confirmed,
        full=True,
    ),
]

if __name__ == "__main__":
    with Path(sys.argv[1]).open("w", encoding="utf-8") as file:
        every = []
        for fleet in FLEETS:
            for one in trials(*fleet):
                every.append(one)
                file.write(json.dumps(asdict(one)) + "\n")
                file.flush()
    print(summary(every), *wrongly_confirmed(every), sep="\n")
