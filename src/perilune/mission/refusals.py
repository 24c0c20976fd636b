"""Refusals: a mistake in a mission file, turned into one sentence that says where, what is wrong, and what would be right."""

import re
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from perilune.base.errors import PeriluneError
from perilune.base.parameters import split_unit
from perilune.mission.paths import CHOOSERS, Leaf, fields_of, find, in_words, is_choice, members_of, suggestion

KINDS = {float: "a number", int: "a whole number", bool: "true or false", str: "a text in quotes"}
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def one_line(text: str) -> str:
    """`text` without line breaks and control characters, and no longer than a message should be."""
    clean = UNPRINTABLE.sub(lambda match: f"\\x{ord(match.group()):02x}", text)
    return clean if len(clean) <= 500 else f"{clean[:499]}…"


def shown(value: Any) -> str:
    """A value as it may stand in a sentence: short, on one line."""
    match value:
        case bool():
            text = "true" if value else "false"
        case str():
            text = f'the text "{value}"'
        case dict():
            text = "a table"
        case list() | tuple():
            text = f"an array of {len(value)}"
        case float():
            text = f"{value:.12g}"
        case None:
            text = "nothing"
        case int() if abs(value) >= 2**63:
            text = "a whole number of more than 63 bits"
        case _:
            text = str(value)
    return one_line(text if len(text) <= 60 else f"{text[:57]}…")


class Origin:
    """Where the values of a mission come from: its file, line by line, and what was set from outside."""

    def __init__(self, label: str, lines: dict[str, int]) -> None:
        self.label, self.lines = label, lines
        self.outside: dict[str, str] = {}  # dotted path → what set it, such as `--set lander.imu.grade=1` or a line of a case

    def where(self, path: str) -> str:
        """`file:line` of the key, or of the nearest table around it; what set it from outside, if something did."""
        words = path.split(".")
        for n in range(len(words), 0, -1):
            around = ".".join(words[:n])
            inside = next((by for p, by in self.outside.items() if p == around or (n == len(words) and p.startswith(f"{path}."))), None)
            if inside is not None:
                return inside
            if around in self.lines:
                return f"{self.label}:{self.lines[around]}"
        return self.label

    def refuse(self, path: str, sentence: str) -> PeriluneError:
        """The error that says `sentence` of the value under `path` (with a colon behind it where the sentence stands by itself)."""
        return PeriluneError(one_line(f"{self.where(path.removesuffix(':'))}: {path} {sentence}"))


def walkable(loc: Sequence[int | str], document: Any) -> str:
    """The dotted path of pydantic's location in the document, without the words that name a choice of models or a validator."""
    words: list[str] = []
    at = document
    for i, word in enumerate(loc):
        if isinstance(at, dict) and word in at:
            at = at[word]
        elif isinstance(at, list) and isinstance(word, int) and word < len(at):
            at = at[word]
        elif i < len(loc) - 1:
            continue
        words.append(str(word))
    return ".".join(words)


def sentence_of(error: ErrorDetails, path: str, leaf: Leaf | None) -> str:
    """The rest of a sentence that begins with the path: what is wrong with its value and what would be right."""
    value, bounds = error["input"], in_words(leaf.bounds) if leaf is not None else ""
    unit = split_unit(next((w for w in reversed(path.split(".")) if not w.isdigit()), path))[1]
    kind = error["type"]
    allowed = f"it must be {bounds}" if bounds else ""
    if kind in ("greater_than", "greater_than_equal", "less_than", "less_than_equal"):
        return f"is {shown(value)}; {allowed or error['msg']}{f' (unit: {unit})' if unit else ''}"
    if kind == "finite_number" or (isinstance(value, float) and value != value):
        return f"is {shown(value)}; it must be a finite number{f', {bounds}' if bounds else ''}"
    if kind in ("too_short", "too_long", "string_too_short", "string_too_long"):
        expected = error.get("ctx", {})
        limit = expected.get("min_length", expected.get("max_length", "another number of"))
        what = "characters" if kind.startswith("string") else "elements"
        got = len(value) if isinstance(value, str | list | dict) else 0
        return f"has {got} {what}; it must have {'at least' if 'min_length' in expected else 'at most'} {limit}"
    if kind in ("literal_error", "enum"):
        choices = [f'"{c}"' if isinstance(c, str) else str(c) for c in is_choice(leaf.kind)] if leaf is not None else []
        if len(choices) == 1:
            return f"is {shown(value)}; it must be {choices[0]}"
        return f"is {shown(value)}; {_near(value, choices) or 'it must be one of ' + ', '.join(choices)}"
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return f"is {shown(value)}; it must be a table"
    if kind in ("tuple_type", "list_type"):
        return f"is {shown(value)}; it must be an array in square brackets"
    if kind.startswith("datetime") or kind.startswith("timezone"):
        return f"is {shown(value)}; it must be an instant in UTC, such as 2025-06-05T18:15:00Z"
    if kind == "value_error":
        return error["msg"].removeprefix("Value error, ")
    if kind == "missing" and path.rpartition(".")[2].isdigit():
        return "is missing; the array before it is too short"
    if kind == "int_from_float" or (kind == "int_type" and isinstance(value, float)):
        return f"is {shown(value)}; it must be a whole number"
    expected_kind = KINDS.get(leaf.kind) if leaf is not None else None
    if expected_kind is not None:
        return f"is {shown(value)}; it must be {expected_kind}{f', {bounds}' if bounds else ''}"
    return f"is {shown(value)}; {error['msg'][:1].lower()}{error['msg'][1:]}"


def _near(value: Any, choices: list[str]) -> str | None:
    from perilune.mission.paths import nearest

    found = nearest(f'"{value}"', choices) if isinstance(value, str) else None
    return f"did you mean {found}? there are {', '.join(choices) if len(choices) <= 12 else f'{len(choices)} choices'}" if found else None


def first_refusal(problem: ValidationError, document: Any, model: Any, origin: Origin) -> PeriluneError:
    """The one sentence for a failed validation: first a wrong choice of what a table is, then unknown keys, for a misspelt key is missing as well."""
    errors = problem.errors(include_url=False)
    order = {"extra_forbidden": 1, "missing": 3}
    error = min(errors, key=lambda e: 0 if e["type"] == "literal_error" and e["loc"][-1] in CHOOSERS else order.get(e["type"], 2))
    path = walkable(error["loc"], document)
    table, _, key = path.rpartition(".")
    around = find(model, table) if table else Leaf(model)
    keys = list(fields_of(_chosen(around.kind, document, table))) if around is not None else []
    if error["type"] == "extra_forbidden":
        free = [k for k in keys if k not in _keys_at(document, table)] or keys
        return PeriluneError(one_line(f"{origin.where(path)}: unknown key {path or 'without a name'}; {suggestion(model, path, free)}"))
    leaf = find(model, path)
    if error["type"] == "missing" and leaf is not None and not key.isdigit():
        about = f" ({leaf.description})" if leaf.description else ""
        what = "table" if fields_of(leaf.kind) else "key"
        return PeriluneError(one_line(f"{origin.where(path)}: the {what} {path} is missing{about}; add it"))
    colon = ":" if error["type"] == "value_error" and leaf is not None and fields_of(leaf.kind) else ""
    return origin.refuse(f"{path}{colon}", sentence_of(error, path, leaf))


def _chosen(kind: Any, document: Any, table: str) -> Any:
    """The model that the table's own word chooses where it may be several; the first where it says nothing."""
    key, members = members_of(kind)
    if not members:
        return kind
    at = document
    for word in table.split("."):
        at = at.get(word, {}) if isinstance(at, dict) else {}
    return members.get(str(at.get(key)) if isinstance(at, dict) else "", next(iter(members.values())))


def _keys_at(document: Any, path: str) -> set[str]:
    at = document
    for word in path.split(".") if path else ():
        at = at[int(word)] if isinstance(at, list) else at.get(word, {}) if isinstance(at, dict) else {}
    return set(at) if isinstance(at, dict) else set()
