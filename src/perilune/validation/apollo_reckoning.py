"""Eagle's own reckoning of its height beside ours: which of our columns the radar's recording belongs beside, and by how much ours flies higher.

The onboard computer showed the height that it reckoned and, on request, how far the radar's height lay from it. Their sum over the slant range is the
cosine of the beam's angle from the vertical, whatever the terrain, because the computer itself made the one from the other.

Assumptions and limitations: shown values are up to 2 s old, which moves them by up to 90 m; heights between shown ones are linear in time.
"""

from collections.abc import Iterator

import numpy as np

from perilune.flight.flight import Flight
from perilune.validation import apollo

SPELL_S = 20.0  # differences shown within so long of each other are taken together
SHOWN_TFI_S = (57.8, 117.8, 175.8, 231.8, 283.8, 301.8, 335.8, 365.8, 389.8, 413.8, 437.8, 475.8, 503.8, 537.8, 563.8, 591.8)


def height_above_site(flight: Flight, tfi_s: np.ndarray) -> np.ndarray:
    """Our height [m] above the landing site at times from ignition."""
    return apollo.at_tfi(flight, "altitude_m", tfi_s) - float(flight.flown.scene.start.site_height_m)


def radar_heights() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where the computer showed both: times [s from ignition], the height by radar above the site [m], the beam's angle from the vertical [deg].

    Means over each spell in which it was shown.
    """
    own, less, radar = (apollo.recorded()[name] for name in ("reckoned_height", "radar_less_reckoned", "radar_range"))
    height = np.interp(less.tfi_s, own.tfi_s, own.value) + less.value
    lean = np.degrees(np.arccos(height / np.interp(less.tfi_s, radar.tfi_s, radar.value)))
    spells = np.split(np.arange(len(lean)), np.flatnonzero(np.diff(less.tfi_s) > SPELL_S) + 1)
    times, heights, leans = ([float(values[spell].mean()) for spell in spells] for values in (less.tfi_s, height, lean))
    return np.array(times), np.array(heights), np.array(leans)


def reckoning_part(flight: Flight) -> Iterator[str]:
    """What Eagle reckoned, what of it the radar corrected, and ours."""
    own = apollo.recorded()["reckoned_height"]
    times, heights, leans = radar_heights()
    our_leans, ours = apollo.beam_leans(flight, times), height_above_site(flight, times)
    slant = apollo.beam_beside_radar(flight)
    first, second = range(2)
    yield (
        f"Eagle's computer showed what answers it. Around TFI {times[first]:.0f} s its reckoned height and the radar's difference from it make "
        f"{heights[first]:,.0f} m, around {times[second]:.0f} s {heights[second]:,.0f} m; over the recorded ranges that is a beam "
        f"{leans[first]:.0f}° and {leans[second]:.0f}° from the vertical, in our flight {our_leans[first]:.0f}° and {our_leans[second]:.0f}°. So the "
        "recording is a slant range, our beam leans as Eagle's did, and our beam's range is what it belongs beside: there ours is up to "
        f"{np.nanmax(slant.error_percent[slant.counts]):.0f} % longer, because our lander is that much higher, "
        f"by {100.0 * (ours[first] / heights[first] - 1.0):.0f} % around {times[first]:.0f} s and by "
        f"{100.0 * (ours[second] / heights[second] - 1.0):.0f} % around {times[second]:.0f} s. That our height lies within the bound of the recorded "
        "ranges is owed in part to two differences that cancel: the ranges are longer than Eagle's height, and ours is higher than Eagle."
    )
    yield ""
    yield (
        f"Eagle's reckoned height above the site beside ours. {' '.join(own.provenance.split())} Up to some TFI 330 s Eagle reckoned itself too "
        "high, by 860 m when the radar first said so, and from then on followed the radar."
    )
    yield ""
    yield "| TFI, s | Eagle's reckoning, m | ours, above the site, m | difference |"
    yield "|---:|---:|---:|---:|"
    for t in SHOWN_TFI_S:
        reckoned, flown = float(own.value[own.tfi_s == t][0]), float(height_above_site(flight, np.array([t]))[0])
        yield f"| {t:.1f} | {reckoned:,.0f} | {flown:,.0f} | {100.0 * (flown / reckoned - 1.0):+.1f} % |"
    climb = float(apollo.at_tfi(flight, "vertical_speed_m_s", np.arange(27.0, 170.0)).min())
    yield ""
    yield (
        f"Where ours begins to lie higher: Eagle sank from throttle-up on, ours climbs at up to {-climb:.1f} m/s in the first two minutes. The pad "
        "load's ignition point lies some 300 m above where Eagle was, and Klumpp's law, with the pad load's targets and 590 s to go, asks for "
        "thrust 5° above the horizon there; the planar run of the law alone, without terrain, rotation or navigation, climbs as well. Why the real "
        "thrust lay lower is **not explained**: no source read says what time to go its computer began with. By high gate the two agree."
    )
