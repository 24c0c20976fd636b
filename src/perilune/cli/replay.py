"""`perilune replay`: what the ground received of a recorded flight, once more over TCP, at any speed and from any moment."""

from pathlib import Path
from typing import Annotated

import typer

from perilune.cli.live import PORT, YAMCS, YAMCS_PORT, check_yamcs_port

FOLDER = typer.Argument(metavar="DIR", help="The folder of a recorded flight.", show_default=False)
SPEED = typer.Option(metavar="FACTOR|max", help="How many times as fast as it was.")
FROM = typer.Option("--from", metavar="MOMENT", help="Begin: UTC, seconds past the epoch, or -S: before the planned touchdown.", show_default=False)
TO = typer.Option("--to", metavar="MOMENT", help="End, written likewise; it is not replayed itself.", show_default=False)
WAIT = typer.Option("--wait", help="Begin when the first client has connected.")


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("replay", help="Send what the ground received of a recorded flight once more, over TCP.")(replay)


def replay(
    folder: Annotated[Path, FOLDER],
    speed: Annotated[str, SPEED] = "1",
    from_: Annotated[str | None, FROM] = None,
    to: Annotated[str | None, TO] = None,
    port: Annotated[int, PORT] = 10015,
    is_waiting: Annotated[bool, WAIT] = False,
    with_yamcs: Annotated[bool, YAMCS] = False,
    yamcs_port: Annotated[int | None, YAMCS_PORT] = None,
) -> None:
    """Read the record, open the port, play."""
    from perilune.base.start_warp import start_warp
    from perilune.control_room.replay import replay_of, speed_of
    from perilune.control_room.replaying import WantedReplay, serve_replay

    check_yamcs_port(with_yamcs, yamcs_port)
    wanted = WantedReplay(speed_of(speed), port, is_waiting, with_yamcs, yamcs_port)
    start_warp()
    serve_replay(replay_of(folder, from_, to), folder, wanted, lambda line: print(line, flush=True))
