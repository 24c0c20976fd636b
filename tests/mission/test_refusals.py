"""A mistake in a mission file must give one sentence with its line, what is wrong and what would be right."""

import re
import tomllib

import pytest

from perilune.base.errors import PeriluneError
from perilune.mission.catalogue import FOLDER, catalogue
from perilune.mission.loader import load, read

TEXT = (FOLDER / "resilience.toml").read_text("utf-8")


def refused(text, **how):
    with pytest.raises(PeriluneError) as caught:
        read(text, "my.toml", **how)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    return message


def edited(line, new):
    """The catalogue's text with the first line that begins with `line` replaced, and that line's number."""
    lines = TEXT.splitlines()
    number = next(i for i, have in enumerate(lines) if have.startswith(line))
    lines[number] = new
    return "\n".join(lines), number + 1


@pytest.mark.parametrize(
    "line, new, says",
    [
        ("reach_m", "reach_m = -3.0", ["lander.range_finder.reach_m is -3", "at least 0"]),
        ("reach_m", "reach_km = 10.0", ["unknown key lander.range_finder.reach_km", "did you mean reach_m (the unit is fixed by the key)?"]),
        ("reach_m", "rech_m = 893.0", ["unknown key lander.range_finder.rech_m", "did you mean reach_m?"]),
        ("reach_m", 'reach_m = "far"', ['reach_m is the text "far"', "must be a number"]),
        ("reach_m", "reach_m = true", ["reach_m is true", "must be a number"]),
        ("reach_m", "reach_m = [1.0]", ["an array of 1", "must be a number"]),
        ("reach_m", "reach_m = { a = 1 }", ["is a table", "must be a number"]),
        ("reach_m", "reach_m = nan", ["is nan", "finite number"]),
        ("reach_m", "reach_m = -inf", ["is -inf"]),
        ("incidence_limit_deg", "incidence_limit_deg = 91.0", ["is 91", "above 0, at most 90", "unit: deg"]),
        ("latitude_deg", "latitude_deg = 95", ["site.latitude_deg is 95", "at most 90"]),
        ("gravity_degree = 150", "gravity_degree = 150.5", ["150.5", "whole number"]),
        ("third_bodies", 'third_bodies = "yes"', ['the text "yes"', "true or false"]),
        ("epoch_utc", 'epoch_utc = "noon"', ["start.epoch_utc", "instant in UTC, such as 2025-06-05T18:15:00Z"]),
        ("epoch_utc", "epoch_utc = 18:15:00", ["start.epoch_utc", "instant in UTC"]),
        ("epoch_utc", "epoch_utc = 2025-06-05T18:15:00+09:00", ["another time zone", "UTC"]),
        ("epoch_utc", "epoch_utc = 1869-06-05T18:15:00Z", ["February 1968 to 2149"]),
        ("epoch_utc", "epoch_utc = 2025-06-05T20:15:00Z", ["planned_touchdown_utc is not after"]),
        ("dry_cg_m", "dry_cg_m = [0.0, 0.0]", ["lander.mass.dry_cg_m.2 is missing", "too short"]),
        ("dry_cg_m", "dry_cg_m = [0.0, 0.0, 'up']", ["lander.mass.dry_cg_m.2", "must be a number"]),
        ("dry_mass_kg", "dry_mass_kg = -340.0", ["dry_mass_kg is -340", "above 0"]),
        ("main_loaded_kg", "main_loaded_kg = 5.0", ["lander.mass: main_unusable_kg (8) is more than main_loaded_kg (5)"]),
        ("perilune_altitude_km", "perilune_altitude_km = 150.0", ["above the apolune of 100 km"]),
        ("perilune_altitude_km", "perilune_altitude_km = -20.0", ["start.perilune_altitude_km is -20", "at least -9"]),
        ("perilune_altitude_km", "perilune_altitude_km = -3.0", ["start.perilune_altitude_km is -3 km", "meets the ground", "higher perilune"]),
        ("structural_speed_m_s", "structural_speed_m_s = 1.5", ["limits.vertical_speed_m_s", "structural"]),
        ("gate_policy", 'gate_policy = "distrusts"', ['did you mean "distrust"?']),
        ("summary", 'summary = ""', ["mission.summary has 0 characters", "at least 1"]),
        ("[lander.mass]", "[lander.mas]", ["unknown key lander.mas", "did you mean mass?"]),
        ("[limits]", "[limit]", ["unknown key limit", "did you mean limits?"]),
        ("reach_m", "reach_m = 1\nreach_m = 2", ["not valid TOML"]),
        ("reach_m", "reach_m = ", ["not valid TOML"]),
        ("reach_m", "reach_m = 0x" + "f" * 40, ["reach_m is a whole number of more than 64 bits"]),
        ("lander.range_finder.reach_m", "lander.range_finder.reach_mm = 893.0", ["unknown path lander.range_finder.reach_mm", "(the unit is"]),
        ("lander.range_finder.reach_m", "lander.range_finder.reach_m = -1.0", ["lander.range_finder.reach_m is -1", "at least 0"]),
        ("lander.range_finder.reach_m", "mission.case = 'x'", ["a case is chosen by its name"]),
        ('path = "lander.mass.dry_mass_kg"', 'path = "lander.mass.dry_mas_kg"', ["no path of the mission", "did you mean lander.mass.dry_mass_kg?"]),
        ('hold = ["start', 'hold = ["start.velocity_error_m_s"]', ["which is not dispersed", "did you mean"]),
        ('role = "calibrated"', 'role = "calibratd"', ['did you mean "calibrated"?']),
        ('quantity = "miss_m"', 'quantity = "mis_m"', ['did you mean "miss_m"?']),
    ],
)  # fmt: skip
def test_names_line_fault_and_remedy(line, new, says):
    text, number = edited(line, new)
    message = refused(text)
    for words in says:
        assert words in message, message
    if not {"planned_touchdown_utc is not after", "limits.vertical_speed_m_s"} & set(says) and "\n" not in new:
        near = {number} if "main_loaded_kg" not in new else set(range(number - 6, number))  # a contradiction points at its table
        assert int(re.match(r"my\.toml:(\d+): ", message).group(1)) in near, message


def test_names_a_missing_key_and_its_table():
    text, number = edited("isp_s = 320.0", "")
    message = refused(text)
    header = text.splitlines().index("[lander.main_engine]") + 1
    assert message.startswith(f"my.toml:{header}: the key lander.main_engine.isp_s is missing") and header < number


def test_names_a_missing_table():
    assert "the table limits is missing" in refused(TEXT.replace(TEXT[TEXT.index("[limits]") : TEXT.index("[cases.planned]")], ""))


def test_points_at_a_key_that_belongs_elsewhere():
    text, number = edited("[limits]", "[limits]\nincidence_limit_deg = 60.0")
    message = refused(text)
    assert f"my.toml:{number + 1}:" in message and "lander.range_finder.incidence_limit_deg" in message


@pytest.mark.parametrize(
    "override, says",
    [
        ("lander.range_finder.reach_m=-3", ["--set lander.range_finder.reach_m=-3", "at least 0"]),
        ("lander.range_finder.reach_km=3", ["did you mean reach_m (the unit is fixed by the key)?"]),
        ("lander.rangefinder.reach_m=3", ["unknown path lander.rangefinder", "did you mean range_finder?"]),
        ("landr.mass.dry_mass_kg=3", ["unknown path landr", "did you mean lander?"]),
        ("lander.range_finder.reach_m.0=3", ["unknown path lander.range_finder.reach_m.0"]),
        ("lander.mass.dry_cg_m.3=3", ["unknown path lander.mass.dry_cg_m.3"]),
        ("lander.mass.dry_cg_m.0=5", ["lander: mass.dry_cg_m", "pads"]),
        ("lander.range_finder.reach_m", ["write path=value"]),
        ("=3", ["write path=value"]),
        ("lander.range_finder.reach_m=", ["write path=value"]),
        ("lander.range_finder.reach_m=3 m", ["cannot be read"]),
        ("lander.range_finder.reach_m=1\nx=2", ["cannot be read"]),
        ("lander.range_finder.reach_m=nan", ["finite number"]),
        ("lander.range_finder.reach_m=far", ['the text "far"']),
        ("lander.range_finder=3", ["must be a table"]),
        ("published.99.value=3", ["leads to nothing"]),
        ("cases.planned.description=x", ["a case is chosen by its name"]),
        ("start.perilune_altitude_km=101", ["--set start.perilune_altitude_km=101", "apolune"]),
    ],
)
def test_names_the_override_that_is_wrong(override, says):
    message = refused(TEXT, overrides=[override])
    for words in says:
        assert words in message, message


def test_names_the_nearest_case_and_the_nearest_mission(tmp_path, monkeypatch):
    assert "did you mean as-flown?" in refused(TEXT, case="as-flow")
    monkeypatch.chdir(tmp_path)
    for name, says in [("resiliense", "did you mean resilience?"), ("xyz", ", ".join(n for n, _ in catalogue())), ("no/such.toml", "no such file")]:
        with pytest.raises(PeriluneError, match=re.escape(says)):
            load(name)


def test_refuses_what_is_no_text_file(tmp_path):
    binary, folder, large = tmp_path / "b.toml", tmp_path / "f.toml", tmp_path / "l.toml"
    binary.write_bytes(b'[mission]\nname = "\xff\xfe\x00"')
    folder.mkdir()
    large.write_bytes(b"#" * (5 * 1024 * 1024))
    for path, says in [(binary, "b.toml:2: this is not text in UTF-8"), (folder, "this is a folder"), (large, "larger than 4 MiB")]:
        with pytest.raises(PeriluneError, match=says) as caught:
            load(path)
        assert len(str(caught.value).splitlines()) == 1


def test_refuses_a_file_that_may_not_be_read(tmp_path, monkeypatch):
    path = tmp_path / "secret.toml"
    path.write_text(TEXT)

    def denied(self):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(type(path), "read_bytes", denied)
    with pytest.raises(PeriluneError, match=r"secret\.toml: cannot be read \(Permission denied\)"):
        load(path)


@pytest.mark.parametrize(
    "text", ["", "x = 1", "[" * 5000, "x = " + "[" * 5000, "x = " + "{a=" * 3000, "\x00", "x = " + "9" * 5000, '"" = 1', "a.0 = 1"]
)
def test_refuses_what_is_no_mission(text):
    refused(text)


def test_a_byte_order_mark_and_windows_lines_are_no_mistake(tmp_path):
    path = tmp_path / "windows.toml"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    assert load(path) == load("resilience")


def test_the_catalogue_file_is_plain_toml():
    assert tomllib.loads(TEXT)["mission"]["name"] == "resilience"


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("avionics.guidance.law=apollo", "there are a2pdg, dsouza"),
        ("avionics.guidance.terminal_height_m=3000", "the legs go downward"),
        ("lander.assist_engines.thrust_n=90", "carry the lander at the end"),
        ("lander.star_tracker.latency_s=0.3", "choose at most that"),
    ],
)
def test_what_no_guidance_can_fly_is_refused_before_flight(override, told):
    with pytest.raises(PeriluneError, match=told) as refused:
        load("resilience", [override])
    assert "\n" not in str(refused.value)
