"""Alarms: which of the dictionary's limits the received values exceed, and since when.

Assumptions and limitations: raised from `RAISED_FROM` on, and again where it grows graver; cleared once it was milder than that for `CLEARED_S`.
Limits in a band of another field, such as the height, go by the last value received of it. Assumed.
"""

from typing import Any

import numpy as np

from perilune.downlink.fields import SEVERITIES, Field, Limits, Packet

RAISED_FROM = "warning"
CLEARED_S = 3.0


class Alarms:
    """The alarms of one stream of packets."""

    def __init__(self) -> None:
        self._latest: dict[str, float] = {}
        self._raised: dict[str, int] = {}  # the gravest severity told of, by field
        self._mild_since: dict[str, float] = {}

    @property
    def raised(self) -> dict[str, str]:
        """The alarms that stand: severity by field."""
        return {name: SEVERITIES[level] for name, level in self._raised.items()}

    def look(self, time_s: float, packet: Packet, values: Any) -> list[tuple[str, str]]:
        """Take a packet's values; the kinds (`alarm-raised`, `alarm-cleared`) and sentences of what changed by it."""
        told: list[tuple[str, str]] = []
        least = SEVERITIES.index(RAISED_FROM)
        for field in packet.fields:
            if field.encoding not in ("bool", "enumeration"):
                self._latest[field.name] = float(values[field.name])
        for field in packet.fields:
            if not field.limits:
                continue
            value = self._latest[field.name]
            level = max((severity_of(limits, value, self._latest) for limits in field.limits), default=-1)
            if level >= least:
                self._mild_since.pop(field.name, None)
                if level > self._raised.get(field.name, -1):
                    self._raised[field.name] = level
                    told.append(("alarm-raised", f"{SEVERITIES[level]}: {said(field, value)}."))
            elif field.name in self._raised and time_s - self._mild_since.setdefault(field.name, time_s) >= CLEARED_S:
                del self._raised[field.name], self._mild_since[field.name]
                told.append(("alarm-cleared", f"No more: {said(field, value)}."))
        return told


def severity_of(limits: Limits, value: float, latest: dict[str, float]) -> int:
    """The gravest severity, as a place in `SEVERITIES`, that a value has by these limits; -1 for none or where they do not hold."""
    if limits.where is not None:
        at = latest.get(limits.where)
        if at is None or (limits.above is not None and at < limits.above) or (limits.below is not None and at >= limits.below):
            return -1
    outside = [
        SEVERITIES.index(limit.severity)
        for limit in limits.limits
        if (limit.least is not None and value < limit.least) or (limit.most is not None and value > limit.most) or np.isnan(value)
    ]
    return max(outside, default=-1)


def said(field: Field, value: float) -> str:
    """A field and its value in words: `vertical speed, positive down, is 42.1 m/s`."""
    return f"{field.name} ({field.description}) is {value:.4g}{f' {field.unit}' if field.unit else ''}"
