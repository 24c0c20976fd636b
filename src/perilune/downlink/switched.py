"""What the record tells of the transmitter: which antenna it was switched to, and when it did not send."""

import math
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
    silences = Silences()
    silences.add(rows)
    return silences.until_now


class Silences:
    """The spans in which the transmitter did not send, of rows that come piece by piece."""

    def __init__(self) -> None:
        self._ended: list[tuple[float, float]] = []
        self._since: float | None = None

    def add(self, rows: Any) -> None:
        """The next rows; those of a record that does not tell are taken to send."""
        sends = column(rows, "transmitting")
        if sends is None:
            return
        sent = np.concatenate([[self._since is None], sends.astype(bool)])
        for at in np.flatnonzero(sent[1:] != sent[:-1]).tolist():
            time = float(rows["time"][at])
            if self._since is None:
                self._since = time
            else:
                self._ended.append((self._since, time))
                self._since = None

    @property
    def until_now(self) -> list[tuple[float, float]]:
        """The spans [s past the epoch]; one that lasts on is taken to go on for ever."""
        return [*self._ended, *([(self._since, math.inf)] if self._since is not None else [])]
