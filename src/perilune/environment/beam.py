"""The way of a beam from the lander to the ground: slant range to the first point that it meets.

The ground stands at most `above` over each of four partial sums of the relief (LOLA, + coarse craters, + fine craters, + rocks), and that sum is
nowhere steeper than `slopes`. So a beam at height h over it cannot meet the ground within (h - above) / (slope × ground track per metre + sink
per metre) ahead, nor within (h - above) / (slope × ground track - sink) behind. A step is taken when the way that is clear ahead of its start and
the way that is clear behind its end cover it; else it is shortened to what is clear ahead. Only steps of 5 cm + 1e-4 of the range travelled
are taken unproved: a crest or rock that the beam pierces over less than that can be missed (35 cm at 3 km). The crossing is then narrowed to 5 mm.

Assumptions and limitations: a line without width; no refraction, no albedo. A beam that starts below the ground answers 0.
Source: sphere tracing, Hart (1996), doi 10.1007/s003710050084, with over-relaxed steps after Keinert et al. (2014), here on a height field;
Illinois variant of regula falsi, Dowell and Jarratt (1971).
"""

import warp as wp

from perilune.base.vector import HALF, ONE, ZERO, real, vec3
from perilune.environment.relief import REFERENCE_RADIUS, STEEPEST_LOLA, Relief, ReliefDraw, ground_levels, map_height, vec4

SHORTEST_STEP = wp.constant(real(0.05))  # m
STEP_GROWTH = wp.constant(real(1.0e-4))  # of the range travelled
LONGEST_STEP = wp.constant(real(20000.0))  # m, well inside the zone that the slope bounds hold in
TOLERANCE = wp.constant(real(0.005))  # m
FLATTEST = wp.constant(real(1.0e-3))  # least loss of height per metre that a step counts on
HOPE = wp.constant(real(0.9))  # of the step that level ground would allow
NO_RANGE = wp.constant(real(-1.0))


@wp.func
def partial_heights(relief: Relief, draw: ReliefDraw, position_me: vec3, over_map: wp.bool) -> vec4:
    if over_map:
        height = map_height(relief, position_me)
        return vec4(height, height, height, height)
    return ground_levels(relief, draw, position_me)


@wp.struct
class BeamPoint:
    """What is known at one point of the march."""

    clear: real  # height above ground [m]
    ahead: real  # length [m] that is clear ahead
    behind: real  # length [m] that is clear behind
    hopeful: real  # length of a step that would be proved clear over level ground


@wp.func
def look(relief: Relief, draw: ReliefDraw, p: vec3, direction: vec3, over_map: wp.bool) -> BeamPoint:
    point = BeamPoint()
    levels = partial_heights(relief, draw, p, over_map)
    radius = wp.length(p)
    altitude = radius - REFERENCE_RADIUS
    point.clear = altitude - levels[3]
    # Along a straight line the sink per metre only falls by length/radius: the hundredth allows for 17 km.
    sink = -wp.dot(direction, p) / radius
    track = wp.sqrt(wp.max(ONE - sink * sink, ZERO)) + real(0.01)
    steeper = wp.abs(draw.map_error) * relief.map_field_slope
    if wp.dot(p, relief.up) < radius * relief.near_cosine:
        steeper = steeper + STEEPEST_LOLA
    for level in range(4):
        height = altitude - levels[level]
        if not over_map:
            height = height - relief.above[level]
        if height > ZERO and (level == 0 or not over_map):
            climb = (relief.slopes[level] + steeper) * track
            ahead = height / wp.max(climb + sink, FLATTEST)
            behind = height / wp.max(climb - sink + real(0.01), FLATTEST)
            point.ahead = wp.max(point.ahead, ahead)
            point.behind = wp.max(point.behind, behind)
            point.hopeful = wp.max(point.hopeful, HOPE * (ahead + behind) / (ONE + wp.max(sink, ZERO) * behind / height))
    return point


@wp.func
def clearance(relief: Relief, draw: ReliefDraw, position_me: vec3, over_map: wp.bool) -> real:
    heights = partial_heights(relief, draw, position_me, over_map)
    return wp.length(position_me) - REFERENCE_RADIUS - heights[3]


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
