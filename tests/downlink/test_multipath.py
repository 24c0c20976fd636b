"""Two rays: Fresnel's limits, the spacing of the fades, and what is left of them on rough ground far below."""

import numpy as np
import pytest

from perilune.downlink import multipath
from perilune.downlink.multipath import co_polar_reflection, divergence_factor, fading, roughness_factor

S_BAND_M = 0.13


def test_straight_down_the_echo_turns_the_other_way_round_and_at_grazing_it_is_whole():
    assert co_polar_reflection(np.array([np.pi / 2])) == pytest.approx(0.0, abs=1e-12)
    assert co_polar_reflection(np.array([1e-6])) == pytest.approx(-1.0, abs=1e-5)


def test_at_the_brewster_angle_half_of_the_level_waves_reflection_is_left():
    brewster = np.arctan(1.0 / np.sqrt(3.0))  # grazing
    across = (np.sin(brewster) - np.sqrt(2.0 + np.sin(brewster) ** 2)) / (np.sin(brewster) + np.sqrt(2.0 + np.sin(brewster) ** 2))
    assert co_polar_reflection(np.array([brewster]))[0] == pytest.approx(across / 2.0)


def test_fades_follow_one_another_at_half_a_wavelength_over_the_sine_of_the_elevation(monkeypatch):
    monkeypatch.setattr(multipath, "ROUGHNESS_M", 0.0)
    grazing = np.radians(8.0)
    height = np.linspace(2.0, 8.0, 200001)
    power = fading(np.full_like(height, grazing), height, S_BAND_M, np.zeros_like(height), np.zeros_like(height))
    inner = power[1:-1]
    fades = height[1:-1][(inner < power[:-2]) & (inner < power[2:])]
    assert np.diff(fades) == pytest.approx(S_BAND_M / (2.0 * np.sin(grazing)), rel=1e-3)
    strength = abs(co_polar_reflection(np.array([grazing]))[0])
    assert power.min() == pytest.approx((1 - strength) ** 2, rel=1e-3) and power.max() == pytest.approx((1 + strength) ** 2, rel=1e-3)
    assert power.mean() == pytest.approx(1.0 + strength**2, rel=5e-3), "fades and swells make up for one another"


def test_rough_ground_and_a_round_moon_weaken_the_echo():
    high = np.radians(np.full(3, 30.0))
    factors = roughness_factor(high, np.array([2.0, 200.0, 20000.0]), 0.0353)
    assert (np.diff(factors) < 0).all() and factors[0] < 1.0 and factors[-1] < 1e-6
    assert divergence_factor(np.array([0.5]), np.array([0.0])) == pytest.approx(1.0)
    assert divergence_factor(np.array([0.01]), np.array([1e5])) < 0.3


def test_below_the_horizon_there_is_no_echo():
    assert fading(np.array([-0.1]), np.array([10.0]), S_BAND_M, np.zeros(1), np.zeros(1)) == 1.0
