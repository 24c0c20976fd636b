"""Warp structs on the host: arrays of them, and one element of such an array as the object that a kernel takes by value."""

from functools import cache
from typing import Any

import numpy as np


@cache
def layout(struct: Any) -> np.dtype:
    """The Warp struct's own layout; worked out once, which takes longer than a tick of a flight."""
    return np.dtype(struct.numpy_dtype())


def records(struct: Any, *shape: int) -> np.ndarray:
    """A structured array of zeros in the Warp struct's own layout."""
    return np.zeros(shape, layout(struct))


def struct_from(record: np.void, struct: Any) -> Any:
    """An instance of the Warp struct filled from a record of its own layout (structs may nest; no arrays)."""
    instance = struct()
    for name, variable in struct.vars.items():
        kind, value = variable.type, record[name]
        if value.dtype.names is not None:
            setattr(instance, name, struct_from(value, kind))
        elif getattr(value, "shape", ()):
            setattr(instance, name, kind(*value.ravel().tolist()))
        else:
            setattr(instance, name, kind(value.item()) if kind is not bool else bool(value))
    return instance


def copy_of(instance: Any, struct: Any) -> Any:
    """Another instance of the Warp struct with the same values; arrays are shared."""
    other = struct()
    for name in struct.vars:
        setattr(other, name, getattr(instance, name))
    return other


def joined(arrays: list[np.ndarray], axis: int) -> np.ndarray:
    """As `np.concatenate`, which would give structured arrays another layout than the kernel's; a single array as it is."""
    if len(arrays) == 1:
        return arrays[0]
    shape = list(arrays[0].shape)
    shape[axis] = sum(array.shape[axis] for array in arrays)
    out, at = np.empty(shape, arrays[0].dtype), 0
    for array in arrays:
        place = [slice(None)] * len(shape)
        place[axis] = slice(at, at + array.shape[axis])
        out[tuple(place)] = array
        at += array.shape[axis]
    return out
