"""`perilune command`: releases one command to a live flight, and tells its life: released, on board, reported, or never heard of again."""

import os
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from perilune.base.errors import PeriluneError
from perilune.messages.commands import BY_NAME, COMMANDS, Argument

NAME = typer.Argument(metavar="COMMAND", help="Which command; see the list below.", show_default=False)
ARGUMENTS = typer.Argument(metavar="[NAME=VALUE]...", help="Its arguments by name.", show_default=False)
TOKEN = typer.Option(metavar="TOKEN", help="What `perilune live` showed; left out, that in PERILUNE_TOKEN.", show_default=False)
PORT = typer.Option(metavar="N", help="Where the flight listens.")
HOST = typer.Option(metavar="ADDRESS", help="Where the flight listens.")
ARM = typer.Option("--arm", help="Arm a critical command first.")
WITHIN = typer.Option(metavar="S", help="How long its report is waited for, in seconds of the flight.")


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("command", help="Release one command to a live flight and tell what becomes of it.", epilog=listed())(command)


def listed() -> str:
    """The commands, a paragraph each."""
    lines = [f"{one.name} {' '.join(f'{argument.name}={shown(argument)}' for argument in one.arguments)}".rstrip() for one in COMMANDS]
    notes = [f"{line}: {one.description}{' (critical)' if one.is_critical else ''}." for line, one in zip(lines, COMMANDS, strict=True)]
    return "Exit code 0: executed, 1: refused or unanswered, 2: wrong use.\n\nCommands:\n\n" + "\n\n".join(notes)


def shown(argument: Argument) -> str:
    """What an argument may be."""
    return "|".join(argument.labels) if argument.labels else f"{argument.least:g}..{argument.most:g}"


def command(
    name: Annotated[str, NAME],
    arguments: Annotated[list[str] | None, ARGUMENTS] = None,
    token: Annotated[str | None, TOKEN] = None,
    port: Annotated[int, PORT] = 10015,
    host: Annotated[str, HOST] = "127.0.0.1",
    is_arming: Annotated[bool, ARM] = False,
    within_s: Annotated[float, WITHIN] = 30.0,
) -> None:
    """Release it, tell of it, leave with its exit code."""
    from perilune.control_room.console import Console
    from perilune.messages.command_packet import command_packet

    given = by_name(arguments or ())
    command_packet(name, given)
    token = token or os.environ.get("PERILUNE_TOKEN")
    if not token:
        raise PeriluneError("command: there is no token; give the one that perilune live showed with --token, or in PERILUNE_TOKEN")
    asked: list[tuple[str, dict[str, Any]]] = [(name, given)]
    if is_arming:
        if not BY_NAME[name].is_critical:
            raise PeriluneError(f"--arm: {name} is not critical; leave --arm out")
        asked.insert(0, ("arm", {"command": name}))
    with Console(host, port, token) as console:
        executed = [follow(console.ask(one, values, within_s), one) for one, values in asked]
    if not executed[-1]:
        raise typer.Exit(1)


def by_name(arguments: Sequence[str]) -> dict[str, Any]:
    """Arguments as NAME=VALUE; numbers where they are."""
    given: dict[str, Any] = {}
    for one in arguments:
        name, found, value = one.partition("=")
        if not found or not name or name in given:
            raise PeriluneError(f"command: {one!r} is no argument, or is given twice; write NAME=VALUE")
        try:
            given[name] = float(value)
        except ValueError:
            given[name] = value
    return given


def follow(life: Any, name: str) -> bool:
    """Print what is told of a command; whether it was executed."""
    for told in life:
        match told["state"]:
            case "released":
                print(f"{name}: released at {told['released_s']:.1f} s, on board at {told['on_board_s']:.1f} s past the epoch", flush=True)
            case "report":
                word = told["outcome"] if told["outcome"] == "executed" else f"refused: {told['outcome']}"
                print(f"{name}: {word}, reported at {told['reported_s']:.1f} s", flush=True)
                return bool(told["outcome"] == "executed")
            case "no-report":
                print(f"{name}: no report within {told['wait_s']:g} s of the flight, or before its end", flush=True)
            case "refused":
                print(f"{name}: refused at the station: {told.get('why', '')}", flush=True)
    return False
