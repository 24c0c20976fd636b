"""Guidance laws by name; each is a `@wp.func(leg: Leg, time_to_go) -> Profile` in a file of its own, chosen when the kernel is built."""

from perilune.avionics.guidance.e_guidance import e_guidance

LAWS = {"e-guidance": e_guidance}
