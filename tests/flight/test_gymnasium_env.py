"""The Gymnasium environment: the library's own checker passes, observations hold no truth, and a batch flies what one flies."""

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

import perilune.gym  # noqa: F401 - registers the environments
from perilune.base.errors import PeriluneError
from perilune.base.structs import records
from perilune.flight.gymnasium_env import MEASUREMENT_NAMES, TELEMETRY_NAMES, flattened
from perilune.messages.measurements import Measurements
from perilune.messages.telemetry import Telemetry


@pytest.fixture(scope="module")
def landing():
    return gymnasium.make("perilune/Resilience-v0")


def test_the_librarys_own_checker_passes(landing):
    check_env(landing.unwrapped, skip_render_check=True)


def test_every_observed_number_has_a_name_and_none_is_of_the_truth(landing):
    observation, info = landing.reset(seed=4)
    assert observation["telemetry"].shape == (len(TELEMETRY_NAMES),) and observation["measurements"].shape == (len(MEASUREMENT_NAMES),)
    true_height = np.linalg.norm(info["true_position"])
    assert not np.any(np.isclose(observation["telemetry"], true_height, rtol=1e-12)) and "height" in TELEMETRY_NAMES
    assert flattened(records(Telemetry, 2)).shape == (2, len(TELEMETRY_NAMES))
    assert flattened(records(Measurements, 2)).shape == (2, len(MEASUREMENT_NAMES))


def profile(observation):
    """A hand-made agent: full assist duty where the sink rate is above a profile, none below."""
    said = dict(zip(TELEMETRY_NAMES, observation["telemetry"].T, strict=True))
    height, sink = said["height"], said["vertical_speed"]
    high = height > 100.0
    wanted = np.where(high, np.sqrt(9.0 + 1.9 * np.maximum(height - 100.0, 0.0)), 1.5)
    action = np.zeros((*np.shape(height), 5))
    action[..., 0], action[..., 1] = high, np.clip(0.55 + 0.5 * (sink - wanted), 0.0, 1.0)
    for k in range(3):
        action[..., 2 + k] = np.clip(-4.0 * said[f"rate_body.{k}"], -1.0, 1.0)
    return action


def test_an_agent_slows_the_lander_down_and_an_episode_ends_on_the_ground(landing):
    observation, info = landing.reset(seed=4)
    first, rewards, over = info["true_velocity"], 0.0, False
    while not over:
        observation, reward, terminated, truncated, info = landing.step(profile(observation))
        rewards += reward
        over = terminated or truncated
    assert terminated and info["contact_time_s"] > 0.0 and info["verdict"] in ("landed", "hard-landing", "tipped-over", "crashed")
    assert rewards < 1.0 and np.linalg.norm(first) > 40.0


def test_the_same_seed_gives_the_same_episode(landing):
    def flown():
        observation, _ = landing.reset(seed=9)
        return [landing.step(profile(observation))[0]["telemetry"] for _ in range(20)]

    assert np.array_equal(flown(), flown())


def test_a_batch_flies_what_one_flies():
    many = gymnasium.make_vec("perilune/Resilience-v0", num_envs=3, vectorization_mode="vector_entry_point")
    one = gymnasium.make("perilune/Resilience-v0")
    observed, _ = many.reset(seed=9)
    alone, _ = one.reset(seed=9)
    assert np.array_equal(observed["telemetry"][0], alone["telemetry"])
    for _ in range(20):
        observed = many.step(profile(observed))[0]
        alone = one.step(profile(alone))[0]
    assert np.array_equal(observed["telemetry"][0], alone["telemetry"])
    assert not np.array_equal(observed["telemetry"][0], observed["telemetry"][1])
    many.close()


@pytest.mark.parametrize("action", [[1.0, 2.0], [np.nan] * 5], ids=["too short", "not a number"])
def test_what_is_no_action_is_refused(action):
    env = gymnasium.make("perilune/Resilience-v0", disable_env_checker=True).unwrapped
    env.reset(seed=1)
    with pytest.raises(PeriluneError, match="give 5 finite numbers"):
        env.step(np.array(action))
