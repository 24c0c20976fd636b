"""Controllers expect to hear the lander when the plan has it heard, and know that it is silent behind the Moon."""

from perilune.control_room.sight import planned_sight
from perilune.mission.loader import load


def test_resilience_comes_round_the_limb_once_and_is_heard_to_the_ground():
    sight = planned_sight(load("resilience", case="as-flown"))
    heard = [sight(t) for t in range(0, 3900, 10)]
    assert not heard[0] and heard[-1] and heard == sorted(heard)
    assert 2400.0 < 10.0 * heard.index(True) < 2600.0  # the first packet of the real flight's case comes at 18:56:38, 2,499 s after the start


def test_without_stations_nothing_is_expected():
    mission = load("resilience")
    assert planned_sight(mission.model_copy(update={"ground": None})) is None
