"""Which frames can be read on Earth, and when: from the energy of the bits along the rows of a record.

A frame is lost with a probability that follows from the mean energy of its bits over its length (where more than twice the required counts as twice,
so that no frame is read of which half is missing, as with codes of rate 1/2), by a draw keyed by seed, run and frame; it is lost for certain where
it was not wholly sent when the lander ceased to send.

Assumptions and limitations: between rows all is linear; after the last one it goes on as it was there.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from perilune.base.random import channel_of, host_uniforms
from perilune.downlink.link_budget import decibels
from perilune.lander.radio import Radio, frame_loss_probability

if TYPE_CHECKING:
    import polars as pl

CHANNEL = channel_of("lander.radio")
SILENT_DB = -300.0
ENOUGH = 2.0  # times the required energy; what is beyond it cannot make up for a part of the frame that is missing


class Course(NamedTuple):
    """Along rows, shape (n,): time [s past the epoch], light time [s], energy of a bit over the noise density (capped), its integral [s] so far."""

    time_s: np.ndarray
    light_time_s: np.ndarray
    energy: np.ndarray
    energy_until: np.ndarray

    def since(self, time_s: float) -> "Course":
        """What of it counts from a time on."""
        first = max(int(np.searchsorted(self.time_s, time_s, side="right")) - 1, 0)
        return Course(*(values[first:] for values in self))


def course_of(margin: "pl.DataFrame", radio: Radio, before: Course | None = None) -> Course:
    """The course along the rows of `Link.margin`; behind that of the rows before them, it is to the bit that of all in one."""
    most = ENOUGH * 10.0 ** (radio.required_eb_n0_db / 10.0)
    energy = np.minimum(10.0 ** (margin["eb_n0_db"].to_numpy() / 10.0), most)
    time, light_time, begin = margin["time_s"].to_numpy(), margin["light_time_s"].to_numpy(), 0.0
    if before is not None:
        begin = before.energy_until[-1]
        time, light_time, energy = (np.concatenate([old[-1:], new]) for old, new in zip(before[:3], (time, light_time, energy), strict=True))
    until = np.cumsum(np.concatenate([[begin], 0.5 * (energy[1:] + energy[:-1]) * np.diff(time)]))
    here = Course(time, light_time, energy, until)
    return here if before is None else Course(*(np.concatenate([old, new[1:]]) for old, new in zip(before, here, strict=True)))


def frames_received(
    course: Course, radio: Radio, frames: np.ndarray, seed: int, run: int, silences: Sequence[tuple[float, float]] = ()
) -> np.ndarray:
    """Which frames, counted from the start of the flight, can be read on Earth, shape (n,); nothing is sent in `silences` [s past the epoch]."""
    begin, end = frames * radio.frame_s, (frames + 1) * radio.frame_s
    energy = (_energy_until(course, end) - _energy_until(course, begin)) / radio.frame_s
    probability = frame_loss_probability(radio, decibels(np.maximum(energy, 10.0 ** (SILENT_DB / 10.0))))
    draws = host_uniforms(seed, np.full(len(frames), run), CHANNEL, np.maximum(frames, 0))[:, 0]
    whole = np.all([(end <= off) | (begin >= on) for off, on in silences], axis=0) if silences else True
    return np.asarray((draws >= probability) & (begin >= 0.0) & whole)


def received_time_s(course: Course, radio: Radio, frames: np.ndarray) -> np.ndarray:
    """When the last bit of each frame is at the station [s past the epoch], shape (n,)."""
    sent_by = (frames + 1) * radio.frame_s
    return np.asarray(sent_by + np.interp(sent_by, course.time_s, course.light_time_s))


def _energy_until(course: Course, time_s: np.ndarray) -> np.ndarray:
    """Integral of the bits' energy over the noise density from the first row to `time_s`, capped; it goes on as the last row is."""
    inside = np.interp(time_s, course.time_s, course.energy_until)
    return np.asarray(inside + course.energy[-1] * np.maximum(time_s - course.time_s[-1], 0.0))
