"""What the record tells of the transmitter: which antenna it was switched to, and when it did not send."""

from typing import Any

import numpy as np


def column(rows: Any, name: str) -> np.ndarray | None:
    """A column of the record, a structured array or a dictionary of arrays; None in one that lacks it."""
    names = rows.keys() if isinstance(rows, dict) else rows.dtype.names
    return np.asarray(rows[name]) if name in names else None


def switched_antenna(rows: Any) -> np.ndarray | None:
    """The antenna that is switched to in each row, -1 for whichever serves best; None where the record does not tell."""
    switched = column(rows, "antenna")
    return None if switched is None else switched.astype(np.int64) - 1


def silences_of(rows: Any) -> list[tuple[float, float]]:
    """The spans [s past the epoch] in which the transmitter did not send; one that lasts to the record's end goes on for ever."""
    sends = column(rows, "transmitting")
    if sends is None or sends.all():
        return []
    edges = np.diff(np.concatenate([[True], sends.astype(bool), [True]]).astype(np.int8))
    times = np.append(rows["time"], np.inf)
    return list(zip(times[np.flatnonzero(edges < 0)].tolist(), times[np.flatnonzero(edges > 0)].tolist(), strict=True))
