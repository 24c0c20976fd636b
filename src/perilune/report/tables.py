"""The tables of a report: touchdown, events, published beside flown, what is not modelled or assumed, and where the result comes from."""

from collections.abc import Callable, Iterable
from html import escape
from typing import Any

from perilune.mission.schema import Mission
from perilune.report.assumed import assumed
from perilune.report.numbers import fixed, given, number, unit
from perilune.report.view import View

EVENT_COLUMNS = (
    ("t_s", "time after the start (s)", 2),
    ("altitude_m", "altitude (m)", 1),
    ("height_m", "height above ground (m)", 2),
    ("vertical_speed_m_s", "vertical speed, down + (m/s)", 2),
    ("horizontal_speed_m_s", "horizontal speed (m/s)", 2),
)


def table(name: str, heads: Iterable[str], rows: Iterable[Iterable[str]], numeric: Iterable[int] = (), classes: Iterable[str] = ()) -> str:
    """An HTML table of ready-made cells; columns in `numeric` are set flush right."""
    right = set(numeric)
    marks = [' class="n"' if i in right else "" for i in range(32)]
    head = "".join(f"<th{marks[i]}>{text}</th>" for i, text in enumerate(heads))
    kinds = list(classes)
    body = []
    for j, row in enumerate(rows):
        kind = f' class="{kinds[j]}"' if j < len(kinds) and kinds[j] else ""
        body.append(f"<tr{kind}>" + "".join(f"<td{marks[i]}>{cell}</td>" for i, cell in enumerate(row)) + "</tr>")
    return f'<div class="wide"><table id="{name}"><thead><tr>{head}</tr></thead><tbody>{"".join(body)}</tbody></table></div>'


def touchdown_table(view: View) -> str:
    """The touchdown with the limits of the mission, or the sentence that there was none."""
    touchdown, limits = view.flight.touchdown, view.mission.limits
    if touchdown is None:
        return "<p>There was no touchdown.</p>"
    bound = {"vertical_speed_m_s": limits.vertical_speed_m_s, "horizontal_speed_m_s": limits.horizontal_speed_m_s, "tilt_deg": limits.tilt_deg}
    rows = [
        ("instant", _moment(touchdown.time_utc), "UTC", None),
        ("latitude", fixed(touchdown.latitude_deg, 5), "°", None),
        ("east longitude", fixed(touchdown.longitude_deg, 5), "°", None),
        ("distance from the site", number(touchdown.miss_m), "m", None),
        ("vertical speed, down +", number(touchdown.vertical_speed_m_s), "m/s", "vertical_speed_m_s"),
        ("horizontal speed", number(touchdown.horizontal_speed_m_s), "m/s", "horizontal_speed_m_s"),
        ("tilt from the vertical", number(touchdown.tilt_deg), "°", "tilt_deg"),
        ("slope of the ground", number(touchdown.slope_deg), "°", None),
        ("usable main propellant left", number(touchdown.propellant_left_kg), "kg", None),
    ]
    cells, kinds = [], []
    for label, value, shown_unit, key in rows:
        is_over = key is not None and getattr(touchdown, key) > bound[key]
        said = "" if key is None else f"{'above' if is_over else 'within'} {bound[key]:g}{shown_unit if shown_unit == '°' else ' ' + shown_unit}"
        cells.append((label, value, shown_unit, said))
        kinds.append("out" if is_over else "")
    return table("touchdown", ("at the first touch", "value", "unit", "limit"), cells, (1,), kinds)


def event_table(view: View) -> str:
    """Every event of the flight in the order of time."""
    heads = ("event", "UTC", *(title for _, title, _ in EVENT_COLUMNS))
    rows = [
        (escape(e["name"]), escape(e["time_utc"].removesuffix("Z").rpartition("T")[2]), *(fixed(e[key], n) for key, _, n in EVENT_COLUMNS))
        for e in view.events
    ]
    day = view.events[0]["time_utc"].partition("T")[0] if view.events else ""
    return (f"<p class=note>Day {escape(day)}; the true state at each event.</p>" if day else "") + table("events", heads, rows, range(1, 7))


def fault_table(view: View) -> str:
    """What was planned to break in this flight, and when it did; nothing where nothing was."""
    rows = [
        (
            f"<code>{escape(f.fault)}</code>",
            f"<code>{escape(f.planned.partition('@')[2])}</code>",
            "—" if f.size is None else number(f.size),
            "" if f.unit is None else escape(unit(f.unit)),
            "—" if f.began_s is None else fixed(f.began_s, 2),
            "—" if f.ended_s is None else fixed(f.ended_s, 2),
        )
        for f in view.flight.faults
    ]
    if not rows:
        return ""
    heads = ("fault", "as planned", "size", "unit", "began, time after the start (s)", "ended (s)")
    return "<h2>Faults</h2>\n<p class=note>The truth's alone: the avionics were not told.</p>" + table("faults", heads, rows, (2, 4, 5))


def published_table(view: View) -> str:
    """Published beside flown; what lies outside its band is printed as plainly as what lies inside."""
    rows, kinds = [], []
    for p in view.flight.published:
        at = "" if p.at_height_m is None or f"{p.at_height_m:g} m" in p.name else f" at {given(p.at_height_m)} m"
        if p.at_time_s is not None and f"{p.at_time_s:g} s" not in p.name:
            at = f" {given(p.at_time_s)} s after the start"
        limits = "—" if p.low is None or p.high is None else f"{given(p.low)} to {given(p.high)}"
        said = {True: "inside", False: "outside", None: "—"}[p.inside]
        rows.append(
            (
                escape(p.name) + (f'<span class="note">{at}</span>' if at else ""),
                _moment(p.published, given).replace(" ", "<br>"),
                limits,
                _moment(p.flown, degrees if p.unit == "deg" else number).replace(" ", "<br>"),
                escape(unit(p.unit)),
                said,
                escape(p.note.replace("-", "−") if p.flown is not None else p.note),
                escape(p.role),
                f'<span class="note">{escape(p.source)}</span>',
            )
        )
        kinds.append({True: "in", False: "out", None: ""}[p.inside])
    if not rows:
        return "<p>The mission file holds no published number of this case.</p>"
    heads = ("what", "published", "band", "flown", "unit", "band met", "difference or reason", "role", "source")
    return table("published", heads, rows, (1, 2, 3), kinds)


def _moment(value: Any, write: Callable[[Any], str] = number) -> str:
    """A number, or an instant as a reader wants it: without the T and the Z, and without idle zeros."""
    if not isinstance(value, str):
        return "—" if value is None else write(value)
    day, _, clock = value.removesuffix("Z").partition("T")
    return escape(f"{day} {clock.rstrip('0').rstrip('.') if '.' in clock else clock}".strip())


def degrees(value: float) -> str:
    """An angle on the Moon to some 3 m."""
    return fixed(value, 4)


def caveat_list(not_yet_modelled: Iterable[str]) -> str:
    """What a flight does not have in it."""
    return "<ul id=caveats>" + "".join(f"<li>{escape(text)}</li>" for text in not_yet_modelled) + "</ul>"


def assumed_table(mission: Mission) -> str:
    """Every number of the mission that has no source."""
    rows = [(f"<code>{escape(a.path)}</code>", escape(_value(a.value)), escape(a.remark)) for a in assumed(mission)]
    if not rows:
        return "<p>Which numbers are assumed is said in the comments of the mission file, which does not belong to the catalogue.</p>"
    said = f"<p class=note>{len(rows)} numbers; values as flown, in the unit that ends the key.</p>"
    summary = f"<summary>Assumed and solved numbers of the mission ({len(rows)})</summary>"
    return f"<details>{summary}{said}{table('assumed', ('key', 'value', 'remark'), rows)}</details>"


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(_value(v) for v in value)
    return given(value) if isinstance(value, float) else number(value)


def provenance_table(view: View) -> str:
    """Where the result comes from."""
    return table("provenance", ("key", "value"), ((escape(key), escape(text)) for key, text in flat(view.flight.provenance)))


def flat(value: dict[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    """Nested values as dotted keys and texts."""
    for key, element in value.items():
        if isinstance(element, dict):
            yield from flat(element, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", "none (undispersed)" if element is None and key == "seed" else "none" if element is None else str(element)
