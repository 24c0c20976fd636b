"""Rule 4: packets are made of what the avionics published, and another truth in the record changes no bit of them."""

import polars as pl
import pytest

from perilune.base.errors import PeriluneError
from perilune.downlink.kept import kept_flight
from perilune.downlink.packets import sent_packets, stream_of


def test_another_truth_in_the_record_changes_no_bit(flight, telemetry, tmp_path):
    folder = flight.save(tmp_path / "kept")
    radio, epoch = flight.mission.planned.lander.radio, flight.mission.planned.start.epoch_utc
    ours = stream_of(sent_packets(telemetry, epoch, radio.frame_bits / radio.frame_s))
    history = pl.read_parquet(folder / "history.parquet")
    numbers = [name for name, kind in history.schema.items() if kind.is_numeric()]
    history.with_columns((pl.col(numbers) * 0 + 777).name.keep()).write_parquet(folder / "history.parquet")
    assert stream_of(sent_packets(*kept_flight(folder))) == ours
    (folder / "history.parquet").unlink()
    assert stream_of(sent_packets(*kept_flight(folder))) == ours


def test_a_folder_without_a_whole_flight_is_refused(tmp_path):
    with pytest.raises(PeriluneError, match="no flight is kept here"):
        kept_flight(tmp_path)
    (tmp_path / "flight.json").write_text("{}")
    (tmp_path / "telemetry.parquet").write_text("no table")
    with pytest.raises(PeriluneError, match="cannot be read as telemetry"):
        kept_flight(tmp_path)
