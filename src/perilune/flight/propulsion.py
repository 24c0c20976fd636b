"""Propulsion over one control tick: what engines, thrusters and tanks are told and give, and how lander and liquids move under it.

Assumptions and limitations: thrust ends within the truth step in which either tank has given what it can (its mean over that step is right, not its
instant); both groups of engines draw from the same two tanks; what leaks leaves both in the ratio of the load, without thrust.
"""

import warp as wp

from perilune.base.vector import HALF, ONE, ZERO, real, vec3
from perilune.flight.dynamics import powered_step
from perilune.flight.slosh_step import sloshing_step
from perilune.flight.state import TICK, Body, FlightPack, FlightState
from perilune.lander.engine_answer import command_engine, engine_mean, is_quiet
from perilune.lander.engines import ASSIST_ENGINES_FAULTS, MAIN_ENGINE_FAULTS, Push, engine_push
from perilune.lander.faults import any_fault, fault_code, fault_size
from perilune.lander.propellant import MassNow, mass_now
from perilune.lander.slosh import Hub, bob_of, let_go, split_hub
from perilune.lander.tanks import drain, fuel_share, shape_liquid
from perilune.messages.actuation import Actuation

LEAK = wp.constant(fault_code("tanks.leak"))
TUMBLING = wp.constant(real(3.0))  # rad/s, assumed; a pendulum would turn by more than a few degrees in a truth step
NOTHING = wp.constant(real(1.0e-6))  # kg; less than this above what cannot leave is none


@wp.struct
class Drive:
    """What drives the lander in this tick."""

    main: Push
    assist: Push
    hub: Hub
    fuel_floor: real  # kg, what cannot leave
    oxidiser_floor: real
    idle: wp.bool  # no engine gives anything
    swings: wp.bool  # the liquids do


@wp.struct
class Thrust:
    """What the engines give over one truth step."""

    force: vec3  # N, body axes
    torque: vec3  # N m, about the centre of mass
    flow: real  # kg/s
    early_force: vec3  # N s², by how much the impulse comes before that of its mean
    early_torque: vec3  # N m s²


@wp.func
def masses(pack: wp.ref[FlightPack], s: wp.ref[FlightState]) -> MassNow:
    """Mass properties now, the liquids at rest in their tanks."""
    shape_liquid(pack.lander.tanks.fuel, s.lander.fuel)
    shape_liquid(pack.lander.tanks.oxidiser, s.lander.oxidiser)
    return mass_now(pack.lander.mass, pack.lander.tanks, s.lander.fuel, s.lander.oxidiser, s.lander.rcs_left)


@wp.func
def is_fed(pack: wp.ref[FlightPack], s: wp.ref[FlightState]) -> wp.bool:
    """Whether both tanks still give."""
    floor = pack.lander.mass.main_unusable * fuel_share(pack.lander.tanks)
    return s.lander.fuel.left > floor + NOTHING and s.lander.oxidiser.left > pack.lander.mass.main_unusable - floor + NOTHING


@wp.func
def command_engines(pack: wp.ref[FlightPack], s: wp.ref[FlightState], command: Actuation, fed: wp.bool):
    """Latch what is asked of both groups; let leak what leaks."""
    if any_fault(s.active):
        leaked = fault_size(s.active, LEAK) * TICK
        drain(s.lander.fuel, leaked * fuel_share(pack.lander.tanks))
        drain(s.lander.oxidiser, leaked * (ONE - fuel_share(pack.lander.tanks)))
    command_engine(pack.lander.main_engine, s.lander.main_engine, command.main_engine, TICK, fed, MAIN_ENGINE_FAULTS, s.active)
    if pack.lander.assist_engines.present:
        command_engine(pack.lander.assist_engines, s.lander.assist_engines, command.assist_duty, TICK, fed, ASSIST_ENGINES_FAULTS, s.active)


@wp.func
def drive_of(pack: wp.ref[FlightPack], s: wp.ref[FlightState], whole: MassNow) -> Drive:
    """Thrust, torques and flows of this tick; liquids begin to swing at the first thrust, never after contact or in a tumbling lander."""
    d = Drive()
    d.idle = is_quiet(s.lander.main_engine) and is_quiet(s.lander.assist_engines)
    if not d.idle:
        d.main = engine_push(pack.lander.main_engine, s.lander.main_engine.duty, whole.cg, MAIN_ENGINE_FAULTS, s.active)
        if pack.lander.assist_engines.present:
            d.assist = engine_push(pack.lander.assist_engines, s.lander.assist_engines.duty, whole.cg, ASSIST_ENGINES_FAULTS, s.active)
        d.fuel_floor = pack.lander.mass.main_unusable * fuel_share(pack.lander.tanks)
        d.oxidiser_floor = pack.lander.mass.main_unusable - d.fuel_floor
        if pack.lander.slosh.present and not s.lander.slosh.free and s.contact.time < ZERO and wp.length_sq(s.body.rate) < TUMBLING * TUMBLING:
            let_go(s.lander.slosh, s.body.attitude, s.body.rate)
    if s.lander.slosh.free and wp.length_sq(s.body.rate) > TUMBLING * TUMBLING:
        s.lander.slosh.free = False
    d.swings = s.lander.slosh.free
    if d.swings:
        level = d.main.force * s.lander.main_engine.duty + d.assist.force * s.lander.assist_engines.duty
        acceleration = wp.length(level) / whole.mass
        fuel = bob_of(pack.lander.tanks.fuel, s.lander.fuel, pack.lander.slosh, acceleration)
        oxidiser = bob_of(pack.lander.tanks.oxidiser, s.lander.oxidiser, pack.lander.slosh, acceleration)
        d.hub = split_hub(whole, fuel, oxidiser)
    return d


@wp.func
def burn(pack: wp.ref[FlightPack], s: wp.ref[FlightState], d: wp.ref[Drive], begin: real, h: real) -> Thrust:
    """Let the engines run over `h` [s] from `begin` [s] after the tick's start, and take what they burn from the tanks."""
    thrust = Thrust()
    if d.idle:
        return thrust
    main = engine_mean(pack.lander.main_engine, s.lander.main_engine, begin, h)
    assist = wp.vec2d(ZERO, ZERO)
    if pack.lander.assist_engines.present:
        assist = engine_mean(pack.lander.assist_engines, s.lander.assist_engines, begin, h)
    fuel = (d.main.fuel_flow * main[0] + d.assist.fuel_flow * assist[0]) * h
    oxidiser = (d.main.oxidiser_flow * main[0] + d.assist.oxidiser_flow * assist[0]) * h
    fuel_usable = wp.max(s.lander.fuel.left - d.fuel_floor, ZERO)
    oxidiser_usable = wp.max(s.lander.oxidiser.left - d.oxidiser_floor, ZERO)
    share = ONE
    if fuel > fuel_usable:
        share = fuel_usable / fuel
    if oxidiser * share > oxidiser_usable:
        share = oxidiser_usable / oxidiser
    main = main * share
    assist = assist * share
    drain(s.lander.fuel, fuel * share)
    drain(s.lander.oxidiser, oxidiser * share)
    thrust.force = d.main.force * main[0] + d.assist.force * assist[0]
    thrust.torque = d.main.torque * main[0] + d.assist.torque * assist[0]
    thrust.early_force = d.main.force * main[1] + d.assist.force * assist[1]
    thrust.early_torque = d.main.torque * main[1] + d.assist.torque * assist[1]
    thrust.flow = (fuel + oxidiser) * share / h
    return thrust


@wp.func
def thrust_on(
    gm: real,
    s: wp.ref[FlightState],
    d: wp.ref[Drive],
    whole: MassNow,
    mass: real,
    flow: real,
    force: vec3,
    torque: vec3,
    held: vec3,
    h: real,
) -> tuple[Body, vec3]:
    """The body after `h` [s] of `force` [N] and `torque` [N m] in body axes, and the specific force felt [m/s, body].

    `mass` [kg] is that of the whole at the start of the step and falls with `flow` [kg/s].
    """
    if d.swings:
        hub_mass = mass - d.hub.fuel.mass - d.hub.oxidiser.mass
        return sloshing_step(gm, s.body, s.lander.slosh, d.hub, hub_mass, flow, force, torque, held, h)
    body = powered_step(gm, s.body, force, torque, mass, flow, whole.inertia, held, h)
    return body, force * (h / (mass - flow * HALF * h))
