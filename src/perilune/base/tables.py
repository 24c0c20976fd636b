"""Cached tables: arrays with units and provenance, written beside and renamed, keyed by everything that shaped them."""

import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from perilune.base.errors import PeriluneError


def cache_folder() -> Path:
    """Where tables are kept: `PERILUNE_CACHE`, else the user's cache folder."""
    base = os.environ.get("PERILUNE_CACHE")
    if base:
        return Path(base)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "perilune"


def key_of(shape: dict[str, Any]) -> str:
    """A hash of all that shaped a table; `shape` must be JSON-serialisable (floats are hashed by their exact value)."""
    return hashlib.sha256(json.dumps(shape, sort_keys=True).encode()).hexdigest()[:24]


def write_atomically(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a file beside `path`, then rename: a kill leaves the old file or the new one, never half of it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    except OSError as error:
        raise PeriluneError(f"{path.parent}: cannot write here ({error.strerror}); choose another folder") from error
    os.close(handle)
    try:
        write(Path(name))
        os.chmod(name, 0o644)
        os.replace(name, path)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else error
        raise PeriluneError(f"{path}: cannot be written ({why}); choose another folder or free some space") from error
    finally:
        Path(name).unlink(missing_ok=True)


def check_md5(path: Path, md5: str) -> None:
    """Raise when the file at `path` is missing or is not the one whose checksum is known."""
    if not path.is_file():
        raise PeriluneError(f"{path}: this data file is missing; reinstall the package that brings it")
    if hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() != md5:
        raise PeriluneError(f"{path}: this data file is damaged (its md5 is not {md5}); reinstall the package that brings it")


def cached_arrays(kind: str, shape: dict[str, Any], build: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """The arrays that `build` makes, from the cache when everything in `shape` is unchanged and the files are whole.

    Each array is kept as an `.npy` of its own, opened memory-mapped (read-only). `table.json` holds the shape, written last, so that a table
    is either whole or absent; a damaged table is built again.
    """
    folder = cache_folder() / kind / key_of(shape)
    index = folder / "table.json"
    try:
        described = json.loads(index.read_text())
        return {name: _open_array(folder / f"{name}.npy", about) for name, about in described["arrays"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass
    arrays = {name: np.ascontiguousarray(a) for name, a in build().items()}
    about = {}
    for name, array in arrays.items():
        write_atomically(folder / f"{name}.npy", partial(_save_array, array=array))
        about[name] = {"bytes": (folder / f"{name}.npy").stat().st_size, "dtype": str(array.dtype), "shape": list(array.shape)}
    write_atomically(index, lambda part: part.write_text(json.dumps({"shape": shape, "arrays": about}, indent=1)))
    return arrays


def _save_array(path: Path, array: np.ndarray) -> None:
    with open(path, "wb") as file:
        np.save(file, array)


def _open_array(path: Path, about: dict[str, Any]) -> np.ndarray:
    if path.stat().st_size != about["bytes"]:
        raise ValueError(f"{path} is truncated")
    array: np.ndarray = np.load(path, mmap_mode="r")
    if list(array.shape) != about["shape"] or str(array.dtype) != about["dtype"]:
        raise ValueError(f"{path} is another table")
    return array
