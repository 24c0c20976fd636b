"""A reader must learn which numbers nobody published, and which were set for this flight."""

from perilune.mission.catalogue import mission_file
from perilune.mission.loader import load
from perilune.report.assumed import assumed


def test_assumed_numbers_are_those_whose_line_says_so() -> None:
    rows = {row.path: row for row in assumed(load("resilience"))}
    marked = [row for row in mission_file("resilience").read_text("utf-8").splitlines() if "#" in row and "=" in row.partition("#")[0]]
    paths = {row.partition("=")[0].strip() for row in marked if "assumed" in row.partition("#")[2]}
    assert {"cant_deg", "rise_s", "gate_sigma"} <= paths
    assert paths - {path.rpartition(".")[2] for path in rows} <= {
        "source",
        "before_touchdown_s",
    }  # the latter of faults and commands, which are no numbers of the lander
    assert rows["lander.main_engine.isp_s"].remark.startswith("assumed")
    assert rows["start.range_to_site_deg"].remark.startswith("solved")
    assert "lander.mass.dry_mass_kg" not in rows


def test_a_number_set_for_the_flight_is_not_passed_off_as_the_files() -> None:
    rows = {row.path: row for row in assumed(load("resilience", ["lander.main_engine.isp_s=315"]))}
    row = rows["lander.main_engine.isp_s"]
    assert row.value == 315.0
    assert row.remark.startswith("set for this flight; the mission file has 320")


def test_a_mission_outside_the_catalogue_claims_nothing() -> None:
    mission = load("resilience")
    about = mission.mission.model_copy(update={"name": "my-lander"})
    assert assumed(mission.model_copy(update={"mission": about})) == []
