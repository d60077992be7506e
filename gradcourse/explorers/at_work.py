"""The explorer of lesson 10: six tasks, one idea. Choose one and follow its gradient."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice

import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike

from gradcourse import style
from gradcourse.datasets import digits
from gradcourse.descent import steps
from gradcourse.explorers.kit.base import Explorer
from gradcourse.explorers.kit.controls import Control, Value, log_slider, menu, whole_slider
from gradcourse.explorers.kit.panels import dotted, line, panels
from gradcourse.explorers.kit.words import held, sentence_case, short
from gradcourse.nn import RELU, Linear, Network, fit, softmax
from gradcourse.optimizers import Adam, GradientDescent

N_STEPS = 100
LENGTH = 12  # how long the recurrence has to remember
LOSSES = (1e-5, 30.0)  # what the right panel shows
EDGE = np.array([1, 0, -1, 2, 0, -2, 1, 0, -1]) / 4  # the filter that finds upright edges

Curve = tuple[ArrayLike, ArrayLike]  # x and y


@dataclass(frozen=True, eq=False)
class Problem:
    """What is to be learned: where to begin, the gradient, the loss, and what is seen of it.

    Fields:
        look : (theta, the losses so far) → what has been learned, as a curve
        true : what should be learned
        rival : what to compare with, where it has to be learned as well, at the same rate
    """

    start: np.ndarray
    gradient: Callable[[np.ndarray], np.ndarray]
    loss: Callable[[np.ndarray], float]
    look: Callable[[np.ndarray, list[float]], Curve]
    true: Curve = ((), ())
    rival: "Problem | None" = None


@dataclass(frozen=True, eq=False)
class Run:
    """The losses (N_STEPS + 1,), what is seen at each step, and what is true."""

    losses: np.ndarray
    seen: list[Curve]
    true: Curve


@dataclass(frozen=True)
class Task:
    """A problem and how it is shown: the left panel, the word for the loss, and the goal."""

    problem: Callable[[np.random.Generator], Problem]
    title: str
    xlabel: str
    ylabel: str
    xlim: tuple[float, float]
    ylim: tuple[float, float]
    measure: str
    goal: float
    marks: tuple[str, str] = ("-", "o-")  # of what is true, and of what is learned


@dataclass(frozen=True, eq=False)
class AtStep:
    """A run, and the step that is shown."""

    name: str
    step: int
    run: Run

    @property
    def task(self) -> Task:
        """The task that is learned."""
        return TASKS[self.name]

    @property
    def loss(self) -> float:
        """The loss at this step."""
        return float(self.run.losses[self.step])

    @property
    def is_home(self) -> bool:
        """Whether the goal is reached at this step."""
        return self.loss <= self.task.goal


class AtWorkExplorer(Explorer[AtStep]):
    """Six uses of one gradient descent (lesson 10)."""

    size = (820, 360)
    alt = (
        "Left what the chosen task has learned so far, in gray what it should. Right its loss at "
        "each step on a log scale, and the goal as a dotted line."
    )
    target = "bring four of the six tasks to their goal."
    wins_needed, wins_by = 4, "task"

    def make_controls(self) -> dict[str, Control]:
        return {
            "task": menu("task", "convolution", TASKS),
            "learning_rate": log_slider("learning rate η", 0.05, 0.01, 10.0),
            "steps": whole_slider("steps", N_STEPS, 0, N_STEPS),
            "seed": whole_slider("data (seed)", 0, 0, 20),
        }

    def build(self, figure: Figure) -> dict[str, Artist]:
        left, right = panels(
            figure, learned=(0.085, 0.14, 0.41, 0.77), loss=(0.605, 0.14, 0.38, 0.77)
        )
        self.left = left
        self.title = left.set_title("")
        right.set(xlabel="step", ylabel="loss (log scale)", xlim=(0, N_STEPS))
        right.set_title("The loss and the goal (dotted)")
        style.log_axis(right, "y")
        right.set_ylim(LOSSES)
        return {
            "true": line(left, "o-", color=style.MUTED, lw=1, ms=4, alpha=0.6),
            "learned": line(left, "o-", color=style.UPHILL, lw=1.4, ms=5),
            "goal": dotted(right),
            "loss": line(right, color=style.INK),
            "now": line(right, "o", color=style.UPHILL, mec="white", ms=7),
        }

    def compute(self, task: str, learning_rate: float, steps: int, seed: int) -> AtStep:
        return AtStep(task, steps, run(task, learning_rate, seed))

    def draw(self, result: AtStep) -> None:
        self._name_panel(result.name)
        losses = held(result.run.losses, *LOSSES)
        self.move(
            true=result.run.true,
            learned=result.run.seen[result.step],
            goal=([0, N_STEPS], result.task.goal),
            loss=(np.arange(N_STEPS + 1), losses),
            now=(result.step, losses[result.step]),
        )

    def _name_panel(self, name: str) -> None:
        """Name the left panel after its task."""
        if self.still == name:
            return
        task = TASKS[name]
        self.left.set(xlabel=task.xlabel, ylabel=task.ylabel)
        self.left.set(xlim=task.xlim, ylim=task.ylim)
        self.title.set_text(task.title)
        for artist, marks in zip(("true", "learned"), task.marks, strict=True):
            marker = "o" if "o" in marks else ""
            self.artists[artist].set(marker=marker, linestyle=marks.replace("o", ""))
        self.still = name

    def describe(self, result: AtStep) -> str:
        task = result.task
        verdict = "reached" if result.is_home else "not reached"
        return (
            f"{sentence_case(result.name)}, step {result.step}: {task.measure} "
            f"{short(result.loss)}; the goal, {task.goal:g}, is {verdict}."
        )

    def reached(self, result: AtStep, values: Mapping[str, Value]) -> bool:
        """Whether this task has come to its goal; four such tasks are wanted."""
        return result.is_home


@lru_cache(maxsize=64)
def run(task: str, rate: float, seed: int) -> Run:
    """Learn a task from the data of this seed."""
    with np.errstate(all="ignore"):  # a rate that is too large overflows
        return learn(TASKS[task].problem(np.random.default_rng(seed)), rate)


def learn(problem: Problem, rate: float) -> Run:
    """Descend for N_STEPS steps: the one loop of all six tasks."""
    losses: list[float] = []
    seen: list[Curve] = []
    way = steps(problem.gradient, problem.start, GradientDescent(rate))
    for theta, _, _ in islice(way, N_STEPS + 1):
        losses.append(problem.loss(theta))
        seen.append(problem.look(theta, losses))
    true = learn(problem.rival, rate).seen[-1] if problem.rival else problem.true
    return Run(np.array(losses), seen, true)


def convolution(rng: np.random.Generator) -> Problem:
    """Find a filter of nine weights from images and what the filter makes of them."""
    X, _ = digits()
    images = X[rng.permutation(len(X))[:60]].reshape(-1, 8, 8)
    rows = sliding_window_view(images, (3, 3), (1, 2)).reshape(-1, 9)
    y = rows @ EDGE + 0.01 * rng.standard_normal(len(rows))
    H = 2 * rows.T @ rows / len(rows)
    b = 2 * rows.T @ y / len(rows)
    offset = np.mean(y**2)
    number = np.arange(1, 10)
    return Problem(
        start=np.zeros(9),
        gradient=lambda w: H @ w - b,
        loss=lambda w: 0.5 * w @ H @ w - b @ w + offset,
        look=lambda w, _: (number, w),
        true=(number, EDGE),
    )


def recurrence(rng: np.random.Generator) -> Problem:
    """Remember the first of LENGTH numbers: h ← tanh(w h + u x), at the end v h."""
    x = rng.choice([-1.0, 1.0], (LENGTH, 32))
    x[1:] *= 0.1

    @lru_cache(maxsize=1)  # loss, gradient and look ask for the same theta
    def unrolled(w: float, u: float, v: float) -> tuple[float, np.ndarray, np.ndarray]:
        return _through_time(x, w, u, v)

    def look(theta: np.ndarray, _: list[float]) -> Curve:
        reach = unrolled(*theta.tolist())[2]
        return np.arange(LENGTH), reach / max(reach)

    return Problem(
        start=np.array([0.7, 0.5, 0.5]),
        gradient=lambda theta: unrolled(*theta.tolist())[1],
        loss=lambda theta: unrolled(*theta.tolist())[0],
        look=look,
    )


def _through_time(
    x: np.ndarray, w: float, u: float, v: float
) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the loss, its gradient, and how much the loss changes along each moment's state."""
    h = [np.zeros(32)]
    for x_t in x:
        h.append(np.tanh(w * h[-1] + u * x_t))
    error = v * h[-1] - x[0]
    slope = 2 * error * v / 32
    grad = np.array([0, 0, 2 * np.mean(error * h[-1])])
    reach = []
    for t in range(LENGTH, 0, -1):
        reach.append(np.abs(slope).sum())
        inner = slope * (1 - h[t] ** 2)
        grad += inner @ h[t - 1], inner @ x[t - 1], 0
        slope = inner * w
    return float(np.mean(error**2)), grad, np.array(reach)


def policy(rng: np.random.Generator) -> Problem:
    """Find the best of five levers by pulling them: the gradient is estimated from rewards."""
    payoff = rng.permutation(np.linspace(0.1, 0.9, 5))
    number = np.arange(1, 6)

    def gradient(z: np.ndarray) -> np.ndarray:
        p = softmax(z)
        pulled = rng.choice(5, 16, p=p)
        reward = rng.random(16) < payoff[pulled]
        return -(reward - reward.mean()) @ (np.eye(5)[pulled] - p) / 16

    return Problem(
        start=np.zeros(5),
        gradient=gradient,
        loss=lambda z: payoff.max() - softmax(z) @ payoff,
        look=lambda z, _: (number, softmax(z)),
        true=(number, payoff),
    )


def recommender(rng: np.random.Generator) -> Problem:
    """Guess ratings nobody gave as products of tastes and traits: theta holds both, by rows."""
    ratings = rng.standard_normal((20, 2)) @ rng.standard_normal((2, 15)) / 2**0.5
    known = rng.random(ratings.shape) < 0.6

    def guess(theta: np.ndarray) -> np.ndarray:
        return theta[:20] @ theta[20:].T

    def gradient(theta: np.ndarray) -> np.ndarray:
        error = np.where(known, guess(theta) - ratings, 0.0) / 10
        return np.concatenate([error @ theta[20:], error.T @ theta[:20]]) + 0.003 * theta

    return Problem(
        start=0.1 * rng.standard_normal((35, 2)),
        gradient=gradient,
        loss=lambda theta: float(np.mean((guess(theta) - ratings)[~known] ** 2)),
        look=lambda theta, _: (ratings[~known], guess(theta)[~known].clip(-3, 3)),
        true=([-3, 3], [-3, 3]),
    )


@lru_cache
def _scanned() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return images half a pixel off, their labels, and weights that know the usual ones."""
    X, y = digits()
    network = _fresh(np.random.default_rng(0))
    fit(network, X[:1200], y[:1200], Adam(0.003), 15, 32, rng=np.random.default_rng(0))
    pushed = np.roll(X.reshape(-1, 8, 8), 1, axis=2)
    scanned = 0.5 * (X + pushed.reshape(-1, 64))
    return scanned[1200:], y[1200:], network.theta


def _fresh(rng: np.random.Generator) -> Network:
    return Network([Linear(64, 32), RELU, Linear(32, 10)], rng, dtype=float)


def fine_tuning(rng: np.random.Generator) -> Problem:
    """Learn from 50 new images, once with weights that know old ones and once from scratch."""
    X, y, theta = _scanned()
    order = rng.permutation(len(X))
    few, new = order[:50], order[50:350]
    tuned, fresh = (
        _classify(_fresh(rng), X[few], y[few], X[new], y[new]) for _ in ("tuned", "fresh")
    )
    return replace(tuned, start=theta, rival=fresh)


def _classify(
    network: Network, X: np.ndarray, y: np.ndarray, X_new: np.ndarray, y_new: np.ndarray
) -> Problem:
    """Learn from some images, and be judged by the share of new images that is right."""

    def gradient(theta: np.ndarray) -> np.ndarray:
        network.theta[:] = theta
        _, grad = network.gradient(X, y)
        return grad

    def share_wrong(theta: np.ndarray) -> float:
        network.theta[:] = theta
        return 1 - network.accuracy(X_new, y_new)

    return Problem(
        start=network.theta.copy(),
        gradient=gradient,
        loss=share_wrong,
        look=lambda _, losses: (np.arange(len(losses)), 1 - np.array(losses)),
    )


def quantum(rng: np.random.Generator) -> Problem:
    """Turn a qubit by an angle, measure Z and X 200 times each: energy Z + X / 2."""

    def exact(angle: np.ndarray) -> np.ndarray:
        return np.cos(angle) + 0.5 * np.sin(angle)

    def measured(angle: float) -> float:
        chances = np.array([1 + np.cos(angle), 1 + np.sin(angle)]) / 2
        up = rng.binomial(200, chances) / 200
        return float((2 * up - 1) @ (1.0, 0.5))

    def gradient(theta: np.ndarray) -> np.ndarray:
        """Return half the difference of two measurements: the parameter-shift rule."""
        (angle,) = theta
        above = measured(angle + np.pi / 2)
        below = measured(angle - np.pi / 2)
        return np.array([above - below]) / 2

    def look(theta: np.ndarray, _: list[float]) -> Curve:
        return (theta + np.pi) % (2 * np.pi) - np.pi, exact(theta)

    grid = np.linspace(-np.pi, np.pi, 101)
    return Problem(
        start=np.array([rng.uniform(-1, 1.5)]),
        gradient=gradient,
        loss=lambda theta: float(exact(theta)[0]) + 1.25**0.5,
        look=look,
        true=(grid, exact(grid)),
    )


TASKS = {
    "convolution": Task(
        convolution,
        title="Nine weights of a filter (gray: true)",
        xlabel="weight number",
        ylabel="weight",
        xlim=(0.5, 9.5),
        ylim=(-0.8, 0.8),
        measure="mean squared error",
        goal=1e-3,
        marks=("o-", "o-"),
    ),
    "recurrence": Task(
        recurrence,
        title="Slope of the loss along each moment",
        xlabel="moments before the end",
        ylabel="share",
        xlim=(-0.5, LENGTH - 0.5),
        ylim=(0, 1.05),
        measure="mean squared error",
        goal=0.05,
    ),
    "policy": Task(
        policy,
        title="Probability of each lever (gray: payoff)",
        xlabel="lever",
        ylabel="share",
        xlim=(0.5, 5.5),
        ylim=(0, 1.05),
        measure="payoff missed",
        goal=0.05,
        marks=("o-", "o-"),
    ),
    "recommender": Task(
        recommender,
        title="Ratings nobody gave: guessed",
        xlabel="true rating",
        ylabel="guess",
        xlim=(-3, 3),
        ylim=(-3, 3),
        measure="mean squared error, hidden",
        goal=0.1,
        marks=("-", "o"),
    ),
    "fine-tuning": Task(
        fine_tuning,
        title="New images right (gray: from scratch)",
        xlabel="step",
        ylabel="share",
        xlim=(0, N_STEPS),
        ylim=(0, 1.05),
        measure="share of new images wrong",
        goal=0.13,
        marks=("-", "-"),
    ),
    "quantum": Task(
        quantum,
        title="Energy of a qubit, measured",
        xlabel="angle",
        ylabel="energy",
        xlim=(-np.pi, np.pi),
        ylim=(-1.3, 1.3),
        measure="energy above the lowest",
        goal=0.02,
    ),
}
