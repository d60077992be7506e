"""Intake: of a submitted file, only the answers come in.

A student's file is never given to a program that believes what it says. It is read as plain JSON,
and the notebook that is graded is built anew from the released one. Taken over is the text of
the answers and the student's own code cells, each in its place; not a name, not a number of points,
not a stored output. So moved, copied, split or deleted cells cost nothing that was answered.
"""

import copy
import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from gradcourse.grading.cells import cell_id, is_answer, is_locked, is_test
from gradcourse.grading.doors import Json, Untrusted

MAX_BYTES = 5 << 20
MAX_CELLS = 400
DEFINES = re.compile(r"^(?:async )?(?:def|class) +(\w+)", re.MULTILINE)


class Refused(Exception):  # noqa: N818 - it reads as what happened
    """This file cannot be graded; the message says why, in one sentence for a person."""


@dataclass(frozen=True)
class Cell:
    """What is believed of a submitted cell: its text, what it claims to be, if it is code."""

    text: str
    claims: tuple[str, ...]
    is_code: bool


@dataclass(frozen=True)
class Plan:
    """What of a submission goes into one run.

    The test cells divide a notebook into sections, counted from 0; what follows the last test is a
    section too.

    Parameters: answers – the sections whose answers are put in; the others stay as released
                extras  – the sections that keep the student's own cells
    """

    answers: frozenset[int]
    extras: frozenset[int]


@dataclass
class Submission:
    """A student's answers, and their own code cells, ready to be put into the release.

    Parameters: release – the notebook that was handed out
                answers – id of an answer cell → its texts, more than one if it was split or copied
                extras  – id of a released cell ("" for the top) → code cells that follow it
                notes   – sentences about what was put right
    """

    release: NotebookNode
    answers: dict[str, list[str]]
    extras: dict[str, list[str]]
    notes: list[str]

    @property
    def tests(self) -> list[str]:
        """The ids of the test cells: the one at position i ends section i."""
        return [cell_id(cell) for cell in self.release.cells if is_test(cell)]

    @property
    def sections(self) -> frozenset[int]:
        """The numbers of all sections."""
        return frozenset(range(len(self.tests) + 1))

    def notebook(self, plan: Plan | None = None) -> NotebookNode:
        """Return the release with the answers in it: all of them, or those of a plan."""
        plan = plan or Plan(self.sections, self.sections)
        built, section = copy.deepcopy(self.release), 0
        cells = self._own("") if 0 in plan.extras else []
        for cell in built.cells:
            key = cell_id(cell)
            if section in plan.answers and key in self.answers:
                *before, cell.source = self.answers[key]
                cells += map(new_code_cell, before)
            cells.append(cell)
            if is_test(cell):
                section += 1
            if section in plan.extras:
                cells += self._own(key)
        built.cells = cells
        return built

    def _own(self, key: str) -> list[NotebookNode]:
        return [new_code_cell(text) for text in self.extras.get(key, [])]


def find_file(student: Path, assignment: str, name: str) -> Path:
    """Return the file in a student's folder that holds the notebook `name`.

    Raises:     Refused – there is none, it cannot be told which, or a folder is a link
    """
    folder = student / assignment
    if any(stat.S_ISLNK(os.lstat(path).st_mode) for path in (student, folder)):
        raise Refused("The folder is a link; hand in the files themselves.")
    if not folder.is_dir():
        raise Refused(f"{assignment} is not a folder; hand in a folder with the notebook in it.")
    wanted = folder / f"{name}.ipynb"
    if os.path.lexists(wanted):
        return wanted
    found = sorted(path for path in folder.iterdir() if path.suffix == ".ipynb")
    if len(found) != 1:
        those = ", ".join(path.name for path in found[:5]) or "no notebook"
        raise Refused(f"There is no {name}.ipynb, but {those}; name the file as it was released.")
    return found[0]


def read_file(path: Path) -> bytes:
    """Return what is in a submitted file, if it is a plain file of bearable size.

    Raises:     Refused – a link, a folder, a device, too large, or not readable
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise Refused(f"{path.name} is a link or cannot be read ({error.strerror}).") from None
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise Refused(f"{path.name} is not a plain file.")
        if status.st_size > MAX_BYTES:
            size = f"{status.st_size / (1 << 20):.1f} MiB, more than {MAX_BYTES >> 20}"
            raise Refused(f"{path.name} has {size}; clear all outputs, save, hand in again.")
        with open(file, "rb", closefd=False) as opened:
            return opened.read(MAX_BYTES)
    finally:
        os.close(file)


def take_in(raw: bytes, release: NotebookNode) -> Submission:
    """Return the answers that a submitted file gives to a released notebook.

    Raises:     Refused – not a notebook, too many cells, no answer of this assignment in it
    """
    cells = list(_cells(_parse(raw)))
    if len(cells) > MAX_CELLS:
        raise Refused(f"The notebook has {len(cells)} cells, more than {MAX_CELLS}; delete some.")
    by_id, by_name = _by_id(release), _by_name(release)
    if any(_is_known_answer(cell.claims, by_id, release) for cell in cells):
        return _sort(cells, release, by_id, lambda cell: cell.claims)
    if any(name in by_name for cell in cells for name in DEFINES.findall(cell.text)):
        return _sort(cells, release, by_name, lambda cell: DEFINES.findall(cell.text))
    raise Refused("No answer cell of this assignment was found in the notebook.")


def _parse(raw: bytes) -> Untrusted:
    try:
        document = json.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Refused("The file is not UTF-8 text, as every notebook is.") from None
    except (ValueError, RecursionError):
        state = "empty" if not raw.strip() else "damaged or cut off: it is not valid JSON"
        raise Refused(f"The file is {state}; save the notebook again.") from None
    if not isinstance(document, dict) or not {"cells", "worksheets"} & set(document):
        raise Refused("The file is JSON, but not a notebook.")
    number = document.get("nbformat", 4)
    if number not in (2, 3, 4):
        raise Refused("The notebook's format number is unknown; save it as version 4.")
    return Untrusted(document)


def _cells(document: Untrusted) -> Iterator[Cell]:
    """Yield every cell that can be read, of the formats 2 to 4."""
    for sheet in _list(document.get("worksheets", [document])):
        for cell in _list(_dict(sheet).get("cells")):
            if isinstance(cell, dict):
                yield _cell(Untrusted(cell))


def _cell(fields: Untrusted) -> Cell:
    text = fields.get("source", fields.get("input"))
    if isinstance(text, list):
        text = "".join(line for line in text if isinstance(line, str))
    text = text.encode("utf-8", "replace").decode() if isinstance(text, str) else ""
    grade_id = _dict(_dict(fields.get("metadata")).get("nbgrader")).get("grade_id")
    claims = tuple(claim for claim in (grade_id, fields.get("id")) if isinstance(claim, str))
    return Cell(text.replace("\r\n", "\n"), claims, fields.get("cell_type") == "code")


def _dict(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _is_known_answer(claims: tuple[str, ...], by_id: dict[str, str], release: NotebookNode) -> bool:
    answers = {cell_id(cell) for cell in release.cells if is_answer(cell)}
    return any(by_id.get(claim) in answers for claim in claims)


def _by_id(release: NotebookNode) -> dict[str, str]:
    """Map nbgrader's ids and the cells' own ids to the released cell's key."""
    own = {cell.id: cell_id(cell) for cell in release.cells}
    return own | {cell_id(cell): cell_id(cell) for cell in release.cells}


def _by_name(release: NotebookNode) -> dict[str, str]:
    """Map the names that answers define to the answer's key."""
    answers = [cell for cell in release.cells if is_answer(cell)]
    return {name: cell_id(cell) for cell in answers for name in DEFINES.findall(cell.source)}


def _sort(
    cells: list[Cell], release: NotebookNode, known: dict[str, str], names: Callable
) -> Submission:
    """Put every submitted cell in its place."""
    released = {cell_id(cell): cell for cell in release.cells}
    texts = {cell.source.strip() for cell in release.cells} | {""}
    submission, here, answer = Submission(release, {}, {}, []), "", ""
    for cell in cells:
        key = next((known[name] for name in names(cell) if name in known), "")
        here, answers = key or here, bool(key) and is_answer(released[key])
        answer = key if answers else answer
        if cell.text.strip() in texts or (key and is_locked(released[key])):
            continue  # as it was released
        if answers:
            _add(submission.answers.setdefault(key, []), cell.text)
        elif cell.is_code and _continues(cell.text) and answer in submission.answers:
            _add(submission.answers[answer], cell.text)
        elif cell.is_code:
            submission.extras.setdefault(here, []).append(cell.text)
    for key, given in submission.answers.items():
        _settle(key, given, released[key], submission.notes)
    return submission


def _add(given: list[str], text: str) -> None:
    """Add a text to an answer; one that begins indented was split off the one before it."""
    if given and _continues(text):
        given[-1] += f"\n{text}"
    else:
        given.append(text)


def _continues(text: str) -> bool:
    return text.lstrip("\n")[:1] in (" ", "\t")


def _settle(key: str, given: list[str], released: NotebookNode, notes: list[str]) -> None:
    """Say that an answer was given more than once; of words, unlike code, nothing is lost."""
    if len(given) > 1:
        notes.append(f"The answer {key} was found {len(given)} times; the last one counts.")
        if released.cell_type != "code":
            given[:] = ["\n\n".join(given)]
