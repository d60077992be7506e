"""Diagnostics: look inside a training run, clip what explodes, name what is wrong.

`watch` makes snapshots of a network while `fit` trains it: gradient norms per layer, dead and
saturated units, sizes of weights. `diagnose` reads them as a doctor reads a chart: in a fixed order
it asks for the evidence of each illness and names the first it finds, with the remedy. Lesson 08
lets the learner diagnose first.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from gradcourse import require
from gradcourse.nn import RELU, SIGMOID, TANH, History, Network

NOISY = 8  # a batch of so few rows gives a gradient that is mostly noise
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
        gradient_norms, weights : one entry per layer with weights
        dead : per ReLU layer, the share of units that are 0 for all samples
        saturated : per tanh or sigmoid layer, the share of outputs at their ends
        feature_spread : float – largest over median spread of the inputs
    """

    loss: float
    accuracy: float
    gradient_norms: list[float]
    dead: list[float]
    saturated: list[float]
    feature_spread: float
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
    with np.errstate(all="ignore"):
        outputs = network.activations(X)
        loss, _ = network.gradient(X, y)
        weights = [some[0] for some in network.parameters if some]
        pairs = list(zip(network.layers, outputs[1:], strict=True))
        spreads = np.asarray(X).std(axis=0)
        spreads = spreads[spreads > 0]
        return Snapshot(
            loss,
            network.accuracy(X, y),
            [float(np.linalg.norm(w.grad)) for w in weights],
            [float((h.data <= 0).all(axis=0).mean()) for f, h in pairs if f is RELU],
            [float(SATURATED[f](h.data).mean()) for f, h in pairs if f in (TANH, SIGMOID)],
            float(spreads.max() / np.median(spreads)) if spreads.size else 1.0,
            [w.data.copy() for w in weights],
        )


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
    pairs = zip(before.weights, after.weights, strict=True)
    return [float(np.linalg.norm(b - a) / max(np.linalg.norm(a), 1e-300)) for a, b in pairs]


def watch(X: np.ndarray, y: np.ndarray) -> Callable:
    """Return a function for `fit(..., watch=...)` that takes snapshots with these samples."""
    return lambda network: snapshot(network, X, y)


# ---- naming what is wrong -----------------------------------------------------------------------
@dataclass(frozen=True)
class Diagnosis:
    """The name of an illness, the evidence for it, the remedy; "healthy" has no remedy."""

    illness: str
    evidence: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.illness}: {self.evidence}" + f" → {self.remedy}" * bool(self.remedy)


def diagnose(history: History) -> Diagnosis:
    """Name what is wrong with a training run, from its snapshots and step losses.

    Parameters: history : History – of `fit(..., watch=watch(X, y))`, at least one epoch
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
    for illness, (find, remedy) in ILLNESSES.items():
        if evidence := find(history):
            return Diagnosis(illness, evidence, remedy)
    first, last = history.watched[0], history.watched[-1]
    return Diagnosis("healthy", f"the loss fell from {first.loss:.3g} to {last.loss:.3g}.")


def _wrong_sign(history: History) -> str:
    uphill = np.mean(np.array(history.promises) > 0)
    return f"{uphill:.0%} of the epochs began with a step uphill." if uphill > 0.9 else ""


def _unscaled(history: History) -> str:
    ratio = history.watched[0].feature_spread
    return f"one feature spreads {ratio:.0f} times more than most." if ratio > 20 else ""


def _exploding(history: History) -> str:
    norms = history.watched[0].gradient_norms
    largest = np.max(np.nan_to_num(norms, nan=np.inf))
    return f"before the first step a layer's gradient had the length {largest:.1e}." * (
        bool(largest > 300)
    )


def _dead(history: History) -> str:
    share = max(history.watched[-1].dead, default=0.0)
    stuck = not history.watched[-1].loss < 0.5 * history.watched[0].loss
    return f"{share:.0%} of a layer's units are 0 for every sample." * (share > 0.8 and stuck)


def _diverging(history: History) -> str:
    first, last = history.watched[0].loss, history.watched[-1].loss
    peak = np.max(np.nan_to_num(history.step_losses, nan=np.inf))
    small = history.batch_size <= NOISY  # its losses jump high without the run being lost
    blown = not last <= (2 if small else 1) * first or (peak > 10 * first and not small)
    return f"the loss went from {first:.3g} up to {peak:.3g} on the way." * bool(blown)


def _vanishing(history: History) -> str:
    norms = history.watched[0].gradient_norms
    ratio = norms[0] / max(norms[-1], 1e-300)
    return f"the first layer's gradient is {ratio:.0e} of the last one's." * (0 < ratio < 1e-2)


def _plateau(history: History) -> str:
    saturated = max(history.watched[0].saturated, default=0.0)
    if saturated > 0.5:
        return f"{saturated:.0%} of a layer's outputs sat at their ends from the start."
    flat = np.linalg.norm(history.watched[-1].gradient_norms) < 0.02
    return f"the loss stays at {history.watched[-1].loss:.3g}, where all is level." * bool(
        flat and _progress(history) < 0.1
    )


def _noisy(history: History) -> str:
    last_epoch = np.array(history.step_losses[-len(history.step_losses) // 4 :])
    swing = last_epoch.std() / history.watched[0].loss
    return f"batches of {history.batch_size}: losses swing by ±{last_epoch.std():.2g}." * bool(
        history.batch_size <= NOISY and swing > 0.25
    )


def _too_low(history: History) -> str:
    gained, moved = _progress(history), max(update_ratios(history.watched[-2], history.watched[-1]))
    return (
        f"only {gained:.0%} of the loss is gone after {len(history.losses)} epochs; in the last "
        f"one no layer's weights moved by more than {moved:.2%}."
    ) * (gained < 0.3)


def _progress(history: History) -> float:
    """Return the share of the first loss that is gone."""
    return 1 - history.watched[-1].loss / history.watched[0].loss


# illness -> the evidence for it (a sentence or ""), and the remedy; the order matters: what comes
# first would look like what comes later
ILLNESSES = {
    "wrong sign": (_wrong_sign, "subtract the step: theta − learning_rate · gradient."),
    "unscaled features": (_unscaled, "standardize the features."),
    "exploding gradients": (_exploding, "begin with He or Xavier weights; clip by norm."),
    "dead ReLU": (_dead, "lower the learning rate, begin with biases of 0, or leave ReLU."),
    "diverging": (_diverging, "divide the learning rate by 10."),
    "plateau": (_plateau, "begin with smaller weights, so that no unit is saturated."),
    "vanishing gradients": (_vanishing, "use ReLU with He weights, batch norm, or fewer layers."),
    "noisy batches": (_noisy, "take larger batches, or lower the learning rate."),
    "learning rate too low": (_too_low, "multiply the learning rate by 10."),
}
