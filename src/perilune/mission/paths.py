"""Dotted paths of the mission: what they lead to in the schema, and the nearest one to a path that leads nowhere."""

import difflib
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union

from annotated_types import Ge, Gt, Le, Lt
from pydantic import BaseModel, Tag
from pydantic.fields import FieldInfo

from perilune.base.parameters import split_unit


@dataclass(frozen=True)
class Leaf:
    """One key of the schema: its type without annotations, and the bounds that its annotations name."""

    kind: Any
    bounds: tuple[Any, ...] = ()
    description: str = ""
    default: Any = None
    is_required: bool = True


def unwrapped(kind: Any) -> tuple[Any, tuple[Any, ...]]:
    """A type without `Annotated` and without `| None`, and the annotations on the way."""
    notes: tuple[Any, ...] = ()
    while True:
        if typing.get_origin(kind) is Annotated:
            kind, *more = typing.get_args(kind)
            for note in more:
                notes += tuple(note.metadata) if isinstance(note, FieldInfo) else (note,)
            continue
        if typing.get_origin(kind) in (Union, types.UnionType):
            members = [k for k in typing.get_args(kind) if k is not type(None)]
            if len(members) == 1:
                kind = members[0]
                continue
        return kind, notes


def fields_of(kind: Any) -> dict[str, FieldInfo]:
    """The keys of a table: of a model, or of all the models it may be."""
    kind, _ = unwrapped(kind)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return dict(kind.model_fields)
    if typing.get_origin(kind) in (Union, types.UnionType):
        return {key: field for member in typing.get_args(kind) for key, field in fields_of(member).items()}
    return {}


CHOOSERS = ("kind", "plan")  # keys whose word chooses what the rest of a table is


def members_of(kind: Any) -> tuple[str, dict[str, Any]]:
    """The key that chooses what a table is, and the models that it may be by that key's word; no models where there is no choice."""
    kind, _ = unwrapped(kind)
    members = {}
    if typing.get_origin(kind) in (Union, types.UnionType):
        for member in typing.get_args(kind):
            tags = [note.tag for note in typing.get_args(member)[1:] if isinstance(note, Tag)]
            if tags and fields_of(member):
                members[tags[0]] = unwrapped(member)[0]
    keys = [key for key in CHOOSERS if members and all(key in fields_of(member) for member in members.values())]
    return keys[0] if keys else "", members


def leaf_of(field: FieldInfo) -> Leaf:
    """A field of a model as a leaf."""
    kind, notes = unwrapped(field.annotation)
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    return Leaf(kind, (*field.metadata, *notes), field.description or "", default, field.is_required())


def element_kind(kind: Any, word: str) -> Any | None:
    """The type of one element of an array of type `kind`, or None where `word` does not count one."""
    if not (word.isascii() and word.isdigit() and len(word) < 10):
        return None
    origin, of = typing.get_origin(kind), typing.get_args(kind)
    if origin is list or (origin is tuple and of[1:] == (Ellipsis,)):
        return of[0]
    if origin is tuple and int(word) < len(of):
        return of[int(word)]
    return None


def find(model: Any, path: str) -> Leaf | None:
    """What `path` leads to from `model`, or None."""
    leaf = Leaf(model)
    for word in path.split("."):
        fields = fields_of(leaf.kind)
        if word in fields:
            leaf = leaf_of(fields[word])
            continue
        kind = element_kind(leaf.kind, word)
        if kind is None:
            return None
        bare, notes = unwrapped(kind)
        leaf = Leaf(bare, notes or (leaf.bounds if typing.get_origin(leaf.kind) is tuple else ()), leaf.description)
    return leaf


def every_path(model: Any, prefix: str = "") -> Iterator[str]:
    """The dotted paths of all values of a model, without those inside arrays of tables."""
    for key, field in fields_of(model).items():
        kind, _ = unwrapped(field.annotation)
        if fields_of(kind):
            yield from every_path(kind, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def nearest(word: str, choices: list[str]) -> str | None:
    """The choice that was probably meant, or None where nothing is near."""
    found = difflib.get_close_matches(word.lower(), [c.lower() for c in choices], n=1, cutoff=0.6)
    return next((c for c in choices if c.lower() == found[0]), None) if found else None


def suggestion(model: Any, path: str, choices: list[str]) -> str:
    """What would be right in place of the unknown `path`, whose table takes the keys `choices`: the rest of a sentence after a semicolon."""
    key = path.rpartition(".")[2]
    stem, unit = split_unit(key)
    other_unit = [c for c in choices if split_unit(c)[0] == stem and split_unit(c)[1] != unit]
    if other_unit:
        return f"did you mean {other_unit[0]} (the unit is fixed by the key)?"
    elsewhere = [p for p in every_path(model) if p.rpartition(".")[2] == key and p != path]
    near = nearest(key, choices)
    if elsewhere and near is None:
        return f"did you mean {elsewhere[0]}?"
    if near is not None:
        return f"did you mean {near}?"
    if not choices:
        return "nothing stands below this key"
    return f"the keys here are {', '.join(choices[:12])}{', …' if len(choices) > 12 else ''}"


def in_words(bounds: tuple[Any, ...]) -> str:
    """The range that annotations allow, such as `above 0, at most 90`; empty where there is none."""
    words = []
    for bound in bounds:
        for kind, word, value in ((Gt, "above", "gt"), (Ge, "at least", "ge"), (Lt, "below", "lt"), (Le, "at most", "le")):
            if isinstance(bound, kind):
                words.append(f"{word} {readable(getattr(bound, value))}")
    return ", ".join(words)


def readable(value: float) -> str:
    """A bound as an engineer writes it: 1000000 and not 1e+06."""
    return f"{value:.0f}" if abs(value) < 1e8 and value == int(value) else f"{value:.6g}"


def is_inside(value: float, bounds: tuple[Any, ...]) -> bool:
    """Whether `value` obeys every bound."""
    for bound in bounds:
        if isinstance(bound, Gt) and not value > bound.gt:  # type: ignore[operator]
            return False
        if isinstance(bound, Ge) and not value >= bound.ge:  # type: ignore[operator]
            return False
        if isinstance(bound, Lt) and not value < bound.lt:  # type: ignore[operator]
            return False
        if isinstance(bound, Le) and not value <= bound.le:  # type: ignore[operator]
            return False
    return True


def is_choice(kind: Any) -> tuple[Any, ...]:
    """The values of a `Literal`, or nothing."""
    return typing.get_args(kind) if typing.get_origin(kind) is Literal else ()
