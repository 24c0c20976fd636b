"""Flights continued and copied."""

from dataclasses import replace

from perilune.base.structs import records
from perilune.flight.advance import advance, new_events
from perilune.flight.record import HistoryRow
from perilune.flight.state import TICK_S
from perilune.messages.telemetry import Telemetry

SEED = 3


def copy_of(batch, keep=slice(None)):
    """The same flights in memory of their own; `keep` chooses some of them."""
    return replace(batch, runs=batch.runs[keep].copy(), packs=batch.packs[keep].copy(), states=batch.states[keep].copy())


def continue_to(scene, batch, until_s, **options):
    """Advance the batch; its history and telemetry from where it stood."""
    first = int(batch.states["tick"][0])
    ticks = round(until_s / TICK_S) - first
    history, telemetry = records(HistoryRow, len(batch.runs), ticks), records(Telemetry, len(batch.runs), ticks)
    events = options.pop("events", None)
    events = new_events(scene, len(batch.runs)) if events is None else events
    advance(scene, batch, events, until_s, history, telemetry, first, **options)
    return history, telemetry
