"""A mission with more faults or commands than its file has, in its case, so that read back from its own file it is the same."""

from collections.abc import Sequence
from typing import Any, Literal

from perilune.mission.schema import Mission


def with_added(mission: Mission, key: Literal["faults", "commands"], added: Sequence[Any]) -> Mission:
    """The mission with these behind its own, of which its flight software knows as little."""
    if not added:
        return mission
    everything: dict[str, Any] = {key: (*getattr(mission, key), *added)}
    if mission.case not in mission.cases:
        return mission.model_copy(update=everything)
    written = _in_its_case(mission.written, mission.case, key, added)
    planned_for = written if mission.planned is mission.written else _in_its_case(mission.planned, mission.case, key, added)
    flown = _in_its_case(mission, mission.case, key, added)
    return flown.model_copy(update=everything).beside(planned_for, written)


def _in_its_case(view: Mission, case: str, key: str, added: Sequence[Any]) -> Mission:
    """One view of the mission whose case has these, too."""
    own = view.cases[case]
    return view.model_copy(update={"cases": {**view.cases, case: own.model_copy(update={key: (*getattr(own, key), *added)})}})
