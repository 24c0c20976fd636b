"""Parameters: frozen models in the file's units, packed into kernel structs in SI by the unit that each key carries.

A key ends in its unit: `reach_m`, `isp_s`, `incidence_limit_deg`. The field of the Warp struct bears the same name without the unit and holds the
value in SI and radians. `pack` fills a struct from a model by that rule alone, so that any number a pack holds can be reached by its dotted path.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from perilune.base.structs import records

Vector3 = tuple[float, float, float]

DEGREE = np.pi / 180.0
UNITS: dict[str, tuple[float, str]] = {
    "m": (1.0, "m"), "km": (1e3, "m"), "mm": (1e-3, "m"), "m2": (1.0, "m²"), "m3": (1.0, "m³"),
    "s": (1.0, "s"), "ms": (1e-3, "s"), "min": (60.0, "s"), "h": (3600.0, "s"),
    "kg": (1.0, "kg"), "kg_m2": (1.0, "kg m²"), "kg_m3": (1.0, "kg/m³"), "kg_s": (1.0, "kg/s"),
    "n_per_m": (1.0, "N/m"), "n_s_per_m": (1.0, "N s/m"),
    "n": (1.0, "N"), "n_m": (1.0, "N m"), "n_s": (1.0, "N s"), "n_m_s": (1.0, "N m s"), "w": (1.0, "W"),
    "m_s": (1.0, "m/s"), "km_s": (1e3, "m/s"), "m_s2": (1.0, "m/s²"), "m_s3": (1.0, "m/s³"), "m2_s4": (1.0, "m²/s⁴"),
    "deg": (DEGREE, "rad"), "arcsec": (DEGREE / 3600.0, "rad"), "mrad": (1e-3, "rad"),
    "deg_s": (DEGREE, "rad/s"), "deg_h": (DEGREE / 3600.0, "rad/s"), "deg_s2": (DEGREE, "rad/s²"),
    "deg_rt_h": (DEGREE / 60.0, "rad/√s"), "m_s_rt_h": (1.0 / 60.0, "m/s/√s"), "m_s_rt_s": (1.0, "m/s/√s"), "rad_rt_s": (1.0, "rad/√s"),
    "ug": (9.80665e-6, "m/s²"), "ug_rt_hz": (9.80665e-6, "m/s/√s"), "ppm": (1e-6, "1"), "percent": (1e-2, "1"),
    "db": (1.0, "dB"), "dbi": (1.0, "dBi"), "mhz": (1e6, "1/s"), "per_db": (1.0, "1/dB"),
    "hz": (1.0, "1/s"), "per_s": (1.0, "1/s"), "per_s2": (1.0, "1/s²"),
}  # fmt: skip


class Parameters(BaseModel):
    """A part of the mission file: frozen, complete, in the file's units; unknown keys, NaN and infinity are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def split_unit(key: str) -> tuple[str, str | None]:
    """`('reach', 'm')` of `'reach_m'`; the unit is the longest suffix that is one, or None."""
    words = key.split("_")
    for n in (4, 3, 2, 1):
        if len(words) > n and "_".join(words[-n:]) in UNITS:
            return "_".join(words[:-n]), "_".join(words[-n:])
    return key, None


def si_factor(key: str) -> float:
    """What a value under `key` is multiplied by to be in SI and radians."""
    unit = split_unit(key)[1]
    return 1.0 if unit is None else UNITS[unit][0]


def fill(record: np.void | np.ndarray, model: BaseModel) -> None:
    """Write a model into one element of a structured array whose fields are named as the model's, without units.

    A word (a policy, a law) is written as the number that the model's class attribute `CODES[key]` gives it. A device that is not there (None)
    leaves its struct zero; the field `present` of a struct, which no model writes, is true where the device is. An array
    that holds fewer elements than the kernel has room for fills the first of them, the others stay zero.

    Raises
    ------
    KeyError
        When a field of the struct has no counterpart in the model: a struct is filled wholly or not at all.
    """
    keys = {split_unit(key)[0]: key for key in type(model).model_fields}
    for name in record.dtype.names or ():
        key = keys.get(name)
        if key is None and name == "present":
            record[name] = True
            continue
        if key is None:
            raise KeyError(f"{type(model).__name__} has nothing for the kernel's field {name!r}")
        value = getattr(model, key)
        if value is None:
            continue
        if isinstance(value, BaseModel):
            fill(record[name], value)
        elif isinstance(value, str):
            record[name] = type(model).CODES[key][value]  # type: ignore[attr-defined]
        elif isinstance(value, bool):
            record[name] = value
        else:
            numbers = np.asarray(value, dtype=np.float64) * si_factor(key)
            if 0 < numbers.ndim <= record[name].ndim:
                record[name][: len(numbers)] = numbers
            else:
                record[name] = numbers


def pack(model: BaseModel, struct: Any, count: int = 1) -> np.ndarray:
    """`count` equal packs of a model as a structured array of the Warp struct's own layout."""
    packs = records(struct, count)
    fill(packs[0], model)
    packs[1:] = packs[0]
    return packs


def pack_slot(packs: np.ndarray, path: str) -> tuple[np.ndarray, float]:
    """The column of `packs` that the dotted path names (a view, one element a run) and the factor from the file's unit to SI.

    A path may end in `.0`, `.1` … for one component of a vector, in `.3.0` for one of an array of vectors. Raises KeyError where no pack
    holds the path.
    """
    slot, factor = packs, 1.0
    for word in path.split("."):
        if word.isdigit() and slot.dtype.names is None and slot.ndim >= 2 and int(word) < slot.shape[1]:
            slot = slot[:, int(word)]
            continue
        stem, unit = split_unit(word)
        if slot.dtype.names is None or (stem not in slot.dtype.names and word not in slot.dtype.names):
            raise KeyError(path)
        slot = slot[stem if stem in slot.dtype.names else word]
        factor = 1.0 if unit is None else UNITS[unit][0]
    if slot.dtype.names is not None:
        raise KeyError(path)
    return slot, factor


def leaves(model: BaseModel, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every dotted path of a model with its value, in the file's units; vectors as one leaf."""
    for key in type(model).model_fields:
        value = getattr(model, key)
        path = f"{prefix}{key}"
        if isinstance(value, BaseModel):
            yield from leaves(value, f"{path}.")
        else:
            yield path, value
