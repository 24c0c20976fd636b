"""A kept flight as the downlink may see it: what its avionics published, and the instant that its seconds count from."""

from pathlib import Path
from typing import TYPE_CHECKING

from perilune.base.errors import PeriluneError

if TYPE_CHECKING:
    from datetime import datetime

    import polars as pl


def kept_flight(folder: Path) -> "tuple[pl.DataFrame, datetime]":
    """The telemetry of the flight in `folder` and its epoch (UTC).

    Raises
    ------
    PeriluneError
        Where the folder holds no whole flight.
    """
    import polars as pl

    from perilune.mission.loader import load

    if not (folder / "flight.json").is_file():
        raise PeriluneError(f"{folder}: no flight is kept here (flight.json is missing); give the folder that `perilune fly` wrote")
    try:
        telemetry = pl.read_parquet(folder / "telemetry.parquet")
    except (OSError, pl.exceptions.PolarsError) as error:
        raise PeriluneError(f"{folder / 'telemetry.parquet'}: cannot be read as telemetry; give the folder that `perilune fly` wrote") from error
    return telemetry, load(folder / "mission.toml").planned.start.epoch_utc
