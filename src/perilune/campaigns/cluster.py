"""A campaign on a Dask cluster that the user started: its pieces sent a few at a time, their rows taken in as they come, in any order.

What travels to a worker is plain: the mission as its file (a guidance law of the user's own beside it), the fault schedule, the plan, two numbers;
what comes back is a table and the build that flew it. Flights depend on these alone, so a piece whose worker was lost is flown again elsewhere and
gives the same rows.

Assumptions and limitations: workers have this program installed, of the same version and Python, on one kind of processor (or the campaign mixes
builds). What Dask sends is neither encrypted nor guarded unless its own TLS is set (docs/cluster.md). A piece is one part of the plan.
"""

import io
import json
import logging
import warnings
from asyncio import CancelledError
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from perilune.avionics.guidance.law_file import is_law_file, law_source
from perilune.base.errors import PeriluneError
from perilune.campaigns.cluster_worker import FAULTS, MISSION, fly_piece, hello
from perilune.campaigns.engine import Deliver, Work

if TYPE_CHECKING:
    from distributed import Client, Future
    from distributed.security import Security

AHEAD = 2  # pieces a worker process: one in the air and one made ready
AGAIN = 3  # times that a piece is sent once more after Dask gave it up, which it does where it lost four workers with it
CONNECT_S = 10.0  # for which a scheduler may keep a newcomer waiting
LOOK_S = 1.0  # between looks at whether the cluster is still there
TOLD_ALIKE = ("python", "dask", "distributed")


@dataclass(frozen=True)
class Cluster:
    """The workers of the Dask scheduler at `address` (`tcp://HOST:PORT` or `tls://HOST:PORT`), waited for up to `wait_s` [s] where there is none.

    `security` is Dask's own `Security` with the certificates for TLS; left out, those of Dask's configuration.
    """

    address: str
    wait_s: float = 60.0
    security: "Security | None" = None

    def check(self) -> None:
        """A scheduler may still come while the folder is made."""

    def fly(self, work: Work, deliver: Deliver) -> None:
        """Fly the pieces, a few at a time, and deliver them as they come.

        Raises PeriluneError where the cluster cannot be reached, does not fit or is lost; what was delivered stays.
        """
        with _quiet(), self._client() as client:
            self._roll_call(client, work)
            work.standing.start()
            work.tell()
            _Flights(self, client, work).fly(deliver)

    @contextmanager
    def _client(self) -> "Iterator[Client]":
        try:
            from distributed import Client
        except ImportError as error:
            raise PeriluneError(f"--scheduler needs Dask, which cannot be imported ({error}); run `pip install 'perilune[cluster]'`") from error
        if self.security is None:
            _check_certificates(self.address)
        try:
            client = Client(self.address, timeout=CONNECT_S, security=self.security, set_as_default=False, name="perilune")
        except Exception as error:  # OSError, ValueError and what its layers raise at an address that is no scheduler's
            raise PeriluneError(
                f"{self.address}: no Dask scheduler answers here ({_brief(error)}); run `dask scheduler` and give the address that it prints"
            ) from error
        try:
            yield client
        finally:
            with suppress(Exception):
                client.close(timeout=2.0)

    def _roll_call(self, client: "Client", work: Work) -> None:
        """See that there are workers, that they can do what will be asked, and that they are of one build."""
        try:
            client.wait_for_workers(1, timeout=self.wait_s)
        except TimeoutError:
            raise PeriluneError(self._without_workers()) from None
        except Exception as error:
            raise self._lost(work) from error
        try:
            versions: Any = client.get_versions()
            answers = client.run(hello, on_error="return")
        except Exception as error:
            raise PeriluneError(f"{self.address}: its workers do not answer ({_brief(error)}); look into what they print") from error
        here = versions["client"]["packages"]
        for who, there in [("its scheduler", versions["scheduler"]), *((f"worker {name}", of) for name, of in versions["workers"].items())]:
            check_versions(f"{self.address}: {who}", here, there["packages"])
        for name, answer in answers.items():
            if isinstance(answer, BaseException):
                raise self._failed(name, answer)
            work.check(answer, f"worker {name}")

    def _failed(self, worker: str, error: BaseException) -> PeriluneError:
        if isinstance(error, ImportError):
            return PeriluneError(f"worker {worker}: cannot import what it is to fly ({_brief(error)}); install perilune in the workers' Python")
        return PeriluneError(
            f"worker {worker}: {error if isinstance(error, PeriluneError) else f'failed ({_brief(error)}); look into what it prints'}"
        )

    def _without_workers(self) -> str:
        return (
            f"{self.address}: this scheduler had no worker for {self.wait_s:.0f} s; start some with `dask worker {self.address}` and resume, "
            "what was flown is kept"
        )

    def _lost(self, work: Work) -> PeriluneError:
        return PeriluneError(f"{self.address}: this scheduler was lost; what was flown is kept, go on with `perilune resume {work.folder}`")


class _Flights:
    """The pieces of one campaign on their way."""

    def __init__(self, cluster: Cluster, client: "Client", work: Work) -> None:
        self.cluster, self.client, self.work = cluster, client, work
        self.sent = files_of(work), _plan_text(work)
        self.waiting = list(reversed(work.pieces))
        self.aloft: dict[Future, tuple[int, int]] = {}
        self.ended: SimpleQueue[Future] = SimpleQueue()
        self.given_up: dict[tuple[int, int], int] = {}
        self.alone_s = 0.0

    def fly(self, deliver: Deliver) -> None:
        """Send, wait, deliver, until all came or no more are wanted; what is still out then is cancelled."""
        try:
            while self.waiting or self.aloft:
                self._send()
                try:
                    future = self.ended.get(timeout=LOOK_S)
                except Empty:
                    self._look()
                    continue
                rows = self._take(future)
                if rows is not None and not deliver(*rows):
                    return
        finally:
            with suppress(Exception):
                self.client.cancel(list(self.aloft), force=True)

    def _send(self) -> None:
        workers = len(self._workers())
        while self.waiting and len(self.aloft) < AHEAD * workers:
            piece = self.waiting.pop()
            try:
                future = self.client.submit(fly_piece, *self.sent, *piece, key=f"fly_piece-{uuid4().hex}", pure=False, retries=1)
            except Exception as error:
                raise self.cluster._lost(self.work) from error
            self.aloft[future] = piece
            future.add_done_callback(self.ended.put)

    def _workers(self) -> dict[str, Any]:
        try:
            return dict(self.client.ncores()) if self.client.status == "running" else {}
        except Exception as error:
            raise self.cluster._lost(self.work) from error

    def _look(self) -> None:
        """Nothing came for a while: whether that is the cluster's fault."""
        self.work.tell()
        if self.client.status != "running":
            raise self.cluster._lost(self.work)
        self.alone_s = 0.0 if self._workers() else self.alone_s + LOOK_S
        if self.alone_s >= self.cluster.wait_s:
            raise PeriluneError(self.cluster._without_workers())

    def _take(self, future: "Future") -> "tuple[int, int, Any, dict[str, Any]] | None":
        """The part that came, or None where its piece has to be sent again."""
        import polars as pl
        from distributed import KilledWorker

        low, high = self.aloft[future]
        if self.client.status != "running" or future.cancelled():
            raise self.cluster._lost(self.work)
        try:
            content, build = future.result(timeout=self.cluster.wait_s)
        except TimeoutError:  # its worker was lost with the rows, and is being made up for
            future.add_done_callback(self.ended.put)
            return None
        except KilledWorker as error:
            del self.aloft[future]
            self._again((low, high), error)
            return None
        except (Exception, CancelledError) as error:
            if isinstance(error, CancelledError) or self.client.status != "running":
                raise self.cluster._lost(self.work) from error
            raise self.cluster._failed(f"of runs {low} to {high - 1}", error) from error
        del self.aloft[future]
        self.work.check(build, f"the worker of runs {low} to {high - 1}")
        return low, high, pl.read_ipc(io.BytesIO(content)), build

    def _again(self, piece: tuple[int, int], error: BaseException) -> None:
        times = self.given_up[piece] = self.given_up.get(piece, 0) + 1
        if times > AGAIN:
            raise PeriluneError(
                f"{self.cluster.address}: the workers that flew runs {piece[0]} to {piece[1] - 1} were lost each time, {times} times over; "
                "look into what they print (memory?) and resume, what was flown is kept"
            ) from error
        self.waiting.append(piece)


def _check_certificates(address: str) -> None:
    """Raise PeriluneError where Dask is to speak TLS and has no certificates for it."""
    from distributed.security import Security

    if not address.startswith("tls"):
        return
    try:
        has_any = Security().get_connection_args("client")["ssl_context"] is not None
    except Exception as error:
        raise PeriluneError(f"{address}: the certificates for TLS cannot be used ({_brief(error)}); see docs/cluster.md") from error
    if not has_any:
        raise PeriluneError(f"{address}: TLS needs certificates, and Dask was told of none; see docs/cluster.md for where it looks for them")


def files_of(work: Work) -> dict[str, bytes]:
    """The files that say what is flown, by name: the campaign's own mission and fault schedule, and its guidance law as it was looked over."""
    files = {MISSION: (work.folder / MISSION).read_bytes()}
    law = Path(work.mission.planned.avionics.guidance.law)
    if is_law_file(law.name):
        files[law.name] = law_source(law)
    if work.schedule is not None:
        files[FAULTS] = (work.folder / FAULTS).read_bytes()
    return files


def check_versions(who: str, here: dict[str, Any], there: dict[str, Any]) -> None:
    """Raise PeriluneError where Dask or Python are too far apart to work together."""
    for package in TOLD_ALIKE:
        ours, theirs = (str(of.get(package)) for of in (here, there))
        if package == "python":
            ours, theirs = (".".join(version.split(".")[:2]) for version in (ours, theirs))
        if ours != theirs:
            raise PeriluneError(f"{who} runs {package} {theirs} and this process {package} {ours}; install the same version in both")


def _plan_text(work: Work) -> str:
    return json.dumps(work.plan.to_json())


def _brief(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 160 else f"{text[:159]}…"


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep what Dask logs and warns about off the terminal; what matters of it comes as one sentence."""
    names = ["distributed", "tornado", "asyncio", *(n for n in logging.root.manager.loggerDict if n.startswith(("distributed.", "tornado.")))]
    before = {name: logging.getLogger(name).level for name in names}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name in names:
                logging.getLogger(name).setLevel(logging.CRITICAL + 1)
            yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
