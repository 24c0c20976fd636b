"""Rule 4: of the room `downlink` the link alone reads the truth, and what it gives out is which packets arrive, and when."""

import ast
from pathlib import Path

import numpy as np
import pytest

import perilune
from perilune.downlink.link import link_of
from perilune.flight.fly import fly

ROOMS = Path(perilune.__file__).parent
OF_THE_LINK = {"link.py", "growing.py"}  # the second is the first over a record that grows
TRUTH = {  # where the truth can be had
    "perilune.flight.record", "perilune.flight.state", "perilune.flight.setup", "perilune.flight.flown", "perilune.environment.relief",
    "perilune.environment.relief_site", "perilune.environment.horizon", "perilune.environment.beam", "perilune.environment.light_time",
}  # fmt: skip
MULTIPATH = {"perilune.environment.relief_site"}  # the Moon's radius


def imports(path):
    """Every module that a file imports, type checking alone left out."""
    tree = ast.parse(path.read_text("utf-8"))
    guarded = {id(n) for top in ast.walk(tree) if isinstance(top, ast.If) and ast.unparse(top.test) == "TYPE_CHECKING" for n in ast.walk(top)}
    for node in ast.walk(tree):
        if id(node) in guarded:
            continue
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def words(path):
    tree = ast.parse(path.read_text("utf-8"))
    docs = {
        id(n.body[0].value)
        for n in ast.walk(tree)
        if isinstance(n, ast.Module | ast.FunctionDef | ast.ClassDef) and n.body and isinstance(n.body[0], ast.Expr)
    }
    names = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    return names | {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in docs}


def test_only_the_link_reads_the_truth():
    files = [path for path in (ROOMS / "downlink").rglob("*.py") if path.name not in OF_THE_LINK]
    assert files
    for path in files:
        allowed = MULTIPATH if path.name == "multipath.py" else set()
        assert not (set(imports(path)) & TRUTH) - allowed, path.name
        assert not words(path) & {"history", "history.parquet", "flown", "margin"}, path.name


@pytest.fixture(scope="module")
def flight():
    return fly("resilience", case="as-flown")


def test_what_the_link_gives_out_is_a_flag_and_a_time(flight):
    times = flight.telemetry["time_s"].to_numpy()
    arrivals = link_of(flight).arrivals(times, 600)
    assert arrivals._fields == ("arrives", "received_time_s")
    assert arrivals.arrives.dtype == bool and arrivals.arrives.shape == times.shape
    assert np.isfinite(arrivals.received_time_s[arrivals.arrives]).all() and np.isnan(arrivals.received_time_s[~arrivals.arrives]).all()
    assert (arrivals.received_time_s[arrivals.arrives] - times[arrivals.arrives] > 1.2).all(), "nothing is known before light can bring it"
    assert flight.telemetry.equals(flight.telemetry) and len(link_of(flight).margin) == len(flight.history)


def test_truths_that_no_wave_feels_move_no_packet(flight):
    """Estimates, errors, commands and measurements of the record could all be wrong: the link reads place, attitude and height alone."""
    from dataclasses import replace

    times = flight.telemetry["time_s"].to_numpy()
    felt = {"time", "published", "position_mci", "attitude_mci_from_body", "position_site", "height", "antenna", "transmitting"}
    rows = flight.flown.history.copy()
    for name in set(rows.dtype.names) - felt:
        rows[name] = 0
    other = link_of(replace(flight, flown=replace(flight.flown, history=rows))).arrivals(times, 600)
    ours = link_of(flight).arrivals(times, 600)
    assert (other.arrives == ours.arrives).all() and np.array_equal(other.received_time_s, ours.received_time_s, equal_nan=True)


def test_a_lander_elsewhere_is_heard_otherwise(flight):
    """The counterpart: with the lander behind the Moon nothing arrives, so the link does read the true place."""
    from dataclasses import replace

    rows = flight.flown.history.copy()
    rows["position_mci"] *= -1.0
    scene = flight.flown.scene
    me = rows["position_site"] @ scene.start.site_axes_me + scene.start.site_position_me
    rows["position_site"] = (-me - scene.start.site_position_me) @ scene.start.site_axes_me.T
    behind = link_of(replace(flight, flown=replace(flight.flown, history=rows)))
    late = rows["time"] > rows["time"][-1] - 60.0
    assert not behind.arrivals(rows["time"][late], 600).arrives.any()
