"""The command `gradcourse`: check your work, ask what is wrong with the set-up, grade a class."""

import argparse
import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path

GRADE_HELP = """
The course folder has nbgrader's layout:

  solutions/ASSIGNMENT/…            the source, with answers and hidden tests
  submitted/STUDENT/ASSIGNMENT/…    what was handed in

Written are nbgrader's gradebook, autograded/ for formgrader, feedback/STUDENT/ASSIGNMENT/ for
each student, reports/ASSIGNMENT/grades.csv and overview.html. What is missing (the release in
exercises/, the gradebook, nbgrader_config.py) is made. You can stop at any time with Ctrl-C and
start again: only what is new or changed is graded. Students' code runs in bubblewrap, without
network and without sight of anything but its own folder. See docs/instructor.md.
"""


def check(options: argparse.Namespace) -> int:
    """Run the checks of one's own notebook in a fresh kernel; print points and hints."""
    from gradcourse.checks.run import run_checks

    result = run_checks(options.notebook, options.timeout)
    if options.json:
        questions = [asdict(feedback) for feedback in result.questions]
        totals = {"points": result.points, "max_points": result.max_points}
        print(json.dumps(totals | {"questions": questions}, indent=2))
    else:
        print(*result.questions, sep="\n\n")
        print(f"\n{result.points:g} of {result.max_points:g} points in {options.notebook}")
    return 0 if result.questions and result.points == result.max_points else 1


def doctor(options: argparse.Namespace) -> int:
    """Examine Python, packages, kernel, widgets and write access."""
    from gradcourse.doctor import tell

    return tell()


def grade(options: argparse.Namespace) -> int:
    """Grade what a class has handed in: points, feedback pages, a table and an overview."""
    from gradcourse.grading.classroom import grade as grade_class

    settings = vars(options).copy()
    for name in ("command", "assignment", "course"):
        settings.pop(name)
    records = grade_class(options.assignment, options.course, **settings)
    counts = Counter(record.status for record in records)
    parts = [f"{counts[status]} {status}" for status in sorted(counts)]
    print(", ".join(parts) or f"Nobody has handed in {options.assignment} yet.")
    reports = Path(options.course, "reports", options.assignment)
    print(f"grades: {reports / 'grades.csv'}\noverview: {reports / 'overview.html'}")
    return 0


def _check_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("notebook", help="exercises/NN_name/NN_name.ipynb")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.add_argument(
        "--timeout", type=int, default=120, metavar="S", help="seconds a cell may take (120)"
    )


def _grade_options(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class, parser.epilog = argparse.RawDescriptionHelpFormatter, GRADE_HELP
    add = parser.add_argument
    add("assignment", help="the name of a folder in solutions/")
    add("--course", default=".", metavar="DIR", help="the course folder (this folder)")
    add("--scheduler", metavar="ADDRESS", help="a Dask scheduler, such as tcp://host:8786")
    add("--workers", type=int, metavar="N", help="submissions at once here (one per processor)")
    add("--seed", type=int, default=1, metavar="N", help="hidden inputs; change it each term (1)")
    add("--timeout", type=int, default=30, metavar="S", help="seconds a cell may take (30)")
    add("--gradebook", metavar="URL", help="a database, such as postgresql://… (gradebook.db)")
    add("--again", action="store_true", help="grade everyone, not only what is new or changed")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; each command's docstring is its help."""
    parser = argparse.ArgumentParser(prog="gradcourse", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    options = {check: _check_options, grade: _grade_options, doctor: lambda parser: None}
    for command, add_options in options.items():
        help_text = command.__doc__
        sub = commands.add_parser(command.__name__, help=help_text, description=help_text)
        sub.set_defaults(command=command)
        add_options(sub)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the command; a mistake of the user's is answered in one sentence."""
    options = build_parser().parse_args(arguments)
    try:
        return options.command(options)
    except (OSError, ValueError, RuntimeError) as error:
        print(f"gradcourse: {error}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        remedy = "pip install -r requirements-dev.txt brings what grading a class needs"
        print(f"gradcourse: {error}; {remedy}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("gradcourse: interrupted; the same command goes on from here.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
