"""Sampling: at which control ticks a sensor of a given rate takes a measurement."""

import warp as wp

from perilune.base.vector import ONE, real

TICK_MARGIN = wp.constant(real(1.0e-9))  # periods; a tick that should fall on a sample does, whatever its rounding


@wp.func
def sample_due(rate: real, tick: wp.int32, tick_length: real) -> wp.bool:
    """Whether a sample at `rate` [Hz] falls on this control tick or since the one before; at most one a tick, tick 0 always."""
    now = wp.floor(real(tick) * tick_length * rate + TICK_MARGIN)
    before = wp.floor((real(tick) - ONE) * tick_length * rate + TICK_MARGIN)
    return now > before


def check_latency(rate_hz: float, latency_s: float) -> None:
    """Raise ValueError when a measurement would still be on its way as the next one is taken."""
    if latency_s > 1.0 / rate_hz:
        raise ValueError(f"latency_s ({latency_s:g}) is longer than the period of rate_hz (1/{rate_hz:g} s); lower one of them")
