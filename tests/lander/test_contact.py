"""What must be true at contact: pads where they belong, and a box that tips at the angle of the textbook."""

import numpy as np
import pytest
import warp as wp

from perilune.base.parameters import pack
from perilune.base.vector import vec3
from perilune.lander.contact import Footpads, FootpadsParams, footpad_body, tips_over


@wp.kernel(module="unique")
def stand(ps: wp.array(dtype=FootpadsParams), cg: vec3, normal: wp.array(dtype=vec3), up: wp.array(dtype=vec3), out: wp.array(dtype=wp.bool)):
    i = wp.tid()
    out[i] = tips_over(ps[0], cg, normal[i], up[i])


@wp.kernel(module="unique")
def place(ps: wp.array(dtype=FootpadsParams), out: wp.array(dtype=vec3)):
    i = wp.tid()
    out[i] = footpad_body(ps[0], i)


PACKS = wp.array(pack(Footpads(radius_m=1.3), FootpadsParams), dtype=FootpadsParams, device="cpu")
HALF_WIDTH = 1.3 * np.cos(np.radians(45))


def tips(cg, normal, up):
    normal, up = np.atleast_2d(normal).astype(float), np.atleast_2d(up).astype(float)
    out = wp.zeros(len(normal), dtype=wp.bool, device="cpu")
    wp.launch(
        stand, len(normal), [PACKS, vec3(*cg), wp.array(normal, dtype=vec3, device="cpu"), wp.array(up, dtype=vec3, device="cpu"), out], device="cpu"
    )
    return out.numpy().astype(bool)


def tilted(angle_deg, azimuth_deg):
    """The local vertical in the axes of a lander that stands flush on a slope."""
    a, b = np.radians(angle_deg), np.radians(azimuth_deg)
    return np.array([np.sin(a) * np.cos(b), np.sin(a) * np.sin(b), np.cos(a)])


def rotation(axis, angle_deg):
    a = np.radians(angle_deg)
    k = np.cross(np.eye(3), np.asarray(axis) / np.linalg.norm(axis))
    return np.eye(3) + np.sin(a) * k + (1 - np.cos(a)) * k @ k


def test_four_pads_stand_in_a_square_at_their_radius():
    out = wp.zeros(4, dtype=vec3, device="cpu")
    wp.launch(place, 4, [PACKS, out], device="cpu")
    pads = out.numpy()
    assert np.linalg.norm(pads, axis=1) == pytest.approx(1.3, rel=1e-14)
    assert np.linalg.norm(pads - np.roll(pads, 1, axis=0), axis=1) == pytest.approx(2 * HALF_WIDTH, rel=1e-14)
    assert pads[0][0] > 0 and pads[0][1] > 0 and np.all(pads[:, 2] == 0)


@pytest.mark.parametrize("azimuth", [0, 90, 180, 270])
@pytest.mark.parametrize("height", [0.5, 1.0, 2.5])
def test_box_tips_across_an_edge_at_half_width_over_height(azimuth, height):
    limit = np.degrees(np.arctan(HALF_WIDTH / height))
    up = [tilted(limit - 1e-6, azimuth), tilted(limit + 1e-6, azimuth)]
    assert tips((0, 0, height), [(0, 0, 1)] * 2, up).tolist() == [False, True]


def test_box_tips_over_a_pad_only_at_its_radius_over_height():
    limit = np.degrees(np.arctan(1.3 / 1.0))
    assert tips((0, 0, 1.0), [(0, 0, 1)] * 2, [tilted(limit - 1e-6, 45), tilted(limit + 1e-6, 45)]).tolist() == [False, True]


def test_offset_centre_of_mass_tips_earlier_on_its_own_side():
    downhill, uphill = np.degrees(np.arctan((HALF_WIDTH - 0.2) / 1.0)), np.degrees(np.arctan((HALF_WIDTH + 0.2) / 1.0))
    up = [tilted(downhill - 1e-6, 180), tilted(downhill + 1e-6, 180), tilted(uphill - 1e-6, 0), tilted(uphill + 1e-6, 0)]
    assert tips((0.2, 0, 1.0), [(0, 0, 1)] * 4, up).tolist() == [False, True, False, True]


def test_attitude_at_contact_does_not_matter_once_it_rests_flush():
    """A lander tilted by any angle about the slope's own axis settles to the same rest: the slope alone decides."""
    limit = np.degrees(np.arctan(HALF_WIDTH / 1.0))
    for slope, expected in ((limit - 0.01, False), (limit + 0.01, True)):
        for lean in (-30.0, 0.0, 20.0):
            turn = rotation((0, 1, 0), lean)
            assert tips((0, 0, 1.0), turn @ np.array([0, 0, 1]), turn @ tilted(slope, 0))[0] == expected


def test_rest_is_reached_by_the_shortest_turn_from_any_attitude():
    rng = np.random.default_rng(1)
    normals, ups, expected = [], [], []
    for _ in range(500):
        normal = tilted(rng.uniform(0, 60), rng.uniform(0, 360))
        settled = tilted(rng.uniform(20, 60), rng.uniform(0, 360))
        turn = rotation(np.cross(normal, (0, 0, 1)), np.degrees(np.arccos(normal[2])))
        assert turn @ normal == pytest.approx([0, 0, 1], abs=1e-12)
        foot = np.array([0.1, -0.05, 1.0]) - settled / settled[2]
        normals.append(normal), ups.append(turn.T @ settled), expected.append(bool(np.abs(foot[:2]).max() > HALF_WIDTH))
    assert tips((0.1, -0.05, 1.0), normals, ups).tolist() == expected
    assert 0.2 < np.mean(expected) < 0.8


def test_lander_on_its_side_or_head_has_tipped():
    assert tips((0, 0, 1.0), [(1, 0, 0), (0, 0, -1)], [(1, 0, 0), (0, 0, -1)]).tolist() == [True, True]
