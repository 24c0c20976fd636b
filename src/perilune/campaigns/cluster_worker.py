"""What a worker of a cluster does for a campaign: read the mission that was sent, fly a piece of it, and answer with its rows and its build.

A worker is told all in plain values: files by name and content, the plan as JSON, the piece as two numbers. It keeps the last mission's scene. It
flies one piece at a time with as many threads as Dask gave it, and makes the next ready meanwhile.

Assumptions and limitations: only the first touch of Warp is guarded here (its start races when threads come first together); other tasks of other
programs in the same worker process must not use Warp.
"""

import fcntl
import hashlib
import io
import json
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from perilune.base.errors import PeriluneError
from perilune.base.start_warp import is_compiled, start_warp
from perilune.base.tables import cache_folder
from perilune.campaigns.builds import this_build
from perilune.campaigns.columns import rows_of
from perilune.campaigns.engine import EnoughError
from perilune.campaigns.fly_part import fly_ready, given_to, make_ready
from perilune.campaigns.plan import Plan, plan_from
from perilune.flight.advance import load_kernel
from perilune.flight.flying import prepare
from perilune.flight.kernel import build_kernel
from perilune.flight.setup import Scene
from perilune.mission.loader import load

MISSION, FAULTS = "mission.toml", "faults.toml"
_preparing, _flying = threading.Lock(), threading.Lock()
_kept: dict[str, Any] = {}


def hello() -> dict[str, Any]:
    """The build of this worker."""
    return this_build()


def fly_piece(files: Mapping[str, bytes], plan_json: str, low: int, high: int) -> tuple[bytes, dict[str, Any]]:
    """The rows of runs `low` to `high` (without it) as an Arrow file, and the build that flew them.

    Parameters
    ----------
    files : `mission.toml`, the file of its guidance law if it has one, and `faults.toml` if there is a fault schedule
    plan_json : the content of `plan.json`

    Raises
    ------
    PeriluneError
        The mission or its schedule reads otherwise here than where the campaign was begun, or cannot be flown.
    """
    plan = plan_from(json.loads(plan_json))
    with _preparing:
        start_warp()
        scene, schedule = _scene(files, plan)
        given = given_to(scene, plan, schedule, np.arange(low, high, dtype=np.int64))
        ready = make_ready(scene, plan, given)
    threads, is_unwanted = _by_dask()

    def told(ended: int) -> None:
        if is_unwanted():
            raise EnoughError

    with _flying:
        told(0)
        fly_ready(scene, ready, threads, told)
    out = io.BytesIO()
    rows_of(scene, ready.batch, ready.events, given.faults).write_ipc(out, compression="zstd")
    return out.getvalue(), this_build()


def _scene(files: Mapping[str, bytes], plan: Plan) -> tuple[Scene, Any]:
    """Scene and fault schedule of what was sent; those of the last files are kept."""
    key = hashlib.sha256(repr((sorted(files.items()), plan.mission_hash, plan.schedule_hash)).encode()).hexdigest()
    if _kept.get("key") != key:
        folder = tempfile.TemporaryDirectory(prefix="perilune-")  # kept as long as the mission: a law's messages name its lines
        for name, content in files.items():
            (Path(folder.name) / Path(name).name).write_bytes(content)
        mission = load(Path(folder.name) / MISSION)
        if mission.hash != plan.mission_hash:
            raise PeriluneError("the mission reads otherwise here than where the campaign was begun; install the same version of perilune in both")
        schedule = None
        if plan.schedule_hash is not None:
            from perilune.mission.fault_schedule import read_schedule

            schedule = read_schedule(Path(folder.name) / FAULTS, mission)
            if schedule.hash != plan.schedule_hash:
                raise PeriluneError("the fault schedule reads otherwise here than where the campaign was begun; install the same version of perilune")
        kernel = build_kernel(mission.planned.avionics.guidance.law)
        if not is_compiled(kernel):
            with _compiling():
                load_kernel(mission.planned.avionics.guidance.law)
        _kept.update(key=key, folder=folder, schedule=schedule, scene=prepare(mission))
    return _kept["scene"], _kept["schedule"]


@contextmanager
def _compiling() -> Iterator[None]:
    """Let one of the worker processes that share a cache compile, while the others wait for what it makes."""
    with ExitStack() as stack:
        try:
            cache_folder().mkdir(parents=True, exist_ok=True)
            fcntl.flock(stack.enter_context(open(cache_folder() / "compiling.lock", "w")), fcntl.LOCK_EX)
        except OSError:
            pass  # a file system without locks: each compiles for itself, which is slow and harmless
        yield


def _by_dask() -> tuple[int | None, Callable[[], bool]]:
    """How many threads Dask gave this worker, and whether the task of this thread was cancelled meanwhile."""
    try:
        from distributed.worker import get_worker, thread_state

        worker, key = get_worker(), thread_state.key
    except (ImportError, ValueError, AttributeError):
        return None, lambda: False

    def is_unwanted() -> bool:
        task = worker.state.tasks.get(key)
        return task is None or task.state == "cancelled"

    return int(worker.state.nthreads), is_unwanted
