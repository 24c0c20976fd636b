"""The sequencer: explicit modes of the descent and what takes the lander from one to the next.

coast → braking (ignition where the distance to go equals what braking at nominal thrust takes) → pitch-up (the gate) → vertical (its height, or
the drift gone) → terminal (main engine off) → landed (touchdown detected, engines cut). No mode is entered twice.
"""

import warp as wp
from pydantic import Field

from perilune.base.parameters import Parameters
from perilune.base.vector import real

MODES = ("coast", "braking", "pitch-up", "vertical", "terminal", "landed")
COAST, BRAKING, PITCH_UP, VERTICAL, TERMINAL, LANDED = (wp.constant(i) for i in range(6))


class Sequence(Parameters):
    """What starts the powered descent."""

    ignition_range_km: float = Field(gt=0, description="ground range to the site, as estimated, at which braking starts")


@wp.struct
class SequenceParams:
    """The same in SI."""

    ignition_range: real


@wp.struct
class Situation:
    """What the sequencer decides from; all believed."""

    ground_range: real  # m, along the sphere to the site
    height: real  # m above the ground
    sink: real  # m/s
    horizontal_speed: real  # m/s
    time_to_go: real  # s of the present leg
    contact_for: real  # s that contact signs have persisted


@wp.func
def next_mode(
    mode: wp.int32,
    s: Situation,
    ignition_range: real,
    gate_lead: real,
    gate_forward: real,
    vertical_height: real,
    terminal_height: real,
    patience: real,
) -> wp.int32:
    """The mode of this tick from that of the last; at most one step."""
    if mode == COAST and s.ground_range <= ignition_range:
        return BRAKING
    if mode == BRAKING and (s.time_to_go < gate_lead or s.horizontal_speed < gate_forward):
        return PITCH_UP
    if mode == PITCH_UP and s.height <= vertical_height:
        return VERTICAL
    if mode == VERTICAL and s.height <= terminal_height:
        return TERMINAL
    if mode == TERMINAL and s.contact_for >= patience:
        return LANDED
    return mode


@wp.func
def next_mode_by_targets(mode: wp.int32, s: Situation, ignition_range: real, braking_end: real, approach_end: real, patience: real) -> wp.int32:
    """The same for a descent by targets: braking and pitch-up (the approach) end so long before their targets, the vertical leg on the ground."""
    if mode == COAST and s.ground_range <= ignition_range:
        return BRAKING
    if mode == BRAKING and s.time_to_go < braking_end:
        return PITCH_UP
    if mode == PITCH_UP and s.time_to_go < approach_end:
        return VERTICAL
    if mode == VERTICAL and s.contact_for >= patience:
        return LANDED
    return mode
