"""What the program alarms of the flight cost our Eagle: the case `alarms-1202` and harsher readings of it, each beside the flight without.

Assumptions and limitations: a cycle that is lost is lost whole, guidance, navigation and attitude control alike; thrust and levels hold meanwhile.
The program that flew restarted its guidance where it was and its autopilot ran on at interrupts, so that less was lost than in the mildest row.
"""

from collections.abc import Iterator
from functools import cache

import numpy as np

from perilune.flight.flight import Flight
from perilune.flight.fly import fly
from perilune.mission.loader import load
from perilune.validation import apollo

CASE = "alarms-1202"
NAMES = ("1202", "1202", "1201", "1202", "1202")


@cache
def with_alarms() -> Flight:
    """The undispersed flight with the alarms as the mission file has them."""
    return fly("apollo-11", case=CASE)


def alarm_times_s() -> list[float]:
    """When each begins, after throttle-up."""
    return [float(fault.time_s or 0.0) for fault in with_alarms().mission.faults]


def harsher() -> Iterator[tuple[str, Flight]]:
    """Other readings of what the alarms took, by name."""
    for seconds in (10, 20):
        faults = [f"computer.overload@time_s={t},duration_s={seconds},size_percent=100" for t in alarm_times_s()]
        yield f"all cycles of {seconds} s lost at each alarm", fly(load("apollo-11", faults=faults))
    for percent in (13, 50, 90):
        fault = f"computer.overload@time_s={alarm_times_s()[0]},size_percent={percent}"
        yield f"{percent} % of the cycles lost from the first alarm on", fly(load("apollo-11", faults=[fault]))
    faults = [f"computer.restart@time_s={t},duration_s=2" for t in alarm_times_s()]
    yield "the computer away for 2 s at each alarm, valves closed", fly(load("apollo-11", faults=faults))


def apart(flight: Flight, column: str) -> tuple[float, float]:
    """The largest difference of a column from the flight without alarms, and when [s from ignition] it is."""
    end = min(float(f.flown.last["contact"]["time"]) for f in (flight, apollo.eagle())) + apollo.START_TFI_S
    tfi = np.arange(alarm_times_s()[0] + apollo.START_TFI_S, end, 0.1)
    difference = apollo.at_tfi(flight, column, tfi) - apollo.at_tfi(apollo.eagle(), column, tfi)
    worst = int(np.nanargmax(np.abs(difference)))
    return float(difference[worst]), float(tfi[worst])


def row(name: str, flight: Flight) -> str:
    """A flight as a row of the table."""
    touchdown = flight.touchdown
    if touchdown is None:
        return f"| {name} | {flight.verdict} | | | | | |"
    return (
        f"| {name} | {flight.verdict} | {apart(flight, 'height_m')[0]:+.1f} | {touchdown.propellant_left_kg:.0f} | "
        f"{touchdown.vertical_speed_m_s:.2f}, {touchdown.horizontal_speed_m_s:.2f} | {touchdown.tilt_deg:.1f} | {touchdown.miss_m:.0f} |"
    )


def alarms_part() -> Iterator[str]:
    """The flown alarms, what they cost, and what more would have."""
    flight, planned = with_alarms(), apollo.eagle()
    height, used = apart(flight, "height_m"), apart(flight, "main_propellant_kg")
    times = alarm_times_s()
    heights = apollo.at_tfi(flight, "height_m", np.array(times) + apollo.START_TFI_S)
    said = ", ".join(f"{n} at TFI {t + apollo.START_TFI_S:.0f} s ({h:,.0f} m)" for n, t, h in zip(NAMES, times, heights, strict=True))
    yield (
        f"`perilune fly apollo-11 --case {CASE}`: the flight's five program alarms at their times, in our flight {said}. At each, one guidance cycle "
        "of 2 s is lost whole, with navigation and attitude control in it; thrust and throttle hold, and what the inertial unit counts meanwhile is "
        "taken in by the next cycle. Times: Apollo 11 Mission Report, table 5-I, as quoted second hand; sources stand in the mission file."
    )
    yield ""
    assert flight.touchdown is not None and planned.touchdown is not None
    later = float(flight.flown.last["contact"]["time"]) - float(planned.flown.last["contact"]["time"])
    spent = planned.touchdown.propellant_left_kg - flight.touchdown.propellant_left_kg
    yield (
        f"Ours with them: **{flight.verdict}**. They cost {spent:.1f} kg of propellant and {later:.1f} s to contact; the height differs by at most "
        f"{abs(height[0]):.1f} m (TFI {height[1]:.0f} s), propellant on the way by {abs(used[0]):.1f} kg. Guidance that aims anew from wherever it "
        "is takes up a lost cycle in the next. Beside it, harsher readings of what could have been lost:"
    )
    yield ""
    yield "| lost | verdict | height, largest difference, m | propellant left, kg | touchdown down, across, m/s | tilt, ° | from the site, m |"
    yield "|---|---|---:|---:|---:|---:|---:|"
    yield row("nothing", planned)
    yield row("one cycle of 2 s at each alarm, the case", flight)
    for name, other in harsher():
        yield row(name, other)
    yield ""
    yield (
        "The last row is not what happened: a restart of the program that flew closed no valve. It is what an outage of the whole computer with our "
        "recorder would have been; each also lets the radar's antenna turn back, and takes its ranges away until that has turned again."
    )
