"""The link budget: what is left of the transmitter's power when it reaches the receiver, beside the noise that is there.

All in decibels: Eb/N0 = EIRP − losses − free space − air + dish gain − noise temperature − Boltzmann − bit rate; the margin is what is left of it
over the required one. Source: the usual form, as in CCSDS 401.0 and Maral and Bousquet, Satellite Communications Systems.
"""

import numpy as np

from perilune.environment.stations import BOLTZMANN_J_K, SPEED_OF_LIGHT_M_S


def decibels(ratio: np.ndarray | float) -> np.ndarray:
    """A ratio of powers in dB; −inf for 0."""
    with np.errstate(divide="ignore"):
        return np.asarray(10.0 * np.log10(ratio))


def free_space_loss_db(range_m: np.ndarray | float, frequency_hz: float) -> np.ndarray:
    """(4 π d / λ)² in dB."""
    return 2.0 * decibels(4.0 * np.pi * np.asarray(range_m) * frequency_hz / SPEED_OF_LIGHT_M_S)


def carrier_to_noise_db_hz(eirp_dbw: np.ndarray | float, losses_db: np.ndarray | float, gain_to_temperature_db_k: np.ndarray | float) -> np.ndarray:
    """Received power over noise density [dB Hz]: `losses_db` are all that lie between the lander's antenna and the dish."""
    return np.asarray(eirp_dbw - losses_db + gain_to_temperature_db_k - decibels(BOLTZMANN_J_K))


def bit_energy_to_noise_db(carrier_to_noise: np.ndarray | float, bits_per_s: float) -> np.ndarray:
    """Energy of a bit over the noise density [dB] from the carrier over it [dB Hz]."""
    return np.asarray(carrier_to_noise - decibels(bits_per_s))
