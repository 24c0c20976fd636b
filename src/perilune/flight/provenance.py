"""Where a result comes from: mission, draws, versions, machine and data, so that it can be flown again bit for bit or known to differ."""

import hashlib
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from perilune.avionics.guidance.law_file import is_law_file, law_sha256
from perilune.environment.gravity import GRAVITY_UNIT
from perilune.environment.relief_detail import describe
from perilune.mission.schema import Mission

SOURCES = ("base", "environment", "messages", "lander", "avionics", "flight")


def provenance(mission: Mission, seed: int | None, run: int, start: str) -> dict[str, Any]:
    """All that shaped a flight, as it stands in `flight.json`; bits repeat where everything below but the versions of Python is equal."""
    return {
        "mission_hash": mission.hash,
        "planned_hash": mission.planned.hash,
        "case": mission.case,
        "seed": seed,
        "run": run,
        "start": start,
        "guidance_law": Path(mission.planned.avionics.guidance.law).name,
        "guidance_law_sha256": law_sha256(Path(mission.planned.avionics.guidance.law))
        if is_law_file(mission.planned.avionics.guidance.law)
        else None,
        "perilune": version("perilune"),
        "kernel_sources_sha256": source_hash(),
        "warp": version("warp-lang"),
        "numpy": version("numpy"),
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}, {' '.join(platform.libc_ver()).strip() or 'libc unknown'}",
        "cpu": cpu_kind(),
        "field": {**GRAVITY_UNIT, "degree_of_truth": mission.environment.gravity_degree, "degree_on_board": on_board_degree(mission)},
        "relief": describe(mission.environment.relief, mission.planned.avionics.belief.map),
    }


def on_board_degree(mission: Mission) -> int:
    """The degree of the field that the computer carries."""
    return mission.planned.avionics.belief.gravity_degree


@cache
def source_hash() -> str:
    """SHA-256 over every source file that the kernel and its tables are made from, by name."""
    root = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for file in sorted(path for room in SOURCES for path in (root / room).rglob("*.py")):
        digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


@cache
def cpu_kind() -> str:
    """The model of the processor; flights repeat bit for bit on one kind."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
