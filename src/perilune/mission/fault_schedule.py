"""Fault schedules: which faults the runs of a campaign fly with, as one file says it, and what of it each run is given.

Assumptions and limitations: faults of a tree are independent but for `given`; a rate is constant over its exposure, and of the faults that it brings
the first alone is flown; numbers within a range are uniform and independent. A draw depends on seed, run and the fault's id only.
Source: event trees as in NASA's Probabilistic Risk Assessment Procedures Guide, SP-2011-3421, as recalled; no rate is claimed by the program.
"""

import hashlib
import math
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, PrivateAttr, ValidationError

from perilune.base.errors import PeriluneError
from perilune.base.parameters import Parameters
from perilune.base.random import channel_of, host_uniforms
from perilune.lander.faults import SLOTS
from perilune.mission.faults import PlannedFault, misfits
from perilune.mission.loader import as_json, parsed, text_of
from perilune.mission.paths import nearest
from perilune.mission.refusals import Origin, first_refusal, one_line
from perilune.mission.schema import Mission

RANGED = tuple(key for key, field in PlannedFault.model_fields.items() if key.endswith("_s") or key.startswith("size_") or key == "height_m")
CHANCES = ("probability", "rate_per_hour")
OF_A_TREE = (*CHANCES, "exposure_s", "given")
A_FILE = "fault schedule"


class ScheduledFault(PlannedFault):
    """One thing that may break, with how likely it is; `time_s`, `before_touchdown_s`, `height_m`, `duration_s` and sizes may be `{ low, high }`."""

    id: Annotated[str, Field(min_length=1, max_length=80, description="its name in this file; its draws are keyed by it")]
    probability: Annotated[float | None, Field(ge=0, le=1, description="how likely it is in a run, or where its parent is there (tree)")] = None
    rate_per_hour: Annotated[float | None, Field(ge=0, le=3600, description="how often it begins in an hour of exposure, instead (tree)")] = None
    exposure_s: Annotated[
        float | None,
        Field(gt=0, le=1e6, description="how long before the planned touchdown it is exposed to its rate; left out: since the start of the flight"),
    ] = None
    given: Annotated[str | None, Field(description="id of the fault without which it does not come (tree)")] = None
    source: Annotated[str | None, Field(min_length=1, description="where probability or rate come from, or `assumed`")] = None

    _highest: "ScheduledFault | None" = PrivateAttr(default=None)

    @property
    def lowest(self) -> PlannedFault:
        """The fault with every range at its low end."""
        return PlannedFault(**{key: getattr(self, key) for key in PlannedFault.model_fields})

    @property
    def highest(self) -> PlannedFault:
        """The fault with every range at its high end."""
        return self.lowest if self._highest is None else self._highest.lowest

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Low and high end of those numbers that are drawn."""
        ends = {key: (getattr(self.lowest, key), getattr(self.highest, key)) for key in RANGED}
        return {key: (low, high) for key, (low, high) in ends.items() if low is not None and low != high}


class PlantedFault(PlannedFault):
    """What breaks in one run and in no other."""

    run: Annotated[int, Field(ge=0, lt=2**32, description="index of the run")]

    @property
    def bare(self) -> PlannedFault:
        """The fault itself."""
        return PlannedFault(**{key: getattr(self, key) for key in PlannedFault.model_fields})


class Schedule(Parameters):
    """A file of faults, read against the mission that it is for."""

    kind: Annotated[Literal["single", "pairs", "tree", "planted"], Field(description="how runs are given faults")]
    title: Annotated[str, Field(description="what the schedule is")] = ""
    faults: Annotated[tuple[ScheduledFault, ...], Field(description="what may break")] = ()
    planted: Annotated[tuple[PlantedFault, ...], Field(description="what breaks in single runs, beside the rest")] = ()

    _label: str = PrivateAttr(default="")

    @property
    def hash(self) -> str:
        """SHA-256 (hexadecimal) over every value of it; comments and layout do not count."""
        ends = "".join(fault.highest.model_dump_json() for fault in self.faults)
        return hashlib.sha256((self.model_dump_json() + ends).encode()).hexdigest()

    @property
    def label(self) -> str:
        """What messages call the file."""
        return self._label

    def check_runs(self, runs: int) -> None:
        """Raise PeriluneError where a fault is planted in a run that a campaign of `runs` does not fly."""
        beyond = max((fault.run for fault in self.planted), default=-1)
        if beyond >= runs:
            raise PeriluneError(
                one_line(f"{self.label}: a fault is planted in run {beyond}, and runs 0 to {runs - 1} are flown; fly more, or plant it there")
            )


def read_schedule(path: str | Path, mission: Mission) -> Schedule:
    """The schedule in a TOML file (docs/fault-schedules.md), which `mission` can fly.

    Raises PeriluneError with file and line on whatever is wrong.
    """
    return schedule_from(text_of(Path(path), str(path), A_FILE), mission, str(path))


def schedule_from(text: str, mission: Mission, label: str = "faults.toml") -> Schedule:
    """As `read_schedule`, from the text of a file; `label` is what messages call it."""
    document, origin = parsed(text, label, A_FILE)
    ranges = list(_ranges(document, origin))
    ends = []
    for end in (0, 1):
        for table, key, values in ranges:
            table[key] = values[end]
        try:
            ends.append(Schedule.model_validate_json(as_json(document), strict=True))
        except ValidationError as problem:
            raise first_refusal(problem, document, Schedule, origin) from problem
    schedule, highest = ends
    for fault, high in zip(schedule.faults, highest.faults, strict=True):
        fault._highest = high
    schedule._label = label
    for path, sentence in _conflicts(schedule, mission):
        raise origin.refuse(path, sentence)
    return schedule


def _ranges(document: dict[str, Any], origin: Origin) -> Iterator[tuple[dict[str, Any], str, tuple[float, float]]]:
    """Every number that is given as a range: the table it stands in, its key, low and high."""
    tables = document.get("faults")
    for i, table in enumerate(tables if isinstance(tables, list) else ()):
        for key, value in table.items() if isinstance(table, dict) else ():
            if key not in RANGED or not isinstance(value, dict):
                continue
            numbers = [value.get(end) for end in ("low", "high")]
            if set(value) != {"low", "high"} or not all(isinstance(n, int | float) and not isinstance(n, bool) for n in numbers):
                raise origin.refuse(f"faults.{i}.{key}", "is no range; write a number, or { low = .., high = .. }")
            low, high = (float(n) for n in numbers)  # type: ignore[arg-type]
            if not low < high:
                raise origin.refuse(f"faults.{i}.{key}", f"goes from {low:g} to {high:g}; low must be below high")
            yield table, key, (low, high)


def _conflicts(schedule: Schedule, mission: Mission) -> Iterator[tuple[str, str]]:
    """What does not fit together: the path to point at, and the rest of a sentence."""
    ids = [fault.id for fault in schedule.faults]
    least = {"single": 1, "pairs": 2, "tree": 1, "planted": 0}[schedule.kind]
    if len(ids) < least:
        yield "kind", f"is {schedule.kind}, which needs at least {least} [[faults]]; there {'is' if len(ids) == 1 else 'are'} {len(ids) or 'none'}"
    if schedule.kind == "planted" and (ids or not schedule.planted):
        yield "kind", "is planted, which takes [[planted]] faults alone; choose single, pairs or tree for [[faults]]"
    for i, fault in enumerate(schedule.faults):
        if fault.id in ids[:i]:
            yield f"faults.{i}.id", f"is {fault.id!r} a second time; every fault has an id of its own"
        for planned in (fault.lowest, fault.highest):
            yield from _unfit(planned, f"faults.{i}", mission)
        yield from _odds(schedule, i, fault, ids)
    yield from _rings(schedule)
    for i, planted in enumerate(schedule.planted):
        yield from _unfit(planted.bare, f"planted.{i}", mission)
        beside = {"single": 1, "pairs": 2}.get(schedule.kind, 0) + len(mission.faults)
        if sum(other.run == planted.run for other in schedule.planted[: i + 1]) + beside > SLOTS:
            yield f"planted.{i}.run", f"is {planted.run}, which has more than the {SLOTS} faults that a flight has room for; plant it in another run"


def _unfit(planned: PlannedFault, path: str, mission: Mission) -> Iterator[tuple[str, str]]:
    for key, sentence in misfits(planned, mission.lander):
        yield f"{path}.{key}" if key else path, sentence


def _odds(schedule: Schedule, i: int, fault: ScheduledFault, ids: list[str]) -> Iterator[tuple[str, str]]:
    """What is wrong with how likely a fault is."""
    path, has = f"faults.{i}", [key for key in OF_A_TREE if getattr(fault, key) is not None]
    if schedule.kind != "tree":
        if has:
            yield (
                f"{path}.{has[0]}",
                f"has no meaning in the kind {schedule.kind}, which flies every fault equally often; leave it out or choose tree",
            )
        return
    odds = [key for key in CHANCES if key in has]
    if len(odds) != 1:
        yield (
            path,
            f"({fault.id}) has {'both probability and rate_per_hour' if odds else 'no probability'}; a tree takes probability or rate_per_hour",
        )
    if fault.source is None and odds:
        yield path, f"({fault.id}) has no source for its {odds[0]}; say where the number comes from, or that it is assumed"
    if fault.exposure_s is not None and "rate_per_hour" not in odds:
        yield f"{path}.exposure_s", "belongs to rate_per_hour; leave it out beside a probability"
    if fault.given is not None and fault.given not in ids:
        near = nearest(fault.given, ids)
        yield f"{path}.given", f"names {fault.given!r}, which is no id of this file{f'; did you mean {near}?' if near else ''}"


def _rings(schedule: Schedule) -> Iterator[tuple[str, str]]:
    """Faults that wait for themselves."""
    parents = {fault.id: fault.given for fault in schedule.faults}
    for i, fault in enumerate(schedule.faults):
        above, at = [fault.id], fault.given
        while at is not None and at not in above:
            above.append(at)
            at = parents.get(at)
        if at == fault.id:
            yield (
                f"faults.{i}.given",
                f"leads back to {fault.id} itself ({' given '.join([*above, fault.id])}); some fault must come without a parent",
            )


def draw_faults(schedule: Schedule, mission: Mission, seed: int, runs: np.ndarray) -> list[tuple[PlannedFault, ...]]:
    """The own faults of each run, in the order of the file, planted ones last.

    Raises PeriluneError for a run that is given more faults than a flight has room for, beside those of the mission.
    """
    runs = np.asarray(runs, dtype=np.int64)
    there = _there(schedule, mission, seed, runs)
    given: list[list[PlannedFault]] = [[] for _ in runs]
    for fault, present in zip(schedule.faults, there, strict=True):
        chosen = np.flatnonzero(present)
        for k, planned in zip(chosen.tolist(), _drawn(fault, mission, seed, runs[chosen]), strict=True):
            given[k].append(planned)
    planted: dict[int, list[PlannedFault]] = {}
    for one in schedule.planted:
        planted.setdefault(one.run, []).append(one.bare)
    for run, own in zip(runs.tolist(), given, strict=True):
        own += planted.get(run, [])
        if len(own) + len(mission.faults) > SLOTS:
            says = f"run {run} is given {len(own)} faults, and a flight has room for {SLOTS} in all; leave some out or make them less likely"
            raise PeriluneError(one_line(f"{schedule.label}: {says}"))
    return [tuple(own) for own in given]


def _there(schedule: Schedule, mission: Mission, seed: int, runs: np.ndarray) -> list[np.ndarray]:
    """Whether each fault is in each run."""
    count = len(schedule.faults)
    if schedule.kind == "single":
        return [runs % count == i for i in range(count)]
    if schedule.kind == "pairs":
        pairs = np.array(list(combinations(range(count), 2)))[runs % (count * (count - 1) // 2)]
        return [(pairs == i).any(axis=1) for i in range(count)]
    alone = {f.id: host_uniforms(seed, runs, channel_of(f"fault {f.id}"))[:, 0] < chance_of(f, mission) for f in schedule.faults}
    parents = {fault.id: fault.given for fault in schedule.faults}

    def there(id: str) -> np.ndarray:
        parent = parents[id]
        return alone[id] if parent is None else alone[id] & there(parent)

    return [there(fault.id) for fault in schedule.faults]


def chance_of(fault: ScheduledFault, mission: Mission) -> float:
    """How likely a fault of a tree is in a run, where its parent is there: its probability, or 1 - exp(-rate times exposure)."""
    if fault.rate_per_hour is None:
        return fault.probability or 0.0
    return -math.expm1(-fault.rate_per_hour * exposure_of(fault, mission) / 3600.0)


def exposure_of(fault: ScheduledFault, mission: Mission) -> float:
    """How long [s] a fault is exposed to its rate."""
    return fault.exposure_s or (mission.site.planned_touchdown_utc - mission.start.epoch_utc).total_seconds()


def _drawn(fault: ScheduledFault, mission: Mission, seed: int, runs: np.ndarray) -> list[PlannedFault]:
    """The fault as each of these runs has it; one of a rate that nothing else sets off begins when its rate first brings it."""
    plain, ends = fault.lowest, fault.ranges
    numbers = {key: low + (high - low) * host_uniforms(seed, runs, channel_of(f"fault {fault.id} {key}"))[:, 0] for key, (low, high) in ends.items()}
    if fault.rate_per_hour and plain.trigger is None:
        after = host_uniforms(seed, runs, channel_of(f"fault {fault.id}"))[:, 1] * chance_of(fault, mission)
        numbers["before_touchdown_s"] = exposure_of(fault, mission) + np.log1p(-after) * 3600.0 / fault.rate_per_hour
    if not numbers:
        return [plain] * len(runs)
    return [plain.model_copy(update={key: float(values[k]) for key, values in numbers.items()}) for k in range(len(runs))]
