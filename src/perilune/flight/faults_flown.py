"""The faults of a flight as they were flown: what each was, and when it began and ended."""

from dataclasses import dataclass

from perilune.base.parameters import si_factor
from perilune.environment.time import format_utc
from perilune.flight.flown import Flown, event_names
from perilune.mission.faults import known


@dataclass(frozen=True)
class FlownFault:
    """One fault of the flight; times are null where it did not begin, or had not ended when the flight was over."""

    fault: str
    planned: str
    size: float | None
    unit: str | None
    axis: str | None
    struck_unit: int | None
    began_utc: str | None
    began_s: float | None
    ended_s: float | None


def faults_flown(flown: Flown) -> list[FlownFault]:
    """Every planned fault, in the mission's order, with its size as this run drew it (in the unit of its key)."""
    names, state, slots = event_names(flown.scene), flown.last["faults"], flown.pack["faults"]
    told = []
    for i, planned in enumerate(flown.scene.mission.faults):
        fault = known(planned.fault)
        assert fault is not None
        began = float(state["began"][i]) if int(state["begun"]) >> i & 1 else None
        row = flown.event_rows[len(names) - 2 * (len(flown.scene.mission.faults) - i) + 1]
        told.append(
            FlownFault(
                fault=planned.fault,
                planned=str(planned),
                size=None if fault.unit is None else float(slots["size"][i]) / si_factor(f"size_{fault.unit}"),
                unit=fault.unit,
                axis=planned.axis,
                struck_unit=planned.unit,
                began_utc=None if began is None else format_utc(flown.scene.start.epoch_tdb_s + began, 3),
                began_s=began,
                ended_s=float(row["time"]) if float(row["time"]) >= 0.0 else None,
            )
        )
    return told
