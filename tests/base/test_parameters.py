"""What must be true of parameters: units by the key, a pack in SI, every number reached by its path, everything else refused."""

from typing import Annotated, ClassVar

import numpy as np
import pytest
import warp as wp
from pydantic import Field, ValidationError

from perilune.base.parameters import UNITS, Parameters, Vector3, fill, leaves, pack, pack_slot, si_factor, split_unit
from perilune.base.vector import real, vec3


class Part(Parameters):
    reach_m: Annotated[float, Field(gt=0)]
    cant_deg: float
    arm_mm: Vector3
    count: int
    active: bool
    grade: str = "any"


class Whole(Parameters):
    name: str
    part: Part
    mass_kg: float


@wp.struct
class PartParams:
    reach: real
    cant: real
    arm: vec3
    count: wp.int32
    active: wp.bool


@wp.struct
class WholeParams:
    part: PartParams
    mass: real


PART = {"reach_m": 893.0, "cant_deg": 30.0, "arm_mm": (1.0, 2.0, 3.0), "count": 6, "active": True}
WHOLE = Whole(name="x", part=Part(**PART), mass_kg=340.0)

# What one of a unit is in SI, worked out by hand and not from the table under test.
IN_SI = {
    "reach_km": 1000.0,
    "arm_mm": 0.001,
    "latency_ms": 0.001,
    "coast_min": 60.0,
    "coast_h": 3600.0,
    "cant_deg": 0.017453292519943295,
    "noise_arcsec": 4.84813681109536e-6,
    "divergence_mrad": 0.001,
    "rate_deg_s": 0.017453292519943295,
    "bias_deg_h": 4.84813681109536e-6,
    "walk_deg_rt_h": 2.908882086657216e-4,
    "speed_km_s": 1000.0,
    "bias_ug": 9.80665e-6,
    "walk_ug_rt_hz": 9.80665e-6,
    "scale_ppm": 1e-6,
    "scale_percent": 0.01,
    "thrust_n": 1.0,
    "torque_n_m": 1.0,
    "inertia_kg_m2": 1.0,
    "share": 1.0,
}


@pytest.mark.parametrize("key", IN_SI)
def test_unit_of_a_key_is_what_it_is_in_si(key):
    assert si_factor(key) == pytest.approx(IN_SI[key], rel=1e-15)


@pytest.mark.parametrize("unit", UNITS)
def test_every_unit_is_found_at_the_end_of_a_key_as_a_whole(unit):
    assert split_unit(f"two_words_{unit}") == ("two_words", unit)


@pytest.mark.parametrize(("key", "stem"), [("minimum_level", "minimum_level"), ("m", "m"), ("deg_h", "deg"), ("count", "count")])
def test_a_key_that_only_looks_like_a_unit_keeps_its_name(key, stem):
    assert split_unit(key)[0] == stem


def test_pack_holds_si_and_radians_in_every_element():
    packs = pack(WHOLE, WholeParams, count=4)
    assert packs.shape == (4,) and packs.dtype == WholeParams.numpy_dtype()
    for record in packs:
        assert record["part"]["reach"] == 893.0
        assert record["part"]["cant"] == pytest.approx(np.pi / 6, rel=1e-15)
        assert record["part"]["arm"].tolist() == [0.001, 0.002, 0.003]
        assert record["part"]["count"] == 6 and record["part"]["active"]
        assert record["mass"] == 340.0


def test_kernel_reads_what_was_packed():
    @wp.kernel(module="unique")
    def read(packs: wp.array(dtype=WholeParams), out: wp.array(dtype=real)):
        i = wp.tid()
        out[i] = packs[i].part.arm[2] + packs[i].mass + real(packs[i].part.count)

    out = wp.zeros(2, dtype=real, device="cpu")
    wp.launch(read, 2, [wp.array(pack(WHOLE, WholeParams, 2), dtype=WholeParams, device="cpu"), out], device="cpu")
    assert out.numpy().tolist() == [346.003, 346.003]


def test_path_gives_a_view_and_the_factor_to_si():
    packs = pack(WHOLE, WholeParams, count=3)
    slot, factor = pack_slot(packs, "part.cant_deg")
    slot[1] = 60.0 * factor
    assert packs["part"]["cant"] == pytest.approx(np.radians([30, 60, 30]))
    slot, factor = pack_slot(packs, "part.arm_mm.2")
    slot[2] = 7.0 * factor
    assert packs["part"]["arm"][2].tolist() == [0.001, 0.002, 0.007]
    assert packs["part"]["arm"][1].tolist() == [0.001, 0.002, 0.003]


@pytest.mark.parametrize("path", ["part", "part.reach_km.0", "part.rech_m", "part.arm_mm.3", "mass_kg.0", "name", "part.grade", "", "part.reach_m.x"])
def test_path_that_names_no_number_is_refused(path):
    with pytest.raises(KeyError):
        pack_slot(pack(WHOLE, WholeParams, count=3), path)


def test_leaves_are_the_paths_of_the_file():
    assert dict(leaves(WHOLE)) == {"name": "x", **{f"part.{key}": value for key, value in PART.items()}, "part.grade": "any", "mass_kg": 340.0}


def test_struct_with_a_field_that_no_key_fills_is_refused():
    @wp.struct
    class Larger:
        reach: real
        colour: real

    with pytest.raises(KeyError, match="Part has nothing for the kernel's field 'colour'"):
        pack(Part(**PART), Larger)


def test_a_word_is_packed_as_its_code():
    class Policy(Parameters):
        CODES: ClassVar[dict[str, dict[str, int]]] = {"gate": {"reject": 0, "inflate": 1}}
        gate: str

    @wp.struct
    class PolicyParams:
        gate: wp.int32

    record = np.zeros(1, PolicyParams.numpy_dtype())
    fill(record[0], Policy(gate="inflate"))
    assert record[0]["gate"] == 1


@pytest.mark.parametrize(
    "bad", [{"reach_m": float("nan")}, {"reach_m": float("inf")}, {"reach_m": 0.0}, {"rech_m": 1.0}, {"reach_m": "far"}, {"arm_mm": (1, 2)}]
)
def test_part_that_cannot_be_is_refused(bad):
    with pytest.raises(ValidationError):
        Part(**PART | bad)


def test_parameters_do_not_change_once_read():
    with pytest.raises(ValidationError):
        WHOLE.mass_kg = 1.0
