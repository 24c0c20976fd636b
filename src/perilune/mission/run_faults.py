"""Faults of single runs: what breaks in one run of a campaign and not in the next, beside what the mission itself breaks in every one.

A run's own faults fill the slots behind those of the mission, so that a run flies as a mission does that has them at the end of its list.
"""

from collections.abc import Sequence

import numpy as np

from perilune.base.errors import PeriluneError
from perilune.base.parameters import si_factor
from perilune.lander.faults import FAULTS, SLOTS
from perilune.mission.fault_slots import asked_slot
from perilune.mission.faults import PlannedFault, misfits
from perilune.mission.schema import Mission
from perilune.mission.with_added import with_added

RunFaults = Sequence[Sequence[PlannedFault]]
"""The own faults of each run, in the order of the runs."""


def check_run_faults(mission: Mission, runs: np.ndarray, faults: RunFaults) -> None:
    """Raise PeriluneError where a run has faults that this lander or the slots cannot hold, naming the run."""
    if len(faults) != len(runs):
        raise PeriluneError(f"faults are given for {len(faults)} runs and {len(runs)} are flown; give a list for each, empty where nothing breaks")
    sound: set[PlannedFault] = set()
    for run, own in zip(runs, faults, strict=True):
        _check_room(mission, f"run {int(run)}", own)
        for planned in own:
            if planned not in sound:
                _check_fit(mission, f"run {int(run)}", planned)
                sound.add(planned)


def _check_room(mission: Mission, where: str, own: Sequence[PlannedFault]) -> None:
    if len(mission.faults) + len(own) > SLOTS:
        beside = f" beside the mission's {len(mission.faults)}" if mission.faults else ""
        raise PeriluneError(f"{where}: {len(own)} faults{beside} are too many; a flight has room for {SLOTS} in all, so leave some out")


def _check_fit(mission: Mission, where: str, planned: PlannedFault) -> None:
    for key, sentence in misfits(planned, mission.lander):
        raise PeriluneError(f"{where}: fault {planned}: {f'{key} ' if key else ''}{sentence}")


def add_run_faults(slots: np.ndarray, mission: Mission, faults: RunFaults) -> None:
    """Write each run's own faults into its slots, behind the mission's."""
    first, asked = len(mission.faults), {planned: asked_slot(planned) for own in faults for planned in own}
    for k, own in enumerate(faults):
        slots["count"][k] = first + len(own)
        for i, planned in enumerate(own, start=first):
            for name, value in asked[planned].items():
                slots[name][k, i] = value


def read_run_faults_back(slots: np.ndarray, mission: Mission, runs: np.ndarray, faults: RunFaults) -> None:
    """Raise PeriluneError where a run's slots hold another fault than it was given, in any bit of its numbers."""
    for run, slot, own in zip(runs, slots, faults, strict=True):
        count = int(slot["count"])
        if count != len(mission.faults) + len(own):
            raise _differs(int(run), f"{len(mission.faults) + len(own)} faults", f"{count}")
        for i, planned in enumerate(own, start=len(mission.faults)):
            held = FAULTS[int(slot["code"][i]) - 1].name
            numbers = [(key, "size") for key in planned.sizes] + ([("duration_s", "duration")] if planned.duration_s is not None else [])
            if planned.trigger is not None and planned.trigger not in ("mode", "event"):
                numbers.append((planned.trigger, "trigger_value"))
            wrong = [key for key, name in numbers if float(slot[name][i]) != getattr(planned, key) * si_factor(key)]
            if held != planned.fault or wrong:
                raise _differs(int(run), str(planned), f"{held}{f' with another {wrong[0]}' if wrong else ''}")


def _differs(run: int, asked: str, held: str) -> PeriluneError:
    return PeriluneError(f"run {run}: {asked} was asked for and {held} is in the plant; this is a fault of the program, please report it")


def with_faults(mission: Mission, faults: Sequence[PlannedFault]) -> Mission:
    """The mission with these faults behind its own, of which its flight software knows as little; read back from its file it is the same.

    Raises PeriluneError where the lander or the slots cannot hold them.
    """
    if not faults:
        return mission
    _check_room(mission, "faults", faults)
    for planned in faults:
        _check_fit(mission, "faults", planned)
    return with_added(mission, "faults", faults)
