"""The port: somebody else's flight software flies the lander, one exchange per control tick over a local socket; the simulated clock waits."""

import os
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from perilune.avionics.loaded import Loaded
from perilune.avionics.sequencer import MODES
from perilune.base.errors import PeriluneError
from perilune.base.structs import layout, records
from perilune.environment.orientation import ME_FROM_PA, quat_of_rotation, rotation_pa_from_mci
from perilune.flight.advance import LONGEST_S, advance, new_events
from perilune.flight.flying import Progress, Recording, flying_or_new
from perilune.flight.lockstep import Lockstep, OwnAvionics
from perilune.flight.record import HistoryRow
from perilune.flight.setup import Batch, Scene
from perilune.flight.state import STEPS_PER_TICK, TICK_S
from perilune.messages.actuation import Actuation
from perilune.messages.frames import HEADER, Estimate, Frame, Kind, parse_header
from perilune.messages.measurements import Measurements
from perilune.messages.telemetry import Telemetry
from perilune.mission.paths import nearest

LONGEST_PATH = 100  # bytes; the operating system's limit for the name of a local socket is 108 (Linux) or 104 (others)
CONNECT_WITHIN_S, ANSWER_WITHIN_S = 60.0, 10.0
ROOM_AFTER_PLAN_TICKS = 9_000
ACTUATION_BYTES, TELEMETRY_BYTES = (records(struct, 1).itemsize for struct in (Actuation, Telemetry))


class PeerLostError(PeriluneError):
    """The peer went silent, left, or said what is no answer."""


@dataclass(frozen=True)
class Peer:
    """Where other avionics are to be found, and from which mode on they fly (None: from the start)."""

    path: Path
    takeover: str | None = None
    answer_within_s: float = ANSWER_WITHIN_S
    connect_within_s: float = CONNECT_WITHIN_S


def peer_at(address: str, takeover: str | None = None, answer_within_s: float = ANSWER_WITHIN_S) -> Peer:
    """The peer of an address `socket:PATH`; raises PeriluneError on another address, a mode that does not exist or a path that cannot be."""
    scheme, _, path = address.partition(":")
    if scheme != "socket" or not path:
        raise PeriluneError(f"--avionics {address!r} is no address; give socket:PATH, the path of a local socket that will be made there")
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise PeriluneError(f"--avionics {address!r}: the path of a local socket has at most {LONGEST_PATH} bytes; choose a shorter one")
    choices = [mode for mode in MODES if mode not in ("coast", "landed")]
    if takeover is not None and takeover not in choices:
        near = nearest(takeover, choices)
        raise PeriluneError(f"--takeover {takeover!r} is no mode; {f'did you mean {near}? ' if near else ''}choose one of {', '.join(choices)}")
    if not 0.0 < answer_within_s <= 3600.0:
        raise PeriluneError(f"--answer-within-s {answer_within_s:g} is no patience; give seconds above 0, at most 3600")
    return Peer(Path(path), takeover, answer_within_s)


@contextmanager
def listening(path: Path) -> Iterator[socket.socket]:
    """A local socket at `path` that only this user can reach; removed at the end, and a stale one before it."""
    if path.exists() or path.is_symlink():
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            raise PeriluneError(f"--avionics socket:{path}: there is a file at this path that is no socket; choose another path")
        path.unlink()
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        before = os.umask(0o177)
        try:
            server.bind(os.fspath(path))
        except OSError as error:
            raise PeriluneError(f"--avionics socket:{path}: no socket can be made there ({error.strerror}); choose another path") from None
        finally:
            os.umask(before)
        server.listen(1)
        yield server
    finally:
        server.close()
        path.unlink(missing_ok=True)


class Connection:
    """One peer on the line; every failure is a PeerLostError that says what was expected."""

    def __init__(self, line: socket.socket, patience_s: float):
        self.line, self.patience_s = line, patience_s
        line.settimeout(patience_s)

    def send(self, kind: Kind, tick: int, body: bytes) -> None:
        try:
            self.line.sendall(Frame(kind, tick, body).to_bytes())
        except OSError:
            raise PeerLostError("left") from None

    def _read(self, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            try:
                piece = self.line.recv(count - len(data))
            except TimeoutError:
                raise PeerLostError(f"did not answer within {self.patience_s:g} s") from None
            except OSError:
                piece = b""
            if not piece:
                raise PeerLostError("left")
            data += piece
        return bytes(data)

    def answer(self, tick: int) -> tuple[np.ndarray, np.ndarray | None]:
        """The peer's commands for `tick`, and its telemetry where it publishes any."""
        try:
            kind, of_tick, length = parse_header(self._read(HEADER.size))
        except PeerLostError:
            raise
        except PeriluneError as error:
            raise PeerLostError(f"sent no answer: {error}") from None
        wanted = {Kind.COMMANDS: ACTUATION_BYTES, Kind.COMMANDS_AND_TELEMETRY: ACTUATION_BYTES + TELEMETRY_BYTES}
        if kind not in wanted:
            raise PeerLostError(f"sent a frame of kind {kind} where {int(Kind.COMMANDS)} or {int(Kind.COMMANDS_AND_TELEMETRY)} was due")
        if length != wanted[Kind(kind)]:
            raise PeerLostError(f"sent {length} bytes of commands where {wanted[Kind(kind)]} were due; its structs are not those of this version")
        if of_tick != tick:
            raise PeerLostError(f"answered tick {of_tick} where tick {tick} was asked")
        body = self._read(length)
        commands = np.frombuffer(body[:ACTUATION_BYTES], layout(Actuation))
        if kind == Kind.COMMANDS:
            return commands, None
        published = np.frombuffer(body[ACTUATION_BYTES:], layout(Telemetry))
        if not 0 <= published["mode"][0] < len(MODES):
            raise PeerLostError(f"published mode {published['mode'][0]}; modes are counted from 0 ({MODES[0]}) to {len(MODES) - 1} ({MODES[-1]})")
        return commands, published


def fly_with_peer(scene: Scene, batch: Batch, peer: Peer, progress: Progress | None = None) -> tuple[Recording, str]:
    """Fly the only run of a batch under other avionics; the record, and how the peer was lost (empty where it was not).

    The commands of a peer that publishes nothing are recorded with telemetry of zeros.
    """
    first = int(batch.states["tick"][0])
    room = max(round(scene.start.planned_touchdown_s * 1.02 / TICK_S) + ROOM_AFTER_PLAN_TICKS - first, ROOM_AFTER_PLAN_TICKS)
    events, history, telemetry = new_events(scene, 1), records(HistoryRow, 1, room), records(Telemetry, 1, room)
    if peer.takeover is not None:
        if progress:
            progress("flying to the takeover", 0.0)
        until_s = min((first + room) * TICK_S, LONGEST_S)
        advance(scene, batch, events, until_s, history, telemetry, first, stop_mode=MODES.index(peer.takeover))
        if not flying_or_new(batch):
            return Recording(events, history, telemetry, first), f"was not needed: the flight ended before the mode {peer.takeover}"
    if progress:
        progress("compiling the port, once for this version", 0.0)
    lockstep = Lockstep(scene, batch, events, history, telemetry, first)
    handed_over = estimate(scene, batch, telemetry[0, : int(batch.states["tick"][0]) - first])
    lost = ""
    with listening(peer.path) as server:
        if progress:
            progress(f"waiting for flight software on socket:{peer.path}", 0.0)
        server.settimeout(peer.connect_within_s)
        try:
            line, _ = server.accept()
        except TimeoutError:
            raise PeriluneError(
                f"--avionics socket:{peer.path}: nobody connected within {peer.connect_within_s:g} s; start the peer, then it flies"
            ) from None
        with line:
            try:
                _exchange(Connection(line, peer.answer_within_s), lockstep, handed_over, first + room, progress)
            except PeerLostError as error:
                lost = str(error)
    return Recording(events, history, telemetry, first), lost


def _exchange(line: Connection, lockstep: Lockstep, handed_over: np.ndarray, last_tick: int, progress: Progress | None) -> None:
    """One question and one answer a tick until the flight has ended."""
    scene, batch = lockstep.scene, lockstep.batch
    tick = int(batch.states["tick"][0])
    loaded = records(Loaded, 1)
    for part in loaded.dtype.names or ():
        loaded[part] = scene.avionics[part]
    line.send(Kind.LOADED, tick, loaded.tobytes())
    line.send(Kind.ESTIMATE, tick, handed_over.tobytes())
    while flying_or_new(batch) and tick < last_tick:
        line.send(Kind.MEASUREMENTS, tick, lockstep.sense().tobytes())
        commands, published = line.answer(tick)
        lockstep.commands[:] = commands
        lockstep.published[:] = published if published is not None else silent(batch, tick)
        lockstep.act()
        if progress and tick % 100 == 0:
            progress("flying with the peer", min(1.0, tick * TICK_S / scene.start.planned_touchdown_s))
        tick = int(batch.states["tick"][0])
    line.send(Kind.END, tick, b"the flight has ended")


def silent(batch: Batch, tick: int) -> np.ndarray:
    """The telemetry, `Telemetry` records (1,), of avionics that publish nothing: time and the mode that was published last."""
    said = records(Telemetry, 1)
    said["time"], said["mode"], said["height"] = tick * TICK_S, batch.states["mode"], np.nan
    said["attitude_mci_from_body"] = (0.0, 0.0, 0.0, 1.0)
    return said


def estimate(scene: Scene, batch: Batch, published: np.ndarray) -> np.ndarray:
    """What the avionics of this program believe as they hand over, `Estimate` records (1,): what they `published` last, or would at the start."""
    out = records(Estimate, 1)
    tick = int(batch.states["tick"][0]) - (int(batch.states["status"][0]) >= 0)
    if len(published):
        out["telemetry"] = published[-1]
    else:
        own = OwnAvionics(scene)
        if int(batch.states["status"][0]) >= 0:
            own.memories[:], own.begins = batch.states["avionics"], False
        out["telemetry"] = own.compute(records(Measurements, 1), np.array([tick * TICK_S]))[1]
    axes = scene.start.site_axes_me @ ME_FROM_PA @ rotation_pa_from_mci(np.array([scene.start.epoch_tdb_s + tick * TICK_S]))[0]
    out["site_from_mci"] = quat_of_rotation(axes)
    out["gravity"] = float(scene.on_board.harmonics.gm) / float(np.dot(scene.start.site_position_me, scene.start.site_position_me))
    out["control_period"], out["imu_period"] = TICK_S, TICK_S / STEPS_PER_TICK
    return out
