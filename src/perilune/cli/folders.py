"""Where a verb keeps its results when no folder is named."""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perilune.mission.schema import Mission


def default_folder(kind: str, mission: "Mission", words: Iterable[str], is_edited: bool = False) -> Path:
    """`<kind>/<mission>-<case>[-<word>…][-<hash>]`: empty words are left out; the hash of an edited mission keeps its results apart."""
    parts = [mission.mission.name, mission.case, *words, mission.hash[:8] if is_edited else ""]
    return Path(kind) / re.sub(r"[^\w.-]+", "-", "-".join(filter(None, parts))).strip(".-")
