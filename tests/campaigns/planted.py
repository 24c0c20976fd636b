"""Resilience over ground without craters and rocks, and faults to plant in its runs."""

from perilune.mission.faults import PlannedFault, fault_from
from perilune.mission.loader import load

LEVEL = [f"environment.relief.{kind}=false" for kind in ("coarse_craters", "fine_craters", "rocks")]
EASY = [*LEVEL, "limits.horizontal_speed_m_s=2"]
DEADLY = [
    "main_engine.early_shutdown@mode=braking",
    "main_engine.stuck_closed@before_touchdown_s=300",
    "main_engine.nozzle_loss@event=pitch-up,unit=0",
    "assist_engines.stuck_closed@mode=terminal",
    "assist_engines.early_shutdown@height_m=30",
    "range_finder.bias@mode=braking,size_m=-150",
    "range_finder.stuck@height_m=800",
    "imu.accel_bias@event=ignition,axis=z,size_m_s2=0.05",
    "imu.stuck@mode=vertical",
    "computer.restart@height_m=300",
]
HARMLESS = [
    "star_tracker.dropout@mode=braking",
    "range_finder.spike@height_m=1000,size_m=50",
    "range_finder.dropout@height_m=2000,duration_s=5",
    "imu.spike@event=ignition,size_m_s=0.01",
]


def fault(text):
    """The fault that a line of the command line names."""
    return PlannedFault(**fault_from(text))


def easy_mission():
    """A mission that loses none of its dispersed runs: no craters, no rocks, and twice the speed across that Resilience is allowed (assumed)."""
    return load("resilience", overrides=EASY)
