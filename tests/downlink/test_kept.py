"""A kept flight is read where it is whole, and refused in one sentence where it is not."""

import pytest

from perilune.base.errors import PeriluneError
from perilune.downlink.kept import kept_flight


def test_a_folder_without_a_whole_flight_is_refused(tmp_path):
    with pytest.raises(PeriluneError, match="no flight is kept here"):
        kept_flight(tmp_path)
    (tmp_path / "flight.json").write_text("{}")
    (tmp_path / "telemetry.parquet").write_text("no table")
    with pytest.raises(PeriluneError, match="cannot be read as telemetry"):
        kept_flight(tmp_path)
