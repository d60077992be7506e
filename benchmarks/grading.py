"""Grade one class with each grader in one run: processor time and pace, beside nbgrader and otter.

    export PYTHONPATH=tools:tests:tests/support
    python benchmarks/grading.py [--submissions 12] [--otter PATH/TO/A/PYTHON/THAT/HAS/OTTER]

Every contestant grades the same notebooks of 03_gradient_descent with the same hidden tests, in a
fresh process; whose scores are wrong is out. nbgrader runs as it comes: one process, no sandbox.
otter runs without a container, all submissions in one process. Each also grades a class of two: the
difference, shared among the further submissions, is what one costs once everything has started.

Counted is the processor time of all processes that descend from a contestant. A kernel that is
killed together with its sandbox never reports its time to a parent, so all of them are also looked
at every 20 ms. Both ways can only miss something (looking misses some 15 ms a process): the larger
number stands.
"""

import argparse
import csv
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

import psutil
from classes import Class
from nbgrader.api import Gradebook

ROOT = Path(__file__).resolve().parents[1]

SMALL = 2  # submissions of the class that shows what starting costs
POINTS = (10, 9, 4, 0)  # all right, one wrong, two not attempted, nothing done; then from the front
PLUS = """def one_step(theta, gradient, learning_rate):
    return theta + learning_rate * gradient(theta)
"""
OTTER = """
import sys
from otter.api import grade_submission
for path in sys.argv[2:]:
    print(grade_submission(path, sys.argv[1], quiet=True).total)
"""


@dataclass(frozen=True)
class Run:
    """What one run took: seconds of processor time of all its processes, and of the clock."""

    cpu: float
    wall: float


def make_class(folder: Path, n_students: int) -> Class:
    """Return a course folder with submissions that should earn POINTS, in turn."""
    made = Class(folder)
    names = [
        cell.id for cell in made.release.cells if cell.metadata.get("nbgrader", {}).get("solution")
    ]
    kinds = ({}, {"one_step": PLUS}, made.untouched("walk", "fit_scaled"), made.untouched(*names))
    for number in range(n_students):
        made.hand_in(f"student{number:03}", made.honest(**kinds[number % len(kinds)]))
    return made


def measure(command: list[str], folder: Path, **env: str) -> tuple[Run, str]:
    """Run a command; return what it and all its descendants took, and what it printed."""
    waited, begin, seen = _waited(), time.perf_counter(), {}
    env = os.environ | {"GRADCOURSE_DATA": str(folder / "progress")} | env
    with subprocess.Popen(command, cwd=folder, env=env, stdout=-1, stderr=-1, text=True) as process:
        watcher = threading.Thread(target=_watch, args=(process, seen))
        watcher.start()
        printed, errors = process.communicate()
        watcher.join()
    wall = time.perf_counter() - begin
    if process.returncode:
        raise SystemExit(f"{' '.join(command)[:200]}\n{errors[-2_000:]}")
    return Run(max(sum(seen.values()), _waited() - waited), wall), printed


def _waited() -> float:
    """Return the processor time of all processes that have ended and were waited for."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _watch(process: subprocess.Popen, seen: dict[tuple, float]) -> None:
    """Keep the latest processor time of a process and its descendants until it ends."""
    while process.poll() is None:
        try:
            top = psutil.Process(process.pid)
            family = [top, *top.children(recursive=True)]
        except psutil.Error:
            family = []
        for member in family:
            _look(member, seen)
        time.sleep(0.02)


def _look(process: psutil.Process, seen: dict[tuple, float]) -> None:
    try:
        times = process.cpu_times()
        seen[process.pid, process.create_time()] = times.user + times.system
    except psutil.Error:
        pass


def ours(folder: Path, n_students: int, n_workers: int) -> Run:
    """Return what `gradcourse grade` takes, release and reference solution included."""
    made = make_class(folder, n_students)
    command = [sys.executable, "-m", "gradcourse", "grade", made.assignment]
    run, _ = measure([*command, "--workers", str(n_workers)], folder)
    with (folder / "reports" / made.assignment / "grades.csv").open() as table:
        _compare([row["auto_score"] for row in csv.DictReader(table)], n_students)
    return run


def nbgrader(folder: Path, n_students: int) -> Run:
    """Return what `nbgrader autograde` takes once the assignment is in its gradebook."""
    made = make_class(folder, n_students)
    config = 'c = get_config()\nc.CourseDirectory.source_directory = "solutions"\n'
    (folder / "nbgrader_config.py").write_text(config)
    env = {"PATH": _path(sys.executable), "GRADCOURSE_SEED": "1"}
    command = [sys.executable, "-m", "nbgrader"]
    measure([*command, "generate_assignment", made.assignment, "--force"], folder, **env)
    run, _ = measure([*command, "autograde", made.assignment, "--force"], folder, **env)
    with Gradebook(f"sqlite:///{folder}/gradebook.db") as gradebook:
        scores = {
            one["student"]: one["score"] for one in gradebook.submission_dicts(made.assignment)
        }
    _compare([scores[student] for student in sorted(scores)], n_students)
    return run


def otter(folder: Path, n_students: int, python: str) -> Run:
    """Return what otter takes without a container, all submissions in one process."""
    made = make_class(folder, n_students)
    archive = folder / "autograder.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("otter_config.json", json.dumps({"pdf": False}))
        for name, text in _otter_tests(made).items():
            file.writestr(f"tests/{name}.py", text)
    paths = map(str, sorted(folder.glob("submitted/*/*/*.ipynb")))
    env = {"PATH": _path(python), "PYTHONPATH": str(ROOT), "GRADCOURSE_SEED": "1"}
    run, printed = measure([python, "-c", OTTER, str(archive), *paths], folder, **env)
    _compare(printed.split(), n_students)
    return run


def _path(python: str) -> str:
    """Return PATH with a Python's own programs first."""
    return f"{Path(python).absolute().parent}{os.pathsep}{os.environ['PATH']}"


def _compare(scores: list, n_students: int) -> None:
    """Whoever graded wrongly, or not at all, does not count as fast."""
    wanted = [POINTS[number % len(POINTS)] for number in range(n_students)]
    if list(map(float, scores)) != wanted:
        raise SystemExit(f"The scores are {scores}, and should be {wanted}.")


def _otter_tests(made: Class) -> dict[str, str]:
    """Return otter's tests by name: each calls what nbgrader's hidden test calls."""
    tests = {}
    for cell in made.release.cells:
        if (graded := cell.metadata.get("nbgrader", {})).get("grade"):
            call = cell.source.strip().replace(".check(", ".report(")
            case = {"code": f">>> {call}\n", "hidden": False, "locked": False}
            suite = {
                "cases": [case],
                "scored": True,
                "setup": "",
                "teardown": "",
                "type": "doctest",
            }
            test = {"name": cell.id, "points": graded.points, "suites": [suite]}
            tests[cell.id.replace("-", "_")] = f"OK_FORMAT = True\ntest = {test!r}\n"
    return tests


def main() -> None:
    """Let everyone grade a class of two and the whole class; print what one submission costs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submissions", type=int, default=12, metavar="N")
    parser.add_argument(
        "--otter", metavar="PYTHON", help="a Python in which otter-grader is installed"
    )
    options = parser.parse_args()
    contestants = {
        "nbgrader autograde": nbgrader,
        "gradcourse, 1 worker": lambda *work: ours(*work, 1),
        "gradcourse, 2 workers": lambda *work: ours(*work, 2),
    }
    if options.otter:
        contestants["otter"] = lambda *work: otter(*work, options.otter)
    runs = {
        name: [_fresh(grade, n) for n in (SMALL, options.submissions)]
        for name, grade in contestants.items()
    }
    report(runs, options.submissions)


def _fresh(grade, n_students: int) -> Run:
    with tempfile.TemporaryDirectory(prefix="gradcourse-") as folder:
        return grade(Path(folder), n_students)


def report(runs: dict[str, list[Run]], n_students: int) -> None:
    """Print a line for each contestant; the ratios are to nbgrader."""
    print(f"{n_students} submissions        start-up included        each further one")
    print(f"{'':22}  CPU s   ratio  per min    CPU s   ratio  per min")
    base = None
    for name, (small, whole) in runs.items():
        further = n_students - SMALL
        costs = whole.cpu / n_students, (whole.cpu - small.cpu) / further
        base = base or costs
        paces = n_students / whole.wall * 60, further / (whole.wall - small.wall) * 60
        parts = [
            f"{cost:7.2f}{cost / first:7.2f}×{pace:8.1f}"
            for cost, first, pace in zip(costs, base, paces, strict=True)
        ]
        print(f"{name:22}{'  '.join(parts)}")


if __name__ == "__main__":
    main()
