"""The report must hold everything of the flight, need no network, and be drawn by a real browser without complaint."""

import json
import re
import shutil
import subprocess
from dataclasses import replace
from html import escape, unescape
from pathlib import Path

import numpy as np
import pytest

from perilune.base.errors import PeriluneError
from perilune.environment.relief_detail import describe
from perilune.flight.flight import Flight
from perilune.report.html_report import figures, report_page, write_report
from perilune.report.page import plotly_script
from perilune.report.plot import Mark, mark_shapes
from perilune.report.view import View

ALL = ["landed", "lost", "started_late", "in_the_air", "eagle"]
ALWAYS = [
    "heights",
    "speeds",
    "attitude",
    "thrust",
    "propellant",
    "error-height",
    "error-position",
    "error-velocity",
    "error-attitude",
    "biases",
    "sensors",
]
BROWSER_FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-quic",
    "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    "--enable-logging=stderr", "--virtual-time-budget=30000", "--dump-dom",
]  # fmt: skip

SPEED_HINTS = ("willReadFrequently", "GL Driver Message (OpenGL, Performance")  # of the browser about the library's 3-D drawing, no mistakes


@pytest.fixture(params=ALL)
def flight(request: pytest.FixtureRequest) -> Flight:
    return request.getfixturevalue(request.param)


def without_plotly(page: str) -> str:
    """The page without the library's own script."""
    assert page.count(plotly_script()) == 1
    return page.replace(plotly_script(), "")


def words(page: str) -> str:
    """What a reader sees: the page without styles, scripts and tags."""
    body = re.sub(r"<(script|style|title).*?</\1>", " ", without_plotly(page), flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", body)).split())


def embedded(page: str) -> dict[str, dict]:
    text = re.search(r'<script type="application/json" id="figures">(.*?)</script>', page, flags=re.S)
    assert text is not None
    return {figure["name"]: figure for figure in json.loads(text.group(1))}


def test_page_refers_to_nothing_outside_itself(flight: Flight) -> None:
    page = without_plotly(report_page(flight))
    assert not re.search(r"""<[^>]*\b(src|href|srcset|action|data)\s*=""", page)
    assert not re.search(r"@import|url\(|https?://", re.sub(r'<script type="application/json".*?</script>', "", page, flags=re.S))
    assert "default-src 'none'" in page
    assert "$$" not in page


def test_first_line_says_what_of_the_relief_is_real(flight: Flight) -> None:
    assert words(report_page(flight)).startswith(describe(flight.mission.environment.relief))


def test_every_event_and_every_published_number_is_there(flight: Flight) -> None:
    page = report_page(flight)
    events = re.search(r'<table id="events">.*?</table>', page, flags=re.S)
    assert events is not None and events.group().count("<tr>") == len(flight.events) + 1
    for event in flight.events:
        assert f"<td>{event.name}</td>" in events.group()
        assert event.time_utc.rpartition("T")[2].removesuffix("Z") in events.group()
        assert f"{event.vertical_speed_m_s:.2f}".replace("-", "−") in events.group()
    published = re.search(r'<table id="published">.*?</table>', page, flags=re.S)
    assert published is not None
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", published.group(), flags=re.S)[1:]
    assert len(rows) == len(flight.published) > 0
    for row, number in zip(rows, flight.published, strict=True):
        assert escape(number.name) in row and escape(number.source) in row and number.role in row
        assert {True: ">inside<", False: ">outside<", None: ">—<"}[number.inside] in row


def test_misses_are_printed_as_plainly_as_hits(lost: Flight) -> None:
    bands = [number for number in lost.published if number.inside is not None]
    assert bands
    page = report_page(lost)
    assert page.count('<tr class="out"><td>') >= sum(not number.inside for number in bands)
    text = words(page)
    assert text.count(" outside ") >= sum(not number.inside for number in bands)


def test_numbers_shown_are_those_of_the_flight(landed: Flight) -> None:
    touchdown = landed.touchdown
    assert touchdown is not None
    text = words(report_page(landed))
    assert f"{landed.verdict} {landed.reason}" in text
    assert f"vertical speed, down + {touchdown.vertical_speed_m_s:.2f} m/s within 2 m/s" in text
    assert f"latitude {touchdown.latitude_deg:.5f} °" in text
    assert landed.provenance["mission_hash"] in text
    assert all(sentence in text for sentence in landed.not_yet_modelled)
    assert f"lander.range_finder.cant_deg {landed.mission.lander.range_finder.cant_deg:g} assumed" in text


def test_a_flight_that_never_landed_says_so(in_the_air: Flight) -> None:
    text = words(report_page(in_the_air))
    assert "There was no touchdown." in text
    assert "not-landed" in text


def test_all_figures_are_there_with_units_on_their_axes(flight: Flight) -> None:
    drawn = embedded(report_page(flight))
    assert set(ALWAYS) <= set(drawn)
    if flight.touchdown is not None:
        assert {"track-approach", "track-near", "last-metres"} <= set(drawn)
    for figure in drawn.values():
        layout = figure["layout"]
        axes = [value for key, value in layout.items() if key.startswith(("xaxis", "yaxis"))]
        axes += [layout["scene"][f"{k}axis"] for k in "xyz"] if "scene" in layout else []
        assert len(axes) >= 2
        for axis in axes:
            assert axis.get("type") == "category" or re.search(r"\(.+\)$", axis["title"]["text"]), figure["name"]


def test_curves_hold_the_flight(landed: Flight) -> None:
    import base64

    drawn = embedded(report_page(landed))
    trace = next(t for t in drawn["speeds"]["data"] if t["name"] == "true")
    x, y = (np.frombuffer(base64.b64decode(trace[k]["bdata"]), dtype="<" + trace[k]["dtype"]).astype(float) for k in "xy")
    history = landed.flown.history
    flown = np.interp(x, history["time"], history["vertical_speed"])
    late = x > 2900.0
    assert np.abs(y - flown)[late].max() < 0.05
    assert len(x) <= 3000
    powered = history["vertical_speed"][history["mode"] > 0]
    assert y.max() == pytest.approx(powered.max(), abs=1e-4) and y.min() == pytest.approx(powered.min(), abs=1e-4)


def test_every_sensor_aboard_and_no_other_has_its_row(landed: Flight, eagle: Flight) -> None:
    for flight, rows in ((landed, {"star tracker", "range finder"}), (eagle, {"radar speeds", "radar range"})):
        drawn = embedded(report_page(flight))["sensors"]
        assert {y for trace in drawn["data"] if trace["yaxis"] == "y" for y in trace["y"] if y} == rows
        assert all("domain" in axis and axis["domain"][0] < axis["domain"][1] for key, axis in drawn["layout"].items() if key.startswith("yaxis"))


def test_what_is_said_of_the_sensors_is_what_the_record_holds(eagle: Flight) -> None:
    text = words(report_page(eagle))
    end = eagle.flown.history["time"][-1]  # a report is of the flight, not of the stay after it
    history, sent = (rows.filter(rows["time_s"] <= end) for rows in (eagle.history, eagle.telemetry))
    ranges, speeds = int(history["measured_radar_range_valid"].sum()), int((history["measured_radar_beams"] > 0).sum())
    assert ranges > 100 and speeds > 100
    assert f"Arrived: {speeds} sets of radar speeds, {ranges} radar ranges." in text
    assert f"Refused by the gates: {sent['range_rejections'][-1]} ranges, {sent['speed_rejections'][-1]} speeds." in text
    assert f"{ranges} valid ranges under power." in text
    assert "started at the state in the mission file" in text


def test_faults_of_a_flight_stand_in_its_report(eagle: Flight) -> None:
    faults = re.search(r'<table id="faults">.*?</table>', report_page(eagle), flags=re.S)
    assert faults is not None
    for began in (290.8, 330.8, 526.8, 551.8, 566.8):
        assert f">{began:.2f}</td>" in faults.group() and f">{began + 2.0:.2f}</td>" in faults.group()


def test_the_last_metres_are_drawn_at_equal_scales_with_all_of_the_path_inside(landed: Flight, eagle: Flight) -> None:
    for flight in (landed, eagle):
        scene = embedded(report_page(flight))["last-metres"]["layout"]["scene"]
        metres = {k: np.ptp(scene[f"{k}axis"]["range"]) / scene["aspectratio"][k] for k in "xyz"}
        assert metres["x"] == pytest.approx(metres["z"], rel=1e-6) and metres["y"] == pytest.approx(metres["z"], rel=1e-6)
        assert scene["zaxis"]["range"][1] > 450.0


def test_touchdown_on_the_map_lies_where_the_flight_says(landed: Flight) -> None:
    view = View(landed)
    east, north = (float(side[view.end]) for side in view.plane)
    assert landed.touchdown is not None
    assert np.hypot(east, north) == pytest.approx(landed.touchdown.miss_m, abs=1.0)
    _, ground = view.ground(east, north, 1.0, 3)
    assert view.whole("altitude_m")[view.end] - view.whole("height_m")[view.end] == pytest.approx(ground[1, 1], abs=0.3)


def test_names_in_the_mission_cannot_break_the_page(landed: Flight) -> None:
    nasty = "</script><script>alert('&')</script><b>\"$$policy$$"
    about = landed.mission.mission.model_copy(update={"title": nasty, "name": nasty})
    page = report_page(replace(landed, mission=landed.mission.model_copy(update={"mission": about}), reason=nasty))
    assert nasty not in page and "<b>" not in page
    assert page.count("<script") - plotly_script().count("<script") == 3
    assert escape(nasty) in page


def test_unwritable_path_is_refused_in_one_sentence(landed: Flight, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PeriluneError, match="cannot write here"):
        write_report(landed, tmp_path / "file" / "report.html")
    (tmp_path / "report.html").mkdir()
    with pytest.raises(PeriluneError, match=r"report\.html"):
        write_report(landed, tmp_path / "report.html")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "report.html"]


def test_labels_of_modes_never_cover_each_other() -> None:
    marks = [Mark(t, label) for t, label in [(10.0, "braking"), (960.0, "pitch-up"), (965.0, "vertical"), (970.0, "terminal"), (999.0, "contact")]]
    _, labels, room = mark_shapes(marks, (0.0, 1000.0), 400.0)
    boxes = []
    for label in labels:
        at, width = label["x"] / 1000.0 * 290.0, 6.0 * len(label["text"])
        low = at - width if label["xanchor"] == "right" else at
        boxes.append((low, low + width, label["y"]))
    assert len(boxes) == 5 and room > 0
    for i, a in enumerate(boxes):
        assert a[0] >= 0.0 and a[1] <= 290.0
        assert all(a[2] != b[2] or a[1] <= b[0] or b[1] <= a[0] for b in boxes[i + 1 :])


def browse(page: Path, profile: Path) -> tuple[str, list[str]]:
    """The page as a browser leaves it, and what it complained of."""
    chromium = shutil.which("chromium")
    assert chromium is not None, "this test opens the report in a real browser; install Debian's chromium package and run it again"
    done = subprocess.run([chromium, *BROWSER_FLAGS, f"--user-data-dir={profile}", page.as_uri()], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    said = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    return done.stdout, [line for line in said if not any(hint in line for hint in SPEED_HINTS)]


@pytest.mark.parametrize("name", ["landed", "in_the_air"])
def test_a_real_browser_draws_every_figure_without_complaint(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    flight = request.getfixturevalue(name)
    wanted = [figure.name for figure in figures(View(flight))]
    dom, complaints = browse(write_report(flight, tmp_path / "report.html"), tmp_path / "profile")
    assert complaints == []
    assert "data-drawn" in dom[dom.index("<body") : dom.index("<main")]
    tail = dom[dom.index("<main") : dom.index("</main>")]
    for figure in wanted:
        plot = re.search(rf'<div id="plot-{figure}"[^>]*class="[^"]*js-plotly-plot[^"]*"|<div id="plot-{figure}"[^>]*js-plotly-plot', tail)
        assert plot is not None, figure
    assert len(re.findall(r'<path class="js-line"', tail)) > len(ALWAYS)
    assert "no-webgl" not in tail
    if flight.touchdown is not None:
        assert tail.count("<canvas") >= 1 and tail.count('class="hm"') >= 2


def test_the_browser_check_notices_a_broken_page(landed: Flight, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(report_page(landed).replace('"type": "scatter"', '"type": "scatter', 1), encoding="utf-8")
    dom, complaints = browse(page, tmp_path / "profile")
    assert complaints and "data-drawn" not in dom[dom.index("<body") : dom.index("<main")]
