"""Gymnasium: importing this module registers the environments, so that `gymnasium.make("perilune/Resilience-v0")` knows them.

>>> import gymnasium, perilune.gym
>>> landing = gymnasium.make("perilune/Resilience-v0")

The environments themselves, their spaces and rewards are described in `perilune.flight.gymnasium_env`.
"""

from gymnasium import register, registry

LONGEST_STEPS = 6_000  # control ticks: ten minutes from the takeover

if "perilune/Resilience-v0" not in registry:
    register(
        id="perilune/Resilience-v0",
        entry_point="perilune.flight.gymnasium_env:LandingEnv",
        vector_entry_point="perilune.flight.gymnasium_env:LandingVectorEnv",
        max_episode_steps=LONGEST_STEPS,
        kwargs={"mission": "resilience"},
    )
