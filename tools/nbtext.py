"""Print a notebook as plain text, so that `git diff` shows words and numbers instead of JSON.

Switched on by the one line in CONTRIBUTING.md. A picture becomes its size and a fingerprint: a diff
says that it changed, and the rendered page says how.
"""

import hashlib
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path


def joined(text: str | list[str]) -> str:
    """A notebook keeps text whole or as a list of lines; either way, the text."""
    return "".join(text)


def cell_lines(cell: dict) -> Iterator[str]:
    """The lines that stand for one cell: its heading, its source, its outputs."""
    marks = " ".join(cell["metadata"].get("tags", []))
    grade = cell["metadata"].get("nbgrader", {})
    points = f" points={grade['points']:g}" if "points" in grade else ""
    yield f"\n---- {cell.get('id', '?')} [{cell['cell_type']}{points}] {marks}".rstrip()
    yield joined(cell["source"])
    for output in cell.get("outputs", []):
        yield from output_lines(output)


def output_lines(output: dict) -> Iterator[str]:
    """The lines that stand for one output, indented below the cell."""
    data = output.get("data", {})
    text = output.get("text") or data.get("text/plain") or output.get("evalue", "")
    yield from (f"    | {line}" for line in joined(text).rstrip().split("\n"))
    for kind, value in sorted(data.items()):
        if kind != "text/plain":
            yield f"    | [{kind} {fingerprint(value)}]"


def fingerprint(value: str | list | dict) -> str:
    """Size and short hash of a picture, a page fragment or a bundle of values."""
    raw = joined(value) if isinstance(value, str | list) else json.dumps(value, sort_keys=True)
    return f"{len(raw)} bytes, {hashlib.sha256(raw.encode()).hexdigest()[:8]}"


def to_lines(path: Path) -> list[str]:
    """The whole notebook as lines of text."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [line for cell in cells for line in cell_lines(cell)]


if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):  # Windows has another encoding by default
        sys.stdout.reconfigure(encoding="utf-8")
    print("\n".join(to_lines(Path(sys.argv[1]))))
