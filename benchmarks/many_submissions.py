"""Grade a large class twice: on several workers, watching their memory, and one after the other.

    export PYTHONPATH=tools:tests:tests/support
    python benchmarks/many_submissions.py [--submissions 300] [--workers 2]

Printed are the pace, whether every score is right, the memory of the workers in the first and in
the last third of the run, and whether the gradebook equals that of a sequential run.
"""

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median

import psutil
from classes import Class
from distributed import default_client

from gradcourse.grading.classroom import grade
from gradcourse.grading.nbgrader_api import open_gradebook

WRONG_STEP = "def one_step(theta, gradient, learning_rate):\n    return theta"
WRONG_RATE = "def largest_rate(hessian):\n    return 0.1"
KINDS = [{}, {"one_step": WRONG_STEP}, {"one_step": WRONG_STEP, "largest_rate": WRONG_RATE}]


def make_class(folder: Path, n_students: int) -> tuple[Class, dict[str, float]]:
    """Return a course folder and what everyone in it should earn: 10, 9 or 8 points."""
    work, wanted = Class(folder), {}
    for number in range(n_students):
        student = f"student-{number:04}"
        work.hand_in(student, work.honest(**KINDS[number % 3]))
        wanted[student] = 10.0 - number % 3
    return work, wanted


def run(work: Class, n_workers: int) -> tuple[dict[str, float], float, list[int]]:
    """Return everyone's points, seconds, and the workers' memory in MiB after each result."""
    sizes = []

    def look(line: str) -> None:
        if line.startswith("["):
            sizes.append(sum(default_client().run(size_here).values()) >> 20)

    start = time.perf_counter()
    records = grade(work.assignment, work.folder, workers=n_workers, say=look)
    seconds = time.perf_counter() - start
    return {record.student: record.points for record in records}, seconds, sizes


def size_here() -> int:
    """Return the memory of this process in bytes."""
    return psutil.Process().memory_info().rss


def scores(work: Class) -> dict[tuple[str, str], float]:
    """Return every automatic score in the gradebook."""
    with open_gradebook(f"sqlite:///{work.folder}/gradebook.db") as gradebook:
        submissions = gradebook.find_assignment(work.assignment).submissions
        return {
            (one.student_id, cell.name): cell.auto_score
            for one in submissions
            for notebook in one.notebooks
            for cell in notebook.grades
        }


def main() -> None:
    """Run both ways and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--submissions", type=int, default=300)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        work, wanted = make_class(Path(one), options.submissions)
        points, seconds, sizes = run(work, options.workers)
        third = len(sizes) // 3
        first, last = median(sizes[:third]), median(sizes[-third:])
        right = sum(points[student] == wanted[student] for student in wanted)
        print(
            f"{options.workers} workers: {right} of {len(wanted)} scores right, {seconds:.0f} s, "
            f"{60 * len(wanted) / seconds:.0f} a minute"
        )
        print(f"workers' memory: {first:.0f} MiB in the first third, {last:.0f} in the last")
        sequential, _ = make_class(Path(other), options.submissions)
        _, seconds, _ = run(sequential, 1)
        print(
            f"1 worker: {seconds:.0f} s, {60 * len(wanted) / seconds:.0f} a minute; "
            f"gradebooks equal: {scores(work) == scores(sequential)}"
        )


if __name__ == "__main__":
    main()
