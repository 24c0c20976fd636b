"""Rows that kill campaigns: `kill -9` of `perilune campaign` at random moments, and whether what is resumed is what nobody disturbed.

The moments are drawn from a seed: most anywhere between the folder's beginning and the end, some as a file of a part or the merged table is being
written. What was under way as the process died is read from what it left.

Assumptions and limitations: `kill -9` leaves what the system already took; a power cut may lose more, which a file's checksum then tells.
"""

import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from perilune.validation.rows import Check

SEED = 20250605
MOMENTS = ("any",) * 12 + ("part",) * 5 + ("table",) * 3
RUNS, PART_RUNS = 60, 4
WITHIN_S = 300.0  # for one campaign on a machine that does much else


@dataclass(frozen=True)
class Trial:
    """A campaign killed once: what was under way then, how many parts were there, and whether the resumed table is the undisturbed one."""

    left: str
    parts: int
    is_same: bool


def kill_trials(folder: Path, moments: Sequence[str] = MOMENTS, runs: int = RUNS, part_runs: int = PART_RUNS, seed: int = SEED) -> list[Trial]:
    """Fly a campaign undisturbed, then once for each moment with a kill and a resume; `folder` takes them all.

    A moment is `any`, `part` (as one of the parts is being written) or `table` (as they are being merged).
    """
    whole, span_s = _undisturbed(folder / "whole", runs, part_runs)
    random_ = random.Random(seed)
    return [_trial(folder / f"killed-{k}", moment, whole, span_s, random_, runs, part_runs) for k, moment in enumerate(moments)]


def _start(folder: Path, runs: int, part_runs: int) -> subprocess.Popen[bytes]:
    asked = ["resilience", "--case", "as-flown", "--start", "pdi", "--runs", str(runs), "--part-runs", str(part_runs), "--causes", "1"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return subprocess.Popen([sys.executable, "-m", "perilune", "campaign", *asked, "--out", str(folder)], **quiet)  # type: ignore[call-overload]


def _undisturbed(folder: Path, runs: int, part_runs: int) -> tuple[bytes, float]:
    """The bytes of the table, and the seconds from the folder's beginning to its end."""
    process = _start(folder, runs, part_runs)
    _wait(process, (folder / "plan.json").exists)
    began = time.monotonic()
    if process.wait(WITHIN_S) != 0:
        raise RuntimeError("the undisturbed campaign failed")
    return (folder / "runs.parquet").read_bytes(), time.monotonic() - began


def _trial(folder: Path, moment: str, whole: bytes, span_s: float, random_: random.Random, runs: int, part_runs: int) -> Trial:
    from perilune.campaigns.campaign import resume

    share, which, late_s = random_.random(), random_.randrange(runs // part_runs), 0.02 * random_.random()
    while not _is_killed(folder, moment, share * span_s, which, late_s, runs, part_runs):  # it came to its end before; once more, and earlier
        shutil.rmtree(folder, ignore_errors=True)
        share *= 0.8
    left, parts = _left(folder)
    resume(folder, causes=1)
    return Trial(left, parts, (folder / "runs.parquet").read_bytes() == whole)


def _is_killed(folder: Path, moment: str, after_s: float, which: int, late_s: float, runs: int, part_runs: int) -> bool:
    """Whether a campaign that was begun in `folder` died at the moment."""
    process = _start(folder, runs, part_runs)
    _wait(process, (folder / "plan.json").exists)
    if moment == "any":
        time.sleep(after_s)
    else:
        name = "runs.parquet" if moment == "table" else f"runs-{which * part_runs:010d}-"
        place = folder if moment == "table" else folder / "parts"
        _wait(process, lambda: any(name in path.name for path in place.glob("*")))
        time.sleep(late_s if moment == "table" else 0.0)
    process.send_signal(signal.SIGKILL)
    return process.wait() == -signal.SIGKILL


def _wait(process: "subprocess.Popen[bytes]", until: Callable[[], bool]) -> None:
    end = time.monotonic() + WITHIN_S
    while not until() and process.poll() is None and time.monotonic() < end:
        time.sleep(0.0005)


def _left(folder: Path) -> tuple[str, int]:
    """What was under way in a folder as it was left, and how many parts are there."""
    names = {path.name for path in folder.glob("*")} | {path.name for path in (folder / "parts").glob("*")}
    parts = sum(name.startswith("runs-") for name in names)
    if "campaign.json" in names:
        return "ended", parts
    if any(name.startswith(".runs-") for name in names):
        return "writing a part", parts
    if any(name.startswith(".runs.parquet") for name in names) or ("runs.parquet" in names and parts):
        return "merging", parts
    return "summing up" if "runs.parquet" in names else "flying" if parts else "making ready", parts


def killed_twenty_times() -> tuple[float, str]:
    """Campaigns, of twenty that were killed once each, whose resumed table differs by a byte from the undisturbed one."""
    with tempfile.TemporaryDirectory(prefix="perilune-") as folder:
        trials = kill_trials(Path(folder))
    left = Counter(trial.left for trial in trials)
    return float(sum(not trial.is_same for trial in trials)), "killed while " + ", ".join(f"{what} {count}" for what, count in left.most_common())


CHECKS = [
    Check(
        "Kill and resume",
        f"tables that differ, {len(MOMENTS)} campaigns of {RUNS} killed with SIGKILL",
        "the campaign undisturbed, every byte",
        0.0,
        "",
        killed_twenty_times,
        full=True,
    )
]
