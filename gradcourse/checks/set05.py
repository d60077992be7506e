"""Exercise set 05: optimizers with a memory, a hidden momentum, tuning on a budget."""

from functools import partial

import numpy as np

from gradcourse.checks.core import Case, question
from gradcourse.landscapes import plateau, ravine

UPHILL = "the gradient points uphill; to go down, go against it."
START = "the path begins where you begin: n steps make n + 1 points."

ask = partial(question, "05_momentum_to_adam")


# ---- four optimizers ---------------------------------------------------------------------------
def _coupled(theta):
    """A gradient in which every coordinate feels all others."""
    theta = np.asarray(theta, dtype=float)
    return theta + theta.sum() - 1


def _path_cases(rng, *memory):
    """Places to descend from; `memory` holds the recipe's own numbers, the rate first."""
    steep = ravine(10)
    flat = plateau()
    usual, other = memory
    return [
        Case((steep.gradient, np.array(steep.start), *usual, 12), "a ravine"),
        Case((_coupled, rng.normal(size=3), *usual, 5), "three parameters"),
        Case(
            (_coupled, [2, -1], *other, 4),
            "a list of whole numbers",
            "Turn the start into an array of floats first.",
        ),
        Case((flat.gradient, np.array([1.5, -2.0]), *other, 8), "a plateau"),
        Case((_coupled, rng.normal(size=2), *usual, 0), "no step at all"),
        Case((_coupled, rng.normal(size=4), *other, 1), "a single step"),
        Case(
            (np.negative, np.zeros(2), *usual, 3),
            "a gradient of zero",
            "Keep the division finite: add eps = 1e-8 to the root, outside it.",
        ),
        Case((_coupled, rng.normal(size=(2, 2)), *other, 3), "a matrix"),
    ]


def _path(step, gradient, theta, numbers, n_steps, *, keep_start=True, **options):
    """The places a recipe visits; `numbers` are its own, the rate first."""
    theta = np.array(theta, dtype=float)
    memory = (0.0, 0.0)
    path = [theta] if keep_start else []
    for t in range(1, n_steps + 1):
        theta, memory = step(theta, np.asarray(gradient(theta)), memory, t, *numbers, **options)
        path.append(theta)
    return path


def _momentum_step(
    theta, grad, memory, t, rate, momentum, *, sign=-1, damp=0, nesterov=False, keep=True
):
    velocity = momentum * memory[0] + (1 - momentum if damp else 1) * grad
    along = grad + momentum * velocity if nesterov else velocity
    return theta + sign * rate * along, (velocity if keep else grad, 0.0)


@ask(
    "Momentum gathers speed",
    lambda rng: _path_cases(rng, (0.05, 0.9), (0.1, 0.5)),
    points=2,
    tolerance=1e-7,
)
def momentum_path(gradient, theta, learning_rate, momentum, n_steps, **options):
    """The places that momentum visits."""
    return _path(_momentum_step, gradient, theta, (learning_rate, momentum), n_steps, **options)


momentum_path.mistake("plus instead of minus", UPHILL, sign=1)
momentum_path.mistake(
    "damped the gradient by 1 - momentum",
    "here the velocity is a sum, v = momentum * v + gradient, not a mean.",
    damp=1,
)
momentum_path.mistake(
    "remembered only the last gradient", "the velocity has to go on into the next step.", keep=False
)
momentum_path.mistake(
    "looked ahead as Nesterov does",
    "plain momentum steps along the velocity itself.",
    nesterov=True,
)
momentum_path.mistake("forgot the start", START, keep_start=False)


def _adagrad_step(theta, grad, memory, t, rate, *, sign=-1, root=True, decay=1.0):
    square = decay * memory[0] + grad * grad
    size = (np.sqrt(square) if root else square) + 1e-8
    return theta + sign * rate * grad / size, (square, 0.0)


def _one_for_all(theta, grad, memory, t, rate):
    square = memory[0] + (grad * grad).sum()
    return theta - rate * grad / (np.sqrt(square) + 1e-8), (square, 0.0)


@ask(
    "AdaGrad gives each parameter its own rate",
    lambda rng: _path_cases(rng, (0.5,), (1.0,)),
    tolerance=1e-6,
)
def adagrad_path(gradient, theta, learning_rate, n_steps, *, step=_adagrad_step, **options):
    """The places that AdaGrad visits."""
    return _path(step, gradient, theta, (learning_rate,), n_steps, **options)


adagrad_path.mistake("plus instead of minus", UPHILL, sign=1)
adagrad_path.mistake(
    "forgot the square root",
    "gradient over gradient squared has the wrong unit; take the root of the sum.",
    root=False,
)
adagrad_path.mistake(
    "forgot what came before", "the squares of all steps add up; nothing is dropped.", decay=0.0
)
adagrad_path.mistake(
    "one rate for all parameters",
    "each parameter has a sum of its own: square element by element, do not add up.",
    step=_one_for_all,
)
adagrad_path.mistake("forgot the start", START, keep_start=False)


def _rmsprop_step(
    theta, grad, memory, t, rate, decay, *, sign=-1, new=None, swapped=False, root=True
):
    decay = 1 - decay if swapped else decay
    square = decay * memory[0] + (1 - decay if new is None else new) * grad * grad
    size = np.sqrt(square) if root else square
    return theta + sign * rate * grad / (size + 1e-8), (square, 0.0)


@ask("RMSProp forgets", lambda rng: _path_cases(rng, (0.05, 0.9), (0.1, 0.7)), tolerance=1e-6)
def rmsprop_path(gradient, theta, learning_rate, decay, n_steps, **options):
    """The places that RMSProp visits."""
    return _path(_rmsprop_step, gradient, theta, (learning_rate, decay), n_steps, **options)


rmsprop_path.mistake("plus instead of minus", UPHILL, sign=1)
rmsprop_path.mistake(
    "forgot the factor 1 - decay",
    "a running mean takes the share 1 - decay of the new square.",
    new=1.0,
)
rmsprop_path.mistake(
    "swapped old and new", "decay is the share of the OLD mean that is kept.", swapped=True
)
rmsprop_path.mistake(
    "forgot the square root",
    "divide by the root of the mean square, a size like the gradient's.",
    root=False,
)
rmsprop_path.mistake("forgot the start", START, keep_start=False)


def _adam_step(
    theta,
    grad,
    memory,
    t,
    rate,
    beta1,
    beta2,
    *,
    sign=-1,
    m_hat=True,
    v_hat=True,
    late=0,
    inside=False,
    powers=True,
):
    m = beta1 * memory[0] + (1 - beta1) * grad
    v = beta2 * memory[1] + (1 - beta2) * grad * grad
    time = t + late if powers else 1
    first = m / (1 - beta1**time) if m_hat else m
    second = v / (1 - beta2**time) if v_hat else v
    size = np.sqrt(second + 1e-8) if inside else np.sqrt(second) + 1e-8
    return theta + sign * rate * first / size, (m, v)


@ask(
    "Adam puts both together",
    lambda rng: _path_cases(rng, (0.1, 0.9, 0.999), (0.3, 0.5, 0.8)),
    points=3,
    tolerance=1e-6,
)
def adam_path(gradient, theta, learning_rate, beta1, beta2, n_steps, **options):
    """The places that Adam visits."""
    return _path(_adam_step, gradient, theta, (learning_rate, beta1, beta2), n_steps, **options)


adam_path.mistake("plus instead of minus", UPHILL, sign=1)
adam_path.mistake(
    "no bias correction",
    "both means start at 0 and are too small at first; divide by 1 - beta ** t.",
    m_hat=False,
    v_hat=False,
)
adam_path.mistake(
    "corrected the first mean only", "the mean of the squares starts at 0 as well.", v_hat=False
)
adam_path.mistake(
    "corrected the second mean only", "the mean of the gradients starts at 0 as well.", m_hat=False
)
adam_path.mistake(
    "counted the steps from 2",
    "in the first step t is 1, and the hat undoes 1 - beta exactly.",
    late=1,
)
adam_path.mistake(
    "forgot the power t",
    "the correction fades: beta to the power of the step's number.",
    powers=False,
)
adam_path.mistake(
    "epsilon inside the root",
    "eps is added to the root, so that a tiny gradient keeps its size.",
    inside=True,
)
adam_path.mistake("forgot the start", START, keep_start=False)


# ---- match a given path ------------------------------------------------------------------------
def _hidden_cases(rng):
    cases = []
    for momentum, rate, size in ((0.9, 0.05, 2), (0.5, 0.1, 3), (0.25, 0.1, 2), (0.99, 0.02, 1)):
        start = rng.uniform(1, 2, size)
        path = np.array(_path(_momentum_step, _coupled, start, (rate, momentum), 3))
        cases.append(Case((path, _coupled, rate), f"the momentum {momentum:g}"))
    path = np.array(_path(_momentum_step, _coupled, [3.0, -2.0], (0.1, 0.75), 12))
    longer = Case((path, _coupled, 0.1), "a longer path", "The first three points are enough.")
    as_lists = Case((path[:3].tolist(), _coupled, 0.1), "a path of lists")
    return [*cases, longer, as_lists]


@ask("Momentum gathers speed", _hidden_cases, points=2, tolerance=1e-6)
def find_momentum(path, gradient, rate, *, sign=1, of=1, keep_gradient=True, scaled=True):
    """The momentum that made a given path."""
    path = np.asarray(path, dtype=float)
    first, second = path[0] - path[1], path[1] - path[2]
    if scaled:
        first, second = first / rate, second / rate
    carried = second - (np.asarray(gradient(path[of])) if keep_gradient else 0)
    return float(sign * (carried @ first) / (first @ first))


find_momentum.mistake(
    "forgot the new gradient",
    "the second velocity is momentum times the first PLUS the gradient there.",
    keep_gradient=False,
)
find_momentum.mistake(
    "took the gradient at the start", "the second step uses the gradient at the second point.", of=0
)
find_momentum.mistake(
    "compared steps with gradients",
    "a step is the rate times a velocity: divide by the rate first.",
    scaled=False,
)
find_momentum.mistake(
    "sign flipped", "velocities point uphill, from the new point back to the old one.", sign=-1
)


# ---- tune on a budget --------------------------------------------------------------------------
def _parabola(rate, n_steps, curvature=2.0, floor=0.0):
    """The loss after n_steps from 10 on a parabola; far above 2 / curvature it overflows."""
    with np.errstate(over="ignore", invalid="ignore"):
        last = np.float64(10.0) * np.float64(1 - rate * curvature) ** (n_steps * 40)
        return float(curvature / 2 * last * last + floor)


def _nan_above(rate, n_steps):
    return float("nan") if rate > 0.5 else 1 / (1 + n_steps * rate)


def _tune_cases(rng):
    rates = np.geomspace(0.001, 3, 7) * rng.uniform(0.9, 1.1)
    return [
        Case((partial(_parabola, curvature=1.5), rates, 70)),
        Case(
            (_nan_above, [0.1, 0.3, 0.9], 30),
            "a run that ends in NaN",
            "NaN is smaller than nothing: pass over what is not finite.",
        ),
        Case((_nan_above, [0.9, 0.2], 9), "NaN at the first rate"),
        Case(
            (lambda rate, n_steps: abs(rate - 0.02 * n_steps), [0.1, 0.2, 0.4], 30),
            "a loss that depends on the share",
            "Share the budget: budget // number of rates.",
        ),
        Case((lambda rate, n_steps: -rate, [0.3, 0.1, 0.2], 7), "losses below zero"),
        Case(
            (lambda rate, n_steps: float("-inf") if rate > 1 else rate, [2.0, 0.5, 0.7], 6),
            "minus infinity",
            "Minus infinity is an overflow, too.",
        ),
        Case((partial(_parabola, floor=3.0), [0.5], 5), "a single rate"),
    ]


def _everything(losses):
    return np.ones(len(losses), dtype=bool)


@ask("Which one first", _tune_cases, points=2)
def tune_rate(
    run,
    rates,
    budget,
    *,
    share=lambda budget, n: budget // n,
    finite=np.isfinite,
    best=np.argmin,
    give=0,
):
    """The best of some learning rates, all runs together within a budget of steps."""
    losses = np.array([run(rate, share(budget, len(rates))) for rate in rates], dtype=float)
    losses[~finite(losses)] = np.inf if best is np.argmin else -np.inf
    place = int(best(losses))
    return (float(rates[place]), float(losses[place]))[give]


tune_rate.mistake(
    "gave every rate the whole budget",
    "all runs together may take `budget` steps: each gets budget // number of rates.",
    share=lambda budget, n: budget,
)
tune_rate.mistake(
    "took the largest loss", "the best rate is the one with the lowest loss.", best=np.argmax
)
tune_rate.mistake(
    "let a run that is not finite win",
    "NaN and infinity are no losses; pass them over.",
    finite=_everything,
)
tune_rate.mistake(
    "returned the loss instead of the rate", "asked for is the learning rate.", give=1
)
