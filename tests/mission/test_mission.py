"""A mission must be what its file, its case and the user's overrides say, and the same again when read from a result folder."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perilune.base.errors import PeriluneError
from perilune.mission.catalogue import FOLDER, catalogue
from perilune.mission.emit import to_toml
from perilune.mission.loader import load, read
from perilune.mission.published import QUANTITIES
from perilune.mission.reference import reference_markdown

TEXT = (FOLDER / "resilience.toml").read_text("utf-8")


def test_the_catalogue_lists_every_mission_and_each_loads_in_every_case():
    assert [name for name, _ in catalogue()] == sorted(path.stem for path in FOLDER.glob("*.toml"))
    for name, summary in catalogue():
        assert summary and len(summary.splitlines()) == 1
        mission = load(name)
        assert mission.mission.name == name
        for case in mission.cases:
            assert load(name, case=case).case == case


def test_every_number_of_the_catalogue_says_where_it_comes_from():
    """A bare number of the environment, the lander, the avionics and the limits has a comment, unless it is a mean that the line before explains."""
    for path in FOLDER.glob("*.toml"):
        table, explained = "", False
        for line in path.read_text("utf-8").splitlines():
            if line.startswith("["):
                table, explained = line.strip("[]").split("]")[0], False
            if line.startswith("#"):
                explained = True
            if table.split(".")[0] in ("lander", "avionics", "limits", "site") and " = " in line and not line.startswith(("name", "#")):
                value = line.split(" = ")[1].split("#")[0].strip()
                assert "#" in line or (explained or set(value) <= set("[]0., ")), line


def test_a_case_edits_the_truth_and_nothing_that_the_avionics_believe():
    planned, flown = load("resilience"), load("resilience", case="as-flown")
    assert flown.avionics == planned.avionics and flown.site == planned.site and flown.environment == planned.environment
    assert (planned.lander.range_finder.reach_m, flown.lander.range_finder.reach_m) == (10000.0, 893.0)
    assert flown.planned.lander == planned.lander and flown.planned.start == planned.start
    assert flown.start.velocity_error_along_track_m_s != 0.0 and flown.planned.start.velocity_error_along_track_m_s == 0.0
    assert {path for path in flown.cases["as-flown"].set} == {"lander.range_finder.reach_m", "start.velocity_error_along_track_m_s"}


def test_an_override_edits_the_mission_or_the_setting_of_the_case():
    both = load("resilience", ["lander.mass.dry_mass_kg=350", "lander.range_finder.reach_m=500"], case="as-flown")
    assert both.lander.mass.dry_mass_kg == both.planned.lander.mass.dry_mass_kg == 350.0
    assert both.lander.range_finder.reach_m == 500.0 and both.planned.lander.range_finder.reach_m == 10000.0


def test_overrides_as_texts_and_as_values_are_the_same():
    texts = ["lander.mass.dry_cg_m.0=0.005", "environment.third_bodies=false", "lander.imu.grade=tactical", "start.epoch_utc=2025-06-05T18:14:00Z"]
    values = {"lander": {"mass.dry_cg_m.0": 0.005, "imu": {"grade": "tactical"}}, "environment.third_bodies": False}
    by_text = load("resilience", texts)
    by_value = load("resilience", {**values, "start.epoch_utc": by_text.start.epoch_utc})
    assert by_text == by_value and by_text.hash == by_value.hash
    assert by_text.lander.mass.dry_cg_m == (0.005, 0.0, 1.0) and by_text.lander.imu.grade == "tactical" and not by_text.environment.third_bodies


def test_the_hash_tells_missions_apart_and_passes_over_comments():
    assert read("# more\n" + TEXT.replace("# assumed", "#   a guess")).hash == load("resilience").hash
    others = [load("resilience", ["lander.mass.dry_mass_kg=340.0000000001"]), load("resilience", case="as-flown"), load("resilience")]
    assert len({mission.hash for mission in others}) == 3


@pytest.mark.parametrize("case", ["planned", "as-flown"])
def test_a_mission_as_flown_reads_back_equal(case):
    mission = load("resilience", {"lander.range_finder.reach_m": 500, "site.name": 'a "quoted"\tname'}, case=case)
    again = read(to_toml(mission))
    assert again == mission and again.planned == mission.planned and again.hash == mission.hash and again.held == mission.held
    assert to_toml(again) == to_toml(mission)


def test_a_mission_as_flown_can_be_flown_in_another_case():
    flown = to_toml(load("resilience", case="as-flown"))
    assert read(flown, case="planned") == load("resilience")


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20), st.floats(1e-300, 1e5), st.floats(-1.0, 1.0))
def test_any_text_and_number_survives_the_round_trip(name, thrust, lateral):
    mission = read(TEXT, overrides={"site.name": name, "lander.main_engine.thrust_n": thrust, "lander.range_finder.bias_m": lateral})
    assert mission.site.name == name and mission.lander.main_engine.thrust_n == thrust
    assert read(to_toml(mission)) == mission


def test_the_start_weighs_what_the_published_orbits_imply():
    """1 000 kg at launch less the burns of the published orbits: 760 to 840 kg in the 100 km orbit, 5 kg less after the descent burn."""
    mass = load("resilience").planned.lander.mass
    assert 755.0 <= mass.dry_mass_kg + mass.main_loaded_kg + mass.rcs_loaded_kg <= 835.0


def test_the_filter_starts_with_the_spread_that_the_start_has():
    """Navigation's initial uncertainty is the dispersion of the true minus the believed state, component by component."""
    mission = load("resilience")
    sigma = {dispersion.path: dispersion.sigma for dispersion in mission.dispersions}
    for kind, unit in (("position", "m"), ("velocity", "m_s")):
        for axis in ("along_track", "radial", "normal"):
            believed = getattr(mission.avionics.navigation, f"{kind}_{axis}_{unit}")
            assert believed == pytest.approx(sigma[f"start.{kind}_error_{axis}_{unit}"], rel=0.01)


def test_the_published_numbers_are_comparable():
    mission = load("resilience")
    assert {number.role for number in mission.published} == {"calibrated", "constrained", "predicted"}
    assert [n.quantity for n in mission.published if n.role == "calibrated"] == ["first_range_sink_m_s"]
    values = {(n.quantity, n.at_height_m): n.value for n in mission.published}
    assert values["sink_at_height_m_s", 192.0] == 42.0 and values["miss_m", None] == pytest.approx((282**2 + 236**2) ** 0.5, abs=0.5)
    assert all(n.unit == "utc" or n.quantity.endswith(f"_{n.unit}") for n in mission.published)
    assert all(key.count("_at_height_") <= 1 for key in QUANTITIES)


def test_a_published_number_needs_what_its_quantity_needs():
    for wrong, says in [
        ("value = 368.0", "value_utc = 2025-06-05T19:17:00Z"),
        ("at_height_m = 192.0\nvalue = 42.0", "value = 42.0"),
        ("value = 368.0", "value = 368.0\nlow = 400.0"),
        ("value = 368.0", "value = 368.0\nat_height_m = 3.0"),
        ("value_utc = 2025-06-05T19:24:00Z", "value_utc = 2025-06-05T19:24:00Z\nlow = 1.0"),
        ('case = "as-flown"', 'case = "as-flwn"'),
    ]:
        assert wrong in TEXT
        with pytest.raises(PeriluneError, match=r"my\.toml:\d+: published\.\d+"):
            read(TEXT.replace(wrong, says, 1), "my.toml")


def test_the_reference_page_is_current():
    page = Path(__file__).parents[2] / "docs" / "mission-file.md"
    assert page.read_text("utf-8") == reference_markdown(), "run: python -m perilune.mission.reference > docs/mission-file.md"
    assert "| `reach_m` | m | number, at least 0" in reference_markdown()


def test_a_case_may_load_other_software_and_the_avionics_know_it():
    text = TEXT.replace("[cases.as-flown.set]\n", '[cases.as-flown.set]\navionics.navigation.gate_policy = "inflate"\nsite.heading_deg = 170.0\n')
    flown = read(text, case="as-flown")
    assert flown.avionics.navigation.gate_policy == flown.planned.avionics.navigation.gate_policy == "inflate"
    assert flown.planned.site.heading_deg == 170.0 and flown.planned.lander.range_finder.reach_m != flown.lander.range_finder.reach_m
    assert read(to_toml(flown)) == flown and read(to_toml(flown), case="planned") == read(text)
