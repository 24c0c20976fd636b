"""A flight goes out as packets and comes back as tables, from the shell."""

import subprocess
import sys
import xml.etree.ElementTree as ET

import polars as pl
import pytest

from perilune.downlink.decode import decode
from perilune.downlink.packets import sent_packets, stream_of
from perilune.flight.fly import fly


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A kept flight and the bytes that it sends."""
    flight = fly("resilience", start="pdi")
    folder = flight.save(tmp_path_factory.mktemp("flights") / "kept")
    return folder, stream_of(sent_packets(flight.telemetry, flight.mission.planned.start.epoch_utc))


def test_packets_are_all_that_stands_on_the_standard_output(kept, tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "perilune.cli.main", "downlink", str(kept[0]), "--sent"], cwd=tmp_path, capture_output=True, check=False
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, kept[1], b"")


def test_a_file_of_packets_is_read_again(shell, kept, tmp_path):
    assert shell("downlink", kept[0], "--sent", "--out", "t.ccsds")[0] == 0 and (tmp_path / "t.ccsds").read_bytes() == kept[1]
    code, out, _ = shell("decode", "t.ccsds")
    assert code == 0 and f"{len(kept[1])} bytes: " in out and "0 bytes in no packet" in out and "guidance" in out
    code, out, _ = shell("decode", "t.ccsds", "--packet", "events")
    assert code == 0 and "touchdown-believed" in out and "landed" in out
    code, out, _ = shell("decode", "t.ccsds", "--out", "all.parquet")
    table = pl.read_parquet(tmp_path / "all.parquet")
    assert code == 0 and f"{len(table)} packets" in out and table["height_m"].drop_nulls().min() < 5.0


def test_a_narrow_link_carries_less(shell, kept, tmp_path):
    shell("downlink", kept[0], "--sent", "--out", "narrow.ccsds", "--bit-rate", 2000)
    assert 0 < (tmp_path / "narrow.ccsds").stat().st_size < len(kept[1]) / 3


def test_what_reached_the_ground_is_a_part_of_what_was_sent(shell, kept, tmp_path):
    assert shell("downlink", kept[0], "--out", "heard.ccsds")[0] == 0
    heard, sent = decode((tmp_path / "heard.ccsds").read_bytes()), decode(kept[1])
    assert 0 < len(heard.together()) <= len(sent.together())
    for name, table in heard.tables.items():
        assert set(table.drop("place").rows()) <= set(sent.tables[name].drop("place").rows())


def test_packets_are_not_printed_on_a_terminal(shell, kept, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    code, out, err = shell("downlink", kept[0])
    assert code == 2 and out == "" and "no text for a terminal" in err and err.count("\n") == 1


def test_the_mission_database_is_printed(shell):
    code, out, _ = shell("xtce", "blue-ghost")
    assert code == 0 and ET.fromstring(out.encode()).get("shortDescription").startswith("blue-ghost: ")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["downlink", "nowhere"], "no flight is kept here"),
        (["decode", "nowhere.ccsds"], "cannot be read"),
        (["xtce", "resilence"], "resilience"),
    ],
)
def test_a_mistake_gets_one_sentence(shell, arguments, says):
    code, out, err = shell(*arguments)
    assert code == 2 and out == "" and says in err and err.count("\n") == 1
