"""The plain filter must be able to tell: a mistake planted in it, of the kind that one makes, parts it from the flight's filter."""

import numpy as np
import pytest

from perilune.validation import numpy_filter, plain_filter
from perilune.validation.plain_filter import PlainFilter, range_rates

NOWHERE = np.zeros(3)
TOLERANCES = {check.name: check.tolerance for check in numpy_filter.CHECKS}


def apart(name):
    """Both errors of a window, over their tolerances."""
    d = numpy_filter.differences(numpy_filter.watched(name))
    position = max(d["position"], d["map error"]) / TOLERANCES[f"filter, {name}"]
    return position, d["covariance"] / TOLERANCES[f"filter, {name}, covariance"]


def test_windows_hold_what_they_are_named_for():
    ignition, ranges = numpy_filter.compared("ignition"), numpy_filter.compared("ranges")
    assert ignition["stars"] > 100 and ignition["ranges"] == 0 and ranges["ranges"] == 100
    sensing = numpy_filter.watched("ignition").states["avionics"]["navigation"]["sensing"]
    assert not sensing[:50].any() and sensing[50:].all()


def scaled(key, factor):
    def plant(monkeypatch):
        begin = PlainFilter.__init__

        def wrong(self, scene, state):
            begin(self, scene, state)
            self.p = self.p.copy()
            self.p[key] *= factor

        monkeypatch.setattr(PlainFilter, "__init__", wrong)

    return plant


def late_attitudes(monkeypatch):
    original = PlainFilter.attitude_at
    monkeypatch.setattr(PlainFilter, "attitude_at", lambda self, age: original(self, age - 0.1))


def map_error_of_the_wrong_sign(monkeypatch):
    def wrong(normal, up, beam, length):
        by_position, by_turn, by_height = range_rates(normal, up, beam, length)
        return by_position, by_turn, -by_height

    monkeypatch.setattr(plain_filter, "range_rates", wrong)


def turn_from_the_wrong_side(monkeypatch):
    original = PlainFilter.update

    def wrong(self, h, innovation, variance):
        before = self.attitude
        original(self, h, innovation, variance)
        turn = plain_filter.multiply(self.attitude, plain_filter.conjugate(before))
        self.attitude = plain_filter.multiply(before, turn)

    monkeypatch.setattr(PlainFilter, "update", wrong)


def no_thrust_error(monkeypatch):
    monkeypatch.setattr(plain_filter, "cross_matrix", lambda v: np.zeros((3, 3)))


@pytest.mark.parametrize(
    ("name", "plant"),
    [
        ("ignition", scaled("velocity_random_walk", 1.001)),
        ("ignition", scaled("gyro_correlation", 1.001)),
        ("ignition", scaled("attitude_floor", 1.001)),
        ("ignition", scaled("accel_scale_at_ignition", 1.001)),
        ("ranges", scaled("range_roughness", 1.001)),
        ("ranges", scaled("map_correlation", 1.001)),
        ("ignition", late_attitudes),
        ("ignition", no_thrust_error),
        ("ranges", turn_from_the_wrong_side),
        ("ranges", map_error_of_the_wrong_sign),
    ],
)
def test_a_planted_mistake_is_seen(monkeypatch, name, plant):
    plant(monkeypatch)
    try:
        position, covariance = apart(name)
    except ValueError as error:
        assert "the other refused" in str(error)
    else:
        assert max(position, covariance) > 10.0


def test_rates_of_a_range_are_those_of_its_differences():
    rng = np.random.default_rng(5)
    for _ in range(50):
        normal, up, beam = (v / np.linalg.norm(v) for v in rng.normal(size=(3, 3)) * 0.3 + [[0, 0, 1], [0, 0, 1], [0, 0, -1]])
        origin, foot = np.array([10.0, 20.0, 3000.0]), rng.normal(size=3) * 100.0

        def length(move=NOWHERE, turn=NOWHERE, rise=0.0):
            angle = np.linalg.norm(turn)
            k = plain_filter.cross_matrix(turn / angle) if angle else np.zeros((3, 3))
            b = beam + np.sin(angle) * k @ beam + (1 - np.cos(angle)) * k @ k @ beam  # noqa: B023
            return normal @ (foot + rise * up - origin - move) / (normal @ b)  # noqa: B023

        def slope(**way):
            return (length(**way) - length(**{key: -value for key, value in way.items()})) / 2.0

        by_position, by_turn, by_height = range_rates(normal, up, beam, length())
        for i, axis in enumerate(np.eye(3)):
            assert slope(move=axis) == pytest.approx(by_position[i], rel=1e-9, abs=1e-9)
            assert slope(turn=1e-5 * axis) * 1e5 == pytest.approx(by_turn[i], rel=1e-6, abs=1e-3)
        assert slope(rise=1.0) == pytest.approx(by_height, rel=1e-9)


def test_a_turn_measured_is_the_turn_made():
    """Quaternions against matrices: the plain filter's own small algebra."""
    rng = np.random.default_rng(6)
    for size in (1e-9, 1e-3, 1.0, 3.0):
        phi = rng.normal(size=3)
        phi *= size / np.linalg.norm(phi)
        q = plain_filter.exponential(phi)
        assert plain_filter.logarithm(q) == pytest.approx(phi, rel=1e-12, abs=1e-15)
        k = plain_filter.cross_matrix(phi / size)
        assert plain_filter.matrix(q) == pytest.approx(np.eye(3) + np.sin(size) * k + (1 - np.cos(size)) * k @ k, abs=1e-14)
        p = plain_filter.exponential(rng.normal(size=3))
        assert plain_filter.matrix(plain_filter.multiply(p, q)) == pytest.approx(plain_filter.matrix(p) @ plain_filter.matrix(q), abs=1e-14)
