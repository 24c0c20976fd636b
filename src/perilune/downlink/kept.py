"""A kept flight as the downlink may see it: what its avionics published, the instant that its seconds count from, and what its radio carries."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from perilune.base.errors import PeriluneError
from perilune.downlink.packets import BIT_RATE_BIT_S

if TYPE_CHECKING:
    from datetime import datetime

    import polars as pl


class KeptFlight(NamedTuple):
    """The frame of telemetry.parquet, the flight's epoch (UTC), and what the frames of its radio carry of packets [bit/s]."""

    telemetry: "pl.DataFrame"
    epoch_utc: "datetime"
    bit_rate_bit_s: float


def kept_flight(folder: Path) -> KeptFlight:
    """The flight in `folder`; without a radio in its mission the bit rate is `BIT_RATE_BIT_S`.

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
    planned = load(folder / "mission.toml").planned
    radio = planned.lander.radio
    return KeptFlight(telemetry, planned.start.epoch_utc, BIT_RATE_BIT_S if radio is None else radio.frame_bits / radio.frame_s)
