"""Where a user's guidance law lies: a path in a mission file counts from that file's folder, one given from outside from the working directory."""

from pathlib import Path
from typing import Any

from perilune.avionics.guidance.law_file import is_law_file

LAW = "avionics.guidance.law"


def placed_law(law: Any, folder: Path) -> Any:
    """The law with its file's whole path; a name, or what is no text, as it is."""
    return str(folder.absolute() / law) if isinstance(law, str) and is_law_file(law) and "\0" not in law else law


def placed(path: str, value: Any) -> Any:
    """A value given from outside for a dotted path; only a law's file changes."""
    return placed_law(value, Path()) if path == LAW else value


def place_laws(document: dict[str, Any], folder: Path) -> None:
    """Write whole paths for the law files that a mission file's document names, also in its cases; whatever else is wrong with it is told later."""
    settings = [case.get("set") for case in _table(document, "cases").values() if isinstance(case, dict)]
    guidance = _table(_table(document, "avionics"), "guidance")
    tables = [(guidance, "law"), *((table, LAW) for table in settings)]
    tables += [(_table(_table(table, "avionics"), "guidance"), "law") for table in settings]
    for table, key in tables:
        if isinstance(table, dict) and key in table:
            table[key] = placed_law(table[key], folder)


def _table(document: Any, key: str) -> dict[str, Any]:
    value = document.get(key) if isinstance(document, dict) else None
    return value if isinstance(value, dict) else {}
