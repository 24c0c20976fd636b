"""Whatever stands in a mission file, it is read or refused in one sentence."""

import tomllib

from hypothesis import example, given, settings
from hypothesis import strategies as st

from perilune.base.errors import PeriluneError
from perilune.mission.catalogue import FOLDER
from perilune.mission.loader import decoded, read

LINES = (FOLDER / "resilience.toml").read_text("utf-8").splitlines()
KEYS = sorted({line.split("=")[0].strip() for line in LINES if "=" in line and not line.startswith("#")})
HEADERS = sorted({line for line in LINES if line.startswith("[")})
SCALARS = st.one_of(
    st.sampled_from(
        ["nan", "inf", "-0.0", "1e400", "0", "-1", "1e-300", "true", "''", "[]", "{}", "[[]]", "[1, 2, 3]", "['a', 1.0, true]", "{ a.b = 1 }",
         "2025-06-05", "12:00:00", "2025-06-05T00:00:00", "9223372036854775807", "0xffffffffffffffffffff", '"\\u0000\\n"', "'''\n\n'''"]
    ),
    st.integers().map(str), st.floats().map(repr), st.text(max_size=8).map(lambda t: repr(t).replace("\\", "\\\\")),
)  # fmt: skip


def survives(text, **how):
    try:
        mission = read(text, "fuzz.toml", **how)
    except PeriluneError as error:
        assert str(error) and len(str(error).splitlines()) == 1 and len(str(error)) <= 500
    else:
        assert len(mission.hash) == 64


def delete(lines, i, j, value):
    return lines[:i] + lines[i + 1 + j % 5 :]


def swap(lines, i, j, value):
    lines = list(lines)
    lines[i], lines[j] = lines[j], lines[i]
    return lines


def double(lines, i, j, value):
    return [*lines[:j], lines[i], *lines[j:]]


def change_value(lines, i, j, value):
    numbered = [n for n in range(i, len(lines)) if "=" in lines[n] and not lines[n].startswith("#")]
    if not numbered:
        return lines
    n = numbered[0]
    return [*lines[:n], f"{lines[n].split('=')[0]}= {value}", *lines[n + 1 :]]


def change_key(lines, i, j, value):
    numbered = [n for n in range(i, len(lines)) if "=" in lines[n] and not lines[n].startswith("#")]
    if not numbered:
        return lines
    n = numbered[0]
    return [*lines[:n], f"{KEYS[j % len(KEYS)]} ={lines[n].split('=', 1)[1]}", *lines[n + 1 :]]


def insert_header(lines, i, j, value):
    return [*lines[:i], HEADERS[j % len(HEADERS)], *lines[i:]]


def cut(lines, i, j, value):
    return [*lines[:i], lines[i][: j % (len(lines[i]) + 1)]]


PLACE = st.integers(0, len(LINES) - 1)
MUTATIONS = st.tuples(st.sampled_from([delete, swap, double, change_value, change_value, change_key, insert_header, cut]), PLACE, PLACE, SCALARS)


@settings(max_examples=400, deadline=None)
@given(st.lists(MUTATIONS, min_size=1, max_size=3))
def test_a_damaged_mission_file_is_read_or_refused_in_one_sentence(mutations):
    lines = LINES
    for change, i, j, value in mutations:
        lines = change(lines, min(i, len(lines) - 1), min(j, len(lines) - 1), value) or [""]
    survives("\n".join(lines))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
@example("[[mission]]")
@example("mission = 1")
@example("cases = 1")
@example("dispersions = { path = 1 }")
@example("[mission]\n[mission.name]")
def test_any_text_is_refused_in_one_sentence(text):
    survives(text)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_one_sentence(content):
    try:
        survives(decoded(content, "fuzz.toml"))
    except PeriluneError as error:
        assert len(str(error).splitlines()) == 1


def every_path(value, prefix=""):
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        yield f"{prefix}{key}"
        if isinstance(inner, dict | list):
            yield from every_path(inner, f"{prefix}{key}.")


PATHS = sorted(every_path(tomllib.loads("\n".join(LINES))))
WHOLE = "\n".join(LINES)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.sampled_from(PATHS), st.text(max_size=30)), SCALARS, st.sampled_from([None, "planned", "as-flown", "x"]))
def test_any_override_is_applied_or_refused_in_one_sentence(path, value, case):
    survives(WHOLE, overrides=[f"{path}={value}"], case=case)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(PATHS),
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.binary(max_size=3)), lambda s: st.lists(s, max_size=3)
    ),
)
@example("lander.name", "\ud800")
def test_any_python_override_is_applied_or_refused_in_one_sentence(path, value):
    survives(WHOLE, overrides={path: value})
