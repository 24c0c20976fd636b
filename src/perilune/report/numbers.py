"""How numbers and units are written in a report."""

from typing import Any

UNITS = {
    "m_s": "m/s",
    "m_s2": "m/s²",
    "deg": "°",
    "utc": "UTC",
    "1": "",
    "n": "N",
    "n_m": "N m",
    "arcsec": "″",
    "deg_h": "°/h",
    "percent": "%",
    "ug": "µg",
}


def number(value: Any) -> str:
    """A computed value as text: some four figures, thousands set apart, a proper minus sign; an em dash for what there is not."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return _typeset(f"{value:,}")
    if not isinstance(value, float):
        return str(value)
    size = abs(value)
    decimals = 0 if size >= 10_000 else 1 if size >= 1_000 else 2
    return fixed(value, decimals) if size >= 0.1 or size == 0 else _typeset(f"{value:.3g}")


def fixed(value: float, decimals: int) -> str:
    """A value with a fixed number of decimals."""
    return _typeset(f"{value:,.{decimals}f}")


def given(value: float) -> str:
    """A number as its source or the mission file gives it: no decimals beyond those that it has."""
    return _typeset(f"{value:,.10g}")


def unit(key: str) -> str:
    """A unit as it is written, from the way keys write it."""
    return UNITS.get(key, key)


def _typeset(text: str) -> str:
    return text.replace(",", "\u202f").replace("-", "−")
