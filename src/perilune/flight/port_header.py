"""The messages of the port as a C header, made from the structs themselves, so that the two cannot differ."""

from typing import Any

import warp as wp

from perilune.avionics.loaded import Loaded
from perilune.base.structs import records
from perilune.messages.actuation import Actuation
from perilune.messages.frames import Estimate, Kind
from perilune.messages.measurements import Measurements
from perilune.messages.telemetry import Telemetry

C_TYPES = {wp.float64: "double", wp.int32: "int32_t", wp.uint32: "uint32_t", wp.uint64: "uint64_t", wp.bool: "uint8_t", bool: "uint8_t"}


def port_header() -> str:
    """The header's text."""
    done: dict[str, str] = {}
    for struct in (Loaded, Estimate, Measurements, Actuation, Telemetry):
        _declare(struct, done)
    kinds = ", ".join(f"PLN_{kind.name} = {int(kind)}" for kind in Kind)
    sizes = "\n".join(f'_Static_assert(sizeof({name}) == {size}, "{name}");' for name, size in _sizes())
    return HEAD + f"enum {{ {kinds} }};\n\n" + "\n".join(done.values()) + "\n" + sizes + "\n\n#endif\n"


HEAD = """/* The lockstep port of Perilune: frames and structs, little-endian, natural alignment; SI and radians. From `perilune port-header`. */
#ifndef PERILUNE_PORT_H
#define PERILUNE_PORT_H
#include <stdint.h>

typedef struct { char magic[4]; uint32_t kind, tick, length; } PlnHeader; /* magic "PLN1"; length of the body in bytes */
"""


def _sizes() -> list[tuple[str, int]]:
    messages: tuple[Any, ...] = (Loaded, Estimate, Measurements, Actuation, Telemetry)
    return [(s.key, records(s, 1).itemsize) for s in messages]


def _declare(struct: Any, done: dict[str, str]) -> str:
    """The name of a struct in C; its declaration and those it needs are put into `done`, in order."""
    name = str(struct.key)
    if name in done:
        return name
    lines = []
    for field, variable in struct.vars.items():
        kind = variable.type
        if kind in C_TYPES:
            lines.append(f"    {C_TYPES[kind]} {field};")
        elif hasattr(kind, "_shape_"):
            shape = "".join(f"[{n}]" for n in kind._shape_)
            lines.append(f"    {C_TYPES[kind._wp_scalar_type_]} {field}{shape};")
        else:
            lines.append(f"    {_declare(kind, done)} {field};")
    done[name] = "typedef struct {\n" + "\n".join(lines) + f"\n}} {name};\n"
    return name
