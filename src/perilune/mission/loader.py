"""The loader: from a name, a file and what the user set from outside to a mission that can be flown, or to one sentence on why not.

A case's settings of the lander, the environment and the errors at the start edit the truth only: the loaded mission carries them, and
`mission.planned` is the mission without them, from which the avionics take their beliefs; other settings are in both. What the user sets edits
the mission itself, except where the chosen case sets the same number; there it replaces the case's setting.
"""

import datetime
import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from perilune.base.errors import PeriluneError
from perilune.mission.catalogue import mission_file
from perilune.mission.clearance import below_ground
from perilune.mission.commands import command_conflicts
from perilune.mission.correlations import correlation_conflicts
from perilune.mission.dispersions import conflicts
from perilune.mission.faults import fault_conflicts, fault_from
from perilune.mission.law_place import LAW, place_laws, placed, placed_law
from perilune.mission.lines import line_index
from perilune.mission.paths import fields_of, find, nearest, suggestion
from perilune.mission.refusals import Origin, first_refusal, one_line, shown
from perilune.mission.schema import Mission, contradictions, dotted, is_truth

LARGEST_FILE_BYTES = 4 * 1024 * 1024
DEEPEST = 32  # levels of tables and arrays; a mission needs six
UNPAIRED = re.compile("[\ud800-\udfff]")  # half of a surrogate pair, which no file can hold
Overrides = Mapping[str, Any] | Sequence[str]


def load(
    name_or_path: str | Path, overrides: Overrides = (), case: str | None = None, faults: Sequence[str] = (), guidance: str | None = None
) -> Mission:
    """The mission of a catalogue name or TOML file, with `overrides` and in the case asked for.

    `overrides` are values by dotted path, in the file's units, or texts `path=value` with the value as in TOML. Without `case` it is the one that
    the file names under `mission.case`, else `planned`. `faults` are texts `device.kind@key=value,key=value`, beside those of the file.
    `guidance` is the law to fly: a name or the path of a Python file (in a mission file, a path from that file's folder).

    Raises
    ------
    PeriluneError
        One sentence with file and line on whatever is wrong.
    """
    file = mission_file(name_or_path)
    label = str(name_or_path) if Path(str(name_or_path)) == file else file.name
    return read(text_of(file, label), label, overrides, case, faults, guidance, file.parent)


def read(
    text: str,
    label: str = "mission.toml",
    overrides: Overrides = (),
    case: str | None = None,
    faults: Sequence[str] = (),
    guidance: str | None = None,
    folder: Path | None = None,
) -> Mission:
    """As `load`, from the text of a mission file; `label` is what messages call it, `folder` where it lies."""
    document, origin = parsed(text, label)
    place_laws(document, folder or Path())
    base = _checked(document, origin)
    for other in base.cases:
        _in_case(base, other, origin)
    document = base.model_dump(mode="json")
    name = _chosen_case(base, case, origin)
    document["mission"]["case"] = name
    settings = document["cases"][name]["set"] if name in document["cases"] else {}
    chosen = [(LAW, placed_law(guidance, Path()), f"--guidance {guidance}")] if guidance is not None else []
    for path, value, given in [*_as_pairs(overrides), *chosen]:
        target = _target(path, given)
        if path in settings:
            origin.outside[path] = origin.outside[f"cases.{name}.set.{path}"] = given
            settings[path] = value
        else:
            origin.outside[path] = given
            _set(document, target, value, origin, path)
    for fault in [faults] if isinstance(faults, str) else faults:
        origin.outside[f"faults.{len(document['faults'])}"] = f"--fault {fault}"
        document["faults"].append(fault_from(fault))
    written = _checked(document, origin)
    return _in_case(written, name, origin)


def text_of(file: Path, label: str, what: str = "mission file") -> str:
    """The text of a TOML file; raises PeriluneError where it cannot be read."""
    try:
        if file.is_dir():
            raise PeriluneError(one_line(f"{label}: this is a folder; give the path of a {what} in it"))
        if file.stat().st_size > LARGEST_FILE_BYTES:
            raise PeriluneError(one_line(f"{label}: this file is larger than 4 MiB, so it is no {what}; give a TOML file"))
        content = file.read_bytes()
    except OSError as error:
        raise PeriluneError(one_line(f"{label}: cannot be read ({error.strerror}); check the path and its permissions")) from error
    return decoded(content, label)


def decoded(content: bytes, label: str) -> str:
    """The text of a mission file's bytes; a byte-order mark is passed over."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise PeriluneError(one_line(f"{label}:{line}: this is not text in UTF-8; give a TOML file saved as UTF-8")) from error


def parsed(text: str, label: str, what: str = "mission file") -> tuple[dict[str, Any], Origin]:
    """A TOML text as a document, and where its values stand; raises PeriluneError with file and line where it is not valid."""
    try:
        document = tomllib.loads(text)
        _check_depth(document)
        origin = Origin(label, line_index(text))
        for path, value in _whole_numbers(document):
            if not -(2**63) <= value < 2**63:
                raise origin.refuse(path, "is a whole number of more than 64 bits; write it with fewer digits or as a decimal number")
        return document, origin
    except tomllib.TOMLDecodeError as error:
        raise PeriluneError(_syntax(str(error), text, label)) from error
    except RecursionError as error:
        raise PeriluneError(one_line(f"{label}: this is no {what}; its arrays or tables are nested too deeply")) from error
    except ValueError as error:
        raise PeriluneError(one_line(f"{label}: holds a number of too many digits or a date that does not exist; write it shorter")) from error


def _check_depth(value: Any, depth: int = 0) -> None:
    """Raise RecursionError for tables in tables in tables."""
    if depth > DEEPEST:
        raise RecursionError
    for element in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_depth(element, depth + 1)


def _whole_numbers(value: Any, path: str = "") -> Iterator[tuple[str, int]]:
    if isinstance(value, dict | list):
        for key, element in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _whole_numbers(element, f"{path}.{key}" if path else str(key))
    elif isinstance(value, int):
        yield path, value


def _syntax(message: str, text: str, label: str) -> str:
    problem, _, place = message.rpartition(" (at ")
    if place.startswith("line "):
        line = place.split(",")[0].removeprefix("line ")
    else:
        problem, line = (problem or message), str(text.count("\n") + 1)
    return one_line(f"{label}:{line}: this is not valid TOML ({problem[:1].lower()}{problem[1:]}); a line reads `key = value` or `[table]`")


def _checked(document: dict[str, Any], origin: Origin) -> Mission:
    """The document as a mission without contradictions."""
    try:
        mission = Mission.model_validate_json(as_json(document), strict=True)
    except ValidationError as problem:
        raise first_refusal(problem, document, Mission, origin) from problem
    for path, sentence in chain(
        contradictions(mission), conflicts(mission), correlation_conflicts(mission), fault_conflicts(mission), command_conflicts(mission)
    ):
        raise origin.refuse(path, sentence)
    meets_ground = below_ground(mission)
    if meets_ground is not None:
        raise origin.refuse(*meets_ground)
    return mission


def as_json(document: dict[str, Any]) -> str:
    """A document as JSON, which the models read strictly; dates as text."""
    return json.dumps(document, default=_isoformat)


def _isoformat(value: Any) -> str:
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    raise TypeError(type(value).__name__)


def _chosen_case(mission: Mission, case: str | None, origin: Origin) -> str:
    name = case if case is not None else mission.case
    if name in mission.cases or name == "planned":
        return name
    names = ["planned", *(c for c in mission.cases if c != "planned")]
    near = nearest(name, names)
    advice = f"did you mean {near}? " if near else ""
    raise PeriluneError(one_line(f"{origin.label}: unknown case {name!r}; {advice}there are {', '.join(names)}"))


def _in_case(written: Mission, name: str, origin: Origin) -> Mission:
    """The mission with the settings of one of its cases; those that are not the truth's alone are in what was planned, too."""
    settings = written.cases[name].set if name in written.cases else {}
    added = {key: getattr(written.cases[name], key) if name in written.cases else () for key in ("faults", "commands")}
    if not settings and not any(added.values()):
        return written
    truth, planned = written.model_dump(mode="json"), written.model_dump(mode="json")
    inside = Origin(origin.label, origin.lines)
    inside.outside |= {path: given for path, given in origin.outside.items() if path.startswith("faults.")}
    for table, i, one in ((table, i, one) for table, ones in added.items() for i, one in enumerate(ones)):
        here, there = f"{table}.{len(truth[table])}", f"cases.{name}.{table}.{i}"
        inside.outside |= {here: origin.where(there), **{f"{here}.{key}": origin.where(f"{there}.{key}") for key, _ in one}}
        truth[table].append(one.model_dump(mode="json"))
    for path, value in settings.items():
        key = f"cases.{name}.set.{path}"
        given = origin.where(key)
        inside.outside[path] = given
        words = _target(path, f"{given}: {key}")
        _set(truth, words, value, inside, path)
        if not is_truth(path):
            _set(planned, words, value, inside, path)
    return _checked(truth, inside).beside(written if planned == written.model_dump(mode="json") else _checked(planned, inside), written)


def _target(path: str, given: str) -> list[str]:
    """The words of a path that leads to a value of the mission, or a refusal that names the nearest."""
    words = path.split(".")
    if words[0] == "cases" or path == "mission.case":
        raise PeriluneError(one_line(f"{given}: a case is chosen by its name, not by setting {path}; use the case's name"))
    for n in range(1, len(words) + 1):
        if find(Mission, ".".join(words[:n])) is None:
            table = find(Mission, ".".join(words[: n - 1])) if n > 1 else None
            keys = list(fields_of(table.kind if table is not None else Mission)) if n > 1 else list(Mission.model_fields)
            unknown = ".".join(words[:n])
            raise PeriluneError(one_line(f"{given}: unknown path {unknown}; {suggestion(Mission, unknown, keys)}"))
    return words


def _set(document: dict[str, Any], words: list[str], value: Any, origin: Origin, path: str) -> None:
    at: Any = document
    for word in words[:-1]:
        at = at[int(word)] if isinstance(at, list) and int(word) < len(at) else at.get(word) if isinstance(at, dict) else None
    last = words[-1]
    if isinstance(at, list) and last.isdigit() and int(last) < len(at):
        at[int(last)] = value
    elif isinstance(at, dict):
        at[last] = value
    else:
        raise origin.refuse(path, "leads to nothing in this mission; the array before it is shorter")


def _as_pairs(overrides: Overrides) -> list[tuple[str, Any, str]]:
    """Path, value and how it was given, of every override."""
    if isinstance(overrides, str):
        overrides = [overrides]
    if isinstance(overrides, Mapping):
        pairs = [pair for key, value in overrides.items() for pair in (dotted(value, f"{key}.") if isinstance(value, dict) else [(key, value)])]
        return [(path, placed(path, _plain(value, path)), f"override {path} = {shown(value)}") for path, value in pairs]
    parsed = []
    for text in overrides:
        path, equals, value = text.partition("=")
        given = f"--set {text}"
        if not equals or not path.strip() or not value.strip():
            raise PeriluneError(one_line(f"{given}: this sets nothing; write path=value, such as lander.range_finder.reach_m=893"))
        parsed.append((path.strip(), placed(path.strip(), _toml_value(value.strip(), given)), given))
    return parsed


def _toml_value(text: str, given: str) -> Any:
    """A value as TOML writes it; a bare word is taken as text."""
    try:
        document = tomllib.loads(f"value = {text}")
        _check_depth(document)
        if set(document) == {"value"} and not isinstance(document["value"], dict):
            return _plain(document["value"], given)
    except RecursionError:
        pass
    except ValueError:
        if text.replace("_", "").replace("-", "").isalnum() and not text[0].isdigit() and text[0] != "-":
            return text
    raise PeriluneError(one_line(f'{given}: the value cannot be read; write it as in TOML, such as 893.0, true, [1, 2, 3] or "text"'))


def _plain(value: Any, path: str) -> Any:
    """An override as JSON holds it."""
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_plain(element, path) for element in value]
    if hasattr(value, "item") and callable(value.item):  # a NumPy scalar
        value = value.item()
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        raise PeriluneError(one_line(f"override {path}: the whole number does not fit in 64 bits; write it as a decimal number"))
    if isinstance(value, str) and UNPAIRED.search(value):
        raise PeriluneError(one_line(f"override {path}: the text is no valid Unicode; leave out what cannot be written"))
    if isinstance(value, bool | int | float | str):
        return value
    raise PeriluneError(one_line(f"override {path}: a {type(value).__name__} cannot stand in a mission file; give a number, text, switch or list"))
