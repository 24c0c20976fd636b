"""The documents hold together: every link leads somewhere, every page is reached from the index, and the code that is shown runs."""

import ast
import doctest
import re
import sys
from pathlib import Path

import pytest
from tutorial import run_in

import perilune
from perilune.flight.caveats import NOT_YET_MODELLED

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"```.*?```", re.DOTALL)


def anchors(page):
    """What the headings of a page can be reached by, as GitHub writes it."""
    headings = re.findall(r"^#+ +(.+)$", FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page):
    """Every link of a page that leads nowhere in this repository."""
    for link in LINK.findall(FENCE.sub("", page.read_text("utf-8"))):
        path, _, anchor = link.partition("#")
        if re.match(r"[a-z]+:", link):
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page):
    assert list(broken_links(page)) == []


def test_a_broken_link_is_found(tmp_path):
    (tmp_path / "there.md").write_text("# A heading, here\n")
    page = tmp_path / "page.md"
    page.write_text("[a](there.md) [b](there.md#a-heading-here) [c](gone.md) [d](there.md#gone) ```[e](gone.md)```\n")
    assert list(broken_links(page)) == ["gone.md", "there.md#gone"]


def test_every_page_is_reached_from_the_index():
    linked = {(ROOT / "docs" / link.partition("#")[0]).resolve() for link in LINK.findall((ROOT / "docs" / "index.md").read_text("utf-8"))}
    assert [page.name for page in (ROOT / "docs").rglob("*.md") if page.name != "index.md" and page.resolve() not in linked] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_python_that_is_shown_can_be_read(page):
    for code in re.findall(r"```python\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
        ast.parse(code)


def test_the_python_of_the_readme_runs(tmp_path):
    code = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)[1]
    exit_code, said = run_in(tmp_path, [sys.executable, "-c", code])
    assert exit_code == 0 and said.startswith("crashed - ")
    assert {path.name for path in tmp_path.iterdir()} == {"campaigns", "descent.png", "flights"}


def test_the_example_that_the_package_opens_with_is_true():
    assert doctest.testmod(perilune) == doctest.TestResults(failed=0, attempted=3)


def test_the_page_lists_what_every_result_says_is_not_modelled():
    said = " ".join((ROOT / "docs" / "models.md").read_text("utf-8").partition("## Not yet modelled")[2].split())
    assert said.endswith(" ".join(f"- {sentence}" for sentence in NOT_YET_MODELLED))


def test_the_benchmarks_can_be_started(tmp_path):
    exit_code, said = run_in(tmp_path, [sys.executable, str(ROOT / "benchmarks" / "descent.py"), "--help"])
    assert exit_code == 0 and "--quick" in said
