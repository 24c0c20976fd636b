"""The pages on devices, one for each: assumptions, limitations and sources as they stand at the head of its files, what can break, its keys.

`python -m perilune.mission.device_pages docs/devices` writes them.
"""

import importlib
import inspect
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from perilune.lander.faults import FAULTS
from perilune.mission.faults_page import table_of

HEADINGS = re.compile(r"\n+^(Assumptions and limitations|Sources?[^:\n]{0,40}):\s*", re.MULTILINE)
SOURCE = "../../src/perilune/lander/"


@dataclass(frozen=True)
class Page:
    """A device, the files of the room `lander` that model it, its tables of the mission file, and its name in the list of faults."""

    title: str
    files: tuple[str, ...]
    tables: tuple[str, ...]
    breaks: tuple[str, ...] = ()


PAGES = {
    "engines": Page("Engines", ("engines", "engine_answer"), ("lander.main_engine", "lander.assist_engines"), ("main_engine", "assist_engines")),
    "tanks-and-slosh": Page("Tanks and slosh", ("tanks", "propellant", "slosh"), ("lander.tanks", "lander.mass", "lander.slosh"), ("tanks",)),
    "attitude-thrusters": Page("Attitude thrusters", ("attitude_thrusters",), ("lander.attitude_thrusters",), ("attitude_thrusters",)),
    "legs": Page("Legs", ("legs", "on_legs"), ("lander.legs",)),
    "computer": Page("Computer", ("computer",), ("lander.computer",), ("computer",)),
    "inertial-unit": Page("Inertial measurement unit", ("sensors.imu", "sensors.imu_faults"), ("lander.imu",), ("imu",)),
    "star-tracker": Page("Star tracker", ("sensors.star_tracker",), ("lander.star_tracker",), ("star_tracker",)),
    "range-finder": Page("Range finder", ("sensors.range_finder",), ("lander.range_finder",), ("range_finder",)),
    "landing-radar": Page("Landing radar", ("sensors.landing_radar",), ("lander.landing_radar",), ("landing_radar",)),
    "velocimeter": Page("Velocimeter", ("sensors.velocimeter",), ("lander.velocimeter",), ("velocimeter",)),
    "position-fix": Page("Position fix", ("sensors.position_fix",), ("lander.position_fix",), ("position_fix",)),
    "sun-sensor": Page("Sun sensor", ("sensors.sun_sensor",), ("lander.sun_sensor",), ("sun_sensor",)),
    "contact-probes": Page("Contact probes", ("sensors.contact_probes",), ("lander.contact_probes",), ("contact_probes",)),
    "radio": Page("Radio", ("radio", "transmitter"), ("lander.radio",), ("transmitter",)),
    "faults": Page("Fault slots", ("faults",), ("faults",)),
}


def device_markdown(page: Page) -> str:
    """The page of one device."""
    parts = [f"# {page.title}\n"]
    for name in page.files:
        path = f"{name.replace('.', '/')}.py"
        parts.append(f"\nFrom [{path}]({SOURCE}{path}):\n\n{_headed(_docstring(name))}\n")
    if page.breaks:
        parts.append("\n## What can break\n\nHow a fault is set off: [Faults](../faults.md).\n")
        for device in page.breaks:
            parts.append("\n" + table_of([fault for fault in FAULTS if fault.device == device]))
    keys = ", ".join(f"`[{table}]`" for table in page.tables)
    parts.append(f"\n## In the mission file\n\n{keys}; every key with unit, range and meaning: [The mission file](../mission-file.md).\n")
    parts.append("\nThis page is written from the program's own files: `python -m perilune.mission.device_pages docs/devices`.\n")
    return "".join(parts)


def _docstring(name: str) -> str:
    return inspect.getdoc(importlib.import_module(f"perilune.lander.{name}")) or ""


def _headed(text: str) -> str:
    """A docstring with its assumptions and its sources as paragraphs of their own, named in bold."""
    return HEADINGS.sub(lambda found: f"\n\n**{found[1]}:** ", text)


def write_pages(folder: Path) -> None:
    """Write every page into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (folder / f"{name}.md").write_text(device_markdown(page), "utf-8")


if __name__ == "__main__":
    write_pages(Path(sys.argv[1]))
