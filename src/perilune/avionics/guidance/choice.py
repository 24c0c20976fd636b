"""Which guidance law is flown: one of `LAWS` by its name, or a user's file, and what either is known by."""

from pathlib import Path
from typing import Any

from perilune.avionics.guidance import LAWS
from perilune.avionics.guidance.law_file import is_law_file, law_sha256, line_of_guide, load_law, shown_path
from perilune.base.errors import PeriluneError


def law_of(name: str) -> Any:
    """The `@wp.func` of a law's name or file; raises PeriluneError with one sentence where there is none that can be flown."""
    if is_law_file(name):
        return load_law(Path(name))
    if name not in LAWS:
        raise PeriluneError(f"avionics.guidance.law {no_such_law(name)}")
    return LAWS[name]


def no_such_law(name: str) -> str:
    """The rest of a sentence on a law that is none."""
    return f"names no law: {name!r}; there are {', '.join(sorted(LAWS))}, or a Python file of your own (my_law.py)"


def identity_of(name: str) -> str:
    """What a law is known by in the mission's hash: its name, or its file's content."""
    return f"sha256:{law_sha256(Path(name))}" if is_law_file(name) else name


def label_of(name: str) -> str:
    """What a law is called in a message: its name, or its file and the line of its `guide`."""
    if not is_law_file(name):
        return name
    path = Path(name)
    try:
        return f"{shown_path(path)}:{line_of_guide(path)}"
    except PeriluneError:
        return shown_path(path)
