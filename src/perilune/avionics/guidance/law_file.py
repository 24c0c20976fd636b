"""A guidance law of the user's own: a Python file with a `@wp.func` named `guide`, read, looked over and compiled, or told in one sentence why not.

The file is code that is run: to read a mission that names one only looks at it, to check or fly it runs it. Its identity is its content, wherever it
lies; one file holds the whole law, since what it imports from elsewhere is not in that identity.
"""

import ast
import hashlib
import importlib.util
import inspect
import linecache
import os
import re
import sys
import traceback
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

import warp as wp

from perilune.avionics.guidance.leg import Guided, Leg
from perilune.base.errors import PeriluneError
from perilune.base.start_warp import start_warp

SIGNATURE = "`@wp.func` and `def guide(leg: Leg) -> Guided:`"
LARGEST_BYTES = 1024 * 1024
PLACE = re.compile(r" at (.+?):(\d+):\s*\n(?:.*\n)?;?")
LONGEST_MESSAGE = 200


def is_law_file(law: str) -> bool:
    """Whether a law is named by its file and not by a name of `LAWS`."""
    return law.endswith(".py")


def shown_path(path: Path) -> str:
    """The path as it is read best: from the working directory where it lies below it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def law_source(path: Path) -> bytes:
    """The file's content as it was when it was looked over last, so that what is flown, hashed and kept is one and the same."""
    if path not in _looked_over:
        _looked_over[path] = _read(path)
    return _looked_over[path]


_looked_over: dict[Path, bytes] = {}


def _read(path: Path) -> bytes:
    """The file's content; raises PeriluneError where there is none to be had."""
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise PeriluneError(f"{shown_path(path)}: this file is larger than 1 MiB, so it is no guidance law; give a Python file")
        return path.read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise PeriluneError(f"{shown_path(path)}: this guidance law cannot be read ({reason}); give the path of a Python file") from error
    except ValueError as error:
        raise PeriluneError(f"{shown_path(path)!r}: this is no path of a file; give the path of a Python file") from error


def law_sha256(path: Path) -> str:
    """What the file's content is known by."""
    return hashlib.sha256(law_source(path)).hexdigest()


def look_over(path: Path) -> int:
    """Read the file anew; the line of its `guide`, without running anything. Raises PeriluneError where it is no Python or has none."""
    _looked_over[path] = _read(path)
    return line_of_guide(path)


def line_of_guide(path: Path) -> int:
    """As `look_over`, of the content that was looked over last."""
    label = shown_path(path)
    try:
        tree = ast.parse(law_source(path), label)
    except SyntaxError as error:
        raise PeriluneError(f"{label}:{error.lineno or 1}: this is not valid Python ({error.msg}); correct the line") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise PeriluneError(f"{label}:1: this is not valid Python ({error}); give a Python file in UTF-8") from error
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "guide"]
    if not functions:
        assigned = [node.lineno for node in tree.body for name in ast.walk(node) if isinstance(name, ast.Name | ast.alias) and _binds_guide(name)]
        if not assigned:
            raise PeriluneError(f"{label}:1: this file has no function `guide`; a guidance law reads {SIGNATURE}")
        return assigned[0]
    if not _always_returns(functions[-1].body):
        raise PeriluneError(f"{label}:{functions[-1].lineno}: `guide` can end without an answer; let every way through it end with `return`")
    return functions[-1].lineno


def _always_returns(body: list[ast.stmt]) -> bool:
    last = body[-1]
    return isinstance(last, ast.Return) or (
        isinstance(last, ast.If) and _always_returns(last.body) and bool(last.orelse) and _always_returns(last.orelse)
    )


def _binds_guide(name: ast.Name | ast.alias) -> bool:
    if isinstance(name, ast.alias):
        return (name.asname or name.name) == "guide"
    return name.id == "guide" and isinstance(name.ctx, ast.Store)


def load_law(path: Path) -> Any:
    """The file's `guide`, run, checked and compiled by itself; the same object for the same content.

    Raises
    ------
    PeriluneError
        One sentence with file and line: no file, no Python, no `guide`, raised as it was run, wrong signature, or refused by Warp's compiler.
    """
    return _loaded(path, law_sha256(path))


@cache
def _loaded(path: Path, sha256: str) -> Any:
    line = line_of_guide(path)
    label = shown_path(path)
    guide = vars(_run(path, sha256, label)).get("guide")
    _check_signature(guide, f"{label}:{line}")
    _check_compiles(guide, path, f"{label}:{line}")
    return guide


def _run(path: Path, sha256: str, label: str) -> Any:
    """The file as a module, from the content that was looked over and not from what Python may have kept of it."""
    source = law_source(path)
    lines = source.decode("utf-8-sig", "replace").splitlines(keepends=True)
    linecache.cache[str(path)] = (len(source), None, lines, str(path))  # where Warp reads the functions from
    spec = importlib.util.spec_from_file_location(f"perilune_law_{sha256[:16]}", path)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        exec(compile(source, str(path), "exec"), vars(module))
    except (Exception, SystemExit) as error:
        del sys.modules[spec.name]
        at = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
        said = _brief(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
        raise PeriluneError(f"{label}:{at[-1] if at else 1}: this raised as the file was run ({said}); correct the line") from error
    return module


def _check_signature(guide: Any, place: str) -> None:
    if not isinstance(guide, wp.Function):
        raise PeriluneError(f"{place}: `guide` is not a Warp function; write {SIGNATURE}")
    parameters = list(inspect.signature(guide.func).parameters.values())
    try:
        hints = get_type_hints(guide.func)
    except Exception as error:
        raise PeriluneError(f"{place}: the annotations of `guide` cannot be read ({_brief(str(error))}); write {SIGNATURE}") from error
    if len(parameters) != 1:
        raise PeriluneError(f"{place}: `guide` takes {len(parameters)} arguments, and a law is given one; write {SIGNATURE}")
    for what, kind, wanted, name in (("takes", hints.get(parameters[0].name), Leg, "Leg"), ("returns", hints.get("return"), Guided, "Guided")):
        if kind is not wanted:
            given = "nothing that is annotated" if kind is None else f"a {getattr(kind, 'key', None) or getattr(kind, '__name__', kind)}"
            raise PeriluneError(f"{place}: `guide` {what} {given} where a law {what} a {name}; write {SIGNATURE}")


def _check_compiles(guide: Any, path: Path, place: str) -> None:
    """Compile a kernel that does nothing but ask the law: seconds, where the whole flight takes a minute."""
    start_warp()
    try:
        wp.load_module(_asking(guide).module, device="cpu")
    except Exception as error:
        text = str(error.args[0]) if len(error.args) == 1 else str(error)
        found = [(int(match[2]), match.end()) for match in PLACE.finditer(text) if os.path.abspath(match[1]) == str(path)]
        where = f"{shown_path(path)}:{found[-1][0]}" if found else place
        said = text[found[-1][1] :] if found else text
        raise PeriluneError(f"{where}: Warp cannot compile this ({_brief(said)}); see docs/guidance.md for what a law may hold") from error


def _asking(guide: Any) -> Any:
    @wp.kernel(module="unique")
    def ask(legs: wp.array(dtype=Leg), out: wp.array(dtype=Guided)):
        i = wp.tid()
        out[i] = guide(legs[i])

    return ask


def _brief(message: str) -> str:
    """A message on one line, not too long."""
    text = " ".join(message.split()).strip(" ;.")
    return text if len(text) <= LONGEST_MESSAGE else f"{text[: LONGEST_MESSAGE - 1]}…"
