"""Faults before the powered descent: which of a run's own faults have begun when a flight starts half a minute before ignition.

A start there leaves the run's own coast out, so that only such faults can have begun in it as leave the coast as it is: a sensor that cannot see the
ground from there, an engine that does not burn. Those are handed over as begun; any other is refused.

Assumptions and limitations: a range has no return from higher than the device's reach, taken with `MARGIN_M` for runs that differ from the
undispersed coast, whose height is looked at every half minute; heights and events that set a fault off are those of the undispersed coast, too.
"""

from dataclasses import dataclass

import numpy as np

from perilune.base.errors import PeriluneError
from perilune.flight.events import EVENTS
from perilune.flight.state import TICK_S
from perilune.mission.faults import PlannedFault
from perilune.mission.run_faults import RunFaults
from perilune.mission.schema import Mission

MARGIN_M = 3_000.0
TICK_MARGIN_S = 1e-6  # as in `lander.faults`
BLIND = ("late", "short_reach", "dropout", "bias", "scale", "stuck", "spike")
COLD = ("shortfall", "early_shutdown", "hard_start", "nozzle_loss", "stuck_closed")
REACHES = {"range_finder": ("reach",), "landing_radar": ("range_reach", "velocity_reach"), "velocimeter": ("reach",)}


@dataclass(frozen=True)
class Coast:
    """The undispersed coast: its last state, shape (1,), its lowest height [m] above the ground, and when `EVENTS` happened (below zero: did not)."""

    state: np.ndarray
    lowest_height_m: float
    event_times_s: np.ndarray

    @property
    def end_s(self) -> float:
        """Its end [s past the epoch]."""
        return float(self.state["time"][0])


def begin_in_coast(states: np.ndarray, packs: np.ndarray, mission: Mission, runs: np.ndarray, faults: RunFaults, coast: Coast) -> None:
    """Mark those own faults of each run as begun, and ended, that began in the coast and left it as it is.

    Raises PeriluneError, naming the run, for one that would have changed the coast or may have begun in it at a time that cannot be told.
    """
    begin: dict[PlannedFault, float | None] = {}
    first = len(mission.faults)
    for k, own in enumerate(faults):
        for i, planned in enumerate(own, start=first):
            if planned not in begin:
                begin[planned] = _begins_s(planned, float(packs["faults"]["planned_touchdown"][k]), coast, f"run {int(runs[k])}: fault {planned}")
            began = begin[planned]
            if began is None:
                continue
            if not _leaves_coast_alone(planned, packs["lander"][k], coast):
                raise _refusal(f"run {int(runs[k])}: fault {planned}", "begins in the coast and changes it")
            states["faults"]["begun"][k] |= 1 << i
            states["faults"]["began"][k, i] = began
            if planned.duration_s is not None and coast.end_s - TICK_S - began + TICK_MARGIN_S >= planned.duration_s:
                states["faults"]["ended"][k] |= 1 << i


def _begins_s(planned: PlannedFault, planned_touchdown_s: float, coast: Coast, what: str) -> float | None:
    """The tick [s past the epoch] before the end of the coast in which it begins; None where it begins later."""
    match planned.trigger:
        case None:
            return 0.0
        case "mode":
            return 0.0 if planned.mode == "coast" else None
        case "time_s":
            return _tick_from(float(planned.time_s or 0.0), coast.end_s)
        case "before_touchdown_s":
            return _tick_from(planned_touchdown_s - float(planned.before_touchdown_s or 0.0), coast.end_s)
        case "height_m":
            if float(planned.height_m or 0.0) >= coast.lowest_height_m - MARGIN_M:
                raise _refusal(what, "may begin in the coast, which is as low")
            return None
        case _:
            if 0.0 <= coast.event_times_s[EVENTS.index(str(planned.event))] < coast.end_s:
                raise _refusal(what, f"begins in the coast, where the event {planned.event} happens")
            return None


def _tick_from(instant_s: float, end_s: float) -> float | None:
    """The first tick at or after an instant, if it is before `end_s`."""
    tick = max(int(np.ceil((instant_s - TICK_MARGIN_S) / TICK_S)) - 1, 0)
    while tick * TICK_S + TICK_MARGIN_S < instant_s:
        tick += 1
    return tick * TICK_S if tick < round(end_s / TICK_S) else None


def _leaves_coast_alone(planned: PlannedFault, lander: np.void, coast: Coast) -> bool:
    """Whether no bit of a coast can differ for this fault."""
    device, _, kind = planned.fault.partition(".")
    if device in REACHES:
        return kind in BLIND and max(float(lander[device][name]) for name in REACHES[device]) < coast.lowest_height_m - MARGIN_M
    if device in ("main_engine", "assist_engines"):
        return kind in COLD
    return planned.fault == "contact_probes.stuck_open"


def _refusal(what: str, why: str) -> PeriluneError:
    return PeriluneError(f"start pdi: {what} {why}, which a start at pdi leaves out; fly from doi")
