"""List what a learner can reach in each lesson, as the notebooks themselves have it.

    python tools/course.py          write gradcourse/data/course.json anew
    python tools/course.py --check  change nothing, fail if the file is out of date

Predictions and questions are the calls `predict("03.key", …)`, `choice("03.key", …)` and
`number("03.key", …)` in the lessons; points are the graded cells of the solutions, each of which
calls `set03.name.check(…)` and is recorded as "03.name".
"""

import ast
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]
COURSE = ROOT / "gradcourse" / "data" / "course.json"
PARTS = {"predict": "predictions", "choice": "questions", "number": "questions"}


def course(root: Path = ROOT) -> dict[str, dict]:
    """The whole table, one entry for each lesson notebook."""
    return {path.name[:2]: lesson(path, root) for path in sorted(root.glob("lessons/[0-9]*.ipynb"))}


def lesson(path: Path, root: Path) -> dict:
    """The entry of one lesson and of the exercise set that goes with it."""
    found: dict = {"title": title(path), "predictions": [], "questions": [], "points": {}}
    for cell in code_cells(path):
        for part, key in quiz_keys(cell.source):
            found[part].append(key)
    for source in sorted(root.glob(f"solutions/{path.name[:2]}_*/*.ipynb")):
        for cell in code_cells(source):
            if cell.metadata.get("nbgrader", {}).get("grade"):
                key = f"{path.name[:2]}.{checked_name(cell.source)}"
                found["points"][key] = cell.metadata.nbgrader.points
    return found


def title(path: Path) -> str:
    """The lesson's first heading, without its number."""
    first = next(c.source for c in nbformat.read(path, 4).cells if c.source.startswith("# "))
    return first.splitlines()[0].lstrip("# 0123456789.·:-–—").strip()


def code_cells(path: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]


def quiz_keys(source: str) -> Iterator[tuple[str, str]]:
    """Yield (part, key) of every quiz call in a cell."""
    for call in calls(source):
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        key = getattr(call.args[0], "value", None) if call.args else None
        if name in PARTS and isinstance(key, str):  # rng.choice(10) asks nobody
            yield PARTS[name], key


def checked_name(source: str) -> str:
    """The NAME in `set03.NAME.check(…)`."""
    names = [c.func.value.attr for c in calls(source) if getattr(c.func, "attr", "") == "check"]
    return names[0]


def calls(source: str) -> list[ast.Call]:
    """Every call in a cell; a cell that is no plain Python (a magic) has none."""
    try:
        nodes = ast.walk(ast.parse(source))
    except SyntaxError:
        return []
    return [node for node in nodes if isinstance(node, ast.Call)]


def main() -> int:
    text = json.dumps(course(), indent=1, ensure_ascii=False) + "\n"
    if "--check" in sys.argv:
        return int(COURSE.read_text(encoding="utf-8") != text)
    COURSE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
