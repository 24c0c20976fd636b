"""Guidance laws of the braking leg, by name; each is a `@wp.func` of the signature `guide(leg: Leg) -> Guided` in a file of its own."""

from perilune.avionics.guidance.a2pdg import a2pdg
from perilune.avionics.guidance.dsouza import dsouza
from perilune.avionics.guidance.e_guidance import e_guidance
from perilune.avionics.guidance.fp2dg import fp2dg
from perilune.avionics.guidance.gravity_turn import gravity_turn
from perilune.avionics.guidance.klumpp import klumpp

LAWS = {"a2pdg": a2pdg, "dsouza": dsouza, "e-guidance": e_guidance, "fp2dg": fp2dg, "gravity-turn": gravity_turn, "klumpp": klumpp}
