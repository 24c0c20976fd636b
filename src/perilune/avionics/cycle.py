"""The computer's cycle: measurements in, commands and telemetry out, once a control tick; beliefs of its own and never the truth.

Navigation, outlook, sequencer, guidance, control, publication, in this order.

Assumptions and limitations: here the cycle takes no time; latency, overload and outages are those of the hardware that runs it (`lander.computer`).
"""

import warp as wp

from perilune.avionics.arrivals import use_arrivals
from perilune.avionics.belief import OnBoard, believed_gravity
from perilune.avionics.commanding import publish_settings
from perilune.avionics.computer import AvionicsParams, AvionicsState, account_propellant, believed_cg_height, believed_mass
from perilune.avionics.covariance import propagate_covariance
from perilune.avionics.guidance.legs import chosen_divert
from perilune.avionics.navigation import close_tick, integrate_tick, start_sensing
from perilune.avionics.outlook import Outlook, look_out
from perilune.avionics.publication import publish, publish_filter
from perilune.avionics.restart import keep_record
from perilune.avionics.sequencer import BRAKING, COAST, LANDED, TERMINAL, VERTICAL, Situation, next_mode, next_mode_by_targets
from perilune.avionics.steering import ask_thrust, steer
from perilune.avionics.touchdown import contact_time, probes_say_so
from perilune.base.vector import HALF, real
from perilune.messages.actuation import Actuation
from perilune.messages.commands import SENSORS
from perilune.messages.measurements import Measurements
from perilune.messages.telemetry import Telemetry

CONTACT_PROBES = wp.constant(1 << SENSORS.index("contact_probes"))
COAST_COVARIANCE_PERIOD = wp.constant(real(1.0))  # s; its error against 0.1 s is part of the filter's tests


@wp.func
def navigate(
    p: wp.ref[AvionicsParams],
    on_board: wp.ref[OnBoard],
    s: wp.ref[AvionicsState],
    m: wp.ref[Measurements],
    gathered: real,
    cg_height: real,
    time: real,
    tick: real,
):
    """Covariance over the `gathered` [s] of increments, then what has arrived."""
    s.navigation.since_covariance += gathered
    close_tick(s.navigation)
    if s.navigation.sensing or s.navigation.since_covariance >= COAST_COVARIANCE_PERIOD - HALF * tick:
        propagate_covariance(p.navigation, s.navigation, on_board.harmonics.gm)
    use_arrivals(p.navigation, p.belief, on_board, s.navigation, m, cg_height, time, tick)


@wp.func
def sequence(p: wp.ref[AvionicsParams], s: wp.ref[AvionicsState], o: wp.ref[Outlook], probes: wp.int32, mass: real, gm: real, tick: real) -> wp.bool:
    """Let the mode advance; whether it did in this tick. A bit of `probes` is set for each contact probe that touches."""
    now = Situation()
    now.ground_range = o.ground_range
    now.height = o.height
    now.sink = o.sink
    now.horizontal_speed = o.horizontal_speed
    now.time_to_go = s.time_to_go
    if s.mode == TERMINAL or (p.targets.present and s.mode == VERTICAL):
        expected = (s.last.main_engine * p.belief.main_thrust + s.last.assist_duty * p.belief.assist_thrust) / mass
        s.contact_for = contact_time(p.touchdown, o.height, o.sink, wp.length(s.navigation.force_body), expected, s.contact_for, tick)
        if (s.navigation.left_out & CONTACT_PROBES) == 0 and probes_say_so(p.touchdown, o.height, probes):
            s.contact_for = wp.max(s.contact_for, p.touchdown.patience)
    now.contact_for = s.contact_for
    before = s.mode
    g = p.guidance
    if p.targets.present:
        s.mode = next_mode_by_targets(s.mode, now, p.sequence.ignition_range, p.targets.braking.end, p.targets.approach.end, p.touchdown.patience)
    else:
        s.mode = next_mode(
            s.mode, now, p.sequence.ignition_range, g.gate_lead, g.gate_forward, g.vertical_height, g.terminal_height, p.touchdown.patience
        )
        s.divert = chosen_divert(p.guidance, o.height, s.divert)
    s.touchdown = s.mode == LANDED
    if s.mode == BRAKING and before == COAST:
        propagate_covariance(p.navigation, s.navigation, gm)  # what is left of the coast, before forces count
        start_sensing(p.navigation, s.navigation)
    return s.mode != before


@wp.func
def fly_tick(
    law: wp.Function,
    p: wp.ref[AvionicsParams],
    on_board: wp.ref[OnBoard],
    s: wp.ref[AvionicsState],
    m: wp.ref[Measurements],
    time: real,
    tick: real,
    detail: wp.bool,
) -> tuple[Actuation, Telemetry]:
    """One cycle at `time` [s past the epoch]; `tick` is the control period [s]; `detail` publishes what the filter knows of its errors."""
    integrate_tick(s.navigation, m.imu)
    gathered = s.navigation.gathered_dt
    account_propellant(p, s, gathered)
    mass = believed_mass(p.belief, s)
    cg_height = believed_cg_height(p.belief, s)
    navigate(p, on_board, s, m, gathered, cg_height, time, tick)
    outlook = look_out(p.belief, on_board, s.navigation, cg_height, time)
    begins = sequence(p, s, outlook, m.contact_probes.touching, mass, on_board.harmonics.gm, tick)
    demand = ask_thrust(law, p, s, outlook, mass, begins, tick)
    s.last = steer(p, s, outlook, demand, tick)
    middle = s.navigation.position_mci + s.navigation.velocity_mci * (HALF * tick)
    s.navigation.gravity = believed_gravity(on_board, middle, time + HALF * tick)
    keep_record(p, s, time, tick)
    published = publish(p, s, outlook, demand.thrust, mass, cg_height, time)
    if detail:
        publish_filter(s.navigation, outlook, published)
        publish_settings(p, s, published)
    return s.last, published
