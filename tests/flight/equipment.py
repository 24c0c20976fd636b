"""Resilience with sensors that it did not have, as text of mission files; the figures are assumed, good devices of their kinds."""

from functools import cache

import numpy as np

from perilune.base.structs import records
from perilune.flight.advance import advance, new_events
from perilune.flight.record import HistoryRow
from perilune.flight.setup import build_batch, build_scene
from perilune.mission.catalogue import FOLDER
from perilune.mission.loader import read

VELOCIMETER = """
[lander.velocimeter]
beams = 3
cant_deg = 22.5
azimuth_deg = 0.0
tilt_deg = 20.0
reach_m = 5000.0
incidence_limit_deg = 70.0
noise_m_s = {noise}
scale_percent = 0.0
bias_m_s = 0.0
rate_hz = 10.0
latency_s = {latency}
acquisition_s = {acquisition}
dropout_probability = {dropout}
"""
POSITION_FIX = """
[lander.position_fix]
noise_m = {noise}
noise_share_percent = {share}
slow_error_m = {slow}
slow_correlation_s = 2000.0
vertical_factor = 1.0
least_height_m = 300.0
largest_height_m = 20000.0
sun_elevation_limit_deg = {sun}
match_probability = {match}
rate_hz = 1.0
latency_s = {latency}
"""
LANDING_RADAR = """
[lander.landing_radar]
alpha_1_deg = 0.0
beta_1_deg = 9.62
alpha_2_deg = 0.0
beta_2_deg = 0.0
travel_s = 5.0
range_beam_deg = 20.38
velocity_beam_deg = 24.55
velocity_azimuths_deg = [35.57, -35.57, 215.57]
range_reach_m = 10000.0
velocity_reach_m = 10000.0
speed_limit_m_s = 300.0
incidence_limit_deg = 75.0
range_noise_m = 0.0
range_noise_share_percent = 0.0
range_scale_percent = 0.0
range_bias_m = 0.0
velocity_noise_m_s = 0.0
velocity_noise_share_percent = 0.0
velocity_scale_percent = 0.0
velocity_bias_m_s = 0.0
rate_hz = 5.0
latency_s = 0.0
acquisition_s = 0.0
dropout_probability = 0.0
"""
SUN_SENSOR = """
[lander.sun_sensor]
boresight_body = [1.0, 0.0, 0.3]
half_angle_deg = 70.0
noise_arcsec = 0.0
misalignment_arcsec = [0.0, 0.0, 0.0]
rate_hz = 1.0
latency_s = 0.0
[lander.contact_probes]
length_m = 1.5
"""
LISTENING = """
[avionics.navigation.velocimeter]
noise_m_s = 0.05
noise_share_percent = 0.0
slow_percent = 0.05
gate_sigma = 5.0
[avionics.navigation.position_fix]
noise_m = 15.0
noise_share_percent = 0.3
slow_error_m = 10.0
slow_correlation_s = 2000.0
vertical_factor = 1.0
gate_sigma = 5.0
"""
TOLD_OF_RADAR = """
[avionics.navigation.landing_radar]
range_noise_m = 0.5
range_scale_percent = 0.1
range_roughness_percent = 0.3
range_gate_sigma = 5.0
velocity_noise_m_s = 0.2
velocity_noise_share_percent = 0.5
velocity_slow_percent = 0.1
velocity_gate_sigma = 5.0
"""
PLAIN = (FOLDER / "resilience.toml").read_text("utf-8")
EXACT = (
    PLAIN
    + VELOCIMETER.format(noise=0.0, latency=0.0, acquisition=0.0, dropout=0.0)
    + POSITION_FIX.format(noise=0.0, share=0.0, slow=0.0, sun=30.0, match=1.0, latency=0.0)
    + LANDING_RADAR
    + SUN_SENSOR
)
EQUIPPED = (
    PLAIN
    + VELOCIMETER.format(noise=0.03, latency=0.1, acquisition=1.0, dropout=0.01)
    + POSITION_FIX.format(noise=15.0, share=0.3, slow=10.0, sun=3.0, match=0.9, latency=0.2)
    + LISTENING
)


@cache
def scene_of(text):
    return build_scene(read(text))


@cache
def flown(text, seed, count):
    """The first `count` runs of a seed (or undispersed) to their ends."""
    batch = build_batch(scene_of(text), seed, np.arange(count))
    advance(scene_of(text), batch, new_events(scene_of(text), count), threads=1)
    return batch


@cache
def recorded(text):
    """The undispersed flight: batch and one row a tick."""
    scene = scene_of(text)
    batch, history = build_batch(scene, None, np.arange(1)), records(HistoryRow, 1, 60_000)
    advance(scene, batch, new_events(scene, 1), history=history, threads=1)
    return batch, history[0][: int(batch.states["tick"][0])]
