"""Fly a lunar landing before the Moon does."""

__version__ = "0.1.0"
