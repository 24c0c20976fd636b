"""The catalogue: the missions that come with the program, one TOML file each."""

import tomllib
from pathlib import Path

from perilune.base.errors import PeriluneError
from perilune.mission.paths import nearest
from perilune.mission.refusals import one_line

FOLDER = Path(__file__).parent / "catalogue"


def catalogue() -> list[tuple[str, str]]:
    """Name and one-line summary of every mission that comes with the program, by name."""
    return [(path.stem, tomllib.loads(path.read_text("utf-8"))["mission"]["summary"]) for path in sorted(FOLDER.glob("*.toml"))]


def mission_file(name_or_path: str | Path) -> Path:
    """The file of a catalogue name, or the path itself where it leads to a file.

    Raises
    ------
    PeriluneError
        When it is neither; names the nearest mission of the catalogue.
    """
    text = str(name_or_path)
    names = sorted(path.stem for path in FOLDER.glob("*.toml"))
    if text in names:
        return FOLDER / f"{text}.toml"
    path = Path(text)
    try:
        is_there = path.exists()
    except (OSError, ValueError):
        is_there = False
    if is_there:
        return path
    if path.suffix == ".toml" or len(path.parts) > 1:
        raise PeriluneError(
            one_line(f"{text}: there is no such file; give the path of a mission file or a name of the catalogue ({', '.join(names)})")
        )
    near = nearest(text, names)
    advice = f"did you mean {near}? " if near else ""
    raise PeriluneError(one_line(f"unknown mission {text!r}; {advice}the catalogue has {', '.join(names)}; or give the path of a TOML file"))
