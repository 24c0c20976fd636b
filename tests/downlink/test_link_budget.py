"""The link budget against published ones, figure by figure."""

import numpy as np
import pytest

from perilune.downlink.link_budget import bit_energy_to_noise_db, carrier_to_noise_db_hz, decibels, free_space_loss_db


def test_free_space_loss_is_that_of_voyagers_published_budget():
    """Princeton Satellite Systems, VoyagerLinkBudget: 8.415 GHz over 15e9 km, 314.47 dB."""
    assert free_space_loss_db(15e12, 8.415e9) == pytest.approx(314.47, abs=0.01)


def test_an_s_band_downlink_has_the_published_margin():
    """EURASIP J. Wireless Comm. Netw. 2020 (s13638-020-01674-9), table 1: 2200 MHz, 3.4 Mbit/s, EIRP 38.3 dBm, space −162.2, depointing −10 dB, dish
    38.2 dBi at 130 K; C/N0 81.8 dB Hz, Eb/N0 16.5 dB, demodulation −6 and required 7 dB leave 3.5 dB."""
    carrier = carrier_to_noise_db_hz(38.3 - 30.0, 162.2 + 10.0, 38.2 - decibels(130.0))
    assert carrier == pytest.approx(81.8, abs=0.1)
    bits = bit_energy_to_noise_db(carrier, 3.4e6)
    assert bits == pytest.approx(16.5, abs=0.1)
    assert bits - 6.0 - 7.0 == pytest.approx(3.5, abs=0.1)


def test_twice_the_way_costs_6_db_and_nothing_is_minus_infinity():
    assert free_space_loss_db(2.0, 1e9) - free_space_loss_db(1.0, 1e9) == pytest.approx(20.0 * np.log10(2.0))
    assert decibels(0.0) == -np.inf
