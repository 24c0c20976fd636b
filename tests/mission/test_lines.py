"""Every key of a mission file must be found on the line where it stands."""

import tomllib
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from perilune.mission.catalogue import FOLDER
from perilune.mission.lines import line_index

TEXT = """
# a comment with [brackets] and "quotes"
title = "a # that is no comment"
[a.b]
x = 1
"quoted.key" = 'literal \\'
list = [ 1,   # one
  [2, 3],
  { y = 4, z = "}" },
]
long = \"\"\"
[not.a.table]
x = 2 \\\"\"\" still
\"\"\"\"
after = 2025-06-05T18:15:00Z
[[row]]
k = 1
[row.inner]
v.w = 1.5e3
[[row]]
k = 2
[[row.deep]]
q = true
"""


def test_lines_of_every_kind_of_value():
    tomllib.loads(TEXT)
    lines = line_index(TEXT)
    assert {
        "title": 3, "a": 4, "a.b": 4, "a.b.x": 5, "a.b.quoted.key": 6, "a.b.list": 7, "a.b.list.0": 7, "a.b.list.1": 8, "a.b.list.1.1": 8,
        "a.b.list.2.y": 9, "a.b.list.2.z": 9, "a.b.long": 11, "a.b.after": 15, "row": 16, "row.0": 16, "row.0.k": 17, "row.0.inner": 18,
        "row.0.inner.v.w": 19, "row.1": 20, "row.1.k": 21, "row.1.deep.0": 22, "row.1.deep.0.q": 23,
    }.items() <= lines.items()  # fmt: skip


def paths(value, prefix=""):
    if isinstance(value, dict):
        return {p for key, inner in value.items() for p in (f"{prefix}{key}", *paths(inner, f"{prefix}{key}."))}
    if isinstance(value, list):
        return {p for i, inner in enumerate(value) for p in (f"{prefix}{i}", *paths(inner, f"{prefix}{i}."))}
    return set()


def test_every_path_of_the_catalogue_has_a_line():
    for file in Path(FOLDER).glob("*.toml"):
        text = file.read_text("utf-8")
        assert paths(tomllib.loads(text)) == set(line_index(text))


KEYS = st.sampled_from(["a", "b", "c-1", '"q"', "'l'", "a.b", 'x."y z".w'])
SCALARS = st.sampled_from(["1", "-2.5", '"t"', "'l#'", '"""m\n[x]\n"""', "'''n\n'''", "true", "2025-06-05T18:15:00Z", '"\\"]"'])
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3).map(lambda v: f"[{' , '.join(v)} ]"), max_leaves=6)
STATEMENTS = st.one_of(
    st.builds("{} = {}".format, KEYS, VALUES), st.builds("[{}]".format, KEYS), st.builds("[[{}]]".format, KEYS), st.just("# c = [1"), st.just("")
)


@settings(max_examples=300, deadline=None)
@given(st.lists(STATEMENTS, max_size=8))
def test_the_paths_found_are_those_of_tomllib(statements):
    text = "\n".join(statements)
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert paths(document) == set(line_index(text))
