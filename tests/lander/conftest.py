"""A lander to take apart: every device with plain numbers, none of them a real lander's."""

import copy

import pytest

ENGINE = {"count": 1, "thrust_n": 400.0, "isp_s": 320.0, "lag_s": 0.1, "misalignment_x_deg": 0.0, "misalignment_y_deg": 0.0, "height_m": 0.4}
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
        "tank_height_m": 0.9,
        "tank_radius_m": 0.5,
        "rcs_tank_height_m": 1.4,
    },
    "attitude_thrusters": {"torque_limit_n_m": (20.0, 21.0, 22.0), "arm_m": 1.0, "isp_s": 220.0},
    "footpads": {"radius_m": 1.3},
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


@pytest.fixture
def lander_file():
    """The lander as a mission file would hold it, free to be changed."""
    return copy.deepcopy(LANDER)
