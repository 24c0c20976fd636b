"""The horizon against an independent march in small even steps over the same ground, and against a sphere."""

import numpy as np
import pytest

from perilune.environment.horizon import is_sky_free, length_below_highest
from perilune.environment.relief import ReliefDraw
from perilune.environment.relief_detail import ReliefChoice
from perilune.environment.relief_site import RADIUS_M, build_relief, ground_heights, level_relief, site_from_me

LATITUDE_DEG, LONGITUDE_DEG = 60.5, -4.6


@pytest.fixture(scope="module")
def relief():
    return build_relief(ReliefChoice(seed=2, detail_radius_km=50.0), LATITUDE_DEG, LONGITUDE_DEG)


def rays(elevations_deg, azimuths_deg):
    e, a = np.radians(elevations_deg), np.radians(azimuths_deg)
    return np.stack([np.cos(e) * np.sin(a), np.cos(e) * np.cos(a), np.sin(e)], axis=1) @ site_from_me(LATITUDE_DEG, LONGITUDE_DEG)


def test_visibility_is_that_of_an_even_march(relief):
    draws = np.random.default_rng(5)
    n = 60
    directions = rays(draws.uniform(-1.0, 6.0, n), draws.uniform(0.0, 360.0, n))
    east, north, up = site_from_me(LATITUDE_DEG, LONGITUDE_DEG)
    ground = up * RADIUS_M + draws.uniform(-2e4, 2e4, (n, 1)) * east + draws.uniform(-2e4, 2e4, (n, 1)) * north
    unit = ground / np.linalg.norm(ground, axis=1, keepdims=True)
    heights = ground_heights(relief, ReliefDraw(), unit)
    positions = unit * (RADIUS_M + heights + draws.choice([3.0, 30.0, 300.0], n))[:, None]
    ours = is_sky_free(relief, ReliefDraw(), positions, directions)
    clearance = np.empty(n)
    for i in range(n):
        s = np.concatenate([np.arange(0.0, 2e3, 0.5), np.arange(2e3, 2e4, 5.0), np.arange(2e4, 2.6e5, 50.0)])
        points = positions[i] + s[:, None] * directions[i]
        clearance[i] = (np.linalg.norm(points, axis=1) - RADIUS_M - ground_heights(relief, ReliefDraw(), points)).min()
    decided = np.abs(clearance) > 1.0  # the even march is coarse: a nearer miss is no verdict
    assert decided.sum() > 40 and 5 < (~ours).sum() < n - 5
    assert (ours == (clearance > 0.0))[decided].all()


def test_over_a_level_moon_the_horizon_dips_as_on_a_sphere(relief):
    level = level_relief(build_relief(ReliefChoice(seed=2, detail_radius_km=0.0), LATITUDE_DEG, LONGITUDE_DEG), 0.0)
    up = site_from_me(LATITUDE_DEG, LONGITUDE_DEG)[2]
    for height in (10.0, 1e3, 2e4, 1e5):
        dip = np.degrees(np.arccos(RADIUS_M / (RADIUS_M + height)))
        position = np.repeat((up * (RADIUS_M + height))[None, :], 2, axis=0)
        margin = 0.02 if height > 100 else 0.002
        assert is_sky_free(level, ReliefDraw(), position, rays([-dip - margin, -dip + margin], [171.0, 171.0])).tolist() == [False, True]


def test_a_ray_that_never_comes_near_is_not_marched():
    outward = np.array([[RADIUS_M + 1e5, 0.0, 0.0]])
    assert length_below_highest(outward, np.array([[1.0, 0.0, 0.0]]))[0] == 0.0
    assert length_below_highest(outward, np.array([[0.0, 1.0, 0.0]]))[0] == 0.0
    assert length_below_highest(outward, np.array([[-1.0, 0.0, 0.0]]))[0] > 1e5
