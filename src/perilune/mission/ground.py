"""The ground that listens: which stations on Earth, and how low above their horizon they follow the lander."""

from typing import Annotated, Literal

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


class Recovery(Parameters):
    """What the ground does when it hears nothing: when a signal counts as lost, what is then sent and how often, and when the mission is given up."""

    loss_of_signal_s: Annotated[float, Field(gt=0, le=1e5, description="without a frame for so long, the lander in sight, its signal is lost")] = 10.0
    first_attempt_after_s: Annotated[float, Field(ge=0, le=1e6, description="from the loss to the first attempt at contact")] = 120.0
    attempts: Annotated[int, Field(ge=0, le=1000, description="attempts after one loss of signal; each arms a restart and commands it")] = 6
    spacing_s: Annotated[float, Field(gt=0, le=1e6, description="from one attempt to the next; unanswered until then is unanswered")] = 300.0
    commands: Annotated[
        tuple[Literal["restart-transmitter", "restart-computer"], ...], Field(min_length=1, description="what the attempts command, by turns")
    ] = ("restart-transmitter", "restart-computer")
    give_up_after_s: Annotated[
        float, Field(ge=0, le=1e7, description="so long after the planned touchdown, without a signal or a confirmation, the mission ends")
    ] = 15000.0


class Ground(Parameters):
    """The stations on Earth that listen to the lander, by the names of the program's own list."""

    stations: Annotated[
        tuple[Annotated[str, AfterValidator(_known)], ...],
        Field(
            min_length=1, description="names of stations, of which at any time the one that hears best counts; `environment/stations.py` lists them"
        ),
    ]
    elevation_mask_deg: Annotated[float, Field(ge=0, lt=90, description="least elevation at which a station receives; assumed: 10")] = 10.0
    recovery: Annotated[Recovery | None, Field(description="what is done without a signal; left out: as with an empty table")] = None
