"""Resilience over ground without craters and rocks, and faults to plant in its runs."""

from perilune.mission.faults import PlannedFault, fault_from
from perilune.mission.loader import load
from perilune.validation.planted_failures import DEADLY, EASY, HARMLESS

__all__ = ["DEADLY", "EASY", "HARMLESS", "easy_mission", "fault"]


def fault(text):
    """The fault that a line of the command line names."""
    return PlannedFault(**fault_from(text))


def easy_mission():
    """A mission that loses none of its dispersed runs: no craters, no rocks, and twice the speed across that Resilience is allowed (assumed)."""
    return load("resilience", overrides=EASY)
