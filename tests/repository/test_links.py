"""Every link leads to a file, and to a section of it where it names one.

Looked at are all pages, all notebooks, the sections that a check sends a learner to, and the places
that comments and docstrings cite, such as docs/instructor.md. Addresses on the web are left alone.
"""

import re
import subprocess
from functools import cache
from importlib import import_module
from pathlib import Path

import nbformat
import pytest

from gradcourse.checks.core import Question

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"^```.*?^```|`[^`\n]*`", re.M | re.S)
LINK = re.compile(r"\]\(([^)#\s]*)#?([^)\s]*)")
CITED = re.compile(r"(?<![\w/.])(docs/\w+\.md(?:#[\w-]+)?)")


def tracked(*patterns: str) -> list[Path]:
    """The repository's own files of some kinds."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [path for name in names.splitlines() if (path := ROOT / name).exists()]


@cache
def whole(path: Path) -> str:
    """The text of a page, or of a notebook's words between its code cells."""
    if path.suffix != ".ipynb":
        return path.read_text("utf-8")
    cells = nbformat.read(path, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def prose(path: Path) -> str:
    """What it says outside of code."""
    return CODE.sub("", whole(path))


@cache
def sections(path: Path) -> set[str]:
    """The sections of a page as GitHub names them, of a notebook as JupyterLab does."""
    titles = re.findall(r"^#+ +(.+?) *$", whole(path), re.M)
    if path.suffix == ".ipynb":
        return {title.replace(" ", "-") for title in titles}
    plain = [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]
    return {*plain, *re.findall(r'<a id="([^"]+)">', whole(path))}


def dead_links(text: str, page: Path, folder: Path) -> list[str]:
    """The links of a text that lead nowhere, from a page in some folder."""
    dead = []
    for target, section in LINK.findall(text):
        path = (folder / target).resolve() if target else page
        missing = not path.exists() or (section and section not in sections(path))
        if missing and "://" not in target:
            dead.append(f"{page.name}: {target}#{section}")
    return dead


def cited(source: str) -> str:
    """The pages below docs/ that a comment or a docstring names, as links."""
    return " ".join(f"]({page})" for page in CITED.findall(source))


def feedback_links() -> str:
    """The links that the checks of all exercise sets show."""
    modules = [import_module(f"gradcourse.checks.set{number:02}") for number in range(1, 11)]
    found = [q for module in modules for q in vars(module).values() if isinstance(q, Question)]
    return "\n".join(question.lesson for question in found)


def test_every_link_leads_somewhere():
    pages = tracked("*.md", "*.ipynb")
    dead = [link for page in pages for link in dead_links(prose(page), page, page.parent)]
    for path in tracked("*.py", "*.toml", ".ci/run"):
        dead += dead_links(cited(path.read_text("utf-8")), path, ROOT)
    exercise = ROOT / "exercises" / "03_gradient_descent"
    dead += dead_links(feedback_links(), exercise, exercise)
    assert dead == []


def test_links_of_every_kind_are_found():
    kinds = {page.suffix: LINK.findall(prose(page)) for page in tracked("*.md", "*.ipynb")}
    assert all(kinds.values())
    assert feedback_links().count("](../../lessons/") > 50


@pytest.mark.parametrize(
    ("link", "is_dead"),
    [
        ("[there](README.md)", False),
        ("[there](README.md#the-lessons)", False),
        ("![a picture](docs/explorer.png)", False),
        ("[a notebook](lessons/03_gradient_descent.ipynb#The-update-rule)", False),
        ("[the web](https://example.org/gone#there)", False),
        ("`[in code](gone.md)`", False),
        ("[gone](gone.md)", True),
        ("[gone](README.md#the-lesson)", True),
        ("[gone](lessons/03_gradient_descent.ipynb#the-update-rule)", True),
    ],
)
def test_a_dead_link_is_told_from_one_that_leads_somewhere(link, is_dead):
    assert bool(dead_links(CODE.sub("", link), ROOT / "README.md", ROOT)) == is_dead


def test_a_page_that_a_comment_cites_is_looked_for():
    gone = "docs/" + "gone.md#why"
    assert dead_links(cited(f"# see {gone}"), ROOT / "x.py", ROOT) == [f"x.py: {gone}"]
    assert dead_links(cited("# see docs/instructor.md#change-an-exercise"), ROOT, ROOT) == []
