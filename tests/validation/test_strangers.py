"""The strangers must go on answering whoever else in the process uses the same libraries."""

import pytest

from perilune.validation import strangers


def test_spice_survives_the_unloading_of_another_text_kernel(tmp_path):
    spiceypy = pytest.importorskip("spiceypy")
    spice = strangers.spice()
    before = spice.pxform("J2000", "MOON_ME_DE440", 8.0e8)
    other = tmp_path / "other.tf"
    other.write_text("KPL/FK\n\\begindata\nPERILUNE_TEST = 1\n\\begintext\n")
    spiceypy.furnsh(str(other))
    spiceypy.unload(str(other))
    assert (spice.pxform("J2000", "MOON_ME_DE440", 8.0e8) == before).all()
