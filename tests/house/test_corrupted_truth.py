"""Rule 4 on a kept flight: whatever is done to the truth in its folder, no bit of a packet changes, and only what a wave feels moves arrivals."""

import json
import shutil

import numpy as np
import polars as pl
import pytest

from perilune.base.errors import PeriluneError
from perilune.downlink.kept import kept_flight
from perilune.downlink.link import link_of
from perilune.downlink.packets import sent_packets
from perilune.downlink.received import received_packets
from perilune.flight.fly import fly

ROWS = 400  # the last of the flight, its impact among them

# All that the link may read of the truth: when, where, how turned, how high; when the computer published; what the transmitter did.
FELT = {
    "time_s", "published", "height_m", "antenna", "transmitting",
    *(f"position_mci_{axis}_m" for axis in "xyz"),
    *(f"attitude_mci_from_body_{axis}" for axis in "xyzw"),
    *(f"position_site_{axis}_m" for axis in ("east", "north", "up")),
}  # fmt: skip
OF_THE_END = {"contact"}  # the event that the link may read: when the structure broke


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """The folder of a crash, its tables cut to their last rows."""
    folder = fly("resilience", case="as-flown", seed=5).save(tmp_path_factory.mktemp("kept") / "flight")
    for name in ("history", "telemetry"):
        pl.read_parquet(folder / f"{name}.parquet").tail(ROWS).write_parquet(folder / f"{name}.parquet")
    return folder


@pytest.fixture(scope="module")
def history(kept):
    return pl.read_parquet(kept / "history.parquet")


@pytest.fixture
def copy(kept, tmp_path):
    return shutil.copytree(kept, tmp_path / "copy")


def sent(folder):
    """All packets, bytes and counts and rows, as they are made of a kept flight."""
    return sent_packets(*kept_flight(folder))


def arrivals(folder):
    return received_packets(sent(folder), link_of(folder))


def garbage(column, draw):
    """The column with values that have nothing to do with it."""
    count = len(column)
    if column.dtype == pl.Boolean:
        return ~column
    if column.dtype.is_numeric():
        values = draw.normal(0.0, 1e6, count)
        values[draw.integers(0, count, count // 10)] = np.nan if column.name not in FELT else 0.0
        return pl.Series(column.name, values if column.dtype.is_float() else np.nan_to_num(values).astype(np.int32))
    return column.reverse()


def corrupted(history, names):
    draw = np.random.default_rng(7)
    return history.with_columns(garbage(history[name], draw) for name in names)


def test_no_column_of_the_truth_alone_moves_a_bit_of_a_packet(kept, history, copy):
    ours = sent(kept)
    for name in history.columns:
        corrupted(history, [name]).write_parquet(copy / "history.parquet")
        assert sent(copy) == ours, name


def test_columns_that_a_wave_feels_move_arrivals(kept, history, copy):
    """The counterpart: the link does read them."""
    heard = arrivals(kept)
    assert len(heard) > 200
    for name in ("time_s", "position_mci_x_m", "position_site_up_m"):
        corrupted(history, [name]).write_parquet(copy / "history.parquet")
        assert arrivals(copy) != heard, name
    corrupted(history, ["published"]).write_parquet(copy / "history.parquet")
    with pytest.raises(PeriluneError, match="column published"):
        arrivals(copy)


def test_all_of_the_truth_at_once_moves_no_bit_of_a_packet_and_what_no_wave_feels_no_arrival(kept, history, copy):
    ours, heard = sent(kept), arrivals(kept)
    corrupted(history, [name for name in history.columns if name not in FELT]).write_parquet(copy / "history.parquet")
    assert sent(copy) == ours and arrivals(copy) == heard
    corrupted(history, history.columns).write_parquet(copy / "history.parquet")
    assert sent(copy) == ours
    (copy / "history.parquet").write_bytes(b"no table at all")
    assert sent(copy) == ours


def test_the_verdict_and_what_became_of_the_lander_move_no_packet(kept, copy):
    """flight.json holds truth as well: verdict, touchdown, events, faults, published numbers."""
    told = json.loads((copy / "flight.json").read_text())
    told |= {"verdict": "landed", "reason": "all is well", "touchdown": {"miss_m": 0.0}, "faults": [], "published": []}
    told["events"] = [event if event["name"] in OF_THE_END else {**event, "t_s": -1.0, "height_m": 1e9} for event in told["events"]]
    (copy / "flight.json").write_text(json.dumps(told))
    assert sent(copy) == sent(kept) and arrivals(copy) == arrivals(kept)


def test_the_end_of_the_structure_ends_what_arrives_and_changes_no_packet(kept, copy):
    told = json.loads((copy / "flight.json").read_text())
    for event in told["events"]:
        event["t_s"] -= 20.0 if event["name"] == "contact" else 0.0
    (copy / "flight.json").write_text(json.dumps(told))
    heard, earlier = arrivals(kept), arrivals(copy)
    assert sent(copy) == sent(kept)
    assert earlier == heard[: len(earlier)] and 0 < len(earlier) < len(heard)
