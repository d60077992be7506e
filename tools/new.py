"""Write the skeleton of a new explorer or a new exercise; it passes the tests as it is.

    python tools/new.py explorer pendulum          gradcourse/explorers/pendulum.py
    python tools/new.py exercise 05.nesterov       a question in set 05: check, wrong and right
                                                   answers, solution, released exercise
    python tools/new.py exercise 05.nesterov --section "Momentum" --points 2

The places to fill in are marked FILL IN. docs/extending.md says what goes there.
"""

import argparse
import keyword
import subprocess
import sys
from pathlib import Path
from string import Template

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell
from refresh import ROOT

SKELETONS = Path(__file__).parent / "skeletons"
# Sections that every lesson has; a check sends to one that explains something.
FRAME = ("Three", "Predict", "Checkpoint", "Modify", "Make", "A claim on trial", "What to remember")


def skeleton(file: str, **words: str) -> str:
    """Return a skeleton with its placeholders replaced."""
    return Template((SKELETONS / file).read_text("utf-8")).substitute(words)


def snake_case(name: str) -> str:
    """Give a name back if it can be that of a module or a function."""
    if not name.isidentifier() or not name.islower() or keyword.iskeyword(name):
        sys.exit(f"NAME must be in lower case, like step_size, but it is {name!r}.")
    return name


def new_file(path: Path, text: str) -> Path:
    """Write a file that must not exist yet."""
    if path.exists():
        sys.exit(f"{path.relative_to(ROOT)} exists already; choose another name.")
    path.write_text(text, "utf-8")
    return path


def append(path: Path, text: str) -> Path:
    """Write at the end of a file."""
    path.write_text(f"{path.read_text('utf-8').rstrip()}\n\n\n{text}", "utf-8")
    return path


def import_in(path: Path, line: str) -> None:
    """Add an import below a file's docstring; the linter puts it into its place."""
    docstring, rest = path.read_text("utf-8").split('"""\n', 1)
    path.write_text(f'{docstring}"""\n\n{line}\n{rest}', "utf-8")


# ---- an explorer --------------------------------------------------------------------------------
def new_explorer(name: str) -> list[Path]:
    """Write the explorer; the package and the general tests find it by its file name."""
    snake_case(name)
    path = ROOT / "gradcourse" / "explorers" / f"{name}.py"
    return [new_file(path, skeleton("explorer.py.txt", Name=name.title().replace("_", "")))]


# ---- an exercise --------------------------------------------------------------------------------
def new_exercise(key: str, section: str, points: int) -> list[Path]:
    """Add a question to an exercise set that exists: its check, its answers, its notebook cells."""
    number, _, name = key.partition(".")
    snake_case(name)
    lesson = the_only("lessons", f"{number}_*.ipynb")
    solution = the_only("solutions", f"{number}_*/*.ipynb")
    known = headings(lesson)
    section = section or known[0]
    if section not in known:
        sys.exit(f"lesson {number} has no section {section!r}; it has: {'; '.join(known)}.")
    words = {"name": name, "number": number, "section": section}
    question = ROOT / "gradcourse" / "checks" / f"set{number}.py"
    if f"\ndef {name}(" in question.read_text("utf-8"):
        sys.exit(f"set {number} has a question {name!r} already; choose another name.")
    append(question, skeleton("question.py.txt", points=f"{points}", **words))
    answers = [
        ROOT / "tests" / f"{kind}_answers" / f"set{number}.py" for kind in ("wrong", "right")
    ]
    for path in answers:
        append(path, skeleton(f"{path.parent.name}.py.txt", **words))
        import_in(path, f"from gradcourse.checks import set{number}")
    add_cells(solution, points, words)
    return [question, *answers, solution]


def the_only(folder: str, pattern: str) -> Path:
    """Return the one notebook of this number, or say that there is none."""
    found = sorted((ROOT / folder).glob(pattern))
    if len(found) != 1:
        sys.exit(f"There must be one {folder}/{pattern}, but there are {len(found)}.")
    return found[0]


def headings(lesson: Path) -> list[str]:
    """The sections of a lesson that explain something."""
    cells = nbformat.read(lesson, as_version=4).cells
    lines = "\n".join(c.source for c in cells if c.cell_type == "markdown").splitlines()
    found = [line.removeprefix("## ") for line in lines if line.startswith("## ")]
    return [heading for heading in found if not heading.startswith(FRAME)]


def add_cells(solution: Path, points: int, words: dict[str, str]) -> None:
    """Put the task, its answer and its check before the words that end the solution notebook."""
    nb = nbformat.read(solution, as_version=4)
    words |= {"ordinal": f"{1 + sum(c.source.startswith('## ') for c in nb.cells)}"}
    words |= {"worth": "1 point" if points == 1 else f"{points} points"}
    ident = words["name"].replace("_", "-")
    graded = {"schema_version": 3, "task": False, "cell_type": "code"}
    answer = graded | {"grade_id": ident, "grade": False, "solution": True, "locked": False}
    check = graded | {"grade_id": f"{ident}-check", "grade": True, "solution": False}
    check |= {"locked": True, "points": float(points)}
    end = len(nb.cells) - ("Done?" in nb.cells[-1].source)
    nb.cells[end:end] = [
        new_markdown_cell(skeleton("task.md.txt", **words).rstrip(), id=f"{ident}-task"),
        code_cell("answer.py.txt", ident, answer, words),
        code_cell("check.py.txt", f"{ident}-check", check, words),
    ]
    nbformat.write(nb, solution)


def code_cell(file: str, ident: str, nbgrader: dict, words: dict[str, str]) -> NotebookNode:
    """A code cell from a skeleton, with nbgrader's settings."""
    source = skeleton(file, **words).rstrip()
    return new_code_cell(source, id=ident, metadata={"nbgrader": nbgrader})


def run(*command: str) -> None:
    """Run one of the project's own commands here; its words are shown."""
    if subprocess.run([sys.executable, *command], cwd=ROOT).returncode:
        sys.exit(f"This failed: python {' '.join(command)}")


def tidy(written: list[Path]) -> None:
    """Lay out what was written, and say where it stands."""
    for path in written:
        print(f"written: {path.relative_to(ROOT)}")
    sources = [str(path) for path in written if path.suffix == ".py"]
    run("-m", "ruff", "format", "--quiet", *sources)
    run("-m", "ruff", "check", "--fix", "--quiet", *sources)


def explorer(options: argparse.Namespace) -> str:
    """Write an explorer; return the command that tests it."""
    tidy(new_explorer(options.name))
    words = options.name.title().replace("_", "")
    return f"pytest -n 0 tests/explorers/test_all_explorers.py -k {words}"


def exercise(options: argparse.Namespace) -> str:
    """Write a question and all that is made from it; return the command that tests it."""
    written = new_exercise(options.key, options.section, options.points)
    tidy(written)
    solution = written[-1]
    run("tools/refresh.py", str(solution))
    run("tools/release.py", solution.stem)
    run("tools/course.py")
    return f"pytest -n 0 tests/checks -k {options.key[3:]}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    kinds = parser.add_subparsers(required=True)
    one = kinds.add_parser("explorer", help="an explorer: controls, picture, sentence, target")
    one.add_argument("name", help="in lower case, such as step_size")
    one.set_defaults(write=explorer)
    one = kinds.add_parser("exercise", help="a question of an exercise set")
    one.add_argument("key", help="the set's number and the function's name: 05.nesterov")
    one.add_argument("--section", default="", help="the lesson's section that helps")
    one.add_argument("--points", type=int, default=1)
    one.set_defaults(write=exercise)
    options = parser.parse_args(arguments)
    command = options.write(options)
    print("Fill in what is marked FILL IN; docs/extending.md says what goes there. What is left:")
    print('    grep -rn "FILL IN" gradcourse tests/*_answers solutions')
    print(f"Then: {command}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
