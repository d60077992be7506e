"""The explorer of lesson 10: six tasks, one idea. Choose one and follow its gradient."""

from functools import lru_cache

import numpy as np
from matplotlib.figure import Figure
from numpy.lib.stride_tricks import sliding_window_view

from gradcourse import style
from gradcourse.datasets import digits
from gradcourse.explorers.kit.base import Explorer
from gradcourse.explorers.kit.controls import Control, log_slider, menu, whole_slider
from gradcourse.nn import RELU, Linear, Network, fit, softmax
from gradcourse.optimizers import Adam

N_STEPS, LENGTH = 100, 12
EDGE = np.array([1, 0, -1, 2, 0, -2, 1, 0, -1]) / 4  # the filter that finds upright edges
# task -> what is learned (title of the left panel), its axes and limits, the loss, the goal
TASKS = {
    "convolution": (
        "Nine weights of a filter (gray: true)",
        "weight number",
        "weight",
        (0.5, 9.5),
        (-0.8, 0.8),
        "mean squared error",
        1e-3,
    ),
    "recurrence": (
        "Slope of the loss along each moment",
        "moments before the end",
        "share",
        (-0.5, LENGTH - 0.5),
        (0, 1.05),
        "mean squared error",
        0.05,
    ),
    "policy": (
        "Probability of each lever (gray: payoff)",
        "lever",
        "share",
        (0.5, 5.5),
        (0, 1.05),
        "payoff missed",
        0.05,
    ),
    "recommender": (
        "Ratings nobody gave: guessed",
        "true rating",
        "guess",
        (-3, 3),
        (-3, 3),
        "mean squared error, hidden",
        0.1,
    ),
    "fine-tuning": (
        "New images right (gray: from scratch)",
        "step",
        "share",
        (0, N_STEPS),
        (0, 1.05),
        "share of new images wrong",
        0.13,
    ),
    "quantum": (
        "Energy of a qubit, measured",
        "angle",
        "energy",
        (-np.pi, np.pi),
        (-1.3, 1.3),
        "energy above the lowest",
        0.02,
    ),
}


class AtWorkExplorer(Explorer):
    """Six uses of one gradient descent (lesson 10)."""

    size = (8.2, 3.6)
    alt = (
        "Left what the chosen task has learned so far, in gray what it should. Right its loss at "
        "each step on a log scale, and the goal as a dotted line."
    )
    target = "bring four of the six tasks to their goal."

    def controls(self) -> dict[str, Control]:
        """Which task, how far to step, how long, and another draw of the data."""
        return {
            "task": menu("task", "convolution", list(TASKS)),
            "learning_rate": log_slider("learning rate η", 0.05, 0.01, 10.0),
            "steps": whole_slider("steps", N_STEPS, 0, N_STEPS),
            "seed": whole_slider("data (seed)", 0, 0, 20),
        }

    def build(self, figure: Figure) -> dict[str, object]:
        """Lay out both panels; `draw` names them after the task."""
        self.won, self.shown = set(), ""
        left, right = figure.subplots(1, 2)
        left.set_position([0.085, 0.14, 0.41, 0.77])
        right.set_position([0.605, 0.14, 0.38, 0.77])
        left.set(xlabel="x", ylabel="y")
        right.set(xlabel="step", ylabel="loss (log scale)", xlim=(0, N_STEPS))
        right.set_title("The loss and the goal (dotted)")
        style.log_axis(right, "y")
        right.set_ylim(1e-5, 30)
        red = {"color": style.UPHILL}
        return {
            "true": left.plot([], [], "o-", color=style.MUTED, lw=1, ms=4, alpha=0.6)[0],
            "learned": left.plot([], [], "o-", lw=1.4, ms=5, **red)[0],
            "goal": right.plot([], [], ":", color=style.MUTED)[0],
            "loss": right.plot([], [], color=style.INK)[0],
            "now": right.plot([], [], "o", mec="white", ms=7, **red)[0],
        }

    def compute(self, task: str, learning_rate: float, steps: int, seed: int) -> dict[str, object]:
        """Run the task for N_STEPS steps; `steps` says which one is shown."""
        losses, seen, true = run(task, learning_rate, seed)
        return {
            "task": task,
            "steps": steps,
            "losses": losses,
            "learned": seen[steps],
            "true": true,
            "goal": TASKS[task][-1],
        }

    def draw(self, result: dict[str, object]) -> None:
        """Show what is learned at this step, and the loss of all steps."""
        draw, task = self.artists, result["task"]
        if task != self.shown:
            self.shown = task
            title, xlabel, ylabel, xlim, ylim, *_ = TASKS[task]
            self.figure.axes[0].set(xlabel=xlabel, ylabel=ylabel, xlim=xlim, ylim=ylim)
            self.figure.axes[0].set_title(title, loc="left", fontsize=10.5)
            self.redraw_still()
        for name in ("true", "learned"):
            draw[name].set_data(*result[name])
        draw["true"].set_marker("o" if task in ("convolution", "policy") else "")
        draw["learned"].set(
            marker="" if task == "fine-tuning" else "o",
            linestyle="" if task == "recommender" else "-",
        )
        losses = np.nan_to_num(result["losses"], nan=30, posinf=30).clip(1e-5, 30)
        draw["loss"].set_data(np.arange(N_STEPS + 1), losses)
        draw["goal"].set_data([0, N_STEPS], [result["goal"]] * 2)
        draw["now"].set_data([result["steps"]], [losses[result["steps"]]])

    def describe(self, result: dict[str, object]) -> str:
        """Give the loss and say whether the goal is reached."""
        loss, steps = result["losses"][result["steps"]], result["steps"]
        what, reached = TASKS[result["task"]][5], "reached" if self._good(result) else "not reached"
        return (
            f"{result['task'].capitalize()}, step {steps}: {what} {_short(loss)}; "
            f"the goal, {result['goal']:g}, is {reached}."
        )

    def reached(self, result: dict[str, object]) -> bool:
        """Whether four tasks have come to their goal, this one included."""
        if self._good(result):
            self.won.add(result["task"])
        return len(self.won) >= 4

    def _good(self, result: dict[str, object]) -> bool:
        return bool(result["losses"][result["steps"]] <= result["goal"])


@lru_cache(maxsize=64)
def run(task: str, rate: float, seed: int) -> tuple[np.ndarray, list, tuple]:
    """Return the losses (N_STEPS + 1,), what is seen at each step as (x, y), and what is true."""
    rng = np.random.default_rng(seed)
    with np.errstate(all="ignore"):  # a rate that is too large overflows
        return RUNNERS[task](rate, rng)


def _convolution(rate: float, rng: np.random.Generator) -> tuple:
    images = digits()[0][rng.permutation(1797)[:60]].reshape(-1, 8, 8)
    rows = sliding_window_view(images, (3, 3), (1, 2)).reshape(-1, 9)
    y = rows @ EDGE + 0.01 * rng.standard_normal(len(rows))
    H, b, w = 2 * rows.T @ rows / len(rows), 2 * rows.T @ y / len(rows), np.zeros(9)
    number, losses, seen = np.arange(1, 10), [], []
    for _ in range(N_STEPS + 1):
        losses.append(0.5 * w @ H @ w - b @ w + np.mean(y**2))
        seen.append((number, w))
        w = w - rate * (H @ w - b)
    return np.array(losses), seen, (number, EDGE)


def _recurrence(rate: float, rng: np.random.Generator) -> tuple:
    """Of h ← tanh(w h + u x), at the end v h: remember the first of LENGTH numbers."""
    x = rng.choice([-1.0, 1.0], (LENGTH, 32))
    x[1:] *= 0.1
    theta, losses, seen = np.array([0.7, 0.5, 0.5]), [], []
    back = np.arange(LENGTH)
    for _ in range(N_STEPS + 1):
        w, u, v = theta
        h = [np.zeros(32)]
        for x_t in x:
            h.append(np.tanh(w * h[-1] + u * x_t))
        error = v * h[-1] - x[0]
        losses.append(np.mean(error**2))
        slope, grad, reach = 2 * error * v / 32, np.array([0, 0, 2 * np.mean(error * h[-1])]), []
        for t in range(LENGTH, 0, -1):
            reach.append(np.abs(slope).sum())
            inner = slope * (1 - h[t] ** 2)
            grad += inner @ h[t - 1], inner @ x[t - 1], 0
            slope = inner * w
        seen.append((back, np.array(reach) / max(reach)))
        theta = theta - rate * grad
    return np.array(losses), seen, ([], [])


def _policy(rate: float, rng: np.random.Generator) -> tuple:
    payoff, z = rng.permutation(np.linspace(0.1, 0.9, 5)), np.zeros(5)
    number, losses, seen = np.arange(1, 6), [], []
    for _ in range(N_STEPS + 1):
        p = softmax(z)
        losses.append(payoff.max() - p @ payoff)
        seen.append((number, p))
        pulled = rng.choice(5, 16, p=p)
        reward = rng.random(16) < payoff[pulled]
        z = z + rate * (reward - reward.mean()) @ (np.eye(5)[pulled] - p) / 16
    return np.array(losses), seen, (number, payoff)


def _recommender(rate: float, rng: np.random.Generator) -> tuple:
    ratings = rng.standard_normal((20, 2)) @ rng.standard_normal((2, 15)) / 2**0.5
    known = rng.random(ratings.shape) < 0.6
    U, V, losses, seen = (
        0.1 * rng.standard_normal((20, 2)),
        0.1 * rng.standard_normal((15, 2)),
        [],
        [],
    )
    for _ in range(N_STEPS + 1):
        guess = U @ V.T
        losses.append(np.mean((guess - ratings)[~known] ** 2))
        seen.append((ratings[~known], guess[~known].clip(-3, 3)))
        error = np.where(known, guess - ratings, 0.0) / 10
        U, V = U - rate * (error @ V + 0.003 * U), V - rate * (error.T @ U + 0.003 * V)
    return np.array(losses), seen, ([-3, 3], [-3, 3])


@lru_cache
def _scanned() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return images half a pixel off, their labels, and weights that know the usual ones."""
    X, y = digits()
    network = _fresh(np.random.default_rng(0))
    fit(network, X[:1200], y[:1200], Adam(0.003), 15, 32, rng=np.random.default_rng(0))
    moved = 0.5 * (X + np.roll(X.reshape(-1, 8, 8), 1, axis=2).reshape(-1, 64))
    return moved[1200:], y[1200:], network.theta


def _fresh(rng: np.random.Generator) -> Network:
    return Network([Linear(64, 32), RELU, Linear(32, 10)], rng, dtype=float)


def _fine_tuning(rate: float, rng: np.random.Generator) -> tuple:
    X, y, theta = _scanned()
    order = rng.permutation(len(X))
    few, new = order[:50], order[50:350]
    curves = []
    for tuned in (True, False):
        network, right = _fresh(rng), []
        network.theta[:] = theta if tuned else network.theta
        for _ in range(N_STEPS + 1):
            right.append(network.accuracy(X[new], y[new]))
            network.theta[:] -= rate * network.gradient(X[few], y[few])[1]
        curves.append(np.array(right))
    steps = np.arange(N_STEPS + 1)
    seen = [(steps[: k + 1], curves[0][: k + 1]) for k in steps]
    return 1 - curves[0], seen, (steps, curves[1])


def _quantum(rate: float, rng: np.random.Generator) -> tuple:
    """Turn a qubit by an angle, measure Z and X 200 times each: energy Z + X / 2."""

    def measured(angle: float) -> float:
        up = rng.binomial(200, [(1 + np.cos(angle)) / 2, (1 + np.sin(angle)) / 2]) / 200
        return (2 * up - 1) @ (1.0, 0.5)

    exact = lambda angle: np.cos(angle) + 0.5 * np.sin(angle)  # noqa: E731
    angle, losses, seen = rng.uniform(-1, 1.5), [], []
    for _ in range(N_STEPS + 1):
        losses.append(exact(angle) + 1.25**0.5)
        around = (angle + np.pi) % (2 * np.pi) - np.pi
        seen.append(([around], [exact(angle)]))
        slope = (measured(angle + np.pi / 2) - measured(angle - np.pi / 2)) / 2
        angle = angle - rate * slope
    grid = np.linspace(-np.pi, np.pi, 101)
    return np.array(losses), seen, (grid, exact(grid))


RUNNERS = {
    "convolution": _convolution,
    "recurrence": _recurrence,
    "policy": _policy,
    "recommender": _recommender,
    "fine-tuning": _fine_tuning,
    "quantum": _quantum,
}


def _short(loss: float) -> str:
    return f"{loss:.3g}" if loss < 1e4 else "out of sight"
