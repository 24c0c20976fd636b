"""The reference of the mission file, written from the schema: every key with its unit, range, default and meaning."""

import types
import typing
from collections.abc import Iterator
from typing import Any

from perilune.base.parameters import split_unit
from perilune.mission.paths import Leaf, fields_of, in_words, is_choice, leaf_of, members_of, unwrapped
from perilune.mission.published import QUANTITIES
from perilune.mission.requirements import QUANTITIES as REQUIRED
from perilune.mission.schema import Mission

HEAD = """# The mission file

One TOML file describes one mission. `perilune missions` lists those that come with the program, and `perilune check MISSION` reads a file and says in
one sentence what is wrong with it. Every key ends in its unit, and its value stands in that unit; a key with another unit is refused.
A key without a default must stand in the file. `--set path=value` sets any number by its dotted path, such as `lander.range_finder.reach_m=893`;
components of a vector count from 0, such as `lander.mass.dry_cg_m.0=0.005`.

A case is a named way to fly the mission. Under `[cases.NAME.set]` stand the values that differ, as dotted keys. What a case sets of `lander`,
`environment` and the errors of `start` is the truth only, of which the flight software knows nothing; everything else it sets is known to both.
A value given with `--set` changes the mission for both, except where the case sets the same number: there it replaces the case's.

A dispersion moves one number of the truth from run to run about its value in the mission, and only when a seed is given. `hold` names those that
a case leaves at their value. Each number is drawn by itself, unless a block of `[[correlations]]` says which normal ones move together.

A fault (`[[faults]]`, in one case alone `[[cases.NAME.faults]]`, on the command line `--fault`) breaks something of the truth; [Faults](faults.md)
lists what can break. The numbers of the file's own faults can be dispersed, such as `faults.0.height_m`.

A command (`[[commands]]`, in one case alone `[[cases.NAME.commands]]`) reaches the lander in flight, by name or byte for byte;
[Commands](commands.md) lists what there is. `arguments = { duration_s = 20.0 }` gives its arguments.

A requirement is a sentence in the array `requirements`, at the top of the file before the first table: `"landing probability >= 0.99 at confidence
0.9"`, or `"miss_m < 500 at 0.95 confidence 0.9"`, which asks that in 0.95 of all runs or more the lander touch down with less. A campaign answers
each ([Estimates](estimates.md)).

This page is written from the program's own models: `python -m perilune.mission.reference > docs/mission-file.md`.
"""
REQUIREMENTS_HEAD = """
## Quantities of requirements

Each with `<`, `<=`, `>` or `>=`; a run that did not touch down, or was invalid, does not meet the requirement. A share lies above 0 and below 1, a
confidence from 0.5 to below 1.

| quantity | what it is |
|---|---|
"""
TAIL_HEAD = """
## Quantities of published numbers

`value`, `low` and `high` are in the unit that ends the quantity's name.

| quantity | what the flight computes |
|---|---|
"""
PRETTY = {
    "deg": "°", "arcsec": "″", "deg_s": "°/s", "deg_h": "°/h", "deg_s2": "°/s²", "deg_rt_h": "°/√h", "percent": "%", "n": "N", "n_m": "N m",
    "n_s": "N s", "w": "W", "m_s": "m/s", "km_s": "km/s", "m_s2": "m/s²", "m_s_rt_h": "m/s/√h", "m_s_rt_s": "m/s/√s", "rad_rt_s": "rad/√s",
    "db": "dB", "dbi": "dBi", "per_db": "1/dB", "mhz": "MHz", "m_s3": "m/s³", "m2_s4": "m²/s⁴",
    "ug": "µg",
    "ug_rt_hz": "µg/√Hz", "hz": "Hz", "per_s": "1/s", "per_s2": "1/s²", "kg_m2": "kg m²", "kg_m3": "kg/m³", "kg_s": "kg/s", "m2": "m²", "m3": "m³",
}  # fmt: skip
KINDS = {float: "number", int: "whole number", bool: "true or false", str: "text"}


def reference_markdown() -> str:
    """The page `docs/mission-file.md`."""
    quantities = "\n".join(f"| `{key}` | {meaning} |" for key, meaning in QUANTITIES.items())
    required = "\n".join(f"| `{key}` | {meaning} |" for key, (meaning, _, _) in REQUIRED.items())
    return HEAD + "\n".join(_section(Mission, "")) + "\n" + REQUIREMENTS_HEAD + required + "\n" + TAIL_HEAD + quantities + "\n"


def _section(model: Any, path: str) -> Iterator[str]:
    keys = {key: leaf_of(field) for key, field in fields_of(model).items()}
    plain = {key: leaf for key, leaf in keys.items() if _table_of(leaf.kind) is None}
    if plain:
        if not path:
            yield ""
        yield "| key | unit | value | default | meaning |"
        yield "|---|---|---|---|---|"
        yield from (_row(key, leaf) for key, leaf in plain.items())
    for key, leaf in keys.items():
        table = _table_of(leaf.kind)
        if table is None:
            continue
        inner, form = table
        name = f"{path}.{key}" if path else key
        yield ""
        yield f"{'##' if not path else '###'} `{form.format(name)}`"
        yield ""
        about = _first_paragraph(inner) if isinstance(inner, type) else ""
        yield f"{_sentence(leaf.description) or about}{'' if leaf.is_required else ' May be left out.'}"
        yield ""
        chooser, members = members_of(inner)
        for word, member in members.items():
            yield f'With `{chooser} = "{word}"`: {_first_paragraph(member)}'
            yield ""
            yield from _section(member, name)
            yield ""
        if not members:
            yield from _section(inner, name)


def _first_paragraph(model: Any) -> str:
    return " ".join(line.strip() for line in (model.__doc__ or "").split("\n\n")[0].splitlines())


def _table_of(kind: Any) -> tuple[Any, str] | None:
    """The model of a table and how its header is written, or None for a plain value."""
    if fields_of(kind):
        return kind, "[{}]"
    origin, of = typing.get_origin(kind), typing.get_args(kind)
    if origin in (tuple, list) and of and fields_of(of[0]):
        return of[0], "[[{}]]"
    if origin is dict and fields_of(of[1]):
        return of[1], "[{}.NAME]"
    return None


def _row(key: str, leaf: Leaf) -> str:
    unit = split_unit(key)[1]
    shown_unit = "UTC" if key.endswith("_utc") else "" if unit is None else PRETTY.get(unit, unit)
    default = "" if leaf.is_required or leaf.default is None else f"`{_default(leaf.default)}`"
    if not leaf.is_required and leaf.default is None:
        default = "left out"
    return f"| `{key}` | {shown_unit} | {_allowed(leaf)} | {default} | {leaf.description.replace('|', '/')} |"


def _allowed(leaf: Leaf) -> str:
    choices = is_choice(leaf.kind)
    if choices:
        return "a quantity, see below" if len(choices) > 12 else ", ".join(f'`"{c}"`' if isinstance(c, str) else f"`{c}`" for c in choices)
    bounds = in_words(leaf.bounds)
    origin, of = typing.get_origin(leaf.kind), typing.get_args(leaf.kind)
    if origin in (tuple, list):
        inner = KINDS.get(unwrapped(of[0])[0], "value")
        what = f"{inner}s in brackets" if of[1:] == (Ellipsis,) or origin is list else f"{len(of)} {inner}s in brackets"
    elif origin in (typing.Union, types.UnionType):
        what = " or ".join(KINDS.get(member, "value") for member in of)
    elif origin is dict:
        what = "keys and values"
    else:
        what = KINDS.get(leaf.kind, "date and time" if getattr(leaf.kind, "__name__", "") == "datetime" else "value")
    return f"{what}, {bounds}" if bounds else what


def _default(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple | list):
        return f"[{', '.join(_default(v) for v in value)}]"
    return "{}" if value == {} else f"{value:g}" if isinstance(value, float) else str(value)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""


if __name__ == "__main__":
    print(reference_markdown(), end="")
