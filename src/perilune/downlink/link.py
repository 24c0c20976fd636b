"""The link from lander to Earth: which of the packets that the lander sent arrive, and when.

This file alone of the room reads the truth: place, attitude, height above the ground, when the structure broke, and in which ticks the avionics
published (their clock may be wrong). What leaves it for the rest of the ground is `Link.arrivals` and `Link.arrivals_of_rows`, and nothing else:
whether each packet arrives, and at which time. `Link.margin` is for the engineer; of the room `reception` alone is given it.

For every row of the record: the way to each station (`environment.light_time`), whether the ground hides the Earth (`environment.horizon`), the
gain of the antenna that serves best, losses, noise, and the echo from the ground (`multipath`); at any time the station that hears best counts.
Which frames can be read then (`reception`), and the last packet that arrives, follow from all this.

Assumptions and limitations: stations do not combine what they hear; receivers lock at once; between rows (0.1 s) all is linear; after the record's
end a lander that stands stays as it is, one that broke is silent from the first touch on. Power fails with the structure alone. The lander's own
swing is in its recorded attitude.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from perilune.base.errors import PeriluneError
from perilune.base.structs import struct_from
from perilune.downlink.link_budget import bit_energy_to_noise_db, carrier_to_noise_db_hz, decibels, free_space_loss_db
from perilune.downlink.multipath import fading
from perilune.downlink.reception import SILENT_DB, Course, course_of, frames_received, received_time_s
from perilune.downlink.switched import column, silences_of, switched_antenna
from perilune.downlink.transmission import placed_in_frames
from perilune.environment.horizon import is_sky_free
from perilune.environment.light_time import Way, ways_to
from perilune.environment.orientation import ME_FROM_PA, rotation_pa_from_mci
from perilune.environment.relief import ReliefDraw
from perilune.environment.stations import SPEED_OF_LIGHT_M_S, Station, air_loss_db, band_of, dish_gain, noise_temperature, station
from perilune.lander.radio import Radio, antenna_gains_db

if TYPE_CHECKING:
    import polars as pl

    from perilune.flight.flight import Flight
    from perilune.flight.orbit import StartState
    from perilune.mission.ground import Ground
    from perilune.mission.schema import Mission

COLUMNS = {
    "position_mci": [f"position_mci_{axis}_m" for axis in "xyz"],
    "attitude_mci_from_body": [f"attitude_mci_from_body_{axis}" for axis in "xyzw"],
    "position_site": [f"position_site_{axis}_m" for axis in ("east", "north", "up")],
}


class Arrivals(NamedTuple):
    """What became of packets: whether each arrives, and when [s past the flight's epoch; NaN where it does not], shape (n,)."""

    arrives: np.ndarray
    received_time_s: np.ndarray


@dataclass(frozen=True)
class Link:
    """The link of one flight; `margin` has a row for every row of the record, its columns in SI and decibels with their unit."""

    radio: Radio
    margin: "pl.DataFrame"
    seed: int
    run: int
    silences: tuple[tuple[float, float], ...] = ()  # spans [s past the epoch] in which nothing is sent
    published_s: np.ndarray | None = None  # true time [s past the epoch] at which each row of telemetry was published, shape (rows,)

    def arrivals(self, send_times_s: np.ndarray, bits: np.ndarray | int) -> Arrivals:
        """What becomes of packets of `bits`, handed to the transmitter at `send_times_s` (n,) [s past the epoch] in any order.

        The time of receipt is that of the last bit of the packet's last frame at the station: the wait for it, the frame itself, and light time.
        """
        times = np.atleast_1d(np.asarray(send_times_s, dtype=float))
        sizes = np.broadcast_to(np.asarray(bits), times.shape)
        if not np.isfinite(times).all() or (sizes <= 0).any():
            raise PeriluneError("link: packets need finite send times and one bit at least")
        if not times.size:
            return Arrivals(np.zeros(0, dtype=bool), np.zeros(0))
        first, last = placed_in_frames(times, sizes, self.radio.frame_s, self.radio.frame_bits)
        low, high = int(first.min()), int(last.max())
        frames = frames_received(self._course, self.radio, np.arange(low, high + 1), self.seed, self.run, self.silences)
        lost = np.concatenate([[0], np.cumsum(~frames)])
        arrives = lost[last - low + 1] == lost[first - low]
        return Arrivals(arrives, np.where(arrives, received_time_s(self._course, self.radio, last), np.nan))

    def arrivals_of_rows(self, rows: np.ndarray, bits: np.ndarray | int) -> Arrivals:
        """As `arrivals`, of packets made of these rows of telemetry (n,), counted from its first.

        Each is handed to the transmitter in the tick in which its row was published, whatever the computer's clock said then. Raises
        PeriluneError when the record does not tell.
        """
        if self.published_s is None or (len(rows) and not 0 <= np.min(rows) <= np.max(rows) < len(self.published_s)):
            raise PeriluneError("link: the record does not say when each row of telemetry was published (column published); fly it again")
        return self.arrivals(self.published_s[rows], bits)

    @cached_property
    def _course(self) -> Course:
        return course_of(self.margin, self.radio)


@dataclass(frozen=True)
class Place:
    """Where a flight was flown: its mission, the site's axes with the epoch, and the relief."""

    mission: "Mission"
    start: "StartState"
    relief: Any


def link_of(flight: "Flight | str | Path", antenna: int | np.ndarray | None = None, silences: Sequence[tuple[float, float]] = ()) -> Link:
    """The link of a flight that was flown, or of the folder in which one is kept.

    `antenna` is the one that sends, throughout or row by row of the record; left out: that which the record tells, else that which serves best.
    `silences` are spans [s past the epoch] in which the transmitter is off besides the one that an impact begins. Raises PeriluneError when the
    mission has no radio or no stations, the flight no record or the folder no flight.
    """
    if isinstance(flight, str | Path):
        return _link_of_folder(Path(flight), antenna, silences)
    from perilune.flight.state import DESTROYED

    flown = flight.flown
    place = Place(flown.scene.mission, flown.scene.start, flown.scene.world.relief)
    draw = struct_from(flown.pack["environment"], ReliefDraw)
    broke = float(flown.last["contact"]["time"]) if int(flown.last["status"]) == DESTROYED else None
    return link_from(place, flown.record, draw, flight.seed, flight.run, antenna, _with_impact(silences, broke))


def link_from(
    place: Place,
    rows: Any,
    draw: Any,
    seed: int | None,
    run: int,
    antenna: int | np.ndarray | None = None,
    silences: Sequence[tuple[float, float]] = (),
) -> Link:
    """The link over rows of truth as they come: `time`, `position_mci`, `attitude_mci_from_body`, `position_site` and `height` by name, SI, and
    `published`, `antenna` and `transmitting` where they are told, as in `flight.record.HistoryRow` or a dictionary of arrays; `draw` is the run's
    `ReliefDraw`. Without `published`, rows of telemetry cannot be asked for. Else as `link_of`."""
    mission = place.mission
    radio, ground = mission.lander.radio, mission.ground
    if radio is None or ground is None:
        missing = "[lander.radio]" if radio is None else "[ground]"
        raise PeriluneError(f"{mission.mission.name}: there is no link without {missing}; add the table to the mission file")
    if not len(rows["time"]):
        raise PeriluneError(f"{mission.mission.name}: there is no link of a flight without a record; fly it with one")
    if antenna is None:
        antenna = switched_antenna(rows)
    elif not (0 <= np.min(antenna) and np.max(antenna) < len(radio.antenna_directions)):
        raise PeriluneError(f"{mission.mission.name}: there is no antenna {antenna}; choose 0 to {len(radio.antenna_directions) - 1}")
    told = column(rows, "published")
    published_s = None if told is None else np.asarray(rows["time"])[told.astype(bool)]
    silent = (*silences, *silences_of(rows))
    return Link(radio, _margins(place, radio, ground, rows, draw, antenna), seed or 0, run, silent, published_s)


def _with_impact(silences: Sequence[tuple[float, float]], broke_s: float | None) -> tuple[tuple[float, float], ...]:
    return (*silences,) if broke_s is None else (*silences, (broke_s, float("inf")))


def _link_of_folder(folder: Path, antenna: int | np.ndarray | None, silences: Sequence[tuple[float, float]]) -> Link:
    import polars as pl

    from perilune.environment.gravity import load_coefficients
    from perilune.environment.relief_site import build_relief, map_heights, site_from_me
    from perilune.flight.orbit import start_state
    from perilune.mission.draws import apply, draw, truth_packs
    from perilune.mission.loader import load

    try:
        told = json.loads((folder / "flight.json").read_text("utf-8"))
        history = pl.read_parquet(folder / "history.parquet")
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        raise PeriluneError(f"{folder}: holds no whole flight; give a folder that `perilune fly` wrote") from error
    mission = load(folder / "mission.toml")
    given = told["provenance"].get("given_values")
    drawn = draw(mission, told["seed"], np.array([told["run"]])) if given is None else {path: np.array([value]) for path, value in given.items()}
    packs = truth_packs(mission, 1)
    apply(drawn, packs)
    relief = build_relief(mission.environment.relief, mission.site.latitude_deg, mission.site.longitude_deg)
    up = site_from_me(mission.site.latitude_deg, mission.site.longitude_deg)[2]
    gm = load_coefficients(mission.environment.gravity_degree).gm
    start = start_state(mission.planned, gm, float(map_heights(relief, up[None, :])[0]))
    rows = {name: np.stack([history[column].to_numpy() for column in columns], axis=-1) for name, columns in COLUMNS.items()}
    rows |= {"time": history["time_s"].to_numpy(), "height": history["height_m"].to_numpy()}
    rows |= {name: history[name].to_numpy() for name in ("published", "antenna", "transmitting") if name in history.columns}
    contact = [event["t_s"] for event in told["events"] if event["name"] == "contact"]
    broke = contact[0] if contact and told["rest"] is None else None
    draws = struct_from(packs["environment"][0], ReliefDraw)
    return link_from(Place(mission, start, relief), rows, draws, told["seed"], told["run"], antenna, _with_impact(silences, broke))


def _margins(place: Place, radio: Radio, ground: "Ground", rows: Any, draw: Any, antenna: int | np.ndarray | None) -> "pl.DataFrame":
    """The link at every row; columns as in docs/link.md."""
    import polars as pl

    places = [station(name) for name in ground.stations]
    mask = np.radians(ground.elevation_mask_deg)
    tdb = place.start.epoch_tdb_s + rows["time"]
    ways = ways_to(tuple(places), rows["position_mci"], tdb)
    budgets = [_station_budget_db(one, way, radio, mask) for one, way in zip(places, ways, strict=True)]
    best = np.argmax(budgets, axis=0)
    index = np.arange(len(best))
    way = Way(*(np.array(parts)[best, index] for parts in zip(*ways, strict=True)))
    heard = np.array(budgets)[best, index]

    me_from_mci = ME_FROM_PA @ rotation_pa_from_mci(tdb)
    direction_me = np.einsum("nij,nj->ni", me_from_mci, way.direction_mci)
    mci_from_body = _rotations(rows["attitude_mci_from_body"])
    axis_me = np.einsum("nij,nj->ni", me_from_mci, mci_from_body[:, :, 2])
    position_me = rows["position_site"] @ place.start.site_axes_me + place.start.site_position_me + radio.antenna_height_m * axis_me
    up_me = position_me / np.linalg.norm(position_me, axis=1, keepdims=True)
    sine = np.sum(direction_me * up_me, axis=1)
    elevation = np.arcsin(np.clip(sine, -1.0, 1.0))
    visible = is_sky_free(place.relief, draw, position_me, direction_me)

    body_from_me = np.einsum("nji,nkj->nik", mci_from_body, me_from_mci)
    gains = antenna_gains_db(radio, np.einsum("nij,nj->ni", body_from_me, direction_me))
    mirrored = antenna_gains_db(radio, np.einsum("nij,nj->ni", body_from_me, direction_me - 2.0 * sine[:, None] * up_me))
    serves_best = np.argmax(gains, axis=1)
    chosen = serves_best if antenna is None else np.where(np.asarray(antenna) < 0, serves_best, antenna)
    there = chosen < len(radio.antenna_directions)
    gain = np.where(there, gains[index, chosen * there], SILENT_DB)
    height = rows["height"] + radio.antenna_height_m * np.sum(axis_me * up_me, axis=1)
    fade = decibels(
        fading(elevation, height, SPEED_OF_LIGHT_M_S / (radio.frequency_mhz * 1e6), gain, np.where(there, mirrored[index, chosen * there], SILENT_DB))
    )
    eirp = decibels(radio.transmit_power_w) + gain
    eb_n0 = np.where(visible, bit_energy_to_noise_db(eirp - radio.losses_db + fade + heard, radio.bits_per_s), SILENT_DB)
    names = [one.title for one in places]
    return pl.DataFrame(
        {
            "time_s": rows["time"],
            "station": pl.Series(np.array(names, dtype=object)[best], dtype=pl.Enum(list(dict.fromkeys(names)))),
            "station_elevation_rad": way.station_elevation_rad,
            "range_m": way.range_m,
            "light_time_s": way.light_time_s,
            "earth_elevation_rad": elevation,
            "is_earth_visible": visible,
            "antenna": chosen.astype(np.int32),
            "antenna_gain_dbi": gain,
            "fading_db": fade,
            "free_space_loss_db": free_space_loss_db(way.range_m, radio.frequency_mhz * 1e6),
            "eb_n0_db": np.maximum(eb_n0, SILENT_DB),
            "margin_db": np.maximum(eb_n0, SILENT_DB) - radio.required_eb_n0_db,
        }
    )


def _station_budget_db(place: Station, way: Way, radio: Radio, mask_rad: float) -> np.ndarray:
    """Carrier over noise density [dB Hz] at a station for 1 W radiated evenly in all directions, shape (n,); below its mask `SILENT_DB`."""
    frequency = radio.frequency_mhz * 1e6
    noise = noise_temperature(place, frequency, way.station_elevation_rad, way.range_m)
    losses = free_space_loss_db(way.range_m, frequency) + air_loss_db(band_of(frequency), way.station_elevation_rad)
    heard = carrier_to_noise_db_hz(0.0, losses, decibels(dish_gain(place, frequency)) - decibels(noise))
    return np.where(np.isfinite(noise) & (way.station_elevation_rad >= mask_rad), heard, SILENT_DB)


def _rotations(quaternions: np.ndarray) -> np.ndarray:
    """Rotation matrices (n, 3, 3) of unit quaternions (x, y, z, w), shape (n, 4)."""
    x, y, z, w = np.asarray(quaternions, dtype=float).T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), 2, 0)
