"""The rows that hold a model against a stranger: what is compared with what, how near it must be, and how near it came.

A check is one comparison; a group of checks is one file of this folder with a list `CHECKS`, and one line in `GROUPS` here. A check whose stranger (a
program or data set that is not ours) is not installed is "not run", never "passed"; whatever goes wrong in one is "failed" with its sentence. A flown
number that we were to predict and did not is "missed", with the cause as far as it is known: nothing in the program is out of order, and it counts as
no success.
"""

import importlib
import math
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

GROUPS = (
    "published_numbers",
    "gravity",
    "corridor",
    "frames",
    "random_draws",
    "estimates",
    "conservation",
    "legs",
    "propulsion",
    "slosh",
    "bare_step",
    "check_cases",
    "engine_off",
    "guidance_laws",
    "planned_descent",
    "step_halving",
    "sensors",
    "link",
    "numpy_filter",
    "budgets",
    "landings_rows",
    "flown_landings",
    "changed_site_rows",
    "planted_failures",
    "starts",
    "kill_trials",
    "packets",
    "hostile",
    "fuzzing",
    "control_centre",
    "hostile_commands",
    "confirmations",
    "recorded_campaigns",
)

SOURCE = Path(__file__).parents[2]
Measured = float | tuple[float, str]


@dataclass(frozen=True)
class Check:
    """One comparison: `measure` returns its error in `unit`, or the error and a remark; it passes within `tolerance`.

    `peers` are the modules of the strangers that it needs; a `full` check takes minutes and runs only when asked for; one that is `beside` the others
    waits for the clock on the wall more than it computes, and runs while they do. `miss` says of a known miss
    why it misses; beyond the tolerance such a row is "missed".
    """

    name: str
    what: str
    reference: str
    tolerance: float
    unit: str
    measure: Callable[[], Measured]
    peers: tuple[str, ...] = ()
    full: bool = False
    beside: bool = False
    miss: str = ""


@dataclass(frozen=True)
class Row:
    """What came of a check; `status` is "passed", "missed", "failed" or "not run", `reason` a remark or, when it did not pass, why."""

    name: str
    what: str
    reference: str
    tolerance: float
    achieved: float | None
    unit: str
    status: str
    reason: str
    seconds: float


def all_checks() -> list[Check]:
    """Every check of every group, in the order of the page."""
    return [check for group in GROUPS for check in importlib.import_module(f"perilune.validation.{group}").CHECKS]


def run_check(check: Check, full: bool = True) -> Row:
    """The row of one check."""

    def row(achieved: float | None, status: str, reason: str) -> Row:
        return Row(
            check.name, check.what, check.reference, check.tolerance, achieved, check.unit, status, reason, round(time.perf_counter() - began, 3)
        )

    began = time.perf_counter()
    if check.full and not full:
        return row(None, "not run", "takes minutes; run with --full")
    for peer in check.peers:
        try:
            importlib.import_module(peer)
        except Exception as error:
            return row(None, "not run", f"{peer.partition('.')[0]} cannot be imported ({_sentence(error)}); install it to run this row")
    try:
        measured = check.measure()
    except Exception as error:
        return row(None, "failed", _sentence(error))
    achieved, remark = measured if isinstance(measured, tuple) else (measured, "")
    achieved = float(achieved)
    if not math.isfinite(achieved):
        return row(None, "failed", "the comparison gave no finite number")
    if achieved <= check.tolerance:
        return row(achieved, "passed", remark)
    if check.miss:
        return row(achieved, "missed", f"{check.miss}{'; ' + remark if remark else ''}")
    return row(achieved, "failed", f"{achieved:.3g} {check.unit} is more than the tolerance{'; ' + remark if remark else ''}")


def run_rows(full: bool = False, progress: Callable[[Row], None] | None = None, checks: Iterable[Check] | None = None) -> list[Row]:
    """Run every check (or only `checks`) and return its row, in their order; `progress` is given each row when it is there."""
    asked, rows = list(enumerate(all_checks() if checks is None else checks)), {}
    with ThreadPoolExecutor() as pool:
        begun = {n: pool.submit(run_check, check, full) for n, check in asked if check.beside}
        for n, check in sorted(asked, key=lambda one: one[1].beside):
            rows[n] = begun[n].result() if check.beside else run_check(check, full)
            if progress:
                progress(rows[n])
    return [rows[n] for n, _ in asked]


def _sentence(error: Exception) -> str:
    text = " ".join(str(error).split()).replace(f"{SOURCE}/", "")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
