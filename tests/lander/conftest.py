"""A lander to take apart: every device with plain numbers, none of them a real lander's."""

import copy

import pytest

ENGINE = {
    "count": 1,
    "thrust_n": 400.0,
    "isp_s": 320.0,
    "rise_s": 0.1,
    "fall_s": 0.05,
    "misalignment_x_deg": 0.0,
    "misalignment_y_deg": 0.0,
    "height_m": 0.4,
}
LANDER = {
    "name": "Example",
    "main_engine": ENGINE,
    "assist_engines": {**ENGINE, "count": 6, "thrust_n": 200.0, "isp_s": 278.0, "minimum_level": 0.1},
    "mass": {
        "dry_mass_kg": 340.0,
        "dry_cg_m": (0.01, -0.02, 1.1),
        "dry_inertia_kg_m2": (150.0, 160.0, 140.0),
        "main_loaded_kg": 420.0,
        "main_unusable_kg": 8.0,
        "rcs_loaded_kg": 20.0,
        "rcs_tank_height_m": 1.4,
    },
    "tanks": {
        "loaded_ratio": 1.625,
        "fuel": {"density_kg_m3": 875.0, "radius_m": 0.36, "position_m": (0.0, 0.0, 1.3)},
        "oxidiser": {"density_kg_m3": 1440.0, "radius_m": 0.36, "position_m": (0.0, 0.0, 0.6)},
    },
    "slosh": {"damping_percent": 1.0},
    "attitude_thrusters": {
        "positions_m": tuple(pod for pod in ((1.0, 0.0, 1.0), (0.0, 1.0, 1.0), (-1.0, 0.0, 1.0), (0.0, -1.0, 1.0)) for _ in range(3)),
        "directions": tuple(d for x, y in ((1, 0), (0, -1), (-1, 0), (0, 1)) for d in ((0.0, 0.0, 1.0), (0.0, 0.0, -1.0), (1.0 * -y, 1.0 * x, 0.0))),
        "thrust_n": 15.0,
        "isp_s": 220.0,
        "minimum_on_ms": 20.0,
    },
    "legs": {
        "radius_m": 1.3,
        "pad_diameter_m": 0.3,
        "stiffness_n_per_m": 3e5,
        "damping_n_s_per_m": 3e3,
        "crush_force_n": 1500.0,
        "stroke_limit_m": 0.25,
        "stop_stiffness_n_per_m": 1e6,
        "friction": 0.5,
        "side_stiffness_n_per_m": 2e5,
        "side_damping_n_s_per_m": 2e3,
    },
    "imu": {
        "grade": "navigation",
        "gyro_bias_deg_h": (0.0, 0.0, 0.0),
        "gyro_instability_deg_h": 0.0035,
        "gyro_correlation_s": 3600.0,
        "angle_random_walk_deg_rt_h": 0.002,
        "gyro_scale_ppm": (0.0, 0.0, 0.0),
        "gyro_misalignment_arcsec": (0.0, 0.0, 0.0),
        "accel_bias_ug": (0.0, 0.0, 0.0),
        "accel_instability_ug": 10.0,
        "accel_correlation_s": 3600.0,
        "velocity_random_walk_ug_rt_hz": 5.0,
        "accel_scale_ppm": (0.0, 0.0, 0.0),
        "accel_misalignment_arcsec": (0.0, 0.0, 0.0),
    },
    "star_tracker": {"noise_arcsec": 20.0, "misalignment_arcsec": (0.0, 0.0, 0.0), "rate_hz": 2.0, "latency_s": 0.2, "rate_limit_deg_s": 3.0},
    "range_finder": {
        "reach_m": 3000.0,
        "incidence_limit_deg": 60.0,
        "cant_deg": 10.0,
        "noise_m": 0.0,
        "scale_percent": 0.0,
        "bias_m": 0.0,
        "rate_hz": 10.0,
        "latency_s": 0.0,
        "acquisition_s": 0.0,
        "dropout_probability": 0.0,
        "outlier_probability": 0.0,
        "outlier_m": 500.0,
    },
}

SENSORS = {
    "landing_radar": {
        "alpha_1_deg": 6.0,
        "beta_1_deg": 24.0,
        "alpha_2_deg": 6.0,
        "beta_2_deg": 0.0,
        "travel_s": 5.0,
        "range_beam_deg": 20.38,
        "velocity_beam_deg": 24.55,
        "velocity_azimuths_deg": (35.57, -35.57, 215.57),
        "range_reach_m": 15240.0,
        "velocity_reach_m": 8000.0,
        "speed_limit_m_s": 609.6,
        "incidence_limit_deg": 60.0,
        "range_noise_m": 0.0,
        "range_noise_share_percent": 0.0,
        "range_scale_percent": 0.0,
        "range_bias_m": 0.0,
        "velocity_noise_m_s": 0.0,
        "velocity_noise_share_percent": 0.0,
        "velocity_scale_percent": 0.0,
        "velocity_bias_m_s": 0.0,
        "rate_hz": 10.0,
        "latency_s": 0.0,
        "acquisition_s": 0.0,
        "dropout_probability": 0.0,
    },
    "velocimeter": {
        "beams": 3,
        "cant_deg": 22.5,
        "azimuth_deg": 0.0,
        "tilt_deg": 20.0,
        "reach_m": 5000.0,
        "incidence_limit_deg": 70.0,
        "noise_m_s": 0.0,
        "scale_percent": 0.0,
        "bias_m_s": 0.0,
        "rate_hz": 10.0,
        "latency_s": 0.0,
        "acquisition_s": 0.0,
        "dropout_probability": 0.0,
    },
    "position_fix": {
        "noise_m": 0.0,
        "noise_share_percent": 0.0,
        "slow_error_m": 0.0,
        "slow_correlation_s": 1e5,
        "vertical_factor": 1.0,
        "least_height_m": 500.0,
        "largest_height_m": 10000.0,
        "sun_elevation_limit_deg": 5.0,
        "match_probability": 1.0,
        "rate_hz": 1.0,
        "latency_s": 0.0,
    },
    "sun_sensor": {
        "boresight_body": (0.0, 0.0, 1.0),
        "half_angle_deg": 60.0,
        "noise_arcsec": 0.0,
        "misalignment_arcsec": (0.0, 0.0, 0.0),
        "rate_hz": 5.0,
        "latency_s": 0.0,
    },
    "contact_probes": {"length_m": 1.7},
}


@pytest.fixture
def sensor_file():
    """The sensors that a lander may have, as a mission file would hold them, free to be changed."""
    return copy.deepcopy(SENSORS)


@pytest.fixture
def fault():
    """One active fault as the devices are told of it: `fault("velocimeter.bias", 0.3, axis=0)`; without a name none."""

    def told(name=None, size=0.0, axis=-1):
        from perilune.base.structs import records, struct_from
        from perilune.lander.faults import FaultsNow, fault_code

        record = records(FaultsNow, 1)
        if name is not None:
            record["count"], record["code"][0, 0], record["size"][0, 0], record["axis"][0, 0] = 1, fault_code(name), size, axis
        return struct_from(record[0], FaultsNow)

    return told


@pytest.fixture
def lander_file():
    """The lander as a mission file would hold it, free to be changed."""
    return copy.deepcopy(LANDER)
