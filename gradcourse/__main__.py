"""The command `gradcourse`: check your own work, or ask what is wrong with the set-up."""

import argparse
import json
import sys
from dataclasses import asdict


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
    from gradcourse.doctor import report

    return report()


def build_parser() -> argparse.ArgumentParser:
    """Return the parser; each command's docstring is its help."""
    parser = argparse.ArgumentParser(prog="gradcourse", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (check, doctor):
        help_text = command.__doc__
        sub = commands.add_parser(command.__name__, help=help_text, description=help_text)
        sub.set_defaults(command=command)
        if command is check:
            sub.add_argument("notebook", help="exercises/NN_name/NN_name.ipynb")
            sub.add_argument("--json", action="store_true", help="print everything as JSON")
            sub.add_argument(
                "--timeout", type=int, default=120, metavar="S", help="seconds a cell may take"
            )
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Run the command; a mistake of the user's is answered in one sentence."""
    options = build_parser().parse_args(arguments)
    try:
        return options.command(options)
    except (OSError, ValueError) as error:
        print(f"gradcourse: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("gradcourse: interrupted; nothing was changed.", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
