"""The numbers of a flight that nobody published: those whose line in the mission file says `assumed` or `solved`."""

import tomllib
from dataclasses import dataclass
from typing import Any

from perilune.base.parameters import leaves
from perilune.mission.catalogue import catalogue, mission_file
from perilune.mission.lines import line_index
from perilune.mission.schema import Mission

WORDS = ("assumed", "solved")


@dataclass(frozen=True)
class Assumed:
    """One number of the mission without a source, as flown, and what its line says."""

    path: str
    value: object
    remark: str


def assumed(mission: Mission, text: str | None = None) -> list[Assumed]:
    """The assumed and solved numbers among those flown; `text` is the mission file, taken from the catalogue where it is not given.

    Empty when the text is not known: the model holds values, the remarks stand in the file alone.
    """
    if text is None:
        name = mission.mission.name
        if name not in [entry for entry, _ in catalogue()]:
            return []
        text = mission_file(name).read_text("utf-8")
    rows, lines, written = text.splitlines(), line_index(text), tomllib.loads(text)
    found = []
    for path, value in leaves(mission):
        remark = _remark(rows[lines[path] - 1]) if path in lines else ""
        if any(word in remark for word in WORDS) and not path.startswith(("published", "dispersions", "cases")):
            own = _at(written, path)
            is_set = own != (list(value) if isinstance(value, tuple) else value)
            found.append(Assumed(path, value, f"set for this flight; the mission file has {own} ({remark})" if is_set else remark))
    return found


def _at(document: dict[str, Any], path: str) -> Any:
    value: Any = document
    for word in path.split("."):
        value = value[word]
    return value


def _remark(row: str) -> str:
    return row.rpartition("#")[2].strip() if "#" in row else ""
