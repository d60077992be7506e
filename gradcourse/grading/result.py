"""What grading one submission gives: a value that travels between machines and is kept as JSON."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from gradcourse.feedback import Feedback

STATUSES = ("graded", "needs a person", "refused")
WAITING = "An answer is to be read by a person."


@dataclass(frozen=True)
class Answer:
    """What one graded cell earned.

    Parameters: notebook, cell – the notebook's name and the cell's nbgrader id
                points         – earned, or None while a person has to decide
                max_points     – what can be earned
                feedback       – what the student reads, None for a cell that a person reads
                given          – what a person gave, in the place of `points`
    """

    notebook: str
    cell: str
    points: float | None
    max_points: float
    feedback: Feedback | None = None
    given: float | None = None

    @property
    def counts(self) -> float | None:
        """The points that count: a person's, else ours; None if nobody has decided."""
        return self.points if self.given is None else self.given


@dataclass(frozen=True)
class Result:
    """The result of one submission.

    Parameters: student   – the name of the folder it was handed in in
                status    – one of STATUSES
                reason    – one sentence that says why it is not simply graded, or ""
                answers   – one Answer per graded cell, in the notebook's order
                notes     – sentences about what was put right on the way in
                when      – time of grading, ISO, UTC
                fingerprint – of everything the result depends on
                earlier   – earlier results as dictionaries, the newest last
    """

    student: str
    status: str
    reason: str = ""
    answers: tuple[Answer, ...] = ()
    notes: tuple[str, ...] = ()
    when: str = ""
    fingerprint: str = ""
    earlier: tuple[dict[str, Any], ...] = ()

    @property
    def points(self) -> float:
        """The points earned so far."""
        return sum(answer.counts or 0.0 for answer in self.answers)

    @property
    def max_points(self) -> float:
        """The points that can be earned."""
        return sum(answer.max_points for answer in self.answers)

    @property
    def is_waiting(self) -> bool:
        """Whether an answer has no points until a person reads it."""
        return any(answer.points is None for answer in self.answers)

    def with_given(self, given: dict[tuple[str, str], float], waiting: bool) -> "Result":
        """Return the result with a person's points, by notebook and cell, in it."""
        answers = (replace(a, given=given.get((a.notebook, a.cell))) for a in self.answers)
        result = replace(self, answers=tuple(answers))
        if self.reason in ("", WAITING) and self.status != "refused":
            status, reason = ("needs a person", WAITING) if waiting else ("graded", "")
            result = replace(result, status=status, reason=reason)
        return result

    def after(self, before: "Result | None") -> "Result":
        """Return the result that remembers the earlier ones; a refused file takes nothing away."""
        if before is None:
            return self
        result = replace(self, earlier=(*before.earlier, before._summary()))
        if self.status == "refused" and before.answers:
            reason = f"{self.reason} The result of {before.when} stands."
            result = replace(result, reason=reason, answers=before.answers)
        return result

    def _summary(self) -> dict[str, Any]:
        return {
            "when": self.when,
            "status": self.status,
            "points": self.points,
            "max_points": self.max_points,
            "answers": [{"cell": a.cell, "points": a.points} for a in self.answers],
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain values fit for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> "Result":
        """Return the result that `to_dict` wrote down.

        Example:
            >>> result = Result("ada", "graded", answers=(Answer("01", "mse-check", 2.0, 2.0),))
            >>> Result.from_dict(result.to_dict()) == result
            True
        """
        answers = tuple(_answer(**answer) for answer in fields["answers"])
        lists = {name: tuple(fields[name]) for name in ("notes", "earlier")}
        return cls(**{**fields, **lists, "answers": answers})


def _answer(feedback: dict[str, Any] | None, **fields: Any) -> Answer:
    return Answer(**fields, feedback=Feedback(**feedback) if feedback else None)
