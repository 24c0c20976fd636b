"""Planned faults: what is to break in a flight, when, for how long and how badly, as the mission file or the command line says it.

A fault belongs to the truth. It stands under `[[faults]]`, under `[[cases.NAME.faults]]` (in that case alone), or on the command line as
`device.kind@key=value,key=value`; its size stands under the key that ends in the fault's unit, such as `size_m`.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from perilune.avionics.sequencer import MODES
from perilune.base.errors import PeriluneError
from perilune.base.parameters import Parameters
from perilune.lander.faults import FAULTS, SLOTS, Fault
from perilune.mission.event_names import EVENTS
from perilune.mission.paths import nearest, readable

if TYPE_CHECKING:
    from perilune.lander.lander import Lander
    from perilune.mission.schema import Mission

TRIGGERS = ("time_s", "before_touchdown_s", "height_m", "mode", "event")
ALWAYS_THERE = ("tanks", "computer", "transmitter")
EXAMPLE = "range_finder.dropout@height_m=2000,duration_s=20"

Size = Annotated[float | None, Field(description="size of a fault that is measured in this unit")]


class PlannedFault(Parameters):
    """One thing that breaks in the flight. At most one of the five keys that set it off; without any it is there from the start."""

    fault: Annotated[str, Field(min_length=1, description="what breaks, as `device.kind` (docs/faults.md lists them)")]
    time_s: Annotated[float | None, Field(ge=0, le=1e6, description="begins so long after the start: the descent burn, or the state given")] = None
    before_touchdown_s: Annotated[float | None, Field(ge=-1e6, le=1e6, description="begins so long before the planned touchdown")] = None
    height_m: Annotated[float | None, Field(ge=-1e6, le=1e6, description="begins the first time at or below this true height above ground")] = None
    mode: Annotated[str | None, Field(description="begins when the avionics are in this mode")] = None
    event: Annotated[str | None, Field(description="begins in the tick after this event")] = None
    duration_s: Annotated[float | None, Field(gt=0, le=1e6, description="lasts so long; left out: for good")] = None
    axis: Annotated[Literal["x", "y", "z"] | None, Field(description="body axis that it strikes; left out: all")] = None
    unit: Annotated[int | None, Field(ge=0, le=63, description="engine, thruster or probe that it strikes, from 0; left out: all")] = None
    size_m: Size = None
    size_m_s: Size = None
    size_m_s2: Size = None
    size_s: Size = None
    size_deg: Size = None
    size_deg_s: Size = None
    size_arcsec: Size = None
    size_percent: Size = None
    size_kg_s: Size = None

    @property
    def trigger(self) -> str | None:
        """The key that sets it off, or None from the start."""
        return next((key for key in TRIGGERS if getattr(self, key) is not None), None)

    @property
    def sizes(self) -> list[str]:
        """The keys under which a size is given."""
        return [key for key in type(self).model_fields if key.startswith("size_") and getattr(self, key) is not None]

    def __str__(self) -> str:
        """As the command line writes it."""
        given = [f"{key}={value:g}" if isinstance(value, float) else f"{key}={value}" for key, value in self if key != "fault" and value is not None]
        return f"{self.fault}@{','.join(given)}" if given else self.fault


def known(name: str) -> Fault | None:
    """The fault of this name, or None."""
    return next((fault for fault in FAULTS if fault.name == name), None)


def devices_of(lander: "Lander") -> list[str]:
    """The devices of this lander that can break, in the order of the list."""
    all_devices = dict.fromkeys(fault.device for fault in FAULTS)
    return [device for device in all_devices if device in ALWAYS_THERE or getattr(lander, device, None) is not None]


def fault_conflicts(mission: "Mission") -> Iterator[tuple[str, str]]:
    """What is wrong with the planned faults: the path to point at, and the rest of a sentence."""
    for i, planned in enumerate(mission.faults):
        yield from ((f"faults.{i}.{key}" if key else f"faults.{i}", sentence) for key, sentence in misfits(planned, mission.lander))
    if len(mission.faults) > SLOTS:
        yield f"faults.{SLOTS}", f"is one too many; a flight has room for {SLOTS} faults, those of its case and of the command line included"


def misfits(planned: PlannedFault, lander: "Lander") -> Iterator[tuple[str, str]]:
    """What is wrong with one fault on this lander: the key (empty: the fault as a whole), and the rest of a sentence."""
    sentence = _unknown(planned.fault, lander)
    if sentence is not None:
        yield "fault", sentence
        return
    yield from _misfits(planned, lander)


def _unknown(name: str, lander: "Lander") -> str | None:
    """Why this name is no fault of this lander."""
    device, _, kind = name.partition(".")
    here = devices_of(lander)
    kinds = [fault.kind for fault in FAULTS if fault.device == device]
    if not kinds:
        near = nearest(device, here)
        return f"is {name!r}, of no device that can break; {f'did you mean {near}? ' if near else ''}this lander has {', '.join(here)}"
    if device not in here:
        return f"is {name!r}, but this lander has no {device}; it has {', '.join(here)}"
    if kind not in kinds:
        near = nearest(kind, kinds)
        return f"is {name!r}; {f'did you mean {device}.{near}? ' if near else ''}the faults of {device} are {', '.join(kinds)}"
    return None


def _misfits(planned: PlannedFault, lander: "Lander") -> Iterator[tuple[str, str]]:
    """What does not fit the fault: the key, and the rest of a sentence."""
    fault = known(planned.fault)
    assert fault is not None
    set_off = [key for key in TRIGGERS if getattr(planned, key) is not None]
    if len(set_off) > 1:
        yield set_off[1], f"sets {fault.name} off a second time, beside {set_off[0]}; leave one of the two out"
    for key, names in (("mode", MODES), ("event", EVENTS)):
        value = getattr(planned, key)
        if value is not None and value not in names:
            near = nearest(value, list(names))
            yield key, f"is {value!r}, which there is not; {f'did you mean {near}? ' if near else ''}there are {', '.join(names)}"
    yield from _size_misfit(planned, fault)
    for key in ("axis", "unit"):
        if getattr(planned, key) is not None and fault.strikes != key:
            other = f"; it takes {fault.strikes}" if fault.strikes else ", which strikes the device as a whole; leave it out"
            yield key, f"does not belong to {fault.name}{other}"
    count = units_of(lander, fault.device)
    if fault.names_one and planned.unit is None:
        yield "", f"has no unit: {fault.name} strikes one of them; add unit, from 0{f' to {count - 1}' if count else ''}"
    if planned.unit is not None and count is not None and planned.unit >= count:
        yield "unit", f"is {planned.unit}; {fault.device} counts 0 to {count - 1}"


def _size_misfit(planned: PlannedFault, fault: Fault) -> Iterator[tuple[str, str]]:
    wanted = None if fault.unit is None else f"size_{fault.unit}"
    for key in planned.sizes:
        if key != wanted:
            yield key, f"does not belong to {fault.name}, {f'whose size is given as {wanted}' if wanted else 'which has no size; leave it out'}"
            return
    if wanted is None:
        return
    size = getattr(planned, wanted)
    if size is None:
        yield "", f"has no {wanted}: {fault.name} needs one ({fault.description}); add it"
    elif not fault.least <= size <= fault.most:
        bounds = [f"{word} {readable(b)}" for word, b in (("at least", fault.least), ("at most", fault.most)) if abs(b) < float("inf")]
        yield wanted, f"is {size:g}; for {fault.name} it must be {', '.join(bounds)}"


def units_of(lander: "Lander", device: str) -> int | None:
    """How many units a device of this lander has that can break one by one; None where they are not counted."""
    if device == "attitude_thrusters":
        return len(lander.attitude_thrusters.positions_m)
    if device == "contact_probes":
        return lander.legs.count
    count = getattr(getattr(lander, device, None), "count", None)
    return count if isinstance(count, int) else None


def fault_from(text: str) -> dict[str, Any]:
    """A fault of the command line as a table of the mission file: `device.kind@key=value,key=value`.

    Raises PeriluneError with one sentence on what cannot be read.
    """
    given = f"--fault {text}"
    name, at, rest = text.partition("@")
    if not name.strip() or (at and not rest.strip()):
        raise PeriluneError(f"{given}: this names no fault; write device.kind@key=value,key=value, such as {EXAMPLE}")
    table: dict[str, Any] = {"fault": name.strip()}
    keys = [key for key in PlannedFault.model_fields if key != "fault"]
    for pair in rest.split(",") if at else ():
        key, equals, value = (word.strip() for word in pair.partition("="))
        if not equals or not key or not value:
            raise PeriluneError(f"{given}: {pair.strip()!r} is no key=value; write it as in {EXAMPLE}")
        if key not in keys:
            near = nearest(key, keys)
            raise PeriluneError(f"{given}: unknown key {key}; {f'did you mean {near}? ' if near else ''}there are {', '.join(keys)}")
        if key in table:
            raise PeriluneError(f"{given}: {key} is given twice; leave one of the two out")
        table[key] = value if key in ("mode", "event", "axis") else _number(value, key, given)
    return table


def _number(value: str, key: str, given: str) -> float | int:
    try:
        return int(value) if key == "unit" else float(value)
    except ValueError:
        kind = "whole number" if key == "unit" else "number"
        raise PeriluneError(f"{given}: {key} is {value!r}; it must be a {kind}, such as {EXAMPLE}") from None
