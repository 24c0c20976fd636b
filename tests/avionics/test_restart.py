"""What a restart makes of its record's uncertainty: it is carried along the orbit as errors go there."""

import math

import numpy as np
import pytest
import warp as wp

from perilune.avionics.covariance import gravity_gradient
from perilune.avionics.restart import Unseen, carry_uncertainty
from perilune.base.start_warp import start_warp
from perilune.base.structs import records
from perilune.base.vector import real, vec3
from perilune.flight.advance import shared

MU, RADIUS_M = 4.9028e12, 1.8e6
RATE = math.sqrt(MU / RADIUS_M**3)

start_warp()


@wp.kernel(module="unique")
def carry(us: wp.array(dtype=Unseen), places: wp.array(dtype=vec3), mu: real, h: real):
    u = us[0]
    for i in range(places.shape[0]):
        carry_uncertainty(u, gravity_gradient(places[i], mu), h)
    us[0] = u


def carried(rr, vv, duration_s, h=1.0):
    """The covariances after so long on a circular orbit that begins on the first axis and goes along the second."""
    us = records(Unseen, 1)
    us["rr"][0], us["vv"][0] = np.diag(rr), np.diag(vv)
    angle = RATE * (np.arange(round(duration_s / h)) + 0.5) * h
    places = RADIUS_M * np.stack([np.cos(angle), np.sin(angle), np.zeros_like(angle)], axis=1)
    wp.launch(carry, 1, [shared(us, Unseen), wp.array(places, dtype=vec3, device="cpu"), real(MU), real(h)], device="cpu")
    return us[0]


def offset_of(axis, t):
    """Clohessy and Wiltshire (1960): where a difference of velocity of 1 m/s along an axis leads to [m: up, along, across]."""
    s, c = math.sin(RATE * t), math.cos(RATE * t)
    from_up = (s / RATE, -2.0 * (1.0 - c) / RATE, 0.0)
    from_along = (2.0 * (1.0 - c) / RATE, 4.0 * s / RATE - 3.0 * t, 0.0)
    return (from_up, from_along, (0.0, 0.0, s / RATE))[axis]


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("duration_s", [60.0, 900.0, 2200.0])
def test_an_error_of_velocity_leads_where_relative_motion_says(axis, duration_s):
    u = carried([0.0] * 3, np.eye(3)[axis], duration_s)
    expected = np.linalg.norm(offset_of(axis, duration_s))
    assert math.sqrt(np.trace(u["rr"])) == pytest.approx(expected, rel=1e-3)


def test_over_seconds_uncertainty_grows_on_a_straight_line():
    u = carried([100.0**2] * 3, [0.5**2] * 3, 10.0)
    assert np.sqrt(np.diag(u["rr"])) == pytest.approx(math.hypot(100.0, 0.5 * 10.0), rel=1e-4)


def test_covariances_stay_symmetric_and_positive():
    u = carried([300.0**2, 30.0**2, 3.0**2], [0.1**2, 0.2**2, 0.3**2], 2200.0)
    whole = np.block([[u["rr"], u["rv"]], [u["rv"].T, u["vv"]]])
    assert np.abs(whole - whole.T).max() < 1e-9 * np.abs(whole).max()
    scale = np.sqrt(np.diag(whole))
    assert np.linalg.eigvalsh(whole / np.outer(scale, scale)).min() > 0.0
