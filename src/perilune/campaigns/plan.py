"""The plan of a campaign: all that decides which flights are flown, and so every number in its table.

Two campaigns with equal plans have equal tables, on any number of threads or machines of one kind. What does not change a number (threads, the
folder, when it was flown) is no part of it.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, get_args

from perilune.base.errors import PeriluneError
from perilune.flight.fly import Start
from perilune.mission.paths import nearest
from perilune.mission.sampling import Sampling

FORMAT = 1  # of the folder
PART_RUNS = 256  # runs that are flown and kept together; a kill loses at most so many
MOST_PART_RUNS = 4096  # above them a part's states and rows would fill the memory
MOST_RUNS = 2**31  # above them lie the runs that `cause` flies with other noise


@dataclass(frozen=True)
class Plan:
    """What is flown: runs 0 to `runs` of a seed, or fewer where the interval is narrow enough before.

    `until_half_width`: half width of the interval of the landing probability at which the campaign stops, None: never. `mission_hash`
    is that of the truth and of what the avionics believe, `schedule_hash` that of the fault schedule.
    """

    mission: str
    case: str
    mission_hash: str
    runs: int
    seed: int
    start: str = "doi"
    sampling: str = "independent"
    replicates: int = 1
    until_half_width: float | None = None
    confidence: float = 0.95
    schedule_hash: str | None = None
    part_runs: int = PART_RUNS

    def check(self) -> "Plan":
        """The plan itself; raises PeriluneError where it cannot be flown."""
        _one_of("start", self.start, get_args(Start))
        _ = self.sampling_plan
        if not 1 <= self.runs <= MOST_RUNS:
            raise PeriluneError(f"runs is {self.runs}; a campaign has 1 to {MOST_RUNS}")
        if not 1 <= self.part_runs <= MOST_PART_RUNS:
            raise PeriluneError(f"part-runs is {self.part_runs}; runs are kept together by 1 to {MOST_PART_RUNS}")
        if not 0 <= self.seed < 2**64:
            raise PeriluneError(f"seed {self.seed} does not fit the generator; it is a whole number from 0 to 2^64 - 1")
        if not 0.5 <= self.confidence < 1.0:
            raise PeriluneError(f"confidence is {self.confidence:g}; it must be at least 0.5 and below 1, such as 0.95")
        if self.until_half_width is not None:
            if not 0.0 < self.until_half_width < 0.5:
                raise PeriluneError(f"until-half-width is {self.until_half_width:g}; it must be above 0 and below 0.5, such as 0.005")
            if self.sampling != "independent":
                raise PeriluneError(f"until-half-width needs independent runs; {self.sampling} has no interval before its last replicate is flown")
        return self

    @property
    def sampling_plan(self) -> Sampling:
        """The plan of the draws; raises PeriluneError where its numbers do not go together."""
        return Sampling(self.sampling, self.runs, self.replicates)  # type: ignore[arg-type]

    @property
    def key(self) -> str:
        """Identity of the plan: SHA-256 (hexadecimal) of all of it."""
        return hashlib.sha256(json.dumps({"format": FORMAT, **asdict(self)}, sort_keys=True).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """What stands in `plan.json`."""
        return {"format": FORMAT, **asdict(self)}

    def parts(self) -> list[tuple[int, int]]:
        """First run and the run after the last of every part, in the order of the runs."""
        return [(low, min(low + self.part_runs, self.runs)) for low in range(0, self.runs, self.part_runs)]


def plan_from(content: dict[str, Any]) -> Plan:
    """The plan of a `plan.json`.

    Raises ValueError where it is none, or of another format.
    """
    if content.pop("format", None) != FORMAT:
        raise ValueError("another format")
    try:
        return Plan(**content).check()
    except (TypeError, PeriluneError) as error:
        raise ValueError(str(error)) from error


def _one_of(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        near = nearest(str(value), list(choices))
        raise PeriluneError(f"{name} {value!r} is not known; {f'did you mean {near}? ' if near else ''}choose one of {', '.join(choices)}")
