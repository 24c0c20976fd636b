"""The build that flew a part: versions, sources and kind of processor, without which flights do not repeat bit for bit."""

import platform
from importlib.metadata import version
from typing import Any

from perilune.flight.provenance import cpu_kind, source_hash


def this_build() -> dict[str, Any]:
    """What decides the bits of a flight beside its plan."""
    return {
        "perilune": version("perilune"),
        "kernel_sources_sha256": source_hash(),
        "warp": version("warp-lang"),
        "numpy": version("numpy"),
        "cpu": cpu_kind(),
        "machine": f"{platform.system()} {platform.machine()} {' '.join(platform.libc_ver()).strip()}".strip(),
    }


def difference(a: dict[str, Any], b: dict[str, Any]) -> str:
    """In what two builds differ, as words for a sentence; empty where they are the same."""
    names = {"kernel_sources_sha256": "flight code", "cpu": "processor", "machine": "system", "warp": "Warp", "numpy": "NumPy"}
    words = []
    for key in sorted({*a, *b}):
        if a.get(key) != b.get(key):
            one, other = (str(build.get(key))[:40] if key != "kernel_sources_sha256" else str(build.get(key))[:8] for build in (a, b))
            words.append(f"{names.get(key, key)} {one} and {other}")
    return ", ".join(words)
