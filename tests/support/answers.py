"""All questions of the course, and the wrong and right answers that the tests keep for them."""

from importlib import import_module

from gradcourse import checks

SETS = list(checks.exercise_sets())
QUESTIONS = list(checks.catalog().values())
WRONG = [entry for name in SETS for entry in import_module(f"wrong_answers.{name}").WRONG]
RIGHT = [entry for name in SETS for entry in import_module(f"right_answers.{name}").RIGHT]


def label(value):
    """A short id for pytest: a question's key, a function's name, or the value itself."""
    return getattr(value, "key", None) or getattr(value, "__name__", value)
