"""Asking a guidance law by itself: legs in, answers out, no lander and no flight."""

from functools import cache
from typing import Any

import numpy as np
import warp as wp

from perilune.avionics.guidance import LAWS
from perilune.avionics.guidance.leg import Guided, Leg
from perilune.base.structs import records


@cache
def asking_kernel(law: str) -> Any:
    """The kernel that asks one law."""
    guide = LAWS[law]

    @wp.kernel(module="unique")
    def ask(asked: wp.array(dtype=Leg), out: wp.array(dtype=Guided)):
        i = wp.tid()
        out[i] = guide(asked[i])

    return ask


def answers(law: str, legs: np.ndarray) -> np.ndarray:
    """What a law answers to each leg of an array, as an array of `Guided`."""
    out = records(Guided, len(legs))
    shared = [wp.array(legs, dtype=Leg, device="cpu"), wp.array(out, dtype=Guided, device="cpu", copy=False)]
    wp.launch(asking_kernel(law), len(legs), shared, device="cpu")
    return out


def legs_of(count: int, /, **fields: Any) -> np.ndarray:
    """Legs with the given fields in SI, all others 0."""
    legs = records(Leg, count)
    for name, value in fields.items():
        legs[name] = value
    return legs
