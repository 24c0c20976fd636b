"""What every report page has about its body: head, heading, verdict, provenance, figures' data and scripts, in one file that needs no network."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from perilune.base.errors import PeriluneError
from perilune.report.plot import Figure

if TYPE_CHECKING:
    from perilune.flight.flight import Flight

POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:; font-src data:; worker-src blob:"
)


@dataclass(frozen=True)
class Verdict:
    """What stands first on a page: what of the relief is real, and a verdict with its reason; `kind` is `good`, `bad` or `open`."""

    relief: str
    verdict: str
    reason: str
    kind: str


def verdict_of(flight: "Flight") -> Verdict:
    """That of one flight."""
    return Verdict(str(flight.provenance["relief"]), flight.verdict, flight.reason, "good" if flight.verdict == "landed" else "bad")


def page(first: Verdict, body: str, title: str, heading: str, case: str, parts: Mapping[str, str], drawn: Sequence[Figure]) -> str:
    """A whole page as text.

    Parameters
    ----------
    first : what stands above all else
    body : file of this room with the page's own part, in which `$$name$$` stands for a part
    title, heading, case : of the window and at the top of the page, as plain text
    parts : HTML of each place in the body, and that of the provenance's table
    drawn : the figures whose places the parts hold

    Raises
    ------
    PeriluneError
        When plotly's script is missing.
    """
    about = {
        "policy": POLICY,
        "title": escape(title),
        "heading": escape(heading),
        "case": escape(case),
        "relief": escape(first.relief),
        "verdict": escape(first.verdict),
        "kind": first.kind,
        "reason": escape(first.reason),
        "body": _filled(_text(body), parts),
        "provenance": parts["provenance"],
        "style": _text("page.css"),
        "script": _text("page.js"),
        "data": embedded([{"name": f.name, "data": f.data, "layout": f.layout, "timed": f.timed} for f in drawn]),
        "plotly": plotly_script(),
    }
    return _filled(_text("page.html"), about)


def _text(name: str) -> str:
    return (files("perilune.report") / name).read_text("utf-8")


def _filled(template: str, parts: Mapping[str, str]) -> str:
    return "".join(parts[piece] if i % 2 else piece for i, piece in enumerate(template.split("$$")))


def section(figure: Figure) -> str:
    """The place of a figure on a page, with its title and caption."""
    size = 'class="plot square"' if figure.is_square else f'class="plot" style="height:{figure.height_px}px"'
    return (
        f'<section><h3 id="{figure.name}">{escape(figure.title)}</h3><p class="note">{escape(figure.caption)}</p>'
        f'<div id="plot-{figure.name}" {size}></div></section>\n'
    )


def embedded(figures_data: list[dict[str, object]]) -> str:
    """JSON that may stand inside a script element."""
    return json.dumps(figures_data, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")


@cache
def plotly_script() -> str:
    """plotly.js as the plotly package carries it; the package itself is not imported, which would take longer than the report.

    Raises PeriluneError when the file is missing.
    """
    path = Path(str(distribution("plotly").locate_file("plotly/package_data/plotly.min.js")))
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise PeriluneError(f"{path}: plotly's script cannot be read ({error.strerror}); reinstall the package plotly") from error
