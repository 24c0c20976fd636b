"""`perilune replay`: what the ground received of a recorded flight, once more over TCP, at any speed and from any moment."""

from pathlib import Path
from typing import Annotated

import typer

FOLDER = typer.Argument(metavar="DIR", help="The folder of a recorded flight.", show_default=False)
SPEED = typer.Option(metavar="FACTOR|max", help="How many times as fast as it was.")
FROM = typer.Option("--from", metavar="MOMENT", help="Begin: UTC, seconds past the epoch, or -S: before the planned touchdown.", show_default=False)
TO = typer.Option("--to", metavar="MOMENT", help="End, written likewise; it is not replayed itself.", show_default=False)
PORT = typer.Option(metavar="N", help="Where clients connect, on this machine.")
WAIT = typer.Option("--wait", help="Begin when the first client has connected.")
DEFAULT_PORT = 10015


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("replay", help="Send what the ground received of a recorded flight once more, over TCP.")(replay)


def replay(
    folder: Annotated[Path, FOLDER],
    speed: Annotated[str, SPEED] = "1",
    from_: Annotated[str | None, FROM] = None,
    to: Annotated[str | None, TO] = None,
    port: Annotated[int, PORT] = DEFAULT_PORT,
    is_waiting: Annotated[bool, WAIT] = False,
) -> None:
    """Read the record, open the port, play."""
    from perilune.base.start_warp import start_warp
    from perilune.control_room.listeners import Listeners
    from perilune.control_room.replay import play, replay_of, speed_of

    factor = speed_of(speed)
    start_warp()
    chosen = replay_of(folder, from_, to)
    with Listeners(port) as listeners:
        span = f"{chosen.from_s:.1f} s to {chosen.to_s:.1f} s past the epoch, {chosen.packets} packets"
        print(f"{folder}: {span}, on 127.0.0.1 port {listeners.port}", flush=True)
        if is_waiting:
            listeners.wait()
        given = play(chosen, lambda some: listeners.send(b"".join(one.data for one in some)), factor)
    print(f"{sum(one.packets for one in chosen.received[:given])} packets sent")
