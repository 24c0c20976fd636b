"""The floors of the house: a room imports only from floors below its own, and an import that breaks this is found."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"


def lint_imports(house):
    """The import contracts of pyproject.toml held against the package in a folder."""
    run = subprocess.run([sys.executable, "-c", LINT], cwd=house, capture_output=True, text=True, encoding="utf-8", env=None, check=False)
    return run.returncode, run.stdout + run.stderr


@pytest.fixture
def house(tmp_path):
    """A copy of the package and of its contracts."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copytree(ROOT / "src" / "perilune", tmp_path / "perilune", ignore=shutil.ignore_patterns("__pycache__", "data"))
    return tmp_path


def test_every_room_imports_only_from_the_floors_below(house):
    code, said = lint_imports(house)
    assert code == 0 and "1 kept, 0 broken" in said, said


@pytest.mark.parametrize(
    ("room", "imported"),
    [
        ("avionics", "perilune.lander.engines"),  # the computer would know the truth
        ("lander", "perilune.avionics.belief"),
        ("base", "perilune.messages.telemetry"),
        ("mission", "perilune.flight.setup"),
    ],
)
def test_an_import_from_the_same_floor_or_from_above_is_found(house, room, imported):
    (house / "perilune" / room / "planted.py").write_text(f"import {imported}\n")
    code, said = lint_imports(house)
    assert code != 0 and f"perilune.{room}.planted" in said


def test_a_room_without_a_floor_is_found(house):
    (house / "perilune" / "attic").mkdir()
    (house / "perilune" / "attic" / "__init__.py").write_text("")
    assert lint_imports(house)[0] != 0
