"""Starting the compute core: Warp initialised once, quietly where there is no graphics card, and asked whether a kernel is compiled yet."""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import warp as wp

import perilune.base.vector  # noqa: F401  (configures Warp before it starts)

_started = [False]


def start_warp() -> None:
    """Initialise Warp; to be called in the main thread, before any other uses it.

    Warp's native part says on the error stream that there is no CUDA driver, which is no news on a machine that computes on its CPU; that one line
    is dropped and anything else it says is passed on.
    """
    if _started[0]:
        return
    sys.stderr.flush()
    try:
        kept = os.dup(2)
    except OSError:
        wp.init()
        _started[0] = True
        return
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), 2)
        try:
            wp.init()
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            said.seek(0)
            for line in said.read().decode(errors="replace").splitlines():
                if "CUDA driver" not in line:
                    print(line, file=sys.stderr)
    _started[0] = True


def is_compiled(kernel: Any) -> bool:
    """Whether Warp's cache holds the machine code of a kernel's module, so that loading it takes no time."""
    start_warp()
    return (Path(wp.config.kernel_cache_dir) / kernel.module.get_module_identifier(1)).is_dir()
