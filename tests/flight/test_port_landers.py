"""Flight software that is not this program's lands Resilience over the port: in C, built here with the machine's compiler, and in Python."""

import importlib.util
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

import numpy as np
import pytest

import perilune
from perilune.flight.peer import fly_as_peer
from perilune.flight.port import Peer
from perilune.flight.port_header import port_header
from perilune.mission.loader import load

EXAMPLES = Path(__file__).parents[2] / "examples" / "port"
SEEDS = 20
SOFT_M_S = 2.0


@pytest.fixture(scope="module")
def place():
    with tempfile.TemporaryDirectory(prefix="port") as folder:
        yield Path(folder)


@pytest.fixture(scope="module")
def c_lander(place):
    """The C example, built with the header that the program prints."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("this machine has no C compiler")
    (place / "perilune_port.h").write_text(port_header())
    flags = ["-O2", "-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers", f"-I{place}"]
    subprocess.run([compiler, *flags, "-o", str(place / "lander"), str(EXAMPLES / "lander.c"), "-lm"], check=True)
    return place / "lander"


def test_the_c_lander_is_under_150_lines():
    assert len((EXAMPLES / "lander.c").read_text().splitlines()) < 150


def landed_in_c(c_lander, place, seed):
    """The flight of one seed with the C program at the controls from the vertical leg on."""
    path = place / f"c{seed}.sock"
    with subprocess.Popen([str(c_lander), str(path)]) as peer:
        flight = perilune.fly(load("resilience"), seed=seed, start="pdi", peer=Peer(path, "vertical"))
        code = peer.wait(10.0)
    assert code == 0 and flight.provenance["avionics"].startswith("socket:")
    return flight


def test_the_c_lander_lands_nineteen_of_twenty_dispersed_seeds_softly(c_lander, place):
    flights = [landed_in_c(c_lander, place, seed) for seed in range(1, SEEDS + 1)]
    down = np.array([f.touchdown.vertical_speed_m_s if f.touchdown else np.inf for f in flights])
    assert np.count_nonzero(down <= SOFT_M_S) >= 19, down
    rows = flights[0].flown.history
    flown = rows["mode"] == 3  # the mode that it took over in, of which it publishes nothing more
    assert flown.sum() > 500 and np.all(np.isnan(rows["estimated_height"][flown][1:]))
    assert np.all(rows["command_main_engine"][-5:] == 0.0)


def test_the_python_lander_lands_too(place):
    spec = importlib.util.spec_from_file_location("lander_example", EXAMPLES / "lander.py")
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    path = place / "python.sock"
    peer = threading.Thread(target=fly_as_peer, args=(path, lambda loaded, estimate: example.Lander(loaded, estimate).answer), daemon=True)
    peer.start()
    flight = perilune.fly(load("resilience"), seed=1, start="pdi", peer=Peer(path, "vertical"))
    peer.join(10.0)
    assert flight.touchdown is not None and flight.touchdown.vertical_speed_m_s <= SOFT_M_S
