"""The way of a beam from the lander to the ground: slant range to the first point that it meets.

The ground is a sum of four parts (LOLA with its error, coarse craters, fine craters, rocks). Over the sum of the first few of them the ground
stands no higher than the greatest heights of the others, and that sum is nowhere steeper than its parts' steepest slopes nearby. So a beam at
height h over that bound cannot meet the ground within h / (slope × ground track per metre + sink per metre) ahead, nor within
h / (slope × ground track - sink) behind, as far as the bounds reach (blocks of 4 km, 128 m, 16 m and 2 m). A step is taken when what is clear
ahead of its start and behind its end cover it; else it is shortened to what is clear ahead. Only steps of 5 cm + 1e-4 of the range travelled
are taken unproved: a crest or rock that the beam pierces over less than that can be missed (35 cm at 3 km). The crossing is then narrowed to
5 mm along the beam.

Assumptions and limitations: a line without width; no albedo. Within 2° of a pole LOLA's pixels may be steeper than the bound used there.
A beam that starts below the ground answers 0.
Source: sphere tracing, Hart (1996), doi 10.1007/s003710050084, with over-relaxed steps after Keinert et al. (2014), here on a height field;
Illinois variant of regula falsi, Dowell and Jarratt (1971).
"""

import warp as wp

from perilune.base.vector import HALF, ONE, ZERO, real, vec2, vec3
from perilune.environment.relief import (
    MAP_BLOCK,
    REFERENCE_RADIUS,
    STEEPEST_LOLA,
    Relief,
    ReliefDraw,
    ground_levels,
    height_above_ground,
    map_height,
    plane_of,
)
from perilune.environment.relief_detail import BLOCK as BLOCK_CELLS

BLOCK = wp.constant(real(BLOCK_CELLS))
SHORTEST_STEP = wp.constant(real(0.05))  # m
STEP_GROWTH = wp.constant(real(1.0e-4))  # of the range travelled
LONGEST_STEP = wp.constant(real(20000.0))  # m
TOLERANCE = wp.constant(real(0.005))  # m
FLATTEST = wp.constant(real(1.0e-3))  # least loss of height per metre that a step counts on
HOPE = wp.constant(real(0.9))  # of the step that level ground would allow
NO_RANGE = wp.constant(real(-1.0))


@wp.struct
class BeamPoint:
    """What is known at one point of the march."""

    clear: real  # height above ground [m]
    ahead: real  # length [m] that is clear ahead
    behind: real  # length [m] that is clear behind
    hopeful: real  # length [m] of a step that would be proved clear over level ground


@wp.func
def map_slope_bound(relief: Relief, plane: vec2) -> real:
    """Bound of LOLA's slope within 4 km of a point of the site's plane."""
    half = relief.map_slopes.shape[0] / 2
    reach = MAP_BLOCK * real(half)
    if not wp.isfinite(plane[0] + plane[1]) or wp.max(wp.abs(plane[0]), wp.abs(plane[1])) >= reach:
        return STEEPEST_LOLA
    return real(relief.map_slopes[int((plane[1] + reach) / MAP_BLOCK), int((plane[0] + reach) / MAP_BLOCK)])


@wp.func
def slope_bound(bounds: wp.array2d(dtype=wp.vec2f), block: real, plane: vec2) -> real:
    """Bound of a tile's slope within `block` [m] of a point of the site's plane."""
    rows = bounds.shape[0] - 1
    columns = bounds.shape[1] - 1
    bound = bounds[int(wp.floor(plane[1] / block)) & rows, int(wp.floor(plane[0] / block)) & columns]
    return real(bound[0])


@wp.func
def add_bound(point: BeamPoint, height: real, slope: real, sink: real, track: real, reach: real) -> BeamPoint:
    """What one bound proves: the ground is `height` below the beam or more, rising with `slope` at most, as far as `reach` over ground."""
    if height > ZERO:
        climb = slope * track
        far = reach / track
        ahead = wp.min(height / wp.max(climb + sink, FLATTEST), far)
        behind = wp.min(height / wp.max(climb - sink + real(0.01), FLATTEST), far)
        point.ahead = wp.max(point.ahead, ahead)
        point.behind = wp.max(point.behind, behind)
        point.hopeful = wp.max(point.hopeful, HOPE * (ahead + behind) / (ONE + wp.max(sink, ZERO) * behind / height))
    return point


@wp.func
def look(relief: Relief, draw: ReliefDraw, p: vec3, direction: vec3, over_map: wp.bool) -> BeamPoint:
    point = BeamPoint()
    plane = plane_of(relief, p)
    radius = wp.length(p)
    altitude = radius - REFERENCE_RADIUS
    # Along a straight line the sink per metre only falls, by length / radius: the hundredth allows for 17 km.
    sink = -wp.dot(direction, p) / radius
    track = wp.sqrt(wp.max(ONE - sink * sink, ZERO)) + real(0.01)
    slope = map_slope_bound(relief, plane)
    if over_map:
        point.clear = altitude - map_height(relief, p)
        return add_bound(point, point.clear, slope, sink, track, MAP_BLOCK)
    levels = ground_levels(relief, draw, p, plane)
    point.clear = altitude - levels[3]
    above = relief.highest[0] + relief.highest[1] + relief.highest[2]
    slope = slope + wp.abs(draw.map_error) * relief.map_field_slope + relief.fade_slope
    point = add_bound(point, altitude - levels[0] - above, slope, sink, track, MAP_BLOCK)
    if altitude - levels[0] - above < relief.highest[0]:
        block = BLOCK * relief.coarse_spacing
        above = above - relief.highest[0]
        slope = slope + slope_bound(relief.coarse_bounds, block, plane)
        point = add_bound(point, altitude - levels[1] - above, slope, sink, track, block)
        block = BLOCK * relief.fine_spacing
        above = above - relief.highest[1]
        slope = slope + slope_bound(relief.fine_bounds, block, plane)
        point = add_bound(point, altitude - levels[2] - above, slope, sink, track, block)
        block = BLOCK * relief.rock_spacing
        slope = slope + slope_bound(relief.rock_bounds, block, plane)
        point = add_bound(point, point.clear, slope, sink, track, block)
    return point


@wp.func
def clearance(relief: Relief, draw: ReliefDraw, position_me: vec3, over_map: wp.bool) -> real:
    if over_map:
        return wp.length(position_me) - REFERENCE_RADIUS - map_height(relief, position_me)
    return height_above_ground(relief, draw, position_me)


@wp.func
def narrow(
    relief: Relief, draw: ReliefDraw, origin: vec3, direction: vec3, over_map: wp.bool, start: real, start_clear: real, stop: real, stop_clear: real
) -> real:
    """The crossing between `start` (above ground) and `stop` (below), to `TOLERANCE` along the beam."""
    a = start
    fa = start_clear
    b = stop
    fb = stop_clear
    side = wp.int32(0)
    for _ in range(40):
        if b - a > TOLERANCE:
            s = (fa * b - fb * a) / (fa - fb)
            f = clearance(relief, draw, origin + direction * s, over_map)
            if f > ZERO:
                if f < real(0.5) * TOLERANCE:
                    return s
                a = s
                fa = f
                if side == 1:
                    fb = fb * HALF
                side = 1
            else:
                if f > real(-0.5) * TOLERANCE:
                    return s
                b = s
                fb = f
                if side == -1:
                    fa = fa * HALF
                side = -1
    return HALF * (a + b)


@wp.func
def trace(relief: Relief, draw: ReliefDraw, origin: vec3, direction: vec3, longest: real, over_map: wp.bool) -> real:
    start = real(0.0)
    here = look(relief, draw, origin, direction, over_map)
    if here.clear <= ZERO:
        return ZERO
    step = here.hopeful
    while start < longest:
        shortest = SHORTEST_STEP + STEP_GROWTH * start
        step = wp.min(wp.clamp(step, shortest, LONGEST_STEP), longest - start)
        stop = start + step
        there = look(relief, draw, origin + direction * stop, direction, over_map)
        proved = step <= shortest or step <= here.ahead
        if not proved and there.clear > ZERO:
            proved = step <= here.ahead + there.behind
        if not proved:
            step = here.ahead
        else:
            if there.clear <= ZERO:
                return narrow(relief, draw, origin, direction, over_map, start, here.clear, stop, there.clear)
            start = stop
            here = there
            step = wp.max(here.hopeful, here.ahead)
    return NO_RANGE


@wp.func
def range_along_beam(relief: Relief, draw: ReliefDraw, origin_me: vec3, direction_me: vec3, longest: real) -> real:
    """Slant range [m] from `origin_me` along the unit vector `direction_me` to the true ground; -1 when it is beyond `longest` [m]."""
    return trace(relief, draw, origin_me, direction_me, longest, False)


@wp.func
def map_range_along_beam(relief: Relief, origin_me: vec3, direction_me: vec3, longest: real) -> real:
    """Slant range [m] to LOLA alone, the on-board map's ground; -1 when it is beyond `longest` [m]."""
    return trace(relief, ReliefDraw(), origin_me, direction_me, longest, True)
