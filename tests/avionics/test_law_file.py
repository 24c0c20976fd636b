"""What must be true of a user's guidance law: the file is the law, and whatever is wrong with it is told in one sentence with file and line."""

import re
from pathlib import Path

import numpy as np
import pytest

from perilune.avionics.guidance.choice import identity_of, label_of, law_of
from perilune.avionics.guidance.e_guidance import e_guidance
from perilune.avionics.guidance.law_file import load_law, look_over
from perilune.base.errors import PeriluneError
from perilune.mission.loader import load

HEAD = "import warp as wp\nfrom perilune.avionics.guidance.leg import Guided, Leg\n\n@wp.func\n"
SOUND = HEAD + "def guide(leg: Leg) -> Guided:\n    g = Guided()\n    g.acceleration = leg.velocity * wp.float64(-0.5)\n    return g\n"
HELPER = "@wp.func\ndef twice(a: wp.float64):\n    return a * 2\n\n@wp.func\n"
HELPED = SOUND.replace("@wp.func\n", HELPER).replace("leg.velocity", "leg.velocity * twice(leg.mass)")

WRONG = {
    "syntax": ("def guide(leg:\n", 1, "not valid Python"),
    "no guide": ("x = 1\n", 1, "no function `guide`"),
    "plain function": (SOUND.replace("@wp.func\n", ""), 4, "not a Warp function"),
    "two arguments": (HEAD + "def guide(leg: Leg, t: wp.float64) -> Guided:\n    return Guided()\n", 5, "takes 2 arguments"),
    "takes another": (HEAD + "def guide(leg: wp.vec3d) -> Guided:\n    return Guided()\n", 5, "takes a vec3d where a law takes a Leg"),
    "returns unsaid": (HEAD + "def guide(leg: Leg):\n    return Guided()\n", 5, "returns nothing that is annotated"),
    "returns another": (HEAD + "def guide(leg: Leg) -> Guided:\n    return leg.position\n", 6, "returns a value of type `vec3d`"),
    "no answer": (HEAD + "def guide(leg: Leg) -> Guided:\n    if leg.mass > leg.tick:\n        return Guided()\n", 5, "can end without an answer"),
    "single precision": (SOUND.replace("wp.float64(-0.5)", "0.5"), 7, "cannot compile"),
    "unknown field": (SOUND.replace("leg.velocity", "leg.speed"), 7, "`speed` is not an attribute"),
    "unknown name": (HEAD + "def guide(leg: Leg) -> Guided:\n    return Guidd()\n", 6, "undefined symbol: Guidd"),
    "in a helper": (HELPED, 6, "cannot compile"),
    "import": ("import nothing_such\n" + SOUND, 1, "No module named 'nothing_such'"),
    "raises": (SOUND + "\nvalue = 1 / 0\n", 10, "ZeroDivisionError"),
    "leaves": ("raise SystemExit(3)\n" + SOUND, 1, "SystemExit"),
}  # fmt: skip


@pytest.fixture
def law_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def write(text, name="my_law.py"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_told_with_file_and_line(law_file, what):
    text, line, told = WRONG[what]
    path = law_file(text)
    with pytest.raises(PeriluneError) as refused:
        law_of(str(path))
    sentence = str(refused.value)
    assert sentence.startswith(f"my_law.py:{line}: ") and told in sentence and "\n" not in sentence


def test_a_file_that_is_not_there_or_no_text_is_told(law_file, tmp_path):
    for name, told in (("absent.py", "no such file"), (".", "cannot be read")):
        with pytest.raises(PeriluneError, match=told):
            look_over(tmp_path / name)
    path = law_file("")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PeriluneError, match="not valid Python"):
        look_over(path)


def test_to_read_a_mission_runs_nothing_of_its_law(law_file, tmp_path):
    law_file(SOUND + "\nopen('ran', 'w')\n")
    load("resilience", guidance="my_law.py")
    assert not (tmp_path / "ran").exists()


def test_a_changed_file_is_another_law_even_within_a_second(law_file):
    path = law_file(SOUND)
    look_over(path)
    first, named = load_law(path), identity_of(str(path))
    assert load_law(path) is first
    law_file(SOUND.replace("-0.5", "-0.6"))
    assert load_law(path) is first  # what was looked over stays, so that a flight is of one law
    look_over(path)
    assert load_law(path) is not first and identity_of(str(path)) != named


def test_a_law_may_be_one_of_ours_under_another_name(law_file):
    path = law_file("from perilune.avionics.guidance.e_guidance import e_guidance as guide\n")
    assert law_of(str(path)) is e_guidance
    assert label_of(str(path)) == "my_law.py:1"


def test_the_content_of_the_file_and_not_its_place_is_the_missions_identity(law_file, tmp_path):
    law_file(SOUND)
    first = load("resilience", guidance="my_law.py").hash
    (tmp_path / "elsewhere").mkdir()
    law_file(SOUND, "elsewhere/other.py")
    assert load("resilience", guidance="elsewhere/other.py").hash == first
    law_file(SOUND + "# \n")
    assert load("resilience", guidance="my_law.py").hash != first != load("resilience").hash


def test_a_mission_files_law_lies_beside_it_and_one_from_outside_in_the_working_directory(law_file, tmp_path):
    from perilune.mission.emit import to_toml

    (tmp_path / "missions").mkdir()
    law_file(SOUND, "missions/my_law.py")
    text = to_toml(load("resilience"))
    (tmp_path / "missions" / "mine.toml").write_text(text.replace('law = "e-guidance"', 'law = "my_law.py"'))
    assert load("missions/mine.toml").avionics.guidance.law == str(tmp_path / "missions" / "my_law.py")
    with pytest.raises(PeriluneError, match="cannot be read"):
        load("missions/mine.toml", guidance="my_law.py")
    assert load("missions/mine.toml", ['avionics.guidance.law="missions/my_law.py"']).hash == load("missions/mine.toml").hash


def test_an_unknown_name_is_told_with_those_there_are():
    with pytest.raises(PeriluneError, match=r"--guidance apollo: avionics.guidance.law names no law: 'apollo'; there are a2pdg"):
        load("resilience", guidance="apollo")


def test_numbers_of_ones_own_reach_the_law():
    from perilune.avionics.guidance.tuning import TuningParams
    from perilune.base.parameters import pack

    tuning = load("resilience", ["avionics.guidance.tuning.own=[1.5, 2.0]"]).avionics.guidance.tuning
    assert np.array_equal(pack(tuning, TuningParams)["own"][0], [1.5, 2.0, 0.0, 0.0, 0.0, 0.0])
    with pytest.raises(PeriluneError, match="own"):
        load("resilience", ["avionics.guidance.tuning.own=[1, 2, 3, 4, 5, 6, 7]"])


def test_the_law_that_the_guide_shows_can_be_flown(law_file):
    page = (Path(__file__).parents[2] / "docs" / "guidance.md").read_text("utf-8")
    shown = [code for code in re.findall(r"```python\n(.*?)```", page, re.DOTALL) if "def guide(" in code]
    for code in shown:
        law_of(str(law_file(code)))
    assert len(shown) == 1
