"""Diagnostics: look inside a training run, clip what explodes, name what is wrong.

`watch` makes snapshots of a network while `fit` trains it: gradient norms per layer, dead and
saturated units, sizes of weights. `diagnose` reads them as a doctor reads a chart: in a fixed order
it asks for the evidence of each illness and names the first it finds, with the remedy. If there is
none and the network has not learned either, it says so. Lesson 08 lets the learner diagnose first.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

import numpy as np

from gradcourse import require
from gradcourse.nn import RELU, SIGMOID, TANH, History, Network

NOISY = 8  # a batch of so few rows gives a gradient that is mostly noise
SLOW = 1e-3  # weights that move less than a thousandth of their size in an epoch stand still
SATURATED = {TANH: lambda h: np.abs(h) > 0.97, SIGMOID: lambda h: np.abs(2 * h - 1) > 0.97}


# ---- clipping -----------------------------------------------------------------------------------
def clip_by_value(grad: np.ndarray, limit: float) -> np.ndarray:
    """Return the gradient with every entry pulled into [−limit, limit]; NaN becomes 0.

    It changes the direction; `clip_by_norm` keeps it.

    Example:
        >>> clip_by_value([3.0, -0.5, np.nan], limit=1.0)
        array([ 1. , -0.5,  0. ])

    See:        lesson 08
    """
    limit = require.positive("limit", limit, "clip at the largest entry you will accept")
    return np.clip(np.nan_to_num(require.numbers("grad", grad), nan=0.0), -limit, limit)


def clip_by_norm(grad: np.ndarray, limit: float) -> np.ndarray:
    """Return the gradient, shortened to the length `limit` if it is longer.

    Safe where the usual three lines fail: the length is computed from entries divided by the
    largest one, so it cannot overflow; NaN says nothing about a direction and becomes 0; if some
    entries are infinite, they alone give the direction.

    Parameters: grad : array of any shape; limit : float – above 0
    Returns:    array of the same shape, finite
    Raises:     ValueError – a limit of 0 or less would stop or turn round the descent

    Example:
        >>> clip_by_norm(np.array([3e200, 4e200]), limit=1.0)
        array([0.6, 0.8])

    See:        lesson 08; Pascanu, Mikolov and Bengio (2013)
    """
    limit = require.positive("limit", limit, "clip at the longest step you will accept")
    grad = np.nan_to_num(require.numbers("grad", grad), nan=0.0, posinf=np.inf, neginf=-np.inf)
    if np.isinf(grad).any():
        grad = np.where(np.isinf(grad), np.sign(grad), 0.0)
        return grad * (limit / np.linalg.norm(grad))
    largest = np.abs(grad).max(initial=0.0)
    if largest == 0:
        return grad
    unit = grad / largest
    length = float(np.linalg.norm(unit))
    return grad if largest <= limit / length else unit * (limit / length)


# ---- looking inside -----------------------------------------------------------------------------
@dataclass(frozen=True)
class Snapshot:
    """A network at one moment, seen with a fixed set of samples.

    Fields:
        loss, accuracy : float
        gradient_norms, weights : one entry per layer with a matrix of weights
        dead : per ReLU layer, the share of units that are 0 for all samples
        saturated : per tanh or sigmoid layer, the share of outputs at their ends
        feature_spread : float – largest over median spread of the inputs
        input_size : float – root mean square of the inputs
    """

    loss: float
    accuracy: float
    gradient_norms: list[float]
    dead: list[float]
    saturated: list[float]
    feature_spread: float
    input_size: float
    weights: list[np.ndarray] = field(repr=False)


def snapshot(network: Network, X: np.ndarray, y: np.ndarray) -> Snapshot:
    """Look at a network with these samples; nothing is changed.

    Example:
        >>> from gradcourse.nn import Linear
        >>> net = Network([Linear(2, 3), RELU, Linear(3, 2)], np.random.default_rng(0))
        >>> seen = snapshot(net, np.eye(2), np.array([0, 1]))
        >>> len(seen.gradient_norms), len(seen.dead)
        (2, 1)

    See:        lesson 08
    """
    network = network.copy()  # the gradient is computed in the copy
    X = np.asarray(X)
    with np.errstate(all="ignore"):
        outputs = network.activations(X)
        loss, _ = network.gradient(X, y)
        tensors = [tensor for values in network.parameters for tensor in values]
        matrices = [tensor for tensor in tensors if tensor.data.ndim == 2]
        pairs = list(zip(network.layers, outputs[1:], strict=True))
        return Snapshot(
            loss=loss,
            accuracy=network.accuracy(X, y),
            gradient_norms=[float(np.linalg.norm(np.asarray(W.grad))) for W in matrices],
            dead=[float((h.data <= 0).all(axis=0).mean()) for f, h in pairs if f == RELU],
            saturated=[
                float(SATURATED[f](h.data).mean()) for f, h in pairs if f in (TANH, SIGMOID)
            ],
            feature_spread=_feature_spread(X),
            input_size=float(np.sqrt(np.mean(np.square(X, dtype=float)))),
            weights=[W.data.copy() for W in matrices],
        )


def _feature_spread(X: np.ndarray) -> float:
    """Return the largest spread of a feature, in units of the median one."""
    spreads = X.std(axis=0)
    spreads = spreads[spreads > 0]
    return float(spreads.max() / np.median(spreads)) if spreads.size else 1.0


def update_ratios(before: Snapshot, after: Snapshot) -> list[float]:
    """Return for each layer how far its weights moved, as a share of their size.

    A thousandth per step is a good pace; per epoch, well below a thousandth is standing still.

    Example:
        >>> from gradcourse.clinic import run
        >>> start, *_, end = run("learning rate too low", seed=0)[1].watched
        >>> max(update_ratios(start, end)) < 0.05
        True

    See:        lesson 08
    """
    ratios = []
    for old, new in zip(before.weights, after.weights, strict=True):
        size = max(float(np.linalg.norm(old)), 1e-300)
        ratios.append(float(np.linalg.norm(new - old)) / size)
    return ratios


def watch(X: np.ndarray, y: np.ndarray) -> Callable[[Network], Snapshot]:
    """Return a function for `fit(..., watch=...)` that takes snapshots with these samples."""
    return partial(snapshot, X=X, y=y)


# ---- naming what is wrong -----------------------------------------------------------------------
@dataclass(frozen=True)
class Diagnosis:
    """The name of an illness, the evidence for it, the remedy.

    "healthy" has no remedy; "unknown" says that the network has not learned and no evidence of an
    illness was found.
    """

    illness: str
    evidence: str
    remedy: str = ""

    def __str__(self) -> str:
        text = f"{self.illness}: {self.evidence}"
        return f"{text} → {self.remedy}" if self.remedy else text


@dataclass(frozen=True)
class Chart:
    """A training run as the questions below see it: snapshots and the losses of the training."""

    history: History
    first: Snapshot
    before: Snapshot  # the last epoch
    last: Snapshot

    @property
    def start(self) -> float:
        """The loss before the first step, on the watched samples or on the first batch."""
        return max(self.first.loss, self.history.step_losses[0])

    @property
    def gained(self) -> float:
        """The share of the first loss that is gone, in training or on the watched samples."""
        left = min(self.last.loss, self.history.losses[-1])
        return 1 - left / max(self.first.loss, 1e-300)

    @property
    def pace(self) -> float:
        """How far the fastest layer's weights moved in the last epoch, as a share of their size."""
        return max(update_ratios(self.before, self.last))

    @property
    def still_learning(self) -> bool:
        """Whether the last epoch took a fifth off the lowest loss that was watched before."""
        lowest = min(seen.loss for seen in self.history.watched[:-1])
        return self.last.loss < 0.8 * lowest

    @property
    def learned_well(self) -> bool:
        """Whether nearly all samples are classified right: whatever is odd has done no harm."""
        return self.last.accuracy > 0.95 and self.learned(0.5)

    def learned(self, share: float) -> bool:
        """Whether this share of the loss is gone, or so little is left that none needs to go."""
        return bool(self.gained >= share or self.last.loss < 0.1)


def diagnose(history: History) -> Diagnosis:
    """Name what is wrong with a training run, from its snapshots and step losses.

    Parameters: history : History – of `fit(..., watch=watch(X, y))`
    Returns:    Diagnosis – print it
    Raises:     ValueError – the run was not watched

    Example:
        >>> from gradcourse.clinic import run
        >>> print(diagnose(run("wrong sign", seed=0)[1]).illness)
        wrong sign

    See:        lesson 08
    """
    if not (history.watched and isinstance(history.watched[0], Snapshot)):
        raise ValueError("history has no snapshots; train with fit(..., watch=watch(X, y)).")
    if len(history.watched) < 2:
        return Diagnosis("unknown", "no epoch was trained to its end.", "train for some epochs.")
    chart = Chart(history, history.watched[0], history.watched[-2], history.watched[-1])
    for illness, (find, remedy) in ILLNESSES.items():
        if evidence := find(chart):
            return Diagnosis(illness, evidence, remedy)
    return _no_illness(chart)


def _no_illness(chart: Chart) -> Diagnosis:
    fell = f"the loss went from {chart.first.loss:.3g} to {chart.last.loss:.3g}"
    if chart.last.loss <= 0.7 * chart.first.loss or chart.last.loss < 0.1:
        scale = _scale(chart.first)
        remark = f", though {scale}: standardized ones are learned faster" if scale else ""
        return Diagnosis("healthy", f"{fell}{remark}.")
    if chart.learned(0.3):
        return Diagnosis(
            "unknown",
            f"{fell}, but in training to {chart.history.losses[-1]:.3g}: it learns by heart.",
            "check that labels belong to their rows; then lesson 09 has remedies.",
        )
    return Diagnosis(
        "unknown",
        f"{fell} in {len(chart.history.step_losses)} steps, and this is none of my illnesses.",
        "go on if it still falls; else check labels, loss and input, and overfit one batch first.",
    )


# Each question looks at a chart and returns the evidence for its illness, one sentence, or "".
def _wrong_sign(chart: Chart) -> str:
    uphill = np.mean(np.array(chart.history.promises) > 0)
    if uphill > 0.9 and not chart.learned(0.3):
        return f"{uphill:.0%} of the epochs began with a step uphill."
    return ""


def _unscaled(chart: Chart) -> str:
    scale = _scale(chart.first)
    return f"{scale}." if scale and not chart.learned_well else ""


def _scale(seen: Snapshot) -> str:
    if seen.feature_spread > 20:
        return f"one feature spreads {seen.feature_spread:.0f} times more than most"
    if seen.input_size > 30:
        return f"the inputs are about {seen.input_size:.0f} in size instead of 1"
    return ""


def _equal(chart: Chart) -> str:
    for into, out_of in pairwise(chart.first.weights):
        n_units = into.shape[1]
        differences = [*np.ptp(into, axis=1), *np.ptp(out_of, axis=0)]
        if n_units > 1 and not np.any(differences):
            return f"the {n_units} units of a layer begin all the same, and so they stay."
        silent = not np.any(into) and max(chart.first.dead, default=0.0) == 1
        if silent and not chart.learned(0.5):
            return f"the {n_units} units of a layer begin with weights of 0, and are 0 ever after."
    return ""


def _exploding(chart: Chart) -> str:
    largest = np.max(np.nan_to_num(chart.first.gradient_norms, nan=np.inf))
    if largest > 300 and not chart.learned_well:
        return f"before the first step a layer's gradient had the length {largest:.1e}."
    return ""


def _dead(chart: Chart) -> str:
    share = max(chart.last.dead, default=0.0)
    if share > 0.8 and not chart.learned(0.5):
        return f"{share:.0%} of a layer's units are 0 for every sample."
    return ""


def _diverging(chart: Chart) -> str:
    end = chart.history.losses[-1]
    peak = np.max(np.nan_to_num(chart.history.step_losses, nan=np.inf))
    risen = not end <= 1.2 * chart.start + 0.1  # NaN has risen, too
    # small batches jump high without the run being lost
    thrown = peak > 10 * chart.start + 1 and chart.history.batch_size > NOISY
    if risen or (thrown and not chart.learned(0.5)):
        return f"the loss went from {chart.start:.3g} up to {peak:.3g} on the way."
    return ""


def _vanishing(chart: Chart) -> str:
    norms = chart.first.gradient_norms
    ratio = norms[0] / max(norms[-1], 1e-300)
    if 0 < ratio < 1e-2 and not chart.learned(0.5):
        return f"the first layer's gradient is {ratio:.0e} of the last one's."
    return ""


def _plateau(chart: Chart) -> str:
    saturated = max(chart.first.saturated, default=0.0)
    if saturated > 0.5 and not chart.learned(0.5):
        return f"{saturated:.0%} of a layer's outputs sat at their ends from the start."
    return ""


def _noisy(chart: Chart) -> str:
    losses = chart.history.step_losses
    swing = np.std(losses[-len(losses) // 4 :])
    small = chart.history.batch_size <= NOISY and not chart.still_learning
    if small and swing > 0.25 * chart.first.loss and not chart.learned(0.75):
        return f"batches of {chart.history.batch_size}: losses swing by ±{swing:.2g}."
    return ""


def _too_low(chart: Chart) -> str:
    # at the end of a descent weights stand still as well, but then the gradient has gone
    length_then = np.linalg.norm(chart.first.gradient_norms)
    length_now = np.linalg.norm(chart.last.gradient_norms)
    if chart.pace < SLOW and length_now > 0.5 * length_then and not chart.learned(0.3):
        return (
            f"only {chart.gained:.0%} of the loss is gone after {len(chart.history.losses)} "
            f"epochs; in the last one no layer's weights moved by more than {chart.pace:.2%}."
        )
    return ""


# illness -> the question, and the remedy; the order matters: what comes first would look like what
# comes later
# Why: docs/decisions.md#diagnose-is-a-list-of-questions-in-a-fixed-order
ILLNESSES: dict[str, tuple[Callable[[Chart], str], str]] = {
    "wrong sign": (_wrong_sign, "subtract the step: theta − learning_rate · gradient."),
    "unscaled features": (_unscaled, "standardize the features."),
    "equal weights": (_equal, "begin with He or Xavier weights; random ones differ."),
    "exploding gradients": (_exploding, "begin with He or Xavier weights; clip by norm."),
    "dead ReLU": (_dead, "lower the learning rate, begin with biases of 0, or leave ReLU."),
    "diverging": (_diverging, "divide the learning rate by 10."),
    "plateau": (_plateau, "begin with smaller weights, so that no unit is saturated."),
    "vanishing gradients": (_vanishing, "use ReLU with He weights, batch norm, or fewer layers."),
    "noisy batches": (_noisy, "take larger batches, or lower the learning rate."),
    "learning rate too low": (_too_low, "multiply the learning rate by 10."),
}
