"""When the controllers ought to hear the lander: in the flight as it was planned, undispersed, while its link would have carried packets.

Assumptions and limitations: with the planned attitude and antenna; after the plan's end as in its last instant. A lander that flies otherwise than
planned may be out of sight when the plan has it in sight.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

import numpy as np

if TYPE_CHECKING:
    from perilune.flight.fly import Start
    from perilune.mission.schema import Mission


def planned_sight(mission: "Mission", start: str = "doi") -> Callable[[float], bool] | None:
    """Whether the plan has the lander heard at a time at the station [s past the epoch]; None for a mission without a radio or stations."""
    from perilune.downlink.link import link_of
    from perilune.flight.fly import fly

    plan = mission.planned
    if plan.lander.radio is None or plan.ground is None:
        return None
    flight = fly(plan.model_copy(update={"faults": (), "commands": ()}), start=cast("Start", start))
    link = link_of(flight)
    margin = link.margin
    hears = margin["margin_db"].to_numpy() > 0.0
    times = margin["time_s"].to_numpy() + margin["light_time_s"].to_numpy() + link.radio.frame_s
    edges = np.flatnonzero(np.diff(hears.astype(np.int8))) + 1
    changes, first = times[edges], bool(hears[0])

    def is_in_sight(time_s: float) -> bool:
        return first ^ bool(np.searchsorted(changes, time_s, side="right") % 2)

    return is_in_sight
