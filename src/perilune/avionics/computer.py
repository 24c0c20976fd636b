"""The flight computer: what the mission file says of its tasks, its parameters in the kernel and its memory.

Assumptions and limitations: one computer; its parameters are filled from the undispersed mission and are the same for every run. What outlives a
restart stands in `record`, all else is lost with it.
"""

from typing import Annotated, Any

import warp as wp
from pydantic import Discriminator, Tag

from perilune.avionics.allocation import AllocationParams, AllocationState, rcs_used
from perilune.avionics.belief import BeliefChoice, BeliefParams
from perilune.avionics.control import Control, ControlParams
from perilune.avionics.guidance.legs import Guidance, GuidanceParams
from perilune.avionics.guidance.targets import TargetGuidance, TargetGuidanceParams
from perilune.avionics.navigation import Navigation, NavigationParams, NavigationState, start_navigation
from perilune.avionics.recorder import Record, Recorder, RecorderParams
from perilune.avionics.sequencer import Sequence, SequenceParams
from perilune.avionics.settings import Settings
from perilune.avionics.touchdown import Touchdown, TouchdownParams
from perilune.base.parameters import Parameters
from perilune.base.vector import ONE, STANDARD_GRAVITY, ZERO, real, vec3
from perilune.messages.actuation import Actuation


def plan_of(value: Any) -> str:
    """The plan of a guidance table or model; a word that is none counts as the default, whose own check refuses it."""
    plan = value.get("plan") if isinstance(value, dict) else getattr(value, "plan", None)
    return "targets" if plan == "targets" else "sink-profile"


GuidancePlan = Annotated[Annotated[Guidance, Tag("sink-profile")] | Annotated[TargetGuidance, Tag("targets")], Discriminator(plan_of)]
"""Either plan of descent; a table without `plan` is a sink profile."""


class Avionics(Parameters):
    """The mission file's `[avionics]`."""

    belief: BeliefChoice
    navigation: Navigation
    guidance: GuidancePlan
    control: Control
    sequence: Sequence
    touchdown: Touchdown
    recorder: Recorder = Recorder()


@wp.struct
class AvionicsParams:
    """The same in SI; one for all runs of a campaign, whatever is dispersed."""

    belief: BeliefParams
    navigation: NavigationParams
    guidance: GuidanceParams  # zero where the descent is flown by targets
    targets: TargetGuidanceParams
    control: ControlParams
    allocation: AllocationParams
    sequence: SequenceParams
    touchdown: TouchdownParams
    recorder: RecorderParams


@wp.struct
class AvionicsState:
    """The computer's memory."""

    navigation: NavigationState
    mode: wp.int32
    time_to_go: real
    range_given_up: wp.bool  # braking no longer steers for the site
    divert: vec3  # m from the site, of the target chosen last
    until_guidance: real  # s to the next guidance cycle of a descent by targets
    held_acceleration: vec3  # m/s², site, held until then
    held_thrust: real  # N, held until then
    at_full_thrust: wp.bool
    law_broke: wp.bool  # the guidance law answered with something that is no number
    main_left: real  # kg as believed
    rcs_left: real  # kg as believed
    held_torque: vec3
    allocation: AllocationState
    contact_for: real
    touchdown: wp.bool
    hold_left: real  # s, for which the height is kept
    settings: Settings
    last: Actuation
    record: Record


@wp.func
def start_avionics(p: wp.ref[AvionicsParams]) -> AvionicsState:
    """The computer at the start of the flight."""
    s = AvionicsState()
    s.navigation = start_navigation(p.navigation, p.belief)
    s.main_left = p.belief.main_at_start
    s.rcs_left = p.belief.rcs_loaded
    s.record.time = real(-1.0e9)  # so that the first cycle records
    return s


@wp.func
def believed_mass(b: wp.ref[BeliefParams], s: wp.ref[AvionicsState]) -> real:
    """Mass [kg] by the computer's own propellant account."""
    return b.dry_mass + s.main_left + s.rcs_left


@wp.func
def account_propellant(p: wp.ref[AvionicsParams], s: wp.ref[AvionicsState], dt: real):
    """Charge what the last command used."""
    b = p.belief
    flow = s.last.main_engine * b.main_thrust / (b.main_isp * STANDARD_GRAVITY)
    flow += s.last.assist_duty * b.assist_thrust / (b.assist_isp * STANDARD_GRAVITY)
    s.main_left = wp.max(s.main_left - flow * dt, ZERO)
    s.rcs_left = wp.max(s.rcs_left - rcs_used(p.allocation, s.last.thruster_on), ZERO)


@wp.func
def propellant_share(b: wp.ref[BeliefParams], s: wp.ref[AvionicsState]) -> real:
    """Believed share of all propellant that is left, 0 to 1."""
    return wp.clamp((s.main_left + s.rcs_left) / wp.max(b.main_loaded + b.rcs_loaded, real(1.0)), ZERO, ONE)


@wp.func
def believed_cg_height(b: wp.ref[BeliefParams], s: wp.ref[AvionicsState]) -> real:
    """Height [m] of the centre of mass above the footpads, between dry and full."""
    return b.cg_height_dry + (b.cg_height_full - b.cg_height_dry) * propellant_share(b, s)
