"""Contact probes: a rod below each footpad closes a switch when its tip meets the ground.

Assumptions and limitations: rigid, straight along body -z from the footpad, without force on the lander; looked at once a control tick, without delay
or bounce of the switch; a probe lets go when its tip is lifted again.
Source: on the Apollo lunar module, probes of 67.2 inches under the footpads lit the contact light at which the crew shut the engine down (recalled,
unsourced here).
"""

from typing import Annotated

import warp as wp
from pydantic import Field

from perilune.base.parameters import Parameters
from perilune.base.vector import ZERO, real
from perilune.lander.faults import FaultsNow, any_fault, fault_code, fault_on_axis
from perilune.messages.measurements import ProbesMeasurement

STUCK_OPEN, STUCK_CLOSED = (wp.constant(fault_code(f"contact_probes.{kind}")) for kind in ("stuck_open", "stuck_closed"))


class ContactProbes(Parameters):
    """What the mission file says of the contact probes, in the file's units."""

    length_m: Annotated[float, Field(gt=0, le=10, description="from the footpad down to the tip; Apollo: 1.71 (recalled)")]


@wp.struct
class ContactProbesParams:
    """The same in SI, one element a flight."""

    present: wp.bool
    length: real


@wp.func
def feel_probe(m: wp.ref[ProbesMeasurement], probe: wp.int32, tip_height: real, now: wp.ref[FaultsNow]):
    """Add what one probe tells, whose tip is `tip_height` [m] above the ground; `probe` counts from 0, as the footpads do."""
    touches = tip_height <= ZERO
    if any_fault(now):
        if fault_on_axis(now, STUCK_CLOSED, probe):
            touches = True
        if fault_on_axis(now, STUCK_OPEN, probe):
            touches = False
    if touches:
        m.touching = m.touching | (1 << probe)
