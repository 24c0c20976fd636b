"""Contact: where the footpads are, and whether a lander that has come to rest on sloped ground would stand.

Assumptions and limitations: four rigid pads on the diagonals of body x and y, in one plane; the ground under them is a plane; the test is static: the
lander settles flush on that plane by the shortest turn, keeps its heading, and tips when the vertical through its centre of mass leaves the square
of its pads. Speed at contact, stroke, friction, rocks under single pads and rebound are not in it; they are the business of legs, not yet modelled.
Source of the form: static stability, a box tips about an edge at atan(half width / height of the centre of mass).
"""

from typing import Annotated, Literal

import warp as wp
from pydantic import Field

from perilune.base.parameters import Parameters
from perilune.base.vector import ONE, ZERO, real, vec3

SQRT_HALF = wp.constant(real(0.7071067811865476))


class Footpads(Parameters):
    """What the mission file says of the footpads, in the file's units."""

    radius_m: Annotated[float, Field(gt=0, le=50, description="distance of each pad from the body axis; assumed unless published")]
    count: Annotated[Literal[4], Field(description="pads, on the diagonals of body x and y; only four are modelled")] = 4


@wp.struct
class FootpadsParams:
    """The same in SI, one element a flight."""

    radius: real


@wp.func
def footpad_body(params: FootpadsParams, i: int) -> vec3:
    """Centre of pad `i` (0 to 3, counted from +x +y towards -x +y) in body axes [m]."""
    half = params.radius * SQRT_HALF
    x = half
    y = half
    if i == 1 or i == 2:
        x = -half
    if i >= 2:
        y = -half
    return vec3(x, y, ZERO)


@wp.func
def tips_over(params: FootpadsParams, cg: vec3, plane_normal_body: vec3, up_body: vec3) -> wp.bool:
    """Whether the lander would tip once it rests flush on the ground.

    `cg` [m, body]; `plane_normal_body`, `up_body`: unit vectors of the ground's outward normal and of the local vertical, in body axes at contact.
    A lander whose body z lies in or below the ground's plane has tipped already.
    """
    cosine = plane_normal_body[2]
    if cosine <= ZERO:
        return True
    turn = wp.cross(plane_normal_body, vec3(0.0, 0.0, 1.0))
    up = up_body * cosine + wp.cross(turn, up_body) + turn * (wp.dot(turn, up_body) / (ONE + cosine))
    if up[2] <= ZERO:
        return True
    half = params.radius * SQRT_HALF
    foot = cg - up * (cg[2] / up[2])
    return wp.abs(foot[0]) > half or wp.abs(foot[1]) > half
