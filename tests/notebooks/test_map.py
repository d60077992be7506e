"""The map of the course: every row of the syllabus once, every link with its section."""

import os
import re
from importlib import import_module
from pathlib import Path

import nbformat
import pytest

from gradcourse.checks.core import Question

ROOT = Path(__file__).parents[2]
MAP = ROOT / "lessons" / "README.md"
ROWS = {"A": 7, "B": 7, "C": 7, "D": 9, "E": 5, "F": 6, "G": 5, "H": 11, "I": 16, "J": 8}
WANTED = [f"{letter}{n}" for letter, count in ROWS.items() for n in range(1, count + 1)]
TAUGHT = 10  # lessons 01 to 10 exist; a row of a later lesson names the lesson alone
LINK = re.compile(r"\[[^\]]+\]\(([^)#]+)(?:#([^)]+))?\)")


def rows() -> dict[str, list[str]]:
    """Row → its cells: topic, lesson, explorer, exercise."""
    lines = re.findall(r"^\| ([A-J]\d+) \|(.*)\|$", MAP.read_text("utf-8"), re.M)
    return {name: [cell.strip() for cell in rest.split("|")] for name, rest in lines}


def anchors(path: Path) -> set[str]:
    """The headings of a notebook as JupyterLab's links name them."""
    cells = nbformat.read(path, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return {heading.strip().replace(" ", "-") for heading in re.findall(r"^#+ (.*)$", text, re.M)}


def test_every_row_of_the_syllabus_stands_once():
    text = MAP.read_text("utf-8")
    assert len(WANTED) == 81
    assert [name for name in WANTED if len(re.findall(rf"^\| {name} \|", text, re.M)) != 1] == []
    assert list(rows()) == WANTED


@pytest.mark.parametrize("name", WANTED)
def test_a_taught_row_leads_to_its_section(name):
    _, lesson, explorer, _ = rows()[name]
    number = int(re.search(r"\d\d", lesson)[0])
    links = LINK.findall(lesson)
    assert bool(links) == (number <= TAUGHT), "a lesson that exists is linked, no other"
    assert not (explorer and number > TAUGHT)


def every_link() -> list[tuple[Path, str, str]]:
    """(page, target, anchor) of all links in the map, the lessons and the checks."""
    pages = [(MAP, MAP.read_text("utf-8"))]
    for path in sorted(ROOT.glob("lessons/*.ipynb")) + sorted(ROOT.glob("exercises/*/*.ipynb")):
        cells = nbformat.read(path, as_version=4).cells
        text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        pages.append((path, text))
    for file in sorted(ROOT.glob("gradcourse/checks/set*.py")):
        checks = vars(import_module(f"gradcourse.checks.{file.stem}")).values()
        read = "\n".join(q.lesson for q in checks if isinstance(q, Question))
        pages.append((ROOT / "exercises" / file.stem / "any.ipynb", read))
    return [
        (page, target, anchor)
        for page, text in pages
        for target, anchor in LINK.findall(text)
        if "://" not in target
    ]


def test_every_link_leads_to_a_file_and_a_heading():
    broken = []
    for page, target, anchor in every_link():
        path = Path(os.path.normpath(page.parent / target))
        if not path.exists() or (anchor and anchor not in anchors(path)):
            broken.append((page.name, target, anchor))
    assert broken == []


def test_every_explorer_of_the_map_exists():
    from gradcourse import explorers

    named = {word for cells in rows().values() for word in re.findall(r"\w+Explorer", cells[2])}
    assert named
    assert named <= set(explorers.__all__)
