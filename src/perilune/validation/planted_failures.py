"""Rows that hold a campaign to its causes: failures planted in known runs of a campaign that loses none without them, and what is then reported.

The mission is Resilience from powered descent initiation over ground without craters and rocks, with twice the speed across that it is allowed at
touch (assumed): of such a campaign no run is lost, which is flown first. Every other planted failure has a fault beside it that loses nothing by
itself.
"""

import tempfile
from functools import cache
from pathlib import Path

import polars as pl

from perilune.campaigns.campaign import run_campaign
from perilune.mission.loader import load
from perilune.validation.rows import Check

LEVEL = tuple(f"environment.relief.{kind}=false" for kind in ("coarse_craters", "fine_craters", "rocks"))
EASY = (*LEVEL, "limits.horizontal_speed_m_s=2")
DEADLY = (
    "main_engine.early_shutdown@mode=braking",
    "main_engine.stuck_closed@before_touchdown_s=300",
    "main_engine.nozzle_loss@event=pitch-up,unit=0",
    "assist_engines.stuck_closed@mode=terminal",
    "assist_engines.early_shutdown@height_m=30",
    "range_finder.bias@mode=braking,size_m=-150",
    "range_finder.stuck@height_m=800",
    "imu.accel_bias@event=ignition,axis=z,size_m_s2=0.05",
    "imu.stuck@mode=vertical",
    "computer.restart@height_m=300",
)
HARMLESS = (
    "star_tracker.dropout@mode=braking",
    "range_finder.spike@height_m=1000,size_m=50",
    "range_finder.dropout@height_m=2000,duration_s=5",
    "imu.spike@event=ignition,size_m_s=0.01",
)


def planted_in(runs: int, count: int) -> dict[int, list[str]]:
    """`count` failures of every kind in runs spread over a campaign: for each run what is planted, the deadly fault first."""
    spread = [(7 + k * runs // count) % runs for k in range(count)]
    return {run: [DEADLY[k % len(DEADLY)], *([HARMLESS[k // 2 % len(HARMLESS)]] if k % 2 else [])] for k, run in enumerate(spread)}


def as_schedule(planted: dict[int, list[str]]) -> str:
    """The fault schedule that plants them."""
    from perilune.mission.faults import fault_from

    lines = ['kind = "planted"']
    for run, texts in planted.items():
        for text in texts:
            lines += ["[[planted]]", f"run = {run}", *(f"{key} = {value!r}".replace("'", '"') for key, value in fault_from(text).items())]
    return "\n".join(lines) + "\n"


@cache
def mistakes(runs: int, count: int) -> tuple[int, int, int, str]:
    """Runs lost without any planted fault; planted ones not lost and others lost with them; lost ones put down to anything but what was planted."""
    mission, planted = load("resilience", overrides=EASY), planted_in(runs, count)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "planted.toml"
        file.write_text(as_schedule(planted), encoding="utf-8")
        without = run_campaign(mission, runs, Path(folder) / "without", start="pdi", causes=0)
        made = run_campaign(mission, runs, Path(folder) / "with", start="pdi", causes=count, faults=file)
        table = made.runs
    lost = set(table.filter(pl.col("verdict") != "landed")["run"].to_list())
    found = {row["run"]: row["causes"] for row in made.numbers["causes_by_run"]}
    named = sum(found.get(run) != [texts[0].partition("@")[0]] for run, texts in planted.items())
    chance = sum(row["chance_landed"] for row in made.numbers["causes_by_run"])
    remark = f"{len(lost)} of {runs} lost; other noise alone landed {chance} of {4 * len(found)}"
    return runs - without.numbers["landed"], len(lost ^ set(planted)), named, remark


def _checks(runs: int, count: int, full: bool) -> list[Check]:
    how = f"{count} failures planted in {runs} runs"

    def check(name: str, what: str, which: int) -> Check:
        def measure() -> tuple[float, str]:
            numbers = mistakes(runs, count)
            return float((numbers[0], numbers[1], numbers[2])[which]), numbers[3]

        return Check(f"{how}: {name}", what, "what was planted", 0.0, "runs", measure, full=full)

    return [
        check("none", "runs that the campaign loses without them", 0),
        check("those and no others", "planted runs not lost, and others lost", 1),
        check("cause", "lost runs whose cause by counterfactual is not the planted one alone", 2),
    ]


CHECKS = [*_checks(40, 5, full=False), *_checks(210, 30, full=True)]
