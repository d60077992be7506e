"""How a check works: collect what a function returns, judge the numbers apart from it.

A check never reads a learner's code. It calls the function on a list of cases (awkward ones too)
and keeps what came back as plain numbers: that is `collect`. What the numbers mean is decided by
`judge`, which never sees the function, so it can run in another process, out of reach.

A known mistake is described by a wrong function of its own. If a learner's numbers are the ones
that the wrong function gives on every case, the mistake has a name, and the learner reads it.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from IPython.display import display

from gradcourse import progress
from gradcourse.checks.reports import report, seed
from gradcourse.checks.values import as_array, close, describe, plain
from gradcourse.feedback import Feedback


@dataclass(frozen=True)
class Case:
    """One call: the arguments, and what is special about them ("whole numbers", "a batch of one").

    `hint` is what to tell a learner whose function fails at this kind of input only.
    """

    args: tuple
    label: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Mistake:
    """A known mistake: its name, a function that makes it, and what to tell who made it."""

    name: str
    wrong: Callable
    hint: str


@dataclass(frozen=True)
class Question:
    """A function a learner is asked to write, and how its answers are judged.

    Parameters:
        key : "01.mse" – exercise set and name of the asked function
        right : callable – a right answer; None once the question is sealed
        cases : callable – rng → list of Case; another seed gives other numbers
        mistakes : known mistakes; the first that fits is named
        lesson : where to read, "[text](../../lessons/….ipynb#Section)"
        points : what a right answer earns
        tolerance : the largest relative error that counts as right
        probe : callable – (function, *args) → what is compared; by default function(*args)

    Example:
        >>> double = Question("00.double", lambda x: 2 * x, lambda rng: [Case((rng.normal(),))])
        >>> double.examine(lambda x: -2 * x).hint
        'The sign is flipped.'
    """

    key: str
    right: Callable | None
    cases: Callable[[np.random.Generator], list[Case]]
    mistakes: tuple[Mistake, ...] = ()
    lesson: str = ""
    points: float = 1.0
    tolerance: float = 1e-9
    probe: Callable = lambda function, *args: function(*args)

    def check(self, function: Callable) -> None:
        """Examine a function, show what was found, remember the points."""
        if self.right is None:  # sealed: the grader judges
            return
        feedback = self.examine(function)
        display(feedback)
        if feedback.ok is not None:
            progress.record("points", self.key, feedback.points)

    def examine(self, function: Callable, seed: int = 0) -> Feedback:
        """Return what there is to say about a function; nothing is shown or remembered."""
        return self.judge(self.collect(function, seed), seed)

    def report(self, function: Callable) -> None:
        """In a hidden test: report what a function does at this term's hidden inputs.

        Where no sandbox took the answer away, it is judged at once: a wrong one raises an error.
        """
        outcomes = self.collect(function, seed())
        report(**{self.key: outcomes})
        if self.right is not None and not (feedback := self.judge(outcomes, seed())).ok:
            raise AssertionError(feedback.headline)

    def sealed(self, seed: int) -> "Question":
        """Return the question without its answer: the inputs of one seed, nothing else."""
        cases = self.cases(np.random.default_rng(seed))
        return replace(self, right=None, mistakes=(), lesson="", cases=partial(_always, cases))

    def collect(self, function: Callable, seed: int = 0) -> list[dict]:
        """Return what the function does at each case, as plain values fit for JSON."""
        return [self._outcome(function, case) for case in self.cases(np.random.default_rng(seed))]

    def judge(self, outcomes: list[dict], seed: int = 0) -> Feedback:
        """Compare collected outcomes with the right ones and name what went wrong."""
        cases = self.cases(np.random.default_rng(seed))
        wanted = [self._outcome(self.right, case) for case in cases]
        good = [self._agree(*pair) for pair in zip(outcomes, wanted, strict=True)]
        if all(good):
            return self._feedback(True, f"Right in all {len(cases)} cases.", points=self.points)
        first = good.index(False)
        if outcomes[first].get("error", "").startswith("NotImplementedError"):
            return self._feedback(None, "Not attempted yet: write the function, run its cell.")
        return self._feedback(
            False,
            _headline(outcomes[first], cases[first], sum(good), len(cases)),
            expected=describe(wanted[first]["value"]),
            got=outcomes[first].get("error") or describe(outcomes[first]["value"]),
            hint=self._likely_cause(outcomes, wanted, good, cases),
        )

    def _feedback(self, ok: bool | None, headline: str, points: float = 0.0, **details: str):
        name, lesson = self.key.partition(".")[2], "" if ok else self.lesson
        return Feedback(
            name, ok, headline, lesson=lesson, points=points, max_points=self.points, **details
        )

    def _outcome(self, function: Callable, case: Case) -> dict:
        """Call the function on copies of the arguments; report value, error, changed input."""
        args = copy.deepcopy(case.args)
        try:
            with np.errstate(all="ignore"):
                value = plain(self.probe(function, *args))
        except Exception as error:  # a learner's function may fail in any way
            return {"error": f"{type(error).__name__}: {error}"[:300], "value": None}
        before, after = plain(case.args), plain(args)
        # NaN differs from itself, but its name does not
        return {"value": value, "changed": before != after and repr(before) != repr(after)}

    def _agree(self, got: dict, wanted: dict) -> bool:
        if "error" in got or got["changed"]:
            return False
        return close(got["value"], wanted["value"], self.tolerance)

    def _likely_cause(self, outcomes: list, wanted: list, good: list, cases: list[Case]) -> str:
        """Return the hint of the first thing that explains all outcomes."""
        values = [outcome["value"] for outcome in outcomes]
        for mistake in self.mistakes:
            made = [self._outcome(mistake.wrong, case) for case in cases]
            if all(map(self._same_mistake, outcomes, made)):
                return f"{mistake.name[0].upper()}{mistake.name[1:]}: {mistake.hint}"
        if any(outcome.get("changed") for outcome in outcomes):
            return "Changed its input: work on a copy, or build a new array."
        failed = [case for case, ok in zip(cases, good, strict=True) if not ok]
        if len(failed) < len(cases) and failed[0].hint:
            return failed[0].hint
        if any("error" in outcome for outcome in outcomes):
            return ""  # the error itself is shown, and says more
        return general_cause(values, [want["value"] for want in wanted])

    def _same_mistake(self, got: dict, made: dict) -> bool:
        """Whether an outcome is what the mistake gives: the same kind of error, or the value."""
        if "error" in made or "error" in got:
            return got.get("error", "").split(":")[0] == made.get("error", "").split(":")[0]
        return got["changed"] == made["changed"] and close(
            got["value"], made["value"], self.tolerance
        )


def _always(cases: list[Case], rng: np.random.Generator) -> list[Case]:
    return cases


def section_link(notebook: str, section: str) -> str:
    """Return the link from an exercise to a section of a lesson.

    Example:
        >>> section_link("03_gradient_descent", "The update rule")
        '[lesson 03, The update rule](../../lessons/03_gradient_descent.ipynb#The-update-rule)'
    """
    anchor = section.replace(" ", "-")
    return f"[lesson {notebook[:2]}, {section}](../../lessons/{notebook}.ipynb#{anchor})"


def general_cause(got: list, wanted: list) -> str:
    """Return what can be said of any question: nothing returned, a shape, a sign, a factor."""
    if any(value is None for value in got):
        return "" if any(got) else "Nothing was returned: end the function with `return ...`."
    pairs = [(as_array(g), as_array(w)) for g, w in zip(got, wanted, strict=True)]
    if any(g is None and w is not None for g, w in pairs):
        return "The function should return numbers."
    if any(w is None for _, w in pairs):
        return ""
    for g, w in pairs:
        if g.shape != w.shape:
            return (
                f"The shape is {g.shape or 'a single number'}, expected {w.shape or 'one number'}."
            )
    g, w = (np.concatenate([pair[i].ravel() for pair in pairs]) for i in (0, 1))
    return _sign_or_factor(g, w)


def _sign_or_factor(got: np.ndarray, wanted: np.ndarray) -> str:
    if not np.isfinite(got).all() and np.isfinite(wanted).all():
        return (
            "NaN or infinity appears where a number is expected: a division by zero, an overflow?"
        )
    if not got.any():
        return "Everything returned is zero."
    if np.allclose(got, -wanted, rtol=1e-6):
        return "The sign is flipped."
    factor = float(got @ wanted / max(wanted @ wanted, 1e-300))
    if got.size > 1 and np.allclose(got, factor * wanted, rtol=1e-6):
        return f"Every value is {factor:.4g} times the right one: a factor is missing or too many."
    return ""


def _headline(outcome: dict, case: Case, n_right: int, n_cases: int) -> str:
    where = f" for {case.label}" if case.label else ""
    if "error" in outcome:
        what = f"Stops with an error{where}"
    elif outcome["changed"]:
        what = f"Changes its own input{where}"
    else:
        what = f"Gives another value than expected{where}"
    return f"{what}; right in {n_right} of {n_cases} cases."
