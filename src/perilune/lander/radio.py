"""Radio: the transmitter that sends telemetry to the Earth through antennas fixed to the lander, frame after frame.

The transmitter never stops: its bits come in frames, one behind the other from the start of the flight on. A frame is `interleaving_depth` code
words that are interleaved and leave as one block, so that none of it can be read before its last bit is in; a frame that was not wholly sent when
the lander's power or structure ended is lost as a whole. Nothing of the flight depends on the radio: the link is reckoned afterwards
(`downlink.link`).

Assumptions and limitations: the main lobe of an antenna falls as a parabola in decibels, 12 (θ / width)² below its peak, down to a floor that holds
in all other directions, and a steered one points at the station as far as it can be turned, without error; no polarisation beyond `losses_db`, no
shadow of the lander's body; one transmitter, switched to the antenna that serves best; constant power; whether a frame can be read falls from
certain to never as a logistic curve of its bits' energy about the required one, as the curves of powerful codes do.
Source of the lobe: the parabola of 3 dB at half the 3 dB width, as in ITU-R F.1336; of the codes: CCSDS 130.1-G-2, figure 6-11, whose word error
rate falls by some five decades in half a decibel (read off).
"""

from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from perilune.base.parameters import Parameters, Vector3

MOST_ANTENNAS = 8


class Radio(Parameters):
    """What the mission file says of the transmitter and its antennas, in the file's units."""

    transmit_power_w: Annotated[
        float, Field(gt=0, le=1000, description="radio-frequency power at the transmitter; source: the mission's, else assumed")
    ]
    frequency_mhz: Annotated[
        float, Field(ge=2000, le=9000, description="carrier, in S band (2000 to 4000) or X band (7000 to 9000); source: the mission's")
    ]
    antenna_directions: Annotated[
        tuple[Vector3, ...],
        Field(min_length=1, max_length=MOST_ANTENNAS, description="where each antenna looks, body axes, of any length but 0; source: the mission's"),
    ]
    peak_gain_dbi: Annotated[
        tuple[Annotated[float, Field(ge=-20, le=40)], ...],
        Field(min_length=1, max_length=MOST_ANTENNAS, description="gain of each along its axis, over an isotropic one; assumed: 6 for a patch"),
    ]
    beamwidth_deg: Annotated[
        tuple[Annotated[float, Field(gt=0, le=360)], ...],
        Field(
            min_length=1, max_length=MOST_ANTENNAS, description="full width of each one's main lobe at 3 dB below its peak; assumed: 80 for a patch"
        ),
    ]
    steered_deg: Annotated[
        tuple[Annotated[float, Field(ge=0, le=180)], ...],
        Field(
            max_length=MOST_ANTENNAS,
            description="how far from its direction each can be turned after the station; left out: none can; source: the mission's",
        ),
    ] = ()
    floor_gain_dbi: Annotated[float, Field(ge=-60, le=20, description="gain of any of them outside its main lobe; assumed")] = -12.0
    antenna_height_m: Annotated[float, Field(ge=0, le=50, description="of the antennas above the plane of the footpads, along body z; assumed")] = 2.0
    losses_db: Annotated[
        float, Field(ge=0, le=30, description="cables, pointing, polarisation, carrier's share and imperfect demodulation together; assumed")
    ]
    bits_per_s: Annotated[
        float, Field(gt=0, le=1e9, description="rate of the bits that frames carry, without those of the code; source: the mission's")
    ]
    required_eb_n0_db: Annotated[
        float, Field(ge=-2, le=30, description="energy of such a bit over the noise density at which one frame of 100 000 is lost; by the code")
    ]
    waterfall_per_db: Annotated[
        float, Field(gt=0, le=100, description="decades by which the frames' odds of being lost grow with each decibel less; CCSDS 130.1-G: about 10")
    ] = 10.0
    codeword_bytes: Annotated[int, Field(ge=1, le=65536, description="bytes that one code word carries; CCSDS 131.0-B: 223")] = 223
    interleaving_depth: Annotated[
        int, Field(ge=1, le=64, description="code words that leave interleaved as one frame; CCSDS 131.0-B: 1 to 5, or 8")
    ] = 5
    overhead_bytes: Annotated[
        int, Field(ge=0, le=1024, description="of each frame that are not the packets' own; CCSDS 132.0-B: header 6, check 2")
    ] = 8

    @model_validator(mode="after")
    def _fits(self) -> "Radio":
        for key in ("peak_gain_dbi", "beamwidth_deg", *(("steered_deg",) if self.steered_deg else ())):
            if len(getattr(self, key)) != len(self.antenna_directions):
                raise ValueError(f"{key} has {len(getattr(self, key))} numbers for {len(self.antenna_directions)} antennas; give one for each")
        if any(not any(direction) for direction in self.antenna_directions):
            raise ValueError("antenna_directions has one of length 0; an antenna looks somewhere")
        if self.overhead_bytes >= self.codeword_bytes * self.interleaving_depth:
            raise ValueError("overhead_bytes leaves no room for packets in a frame; make it less than codeword_bytes times interleaving_depth")
        return self

    @property
    def frame_s(self) -> float:
        """How long one frame takes to send [s]."""
        return 8.0 * self.codeword_bytes * self.interleaving_depth / self.bits_per_s

    @property
    def frame_bits(self) -> int:
        """Bits of packets in one frame."""
        return 8 * (self.codeword_bytes * self.interleaving_depth - self.overhead_bytes)


def antenna_gains_db(radio: Radio, directions_body: np.ndarray) -> np.ndarray:
    """Gain [dBi] of every antenna in directions given as unit vectors in body axes, shape (n, 3); shape (n, antennas)."""
    axes = np.array(radio.antenna_directions)
    axes /= np.linalg.norm(axes, axis=1, keepdims=True)
    cosine = directions_body @ axes.T
    off_axis = np.arctan2(np.linalg.norm(np.cross(directions_body[:, None, :], axes[None, :, :]), axis=2), cosine)
    if radio.steered_deg:
        off_axis = np.maximum(off_axis - np.radians(radio.steered_deg), 0.0)
    lobe = np.array(radio.peak_gain_dbi) - 12.0 * (off_axis / np.radians(radio.beamwidth_deg)) ** 2
    return np.asarray(np.maximum(lobe, radio.floor_gain_dbi))


def frame_loss_probability(radio: Radio, eb_n0_db: np.ndarray) -> np.ndarray:
    """Probability that a frame cannot be read, from the energy of its bits over the noise density [dB], shape as given."""
    odds = -5.0 - radio.waterfall_per_db * (np.asarray(eb_n0_db, dtype=float) - radio.required_eb_n0_db)
    return np.asarray(1.0 / (1.0 + 10.0 ** np.clip(-odds, -300.0, 300.0)))
