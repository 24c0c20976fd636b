"""The build that flew a part: versions, sources and kind of processor, without which flights do not repeat bit for bit."""

import platform
from importlib.metadata import version
from typing import Any

from perilune.base.errors import PeriluneError
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


class Builds:
    """The builds that fly one campaign, as they turn up."""

    def __init__(self, are_mixed: bool) -> None:
        self._known: list[dict[str, Any]] = []
        self._are_mixed = are_mixed

    def check(self, build: dict[str, Any], who: str) -> None:
        """Take up the build of `who`; raises PeriluneError where it differs from one that flew or flies already, unless builds are to be mixed."""
        for other in [] if self._are_mixed else self._known:
            differs = difference(other, build)
            if differs:
                raise PeriluneError(
                    f"{who}: of another build than the rest of this campaign ({differs}), so their flights would not belong together; "
                    "go on with one build, or with --mix, which marks the runs of each"
                )
        if build not in self._known:
            self._known.append(build)
