"""`perilune live`: flies a mission in the time of the wall, its telemetry out and commands in over TCP, and keeps everything in a folder."""

import os
from pathlib import Path
from typing import Annotated

import typer

from perilune.base.errors import PeriluneError
from perilune.cli.check import CASE, FAULT, GUIDANCE, MISSION, SET
from perilune.cli.fly import OUT, RUN, SEED, START, StartChoice
from perilune.cli.folders import default_folder

SPEED = typer.Option(metavar="FACTOR|max", help="How many times as fast as the wall's clock the flight's goes.")
PORT = typer.Option(metavar="N", help="Where clients connect; 0 is any free port.")
HOST = typer.Option(metavar="ADDRESS", help="Where the port listens; anything but loopback lets others in who have the token.")
WAIT = typer.Option("--wait", help="Begin when the first client has connected.")
YAMCS = typer.Option("--yamcs", help="Start Yamcs beside it and connect it (needs the extra `yamcs`).")
YAMCS_PORT = typer.Option("--yamcs-port", metavar="N", help="With --yamcs: where its pages are; left out, any free port.", show_default=False)
TOKEN_VARIABLE = "PERILUNE_TOKEN"


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("live", help="Fly a mission in (scaled) real time: telemetry out and commands in over TCP, all of it recorded.")(live)


def live(
    mission: Annotated[str, MISSION],
    case: Annotated[str | None, CASE] = None,
    seed: Annotated[int | None, SEED] = None,
    run: Annotated[int, RUN] = 0,
    start: Annotated[StartChoice, START] = StartChoice.DOI,
    speed: Annotated[str, SPEED] = "1",
    overrides: Annotated[list[str] | None, SET] = None,
    faults: Annotated[list[str] | None, FAULT] = None,
    guidance: Annotated[str | None, GUIDANCE] = None,
    port: Annotated[int, PORT] = 10015,
    host: Annotated[str, HOST] = "127.0.0.1",
    is_waiting: Annotated[bool, WAIT] = False,
    with_yamcs: Annotated[bool, YAMCS] = False,
    yamcs_port: Annotated[int | None, YAMCS_PORT] = None,
    out: Annotated[Path | None, OUT] = None,
) -> None:
    """Fly the session, keep it, show what came of it."""
    from perilune.cli.progress import showing_progress
    from perilune.control_room.live import Wanted, fly_live
    from perilune.control_room.replay import speed_of
    from perilune.mission.loader import load

    check_yamcs_port(with_yamcs, yamcs_port)
    token = os.environ.get(TOKEN_VARIABLE)
    wanted = Wanted(speed_of(speed), host, port, seed, run, start.value, token, is_waiting, with_yamcs, yamcs_port)
    loaded = load(mission, overrides or (), case, faults or (), guidance)
    words = [f"seed{seed}" if seed is not None else "", f"run{run}" if run else "", start.word]
    folder = out or default_folder("live", loaded, words, bool(overrides or faults or guidance))
    with showing_progress() as progress:
        outcome = fly_live(loaded, folder, wanted, lambda line: print(line, flush=True), progress)
    from perilune.cli.show_flight import show_flight

    print()
    show_flight(outcome.flight, folder)
    session = outcome.session
    lag = "" if session.pace is None or wanted.speed == float("inf") else f", largest lag {1e3 * session.pace.largest_lag_s:.0f} ms"
    print(f"received   {session.recording.packets} packets, {len(session.desk.released)} commands released{lag}")
    if session.yamcs is not None:
        print(f"archived   {session.yamcs.taken} of {session.recording.packets} packets, by Yamcs")
    if outcome.was_stopped:
        raise KeyboardInterrupt


def check_yamcs_port(with_yamcs: bool, port: int | None) -> None:
    """Raises PeriluneError on a port for the pages of a Yamcs that is not wanted."""
    if port is not None and not with_yamcs:
        raise PeriluneError(f"--yamcs-port {port} says where Yamcs's pages are to be, but no Yamcs is wanted; add --yamcs")
