"""Touchdown detection: the computer decides from its own measurements that the lander stands, and cuts the engines.

Armed only in the terminal leg below a believed height, so that no transient aloft can end the flight. Either sign must persist: the measured
specific force departs from what the commanded thrust gives (the ground carries the lander), or, after such a jolt, the believed sink rate is gone
(`sink_gone_m_s`): a lander that rocks on its legs while the engines still hold the sink rate is carried by turns, each too short to persist.
A lander with contact probes may be told to cut its engines at the first touch of a probe, still falling, as Apollo's crews did.

Assumptions and limitations: one probe suffices, without persistence: its switch is trusted.
Source: the need for arming and persistence is the lesson of Mars Polar Lander (JPL D-18709, 2000, recalled, unsourced here).
"""

import warp as wp
from pydantic import Field

from perilune.base.parameters import Parameters
from perilune.base.vector import ZERO, real


class Touchdown(Parameters):
    """Thresholds of the detector."""

    arming_height_m: float = Field(gt=0, description="believed height below which the detector is armed")
    force_excess_m_s2: float = Field(gt=0, description="specific force beyond what thrust explains that counts as ground contact")
    patience_s: float = Field(gt=0, description="how long a sign must persist")
    sink_gone_m_s: float = Field(0.0, ge=0, description="after a jolt, a believed sink rate below this is a sign as well; 0: not used (assumed)")
    cut_at_probes: bool = Field(False, description="whether the first touch of a contact probe cuts the engines")


@wp.struct
class TouchdownParams:
    """The same in SI."""

    arming_height: real
    force_excess: real
    patience: real
    sink_gone: real
    cut_at_probes: wp.bool


@wp.func
def contact_time(p: TouchdownParams, height: real, sink: real, force: real, expected: real, so_far: real, dt: real) -> real:
    """For how long [s] the signs of contact have been there."""
    gone = p.sink_gone > ZERO and so_far > ZERO and sink < p.sink_gone
    if height < p.arming_height and (gone or wp.abs(force - expected) > p.force_excess):
        return so_far + dt
    return ZERO


@wp.func
def probes_say_so(p: TouchdownParams, height: real, touching: wp.int32) -> wp.bool:
    """Whether a probe that touches is to cut the engines now; one that touches high above the believed ground is not believed."""
    return p.cut_at_probes and touching != 0 and height < p.arming_height
