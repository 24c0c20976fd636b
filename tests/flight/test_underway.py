"""A flight in pieces is the flight: whatever pieces its clock asks for, its record is that of one flown at once."""

import numpy as np
import pytest

from bitwise import bits
from perilune.flight.fly import fly
from perilune.flight.underway import Underway
from perilune.mission.loader import load


@pytest.mark.parametrize("case", ["planned", "as-flown"])
def test_pieces_of_any_length_make_no_difference(case):
    whole, underway, lengths = (
        fly("resilience", case=case, start="pdi"),
        Underway(load("resilience", case=case), start="pdi"),
        np.random.default_rng(5),
    )
    history, telemetry = [], []
    while underway.is_flying:
        piece = underway.advance_to(underway.tick + int(lengths.integers(1, 40)))
        history.append(piece.history)
        telemetry.append(piece.telemetry)
    until = int(underway.batch.states["tick"][0]) + 300
    while underway.is_sending and underway.tick < until:
        piece = underway.advance_to(min(underway.tick + 7, until))
        history.append(piece.history)
        telemetry.append(piece.telemetry)
    flight = underway.flight()
    assert flight.verdict == whole.verdict and flight.to_json() == whole.to_json()
    assert bits(flight.flown.record) == bits(whole.flown.record)
    assert bits(flight.telemetry_rows) == bits(whole.telemetry_rows)
    assert b"".join(bits(part["height"]) for part in history) == bits(whole.flown.record["height"]), "handed out as they come"
    assert sum(map(len, telemetry)) == len(whole.telemetry_rows)
