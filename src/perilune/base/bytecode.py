"""Compiled Python files, kept in the program's own cache where the environment forbids them beside the sources, so that it starts quickly.

Containers often set PYTHONDONTWRITEBYTECODE to keep source folders clean; every start then compiles a thousand files anew, some two seconds.
"""

import os
import sys
from pathlib import Path


def keep_bytecode() -> None:
    """To be called before heavy imports; does nothing where Python keeps its compiled files anyway."""
    if sys.dont_write_bytecode and not sys.flags.isolated and sys.pycache_prefix is None:
        base = os.environ.get("PERILUNE_CACHE") or os.path.join(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "perilune")
        sys.pycache_prefix = os.path.join(base, "bytecode")
        sys.dont_write_bytecode = False
