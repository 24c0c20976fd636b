"""Confirmation: what may be concluded of a landing from the packets that were received, and from nothing else.

*confirmed*: the lander stands and is well enough to say so; every piece of evidence speaks for it. How it met the ground is told beside, also where
that was harder than a soft landing's limits. *contradicted*: the packets show that it does not stand as it should: it lies or leans too far, falls,
moves on the ground, or was last heard so fast and low that no soft landing can have followed. *not confirmed*: all else, silence included; absence of
evidence is never taken for either.

Assumptions and limitations: a packet is believed once its check word is right. One inertial unit measures all that matters here: one that lies in a
way that looks like rest would be believed, but for one that repeats itself. Margins keep what is near a limit from being confirmed. What the
mission plans (limits, thrust) may be known, the flight may not. All thresholds and margins assumed.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from perilune.downlink.evidence import FORCE, GRAVITY_M_S2, RATE, Stream, angle_deg

if TYPE_CHECKING:
    from perilune.downlink.decode import Decoded
    from perilune.mission.schema import Mission

Conclusion = Literal["confirmed", "not confirmed", "contradicted"]
Finding = Literal["for", "against", "missing", "beside"]
CONFIRMED: Conclusion = "confirmed"
NOT_CONFIRMED: Conclusion = "not confirmed"
CONTRADICTED: Conclusion = "contradicted"

POWER_S = 10.0  # for which packets must go on arriving from a lander that is still
LONGEST_GAP_S = 5.0
MOST_LEAN_DEG = 30.0  # with which a landing is confirmed: an accelerometer that errs by a sixth of the Moon's gravity turns it by 10°
TIPPED_S = 2.0  # for which it must have been still for its tilt to count against it
TILT_MARGIN_DEG = 1.0
DESCENT_M_S, CLIMB_M = 1.0, 12.0  # believed while it is still, by a filter that may err
FALLING_SHARE, FALLING_S = 0.3, 1.0  # of the Moon's gravity felt; for so long
MOVING_RAD_S, MOVING_S = 0.05, 3.0
SIGMAS = 3.0


@dataclass(frozen=True)
class Planned:
    """What the ground knows before the landing: limits of a soft one, all thrust together [N], and when it is to be [s of UTC since 1970].

    Without a mission the limits are the strictest of the catalogue, and the thrust is the largest that was asked for in the packets.
    """

    vertical_speed_m_s: float = 2.0
    horizontal_speed_m_s: float = 1.0
    tilt_deg: float = 10.0
    rest_tilt_deg: float = 42.0
    thrust_n: float | None = None
    touchdown_unix_s: float | None = None


@dataclass(frozen=True)
class Evidence:
    """One piece: what it is about, which way it speaks, in words with its numbers, and the span of packets that it rests on [s of UTC since 1970]."""

    name: str
    finding: Finding
    sentence: str
    from_unix_s: float | None = None
    to_unix_s: float | None = None
    numbers: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Confirmation:
    """What may be concluded, why, and from what; `last_unix_s` is the time in the last packet, None without any."""

    conclusion: Conclusion
    reason: str
    evidence: tuple[Evidence, ...]
    first_unix_s: float | None
    last_unix_s: float | None

    def to_json(self) -> dict[str, Any]:
        """The same for tools; times in seconds of UTC since 1970."""
        from dataclasses import asdict

        return asdict(self)


def planned_of(mission: "Mission") -> Planned:
    """What the ground knows of a mission before its landing."""
    from perilune.downlink.time_code import unix_ms

    plan = mission.planned
    engines = (plan.lander.main_engine, plan.lander.assist_engines)
    thrust = sum(one.thrust_n * getattr(one, "count", 1) for one in engines if one is not None)
    limits = plan.limits
    touchdown = unix_ms(plan.site.planned_touchdown_utc) / 1000.0
    return Planned(limits.vertical_speed_m_s, limits.horizontal_speed_m_s, limits.tilt_deg, limits.rest_tilt_deg, thrust, touchdown)


def confirm(decoded: "Decoded", planned: Planned | None = None) -> Confirmation:
    """What may be concluded of the landing from packets, as `downlink.decode.decode` gives them."""
    planned = planned or Planned()
    stream = Stream(decoded)
    if np.isnan(stream.last_s):
        return Confirmation(NOT_CONFIRMED, "No packet was received.", (Evidence("power", "missing", "no packet was received"),), None, None)
    evidence = (
        contact(stream),
        attitude(stream),
        tilt(stream, planned),
        no_descent(stream),
        power(stream),
        touch(stream, planned),
        *filter(None, (falling(stream), moving(stream), no_way_to_land(stream, planned))),
    )
    against = [one for one in evidence if one.finding == "against"]
    missing = [one for one in evidence if one.finding == "missing"]
    if against:
        return Confirmation(CONTRADICTED, _sentence(against), evidence, stream.first_s, stream.last_s)
    if missing:
        return Confirmation(NOT_CONFIRMED, _sentence(missing), evidence, stream.first_s, stream.last_s)
    met = next(one.sentence for one in evidence if one.name == "touch")
    stands = f"The lander has stood still for {stream.last_s - stream.still_since_s:.1f} s and goes on sending; {met}."
    return Confirmation(CONFIRMED, stands, evidence, stream.first_s, stream.last_s)


def _sentence(evidence: list[Evidence]) -> str:
    text = "; ".join(one.sentence for one in evidence)
    return f"{text[0].upper()}{text[1:]}."


def contact(stream: Stream) -> Evidence:
    """The computer believes in contact, its engines are commanded off, and what it feels is the Moon's gravity."""
    believed, still = stream.touchdown_since_s, stream.still_since_s
    felt = float(np.linalg.norm(stream.force(still, stream.last_s))) if np.isfinite(still) else float("nan")
    if np.isnan(believed):
        return Evidence("contact", "missing", "the computer does not say that it stands")
    if np.isnan(still):
        off = "are commanded off" if len(stream.engines_off) and stream.engines_off[-1] else "are not commanded off"
        return Evidence(
            "contact", "missing", f"the computer says that it stands, but what it feels is not a lander at rest; its engines {off}", believed
        )
    if not stream.is_alive:
        return Evidence(
            "contact", "missing", "an axis of the inertial unit is dead or repeats itself, so it says nothing of contact", still, stream.last_s
        )
    numbers = {"specific_force_m_s2": felt, "spread_m_s2": stream.spread(still, stream.last_s)}
    words = f"the computer says that it stands, engines off; specific force {felt:.3f} m/s², steady to {numbers['spread_m_s2']:.4f}"
    return Evidence("contact", "for", words, max(believed, still), stream.last_s, numbers)


def attitude(stream: Stream) -> Evidence:
    """It does not turn."""
    still = stream.still_since_s
    if np.isnan(still):
        rate = np.linalg.norm(stream.vector("attitude", RATE), axis=1)
        last = f", last {np.degrees(rate[-1]):.2f}°/s" if len(rate) else ""
        return Evidence("attitude", "missing", f"it is not known to be still{last}")
    rate = np.linalg.norm(stream.vector("attitude", RATE)[stream.between("attitude", still, stream.last_s)], axis=1)
    most = float(np.degrees(rate.max()))
    return Evidence("attitude", "for", f"it turns by {most:.3f}°/s at most", still, stream.last_s, {"rate_deg_s": most})


def tilt(stream: Stream, planned: Planned) -> Evidence:
    """How far it leans, by gravity alone."""
    still = stream.still_since_s
    if np.isnan(still):
        return Evidence("tilt", "missing", "how it leans cannot be told before it is still")
    leans = angle_deg(stream.force(still, stream.last_s), np.array([0.0, 0.0, 1.0]))
    words, numbers = (
        f"it leans by {leans:.1f}° (limit {planned.rest_tilt_deg:g}°, to confirm {MOST_LEAN_DEG:g}°)",
        {"tilt_deg": leans, "limit_deg": planned.rest_tilt_deg},
    )
    far = stream.last_s - still >= TIPPED_S
    over = leans > planned.rest_tilt_deg + TILT_MARGIN_DEG and far
    finding: Finding = "against" if over else "for" if leans < min(planned.rest_tilt_deg - TILT_MARGIN_DEG, MOST_LEAN_DEG) else "missing"
    return Evidence("tilt", finding, words, still, stream.last_s, numbers)


def no_descent(stream: Stream) -> Evidence:
    """It does not believe itself to be on its way down (or up)."""
    still = stream.still_since_s
    rows = stream.between("guidance", max(still, stream.last_s - POWER_S), stream.last_s)
    if np.isnan(still) or not rows.any():
        return Evidence("no descent", "missing", "that it goes down no more cannot be told")
    sink = float(stream.column("guidance", "vertical_speed_m_s")[rows].mean())
    height = stream.column("guidance", "height_m")[rows]
    change = float(height[-1] - height[0])
    over_s = stream.last_s - max(still, stream.last_s - POWER_S)
    words = f"it believes to sink by {sink:.2f} m/s, its height changed by {change:.1f} m over {over_s:.0f} s"
    finding: Finding = "for" if abs(sink) < DESCENT_M_S and abs(change) < CLIMB_M else "missing"
    return Evidence("no descent", finding, words, still, stream.last_s, {"sink_m_s": sink, "height_change_m": change})


def touch(stream: Stream, planned: Planned) -> Evidence:
    """How it met the ground, beside the limits of a soft landing; it stands or not whatever they are."""
    met = stream.meeting
    found = (met.vertical_speed_m_s, met.horizontal_speed_m_s, met.tilt_deg)
    if not np.all(np.isfinite(found)):
        return Evidence("touch", "beside", "how it met the ground cannot be told, for what was sent around the contact is missing")
    limits = (planned.vertical_speed_m_s, planned.horizontal_speed_m_s, planned.tilt_deg)
    soft = all(value <= limit for value, limit in zip(found, limits, strict=True))
    words = (
        f"it met the ground at {found[0]:.2f} m/s down and {found[1]:.2f} m/s across, leaning by {found[2]:.1f}°, "
        f"{'within' if soft else 'beyond'} the limits of a soft landing ({limits[0]:g}, {limits[1]:g} and {limits[2]:g}°)"
    )
    numbers = dict(zip(("vertical_speed_m_s", "horizontal_speed_m_s", "tilt_deg"), found, strict=True))
    return Evidence("touch", "beside", words, met.time_s, met.time_s, numbers)


def power(stream: Stream) -> Evidence:
    """Packets go on arriving from a lander that is still."""
    still = stream.still_since_s
    if np.isnan(still):
        return Evidence("power", "missing", "nothing was received from it at rest")
    lasted, gap = stream.last_s - still, stream.longest_gap_s(max(still, stream.last_s - POWER_S))
    words = f"packets came for {lasted:.1f} s after it was still (wanted {POWER_S:g}), without a gap of more than {gap:.1f} s"
    finding: Finding = "for" if lasted >= POWER_S and gap <= LONGEST_GAP_S else "missing"
    return Evidence("power", finding, words, still, stream.last_s, {"for_s": lasted, "longest_gap_s": gap})


def falling(stream: Stream) -> Evidence | None:
    """It believes that it stands, and feels next to nothing: it falls."""
    believed, times = stream.touchdown_since_s, stream.times("propulsion")
    since = max(believed, stream.last_s - FALLING_S - 1.0) if np.isfinite(believed) else np.nan
    rows = stream.between("propulsion", since, stream.last_s)
    if np.isnan(since) or rows.sum() < 2 or times[rows][-1] - times[rows][0] < FALLING_S:
        return None
    felt = np.linalg.norm(stream.vector("propulsion", FORCE)[rows], axis=1)
    if felt.max() > FALLING_SHARE * GRAVITY_M_S2:
        return None
    words = f"it says that it stands and feels {felt.max():.2f} m/s² at most: it falls"
    return Evidence("falling", "against", words, float(times[rows][0]), float(times[rows][-1]), {"specific_force_m_s2": float(felt.max())})


def moving(stream: Stream) -> Evidence | None:
    """It believes that it stands, and turns."""
    believed, times = stream.touchdown_since_s, stream.times("attitude")
    rows = stream.between("attitude", stream.last_s - MOVING_S, stream.last_s)
    if np.isnan(believed) or believed > stream.last_s - MOVING_S or rows.sum() < 3:
        return None
    rate = np.linalg.norm(stream.vector("attitude", RATE)[rows], axis=1)
    if rate.min() < MOVING_RAD_S:
        return None
    words = f"it says that it stands and turns by {np.degrees(rate.min()):.1f}°/s or more: it moves"
    return Evidence("moving", "against", words, float(times[rows][0]), float(times[rows][-1]), {"rate_deg_s": float(np.degrees(rate.min()))})


def no_way_to_land(stream: Stream, planned: Planned) -> Evidence | None:
    """It was last heard so fast and so low that all its thrust cannot have stopped it, its own doubts counted in its favour."""
    times, asked = stream.times("guidance"), stream.column("propulsion", "thrust_command_n")
    if not len(times) or not len(asked) or np.isfinite(stream.touchdown_since_s):
        return None
    height, height_sigma, sink, sink_sigma = (
        float(stream.column("guidance", name)[-1]) for name in ("height_m", "height_sigma_m", "vertical_speed_m_s", "vertical_speed_sigma_m_s")
    )
    most, slowest = max(height, 0.0) + SIGMAS * height_sigma, sink - SIGMAS * sink_sigma - planned.vertical_speed_m_s
    thrust = float(planned.thrust_n or asked.max())
    can = thrust / float(stream.column("propulsion", "mass_kg")[-1]) - GRAVITY_M_S2
    if slowest <= 0.0 or (most > 0.0 and slowest * slowest / (2.0 * most) <= max(can, 0.0)):
        return None
    words = f"last heard {height:.0f} m above the ground and falling by {sink:.1f} m/s, which {thrust:.0f} N cannot stop in time"
    numbers = {"height_m": height, "height_sigma_m": height_sigma, "sink_m_s": sink, "sink_sigma_m_s": sink_sigma, "deceleration_m_s2": can}
    return Evidence("no way to land", "against", words, float(times[-1]), float(times[-1]), numbers)
