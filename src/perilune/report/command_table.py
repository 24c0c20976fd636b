"""What reached the lander of the uplink, what it told of it, and what would have come of the flight without it."""

from html import escape

from perilune.report.numbers import fixed
from perilune.report.tables import table
from perilune.report.view import View


def command_table(view: View) -> str:
    """A section of the report; nothing where nothing was commanded."""
    flight = view.flight
    if not flight.commands and flight.without_commands is None:
        return ""
    rows = [
        (f"<code>{escape(one.command)}</code>", fixed(one.t_s, 1), escape(one.outcome or "not told"), f"<code>{escape(one.packet_hex)}</code>")
        for one in flight.commands
    ]
    heads = ("command", "time after the start (s)", "what became of it, as the lander told", "packet")
    parts = ["<h2>Commands</h2>", table("commands", heads, rows, (1,))]
    alone = flight.without_commands
    if alone is not None:
        parts.append(
            f"<p>With these commands: <b>{escape(flight.verdict)}</b>. The same flight without them: <b>{escape(alone.verdict)}</b>. "
            f"{escape(alone.reason)}</p>"
        )
    return "\n".join(parts)
