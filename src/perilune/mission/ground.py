"""The ground that listens: which stations on Earth, and how low above their horizon they follow the lander."""

from typing import Annotated

from pydantic import AfterValidator, Field

from perilune.base.errors import PeriluneError
from perilune.base.parameters import Parameters
from perilune.environment.stations import station


def _known(name: str) -> str:
    try:
        station(name)
    except PeriluneError as error:
        raise ValueError(str(error).partition(": ")[2]) from error
    return name


class Ground(Parameters):
    """The stations on Earth that listen to the lander, by the names of the program's own list."""

    stations: Annotated[
        tuple[Annotated[str, AfterValidator(_known)], ...],
        Field(
            min_length=1, description="names of stations, of which at any time the one that hears best counts; `environment/stations.py` lists them"
        ),
    ]
    elevation_mask_deg: Annotated[float, Field(ge=0, lt=90, description="least elevation at which a station receives; assumed: 10")] = 10.0
