"""Keeping a flight: a folder that another tool reads without this program, written file by file beside and renamed."""

import json
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from perilune.avionics.guidance.law_file import is_law_file, law_source
from perilune.base.errors import PeriluneError
from perilune.base.json_text import json_text
from perilune.base.tables import write_atomically
from perilune.mission.emit import to_toml

if TYPE_CHECKING:
    from perilune.flight.flight import Flight
    from perilune.mission.schema import Mission

also_written: dict[str, Callable[["Flight", Path], object]] = {}
"""Files that rooms above add to the folder, such as the report: how to write each, by its name."""


def save(flight: "Flight", folder: Path, instead: Mapping[str, Callable[["Flight", Path], object]] | None = None) -> Path:
    """Write the flight into `folder`; `flight.json` comes last, so that a folder which holds it is whole.

    `instead` are other ways to write files of `also_written`, by their names.
    """
    check_writable(folder)
    save_mission(flight.mission, folder)
    write_atomically(folder / "history.parquet", lambda part: flight.history.write_parquet(part, compression="zstd", compression_level=1))
    write_atomically(folder / "telemetry.parquet", lambda part: flight.telemetry.write_parquet(part, compression="zstd", compression_level=1))
    for name, write in {**also_written, **(instead or {})}.items():
        write(flight, folder / name)
    write_atomically(folder / "flight.json", lambda part: _write_text(part, as_text(flight)))
    return folder


def save_mission(mission: "Mission", folder: Path) -> None:
    """Write mission.toml and, where it names a guidance law by its file, the file beside it."""
    text, law = to_toml(mission), mission.planned.avionics.guidance.law
    save_law(mission, folder)
    if is_law_file(law):
        text = text.replace(json.dumps(law, ensure_ascii=False), json.dumps(Path(law).name, ensure_ascii=False))
    write_atomically(folder / "mission.toml", lambda part: _write_text(part, text))


def save_law(mission: "Mission", folder: Path) -> None:
    """Write the file of the mission's guidance law, where it has one, as it was flown."""
    law = Path(mission.planned.avionics.guidance.law)
    if is_law_file(law.name):
        content = law_source(law)
        write_atomically(folder / law.name, lambda part: part.write_bytes(content))


def as_text(flight: "Flight") -> str:
    """`flight.json` as text."""
    return json_text(flight.to_json())


def check_writable(folder: Path) -> None:
    """Raise PeriluneError when files cannot be written into `folder`; leaves no trace, whether it is there or not."""
    try:
        if folder.exists() and not folder.is_dir():
            raise PeriluneError(f"{folder}: this is a file, not a folder; choose another folder")
        nearest = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
        if not nearest.is_dir():
            raise PeriluneError(f"{folder}: {nearest} is a file, not a folder; choose another folder")
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except (OSError, ValueError) as error:
        raise PeriluneError(f"{folder}: cannot write here ({getattr(error, 'strerror', None) or error}); choose another folder") from error


def _write_text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
