"""Descent by targets: the chosen law to the target of the present leg every guidance period, its demand held in between; then straight down.

Targets are heights above the ground at the site. Where the map is wrong below the lander, by as much as its ranges say, it is wrong at the site as
well, the less so the farther away that is: of an error that decorrelates over L, exp(-d/L) is to be expected at a distance d.

Assumptions and limitations: up and down alone; the site's place on the map is believed as it is. LUMINARY took the ground below for level with the
site, and its ranges moved its height alike.
"""

import warp as wp

from perilune.avionics.computer import AvionicsParams, AvionicsState
from perilune.avionics.demand import ThrustDemand
from perilune.avionics.guidance.leg import is_answer
from perilune.avionics.guidance.legs import Engines
from perilune.avionics.guidance.targets import sink_straight, target_leg, throttled
from perilune.avionics.outlook import Outlook
from perilune.avionics.sequencer import BRAKING, PITCH_UP, VERTICAL
from perilune.base.vector import ONE, ZERO, real, vec3


@wp.func
def over_site_ground(p: wp.ref[AvionicsParams], s: wp.ref[AvionicsState], o: wp.ref[Outlook]) -> vec3:
    """Position [m, east north up] from the site as the ground there is to be expected after the ranges so far."""
    error = s.navigation.map_error * wp.exp(-o.ground_range / p.navigation.map_correlation)
    return o.position_site - vec3(ZERO, ZERO, error)


@wp.func
def follow_targets(
    law: wp.Function, p: wp.ref[AvionicsParams], s: wp.ref[AvionicsState], o: wp.ref[Outlook], e: Engines, begins: wp.bool, tick: real
) -> ThrustDemand:
    """The demand of this tick; `begins` where the leg is new, so that its time to go is not known yet."""
    g = p.targets
    d = ThrustDemand()
    d.main_engine = True
    if s.mode == VERTICAL:
        sink = o.sink
        if s.hold_left > ZERO:  # held as if it sank too fast by all that it is to sink
            s.hold_left = wp.max(s.hold_left - tick, ZERO)
            sink += g.final_sink
        d.acceleration = sink_straight(p.targets, sink, o.velocity_site, o.gravity)
        d.thrust = wp.clamp(wp.length(d.acceleration) * e.mass, g.least_thrust, e.largest)
        s.time_to_go = wp.max(o.height, ZERO) / g.final_sink
        s.at_full_thrust = False
        return d
    s.until_guidance -= tick
    s.time_to_go -= tick
    if begins or s.until_guidance < real(0.5) * tick:
        target = g.braking
        if s.mode == PITCH_UP:
            target = g.approach
        leg = target_leg(p.targets, target, e, p.belief.heading, over_site_ground(p, s, o), o.velocity_site, o.gravity_site)
        leg.tick = g.period
        if not begins:
            leg.time_to_go = wp.max(s.time_to_go, ONE)
        guided = law(leg)
        s.law_broke = s.law_broke or not is_answer(guided)
        s.time_to_go = guided.time_to_go
        s.until_guidance = g.period
        s.held_acceleration = guided.acceleration  # may exceed what the engine gives: its direction is flown
        was_full = s.at_full_thrust or (begins and s.mode == BRAKING)
        thrust, is_full = throttled(p.targets, e.largest, wp.length(guided.acceleration) * e.mass, was_full)
        s.held_thrust = thrust
        s.at_full_thrust = is_full
    d.acceleration = s.held_acceleration
    d.thrust = s.held_thrust
    return d
