"""An orbit that meets the ground on its way must be refused, and one that passes above it must not."""

import numpy as np
import pytest

from perilune.base.errors import PeriluneError
from perilune.mission.clearance import ground_km, ground_track_me, orbit_altitude_km
from perilune.mission.loader import load


def test_the_orbit_touches_both_its_altitudes_and_keeps_the_vis_viva_shape():
    assert orbit_altitude_km(100.0, 15.0, np.array([0.0, 180.0, 360.0])) == pytest.approx([100.0, 15.0, 100.0])
    assert orbit_altitude_km(100.0, 100.0, np.array([77.0])) == pytest.approx([100.0])
    a, b = 1737.4 + 57.5, np.sqrt(1837.4 * 1752.4)  # a point at the end of the minor axis is one semi-major axis from the focus
    angle = 180.0 - np.degrees(np.arctan2(b, -(1837.4 - 1752.4) / 2.0))
    assert orbit_altitude_km(100.0, 15.0, np.array([angle])) == pytest.approx([a - 1737.4], abs=1e-9)


def test_the_track_ends_at_the_site_and_comes_from_behind_it():
    track = ground_track_me(60.5, -4.6, 180.0, np.array([0.0, 10.0, 90.0]))
    latitude, longitude = np.degrees(np.arcsin(track[:, 2])), np.degrees(np.arctan2(track[:, 1], track[:, 0]))
    assert latitude == pytest.approx([60.5, 70.5, 29.5]) and longitude[:2] == pytest.approx([-4.6, -4.6])
    assert abs(longitude[2]) == pytest.approx(180.0 - 4.6)


def test_the_ground_has_the_known_extremes():
    def at(latitude, longitude):
        return ground_km(ground_track_me(latitude, longitude, 0.0, np.array([0.0])))[0]

    assert at(5.4375, -158.6875) == pytest.approx(10.552, abs=0.01)
    assert at(-70.3125, -172.4375) == pytest.approx(-8.729, abs=0.01)


@pytest.mark.parametrize("perilune_km, flies", [(10.7, True), (8.0, True), (-3.0, False), (-9.0, False)])
def test_an_orbit_through_the_ground_is_refused(perilune_km, flies):
    override = [f"start.perilune_altitude_km={perilune_km}"]
    if flies:
        assert load("resilience", override).start.perilune_altitude_km == perilune_km
    else:
        with pytest.raises(PeriluneError, match=r"meets the ground .* choose a higher perilune"):
            load("resilience", override)
