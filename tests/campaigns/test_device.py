"""A campaign on another device: the scene moved there flies the same, and a device that is not there is refused."""

import numpy as np
import pytest

from perilune.base.errors import PeriluneError
from perilune.base.start_warp import start_warp
from perilune.campaigns.campaign import run_campaign
from perilune.campaigns.device import Device
from perilune.mission.loader import load

RUNS = 5


@pytest.fixture(scope="module", autouse=True)
def started():
    """Warp."""
    start_warp()


def test_moved_scene_flies_the_same_campaign(tmp_path):
    """The processor itself as the device: every table is a copy, every row the same."""
    here = run_campaign(load("resilience"), RUNS, tmp_path / "here", start="pdi", causes=0)
    there = run_campaign(load("resilience"), RUNS, tmp_path / "there", start="pdi", causes=0, engine=Device("cpu"))
    assert there.runs.equals(here.runs)


def test_moved_tables_lie_in_memory_of_their_own():
    """A table that stayed behind would be read through a pointer of another device."""
    import warp as wp

    from perilune.flight.flying import prepare
    from perilune.flight.on_device import moved

    world = prepare(load("resilience")).world
    copy = moved(world, wp.get_device("cpu"))

    def arrays(instance):
        for name, variable in instance._cls.vars.items():
            value = getattr(instance, name)
            if isinstance(variable.type, wp.array):
                yield name, value
            elif hasattr(variable.type, "vars"):
                yield from arrays(value)

    pairs = list(zip(arrays(world), arrays(copy), strict=True))
    assert len(pairs) > 10
    for (name, a), (_, b) in pairs:
        assert a.ptr != b.ptr, name
        assert np.array_equal(a.numpy(), b.numpy()), name


def test_absent_device_is_refused(tmp_path):
    """One sentence, before a folder is made."""
    with pytest.raises(PeriluneError, match="no such device"):
        run_campaign(load("resilience"), RUNS, tmp_path / "gpu", start="pdi", causes=0, engine=Device("cuda:63"))
    assert not (tmp_path / "gpu").exists()
