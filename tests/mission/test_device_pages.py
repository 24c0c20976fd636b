"""Each device has its page, written from the heads of its files, and no file of the lander is forgotten."""

from pathlib import Path

import pytest

from perilune.lander.faults import FAULTS
from perilune.mission.device_pages import PAGES, device_markdown

ROOT = Path(__file__).parents[2]
HELPERS = {"lander", "sensors.channels", "sensors.lock", "sensors.range_faults", "sensors.sampling"}  # parts that several devices share


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_files_say(name):
    written = (ROOT / "docs" / "devices" / f"{name}.md").read_text("utf-8")
    assert written == device_markdown(PAGES[name]), "run: python -m perilune.mission.device_pages docs/devices"
    assert "**Assumptions and limitations:**" in written and "**Source" in written


def test_every_file_of_the_lander_has_a_page():
    folder = ROOT / "src" / "perilune" / "lander"
    files = {".".join(path.relative_to(folder).with_suffix("").parts) for path in folder.rglob("*.py") if path.stem != "__init__"}
    assert files - HELPERS == {name for page in PAGES.values() for name in page.files}


def test_every_fault_stands_on_a_page():
    assert {fault.device for fault in FAULTS} == {device for page in PAGES.values() for device in page.breaks}
