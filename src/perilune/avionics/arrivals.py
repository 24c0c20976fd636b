"""Arrivals: what the sensors have handed over in a tick goes to its update, unless it is older than the filter can look back.

Attitude first, then what hangs on it: ranges, speeds, a position fix. A sensor that the mission does not tell the filter of is not listened to.
"""

import warp as wp

from perilune.avionics.belief import BeliefParams, OnBoard, believed_radar_beams
from perilune.avionics.navigation import LOOK_BACK, NavigationParams, NavigationState
from perilune.avionics.updates import RangeModel, use_range, use_star_tracker
from perilune.avionics.updates_position import use_position_fix
from perilune.avionics.updates_sun import use_sun_sensor
from perilune.avionics.updates_velocity import use_radar_speeds, use_velocimeter
from perilune.base.vector import HALF, real, vec3
from perilune.messages.commands import SENSORS
from perilune.messages.measurements import LandingRadarMeasurement, Measurements, RangeMeasurement

RANGE_FINDER, LANDING_RADAR, VELOCIMETER, STAR_TRACKER, POSITION_FIX, SUN_SENSOR = (wp.constant(1 << i) for i in range(len(SENSORS) - 1))


@wp.func
def counts(n: wp.ref[NavigationState], sensor: wp.int32) -> wp.bool:
    """Whether a sensor's measurements are taken in: no command has left it out."""
    return (n.left_out & sensor) == 0


@wp.func
def can_look_back(time: real, measured: real, tick_length: real) -> wp.bool:
    """Whether the filter still knows its attitude of the time `measured` [s], and that time has come."""
    age = time - measured
    return age > -HALF * tick_length and age < (real(LOOK_BACK) + HALF) * tick_length


@wp.func
def range_finder_model(p: wp.ref[NavigationParams], b: wp.ref[BeliefParams]) -> RangeModel:
    """What the filter takes of the range finder."""
    model = RangeModel()
    model.beam_body = b.beam_body
    model.noise = p.range_noise
    model.scale = p.range_scale
    model.roughness = p.range_roughness
    model.gate_sigma = p.gate_sigma
    return model


@wp.func
def radar_model(p: wp.ref[NavigationParams], b: wp.ref[BeliefParams], position: wp.int32) -> RangeModel:
    """What the filter takes of the landing radar's range with the antenna in `position`."""
    beams = believed_radar_beams(b, position)
    model = RangeModel()
    model.beam_body = vec3(beams[0, 0], beams[0, 1], beams[0, 2])
    model.noise = p.landing_radar.range_noise
    model.scale = p.landing_radar.range_scale
    model.roughness = p.landing_radar.range_roughness
    model.gate_sigma = p.landing_radar.range_gate_sigma
    return model


@wp.func
def use_landing_radar(
    p: wp.ref[NavigationParams],
    b: wp.ref[BeliefParams],
    on_board: wp.ref[OnBoard],
    n: wp.ref[NavigationState],
    m: LandingRadarMeasurement,
    cg_height: real,
    time: real,
    tick: real,
):
    """The radar's range as any range, then its speeds."""
    if m.range_valid:
        ranged = RangeMeasurement()
        ranged.time = m.time
        ranged.range = m.range
        ranged.valid = True
        use_range(p, radar_model(p, b, m.position), on_board, n, ranged, cg_height, time, tick)
    if m.beams != 0:
        use_radar_speeds(p, b, on_board, n, m, cg_height, time, tick)


@wp.func
def use_arrivals(
    p: wp.ref[NavigationParams],
    b: wp.ref[BeliefParams],
    on_board: wp.ref[OnBoard],
    n: wp.ref[NavigationState],
    m: wp.ref[Measurements],
    cg_height: real,
    time: real,
    tick: real,
):
    """Update the filter with all that arrived in the tick at `time` [s]."""
    n.range_used = False
    n.speeds_used = 0
    n.fix_used = False
    if m.star_tracker.valid and counts(n, STAR_TRACKER) and can_look_back(time, m.star_tracker.time, tick):
        use_star_tracker(p, n, m.star_tracker, time, tick)
    if p.sun_sensor.present and m.sun_sensor.valid and counts(n, SUN_SENSOR) and can_look_back(time, m.sun_sensor.time, tick):
        use_sun_sensor(p, on_board, n, m.sun_sensor, time, tick)
    if m.range_finder.valid and counts(n, RANGE_FINDER) and can_look_back(time, m.range_finder.time, tick):
        use_range(p, range_finder_model(p, b), on_board, n, m.range_finder, cg_height, time, tick)
    if p.landing_radar.present and counts(n, LANDING_RADAR) and can_look_back(time, m.landing_radar.time, tick):
        use_landing_radar(p, b, on_board, n, m.landing_radar, cg_height, time, tick)
    if p.velocimeter.present and m.velocimeter.beams != 0 and counts(n, VELOCIMETER) and can_look_back(time, m.velocimeter.time, tick):
        use_velocimeter(p, b, on_board, n, m.velocimeter, cg_height, time, tick)
    if p.position_fix.present and m.position_fix.valid and counts(n, POSITION_FIX) and can_look_back(time, m.position_fix.time, tick):
        use_position_fix(p, on_board, n, m.position_fix, cg_height, time, tick)
