"""The map of the course: every row of the syllabus once, in the lesson that teaches it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAP = ROOT / "lessons" / "README.md"
ROWS = {"A": 7, "B": 7, "C": 7, "D": 9, "E": 5, "F": 6, "G": 5, "H": 11, "I": 16, "J": 8}
WANTED = [f"{letter}{n}" for letter, count in ROWS.items() for n in range(1, count + 1)]
TAUGHT = 10  # lessons 01 to 10 exist; a row of a later lesson names the lesson alone


def rows() -> dict[str, list[str]]:
    """Row → its cells: topic, lesson, explorer, exercise."""
    lines = re.findall(r"^\| ([A-J]\d+) \|(.*)\|$", MAP.read_text("utf-8"), re.M)
    return {name: [cell.strip() for cell in rest.split("|")] for name, rest in lines}


def test_every_row_of_the_syllabus_stands_once():
    text = MAP.read_text("utf-8")
    assert len(WANTED) == 81
    assert [name for name in WANTED if len(re.findall(rf"^\| {name} \|", text, re.M)) != 1] == []
    assert list(rows()) == WANTED


@pytest.mark.parametrize("name", WANTED)
def test_a_taught_row_leads_to_its_section(name):
    _, lesson, explorer, _ = rows()[name]
    number = int(re.search(r"\d\d", lesson)[0])
    assert ("](" in lesson) == (number <= TAUGHT), "a lesson that exists is linked, no other"
    assert not (explorer and number > TAUGHT)


def test_every_explorer_of_the_map_exists():
    from gradcourse import explorers

    named = {word for cells in rows().values() for word in re.findall(r"\w+Explorer", cells[2])}
    assert named
    assert named <= set(explorers.__all__)
