"""The mission as a file again: what a result folder keeps, so that a flight can be flown once more from it.

The file holds the mission without its case's settings, the case by name under `mission.case`, and the settings as they were flown under that case;
reading it gives an equal mission with the same hash. Comments say what a key means; where a number comes from is said in the original.
"""

import datetime
import json
import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from perilune.mission.instant import write_utc
from perilune.mission.schema import Mission

BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def to_toml(mission: Mission) -> str:
    """The mission as TOML; `loader.read` of it gives an equal mission."""
    head = [f"# Mission {mission.mission.name!r} as flown in the case {mission.case!r}, whose settings stand under [cases] and replace those above."]
    return "\n".join([*head, *_table(mission.written, "")]) + "\n"


def _table(model: BaseModel, path: str) -> Iterator[str]:
    """The lines of one table: its values first, then the tables in it."""
    values, tables = [], []
    for key, field in type(model).model_fields.items():
        value = getattr(model, key)
        if isinstance(value, BaseModel | dict) or _is_array_of_tables(value):
            tables.append((f"{path}.{_key(key)}" if path else _key(key), value))
        elif value is not None:
            note = f"  # {field.description}" if field.description else ""
            values.append(f"{_key(key)} = {_value(value)}{note}")
    if path:
        yield ""
        yield f"[{path}]"
    yield from values
    for name, value in tables:
        yield from _sub_table(name, value)


def _sub_table(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, BaseModel):
        yield from _table(value, name)
    elif isinstance(value, dict):
        if any(isinstance(element, BaseModel) for element in value.values()):
            for key, element in value.items():
                yield from _table(element, f"{name}.{_key(key)}")
        elif value:
            yield ""
            yield f"[{name}]"
            yield from (f"{_key(key)} = {_value(element)}" for key, element in value.items())
    else:
        for element in value:
            yield ""
            yield f"[[{name}]]"
            yield from (f"{_key(key)} = {_value(v)}" for key in type(element).model_fields if (v := getattr(element, key)) is not None and v != {})


def _is_array_of_tables(value: Any) -> bool:
    return isinstance(value, tuple | list) and bool(value) and isinstance(value[0], BaseModel)


def _key(key: str) -> str:
    return key if BARE_KEY.fullmatch(key) else _text(key)


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return _text(value)
        case datetime.datetime():
            return write_utc(value)
        case dict():
            return f"{{ {', '.join(f'{_key(key)} = {_value(element)}' for key, element in value.items())} }}"
        case tuple() | list():
            return f"[{', '.join(_value(element) for element in value)}]"
    raise TypeError(f"{type(value).__name__} has no place in a mission file")


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
