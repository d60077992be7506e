"""How a check works: collect what a function returns, judge the numbers apart from it.

A check never reads a learner's code. It calls the function on a list of cases (awkward ones too)
and keeps what came back as plain numbers: that is `collect`. What the numbers mean is decided by
`judge`, which never sees the function, so it can run in another process, out of reach.

A question is its right answer, a function with options: each option switched on makes a known
mistake. If a learner's numbers are those of a mistake on every case, it has a name, and the
learner reads it. The first mistake that fits is named, so they stand in the order they are tried.
"""

import copy
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from functools import partial
from inspect import Parameter, signature
from typing import Any

import numpy as np
from IPython.display import display

from gradcourse import progress
from gradcourse.checks.causes import Attempt, likely_cause
from gradcourse.checks.reports import publish, seed
from gradcourse.checks.values import Outcome, close, describe, plain
from gradcourse.feedback import Feedback

Function = Callable[..., Any]  # a learner's, a right or a wrong one: it may return anything


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
    wrong: Function
    hint: str


def call(function: Function, *args: Any) -> Any:
    """Return what a function gives: the plain way to try an answer."""
    return function(*args)


def withheld(*args: Any) -> None:
    """Stand for the right answer of a sealed question: there is none."""
    raise RuntimeError("The right answer stays with the grader.")


@dataclass(eq=False)
class Question:
    """A function a learner is asked to write, and how its answers are judged.

    Parameters:
        key : "01.mse" – exercise set and name of the asked function
        right : callable – a right answer, options for its mistakes included
        cases : callable – rng → list of Case; another seed gives other numbers
        lesson : where to read, "[text](../../lessons/….ipynb#Section)"
        points : what a right answer earns
        tolerance : the largest relative error that counts as right
        probe : callable – (function, *args) → what is compared; by default function(*args)
        mistakes : known mistakes, added by `mistake`; the first that fits is named

    Example:
        >>> double = Question("00.double", lambda x: 2 * x, lambda rng: [Case((rng.normal(),))])
        >>> double.mistake("took the square", "to double is to add x to itself.", by=np.square)
        >>> double.examine(lambda x: x * x).hint
        'Took the square: to double is to add x to itself.'
    """

    key: str
    right: Function
    cases: Callable[[np.random.Generator], list[Case]]
    lesson: str = ""
    points: float = 1.0
    tolerance: float = 1e-9
    probe: Function = call
    mistakes: tuple[Mistake, ...] = ()
    _known: dict[Hashable, list[Outcome]] = field(default_factory=dict, init=False, repr=False)

    def mistake(self, name: str, hint: str, by: Function | None = None, **options: Any) -> None:
        """Add a known mistake: the right answer with these options, or a function of its own.

        Parameters: name, hint – together the sentence a learner reads, "Name: hint"
                    by         – a function that makes the mistake, where no option does
        """
        if (by is None) == (not options) or not callable(by or self.right):
            raise ValueError(f"{name!r} needs options of the right answer, or by=a function.")
        if by is None:
            _refuse_unknown(options, self.right, self.key)
        self.mistakes += (Mistake(name, by or partial(self.right, **options), hint),)

    def check(self, function: Function) -> None:
        """Examine a function, show what was found, remember the points."""
        if self.is_sealed:
            return  # the grader judges
        feedback = self.examine(function)
        display(feedback)
        if feedback.ok is not None:
            progress.record("points", self.key, feedback.points)

    def examine(self, function: Function, seed: int = 0) -> Feedback:
        """Return what there is to say about a function; nothing is shown or remembered."""
        return self.judge(self.collect(function, seed), seed)

    def report(self, function: Function) -> None:
        """In a hidden test: report what a function does at this term's hidden inputs.

        Where no sandbox took the answer away, it is judged at once: a wrong one raises an error.
        """
        outcomes = self.collect(function, seed())
        publish({self.key: [outcome.to_json() for outcome in outcomes]})
        if not self.is_sealed and not (feedback := self.judge(outcomes, seed())).ok:
            raise AssertionError(feedback.headline)

    @property
    def is_sealed(self) -> bool:
        """Whether the answer was taken away."""
        return self.right is withheld

    def sealed(self, seed: int) -> "Question":
        """Return the question without its answer: the inputs of one seed, nothing else."""
        fixed = partial(_always, self.cases(np.random.default_rng(seed)))
        return replace(self, right=withheld, mistakes=(), lesson="", cases=fixed)

    def collect(self, function: Function, seed: int = 0) -> list[Outcome]:
        """Return what the function does at each case."""
        return [self._outcome(function, case) for case in self.cases(np.random.default_rng(seed))]

    def judge(self, outcomes: list[Outcome], seed: int = 0) -> Feedback:
        """Compare collected outcomes with the right ones and name what went wrong."""
        cases = self.cases(np.random.default_rng(seed))
        wanted = self._outcomes_of(self.right, seed)
        good = [self._agree(*pair) for pair in zip(outcomes, wanted, strict=True)]
        if all(good):
            return self._feedback(True, f"Right in all {len(cases)} cases.", points=self.points)
        first = good.index(False)
        if outcomes[first].error.startswith("NotImplementedError"):
            return self._feedback(None, "Not attempted yet: write the function, run its cell.")
        attempt = Attempt(outcomes, wanted, good, [case.hint for case in cases])
        return self._feedback(
            False,
            _headline(outcomes[first], cases[first], sum(good), len(cases)),
            expected=describe(wanted[first].value),
            got=outcomes[first].error or describe(outcomes[first].value),
            hint=self._named_mistake(outcomes, seed) or likely_cause(attempt),
        )

    def _feedback(
        self, ok: bool | None, headline: str, points: float = 0.0, **details: str
    ) -> Feedback:
        name = self.key.partition(".")[2]
        lesson = "" if ok else self.lesson
        return Feedback(
            name, ok, headline, lesson=lesson, points=points, max_points=self.points, **details
        )

    def _outcomes_of(self, own: Function, seed: int) -> list[Outcome]:
        """Return what one of the question's own functions gives; each is asked once a seed."""
        if (own, seed) not in self._known:
            self._known[own, seed] = self.collect(own, seed)
        return self._known[own, seed]

    def _outcome(self, function: Function, case: Case) -> Outcome:
        """Call the function on copies of the arguments; report value, error, changed input."""
        args = copy.deepcopy(case.args)
        try:
            with np.errstate(all="ignore"):
                value = plain(self.probe(function, *args))
        except Exception as error:  # a learner's function may fail in any way
            return Outcome(error=f"{type(error).__name__}: {error}"[:300])
        before, after = plain(case.args), plain(args)
        # NaN differs from itself, but its name does not
        return Outcome(value, before != after and repr(before) != repr(after))

    def _agree(self, got: Outcome, wanted: Outcome) -> bool:
        if got.error or got.changed:
            return False
        return close(got.value, wanted.value, self.tolerance)

    def _named_mistake(self, outcomes: list[Outcome], seed: int) -> str:
        """Return the first mistake that explains all outcomes, as the sentence a learner reads."""
        for mistake in self.mistakes:
            made = self._outcomes_of(mistake.wrong, seed)
            if all(map(self._same_mistake, outcomes, made)):
                return f"{mistake.name[0].upper()}{mistake.name[1:]}: {mistake.hint}"
        return ""

    def _same_mistake(self, got: Outcome, made: Outcome) -> bool:
        """Whether an outcome is what the mistake gives: the same kind of error, or the value."""
        if made.error or got.error:
            return got.error.split(":")[0] == made.error.split(":")[0]
        return got.changed == made.changed and close(got.value, made.value, self.tolerance)


def question(
    notebook: str,
    section: str,
    cases: Callable[[np.random.Generator], list[Case]],
    *,
    points: float = 1.0,
    tolerance: float = 1e-9,
    probe: Function = call,
) -> Callable[[Function], Question]:
    """Turn a right answer into the question that asks for it; the function's name is the name.

    Parameters: notebook, section – the lesson to read, "03_gradient_descent", and its heading
                the rest          – as for `Question`

    Example:
        >>> @question("00_start_here", "Doubling", lambda rng: [Case((rng.normal(),))])
        ... def double(x, twice=2):
        ...     return twice * x
        >>> double.mistake("tripled", "three are too many.", twice=3)
        >>> double.key, double.examine(lambda x: x + x + x).hint
        ('00.double', 'Tripled: three are too many.')
    """

    def ask(right: Function) -> Question:
        key = f"{notebook[:2]}.{right.__name__}"
        lesson = section_link(notebook, section)
        return Question(key, right, cases, lesson, points, tolerance, probe)

    return ask


def section_link(notebook: str, section: str) -> str:
    """Return the link from an exercise to a section of a lesson.

    Example:
        >>> section_link("03_gradient_descent", "The update rule")
        '[lesson 03, The update rule](../../lessons/03_gradient_descent.ipynb#The-update-rule)'
    """
    anchor = section.replace(" ", "-")
    return f"[lesson {notebook[:2]}, {section}](../../lessons/{notebook}.ipynb#{anchor})"


def _refuse_unknown(options: dict[str, Any], right: Function, key: str) -> None:
    parameters = signature(right).parameters
    if any(parameter.kind is Parameter.VAR_KEYWORD for parameter in parameters.values()):
        return  # it hands them on
    for option in options:
        if option not in parameters:
            raise ValueError(f"The right answer of {key} has no option {option!r}.")


def _always(cases: list[Case], rng: np.random.Generator) -> list[Case]:
    return cases


def _headline(outcome: Outcome, case: Case, n_right: int, n_cases: int) -> str:
    where = f" for {case.label}" if case.label else ""
    if outcome.error:
        what = f"Stops with an error{where}"
    elif outcome.changed:
        what = f"Changes its own input{where}"
    else:
        what = f"Gives another value than expected{where}"
    return f"{what}; right in {n_right} of {n_cases} cases."
