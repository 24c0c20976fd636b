"""Fly a mission: from a name to a flight with its verdict, in one call."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from perilune.avionics.guidance.choice import label_of
from perilune.base.errors import PeriluneError
from perilune.base.start_warp import start_warp
from perilune.base.structs import joined
from perilune.flight.commands import with_uplink
from perilune.flight.commands_flown import WithoutCommands, has_uplink
from perilune.flight.compare_published import compare_published
from perilune.flight.flight import Flight
from perilune.flight.flown import Flown, events_of, touchdown_of
from perilune.flight.flying import Progress, Recording, fly_recorded, prepare
from perilune.flight.pdi import build_pdi_batch
from perilune.flight.provenance import provenance
from perilune.flight.setup import Batch, Scene, build_batch
from perilune.flight.staying import STAY_S, fly_stay
from perilune.flight.verdict import UNANSWERED, explain, judge, metres
from perilune.mission.draws import draw
from perilune.mission.emit import to_toml
from perilune.mission.faults import PlannedFault
from perilune.mission.loader import load, read
from perilune.mission.paths import nearest
from perilune.mission.run_faults import RunFaults, with_faults
from perilune.mission.schema import Mission

if TYPE_CHECKING:
    from perilune.flight.port import Peer

Start = Literal["doi", "pdi"]


def fly(
    mission: Mission | str | Path,
    case: str | None = None,
    seed: int | None = None,
    run: int = 0,
    start: Start = "doi",
    progress: Progress | None = None,
    peer: "Peer | None" = None,
    drawn: dict[str, float] | None = None,
    faults: Sequence[PlannedFault] = (),
    stay_s: float = STAY_S,
) -> Flight:
    """Fly one run of a mission to its end.

    Parameters
    ----------
    mission : a loaded mission, a name of the catalogue or the path of a mission file
    case : the case to fly; left out, the one that the mission is loaded in
    seed, run : which draws of the dispersions and of the sensors' noise; without a seed every dispersion is at its mean, and noise is that of seed 0
    start : `doi`, where the mission begins (after the descent orbit insertion burn, or at its state), or `pdi`, half a minute before the powered
        descent (same draws; see `flight.pdi`)
    progress : called with what is being done and the share that is done
    peer : other flight software that flies the lander over the port, as `flight.port.peer_at` gives it; left out, this program's own
    drawn : all values in place of those that seed and run give, by dotted path in the file's units; seed and run then shape the noise alone
    faults : what breaks in this flight beside the mission's own faults
    stay_s : for how long the record goes on where the lander stands or has fallen over, sending; all that is told of the flight is of its end before
        that; with a peer there is no stay

    Raises
    ------
    PeriluneError
        One sentence on a mission, case, seed, run, start, value or fault that cannot be flown.

    Example
    -------
    >>> import perilune
    >>> flight = perilune.fly("resilience")
    >>> flight.verdict
    'landed'
    """
    planned = in_case(mission, case)
    flown_mission = with_faults(planned, faults)
    check_start(start)
    if peer is not None and planned.commands:
        raise PeriluneError("--avionics: other flight software takes no commands over this program's uplink; leave [[commands]] out of the mission")
    runs = np.array([run])
    given = None if drawn is None else {path: np.array([float(value)]) for path, value in drawn.items()}
    if given is None:
        draw(planned, seed, runs)
    start_warp()
    scene = prepare(planned, progress)
    batch = batch_from(scene, seed, runs, start, given, [tuple(faults)] if faults else None)
    scene = replace(scene, mission=flown_mission)
    first = batch.states[0].copy()
    lost = ""
    if peer is None:
        recording = fly_recorded(scene, batch, progress)
    else:
        from perilune.flight.port import fly_with_peer

        recording, lost = fly_with_peer(scene, batch, peer, progress)
    past, sent = fly_stay(scene, batch, stay_s if peer is None else 0.0)
    return told(scene, batch, first, recording, past, sent, (seed, run, start), drawn, peer, lost)


def told(
    scene: Scene,
    batch: Batch,
    first: np.ndarray,
    recording: Recording,
    stay_history: np.ndarray,
    stay_telemetry: np.ndarray,
    asked: tuple[int | None, int, str],
    given_values: dict[str, float] | None = None,
    peer: "Peer | None" = None,
    lost: str = "",
) -> Flight:
    """The flight of the only run of a batch that has come to its end: its verdict and all that is told of it.

    `first` is the state that it began with, `asked` are seed, run and start, the rows of its stay come after those of the recording; `lost` says how
    the peer was lost, where it was.
    """
    mission, (seed, run, start) = scene.mission, asked
    history, telemetry = written_rows(recording.history[0]), published_rows(joined([recording.telemetry[0], stay_telemetry[0]], 0))
    flown = Flown(scene, batch.packs[0], first, batch.states[0], recording.events[0], history, written_rows(stay_history[0]))
    verdict = UNANSWERED if lost else str(judge(mission.limits, batch.states)[0])
    return Flight(
        mission=mission,
        seed=seed,
        run=run,
        start=start,
        verdict=verdict,
        reason=lost_sentence(flown, peer, lost) if lost else reason_of(flown, verdict),
        events=events_of(flown),
        touchdown=touchdown_of(flown),
        published=compare_published(flown),
        provenance={**provenance(mission, seed, run, start), "given_values": given_values, "avionics": avionics_of(peer)},
        flown=flown,
        telemetry_rows=telemetry,
        drawn={path: float(values[0]) for path, values in batch.drawn.items()},
        without_commands=fly_without_commands(flown) if has_uplink(flown) and not flown.first["next_uplink"] else None,
    )


def fly_without_commands(flown: Flown) -> WithoutCommands:
    """What comes of the same run from the same state when nothing reaches it of the uplink."""
    scene = with_uplink(flown.scene, [])
    batch = Batch(np.array([int(flown.pack["run"])]), {}, flown.pack.reshape(1).copy(), flown.first.reshape(1).copy())
    recording = fly_recorded(scene, batch)
    alone = Flown(scene, flown.pack, flown.first, batch.states[0], recording.events[0], written_rows(recording.history[0]))
    verdict = str(judge(scene.mission.limits, batch.states)[0])
    return WithoutCommands(verdict, reason_of(alone, verdict))


def in_case(mission: Mission | str | Path, case: str | None) -> Mission:
    """The mission in the case asked for, or in its own."""
    if not isinstance(mission, Mission):
        return load(mission, case=case)
    if case is None or case == mission.case:
        return mission
    return read(to_toml(mission), mission.mission.name, case=case)


def check_start(start: str) -> None:
    """Raise PeriluneError where `start` is no place to start from."""
    choices = list(get_args(Start))
    if start not in choices:
        near = nearest(str(start), choices)
        raise PeriluneError(f"start {start!r} is not known; {f'did you mean {near}? ' if near else ''}choose one of {', '.join(choices)}")


def batch_from(
    scene: Scene,
    seed: int | None,
    runs: np.ndarray,
    start: str,
    drawn: dict[str, np.ndarray] | None = None,
    faults: RunFaults | None = None,
) -> Batch:
    """Packs and states of runs at the start asked for; `drawn` and `faults` as in `build_batch`."""
    build = build_pdi_batch if start == "pdi" else build_batch
    return build(scene, seed, runs, drawn, faults)


def reason_of(flown: Flown, verdict: str) -> str:
    """The verdict as a sentence."""
    row = flown.event("dry") if verdict == "out-of-propellant" else None
    height = float(row["height"]) if row is not None else float(flown.history["height"][-1]) if len(flown.history) else float("nan")
    return explain(flown.scene.mission.limits, verdict, flown.last, height, label_of(flown.scene.mission.planned.avionics.guidance.law))


def lost_sentence(flown: Flown, peer: "Peer | None", lost: str) -> str:
    """How the peer was lost, when and where."""
    height = float(flown.history["height"][-1]) if len(flown.history) else float("nan")
    place = f"{float(flown.last['time']):.1f} s after the start, {metres(height)} above the ground"
    return f"The flight software on {avionics_of(peer)} {lost}, {place}; flight and record end there."


def avionics_of(peer: "Peer | None") -> str:
    """Which flight software flew, as it stands in the provenance."""
    if peer is None:
        return "own"
    return f"socket:{peer.path}{f' from the mode {peer.takeover} on' if peer.takeover else ''}"


def written_rows(rows: np.ndarray) -> np.ndarray:
    """The rows that were filled, from the first to the last; the very first of a flight has time 0 and is told by the next."""
    filled = np.flatnonzero(rows["time"] > 0.0)
    if not filled.size:
        return rows[:0]
    first = int(filled[0])
    return rows[max(0, first - 1) if first == 1 else first : int(filled[-1]) + 1]


def published_rows(rows: np.ndarray) -> np.ndarray:
    """The rows of telemetry that were published: none in a cycle that the computer lost or was away; a computer that speaks believes in some mass."""
    return rows[rows["mass"] != 0.0]
