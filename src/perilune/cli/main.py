"""The command line: `perilune VERB`, one file a group of verbs, and one sentence with exit code 2 for every mistake."""

import os
import sys

from perilune.base.bytecode import keep_bytecode

keep_bytecode()

import typer  # noqa: E402

from perilune.base.errors import PeriluneError  # noqa: E402
from perilune.cli import (  # noqa: E402
    budget,
    campaign,
    check,
    command,
    compare,
    confirm,
    downlink,
    fly,
    guidance,
    live,
    missions,
    rare,
    refly,
    replay,
    site,
    validate,
)

app = typer.Typer(
    name="perilune",
    help="Fly a lunar landing before the Moon does.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (missions, fly, campaign, refly, compare, site, rare, budget, guidance, check, downlink, confirm, replay, live, command, validate):
    group.register(app)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code: 0, 1 (a check failed), 2 (a mistake of the user) or 130 (Ctrl-C)."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: list[str]) -> int:
    """As `main`, returning the exit code."""
    try:
        code = app(args=arguments, prog_name="perilune", standalone_mode=False)
    except PeriluneError as error:
        return refuse(str(error))
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # Python would complain again when it flushes
        return 1
    except Exception as error:
        if type(error).__name__ == "Abort":
            code = 130
        elif type(error).__name__ == "NoArgsIsHelpError":
            print(str(getattr(error, "message", error)))
            return 0
        elif hasattr(error, "format_message") and hasattr(error, "exit_code"):  # Typer's and Click's own, whichever of them raised it
            return refuse(advised(error.format_message()))
        else:
            raise
    if code == 130:
        print("perilune: stopped before the end", file=sys.stderr)
    return code if isinstance(code, int) else 0


def advised(message: str) -> str:
    """A message of the option parser with what would be right, where it does not say so."""
    if message.startswith("No such command"):
        *verbs, last = (str(command.name) for command in app.registered_commands)
        message += f" There are {', '.join(verbs)} and {last}."
    return message.replace("Value error, ", "")


def refuse(sentence: str) -> int:
    """Say one sentence on the error stream; the exit code of a mistake."""
    print(f"perilune: {' '.join(sentence.split())}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
