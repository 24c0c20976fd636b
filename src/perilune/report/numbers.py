"""How numbers and units are written in a report."""

from typing import Any

UNITS = {"m_s": "m/s", "m_s2": "m/s²", "deg": "°", "utc": "UTC", "1": "", "n": "N", "n_m": "N m", "arcsec": "″", "deg_h": "°/h", "percent": "%", "ug": "µg"}


def number(value: Any) -> str:
    """A value as text: four figures or whole units, thousands set apart, a proper minus sign; an em dash for what there is not."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        text = f"{value:,}" if abs(value) >= 10_000 else str(value)
    elif isinstance(value, float):
        size = abs(value)
        text = f"{value:,.0f}" if size >= 10_000 else f"{value:.1f}" if size >= 1_000 else f"{value:.2f}" if size >= 0.1 or value == 0 else f"{value:.3g}"
    else:
        return str(value)
    return text.replace(",", "\u202f").replace("-", "−")


def unit(key: str) -> str:
    """A unit as it is written, from the way keys write it."""
    return UNITS.get(key, key)
