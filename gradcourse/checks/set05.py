"""Exercise set 05: optimizers with a memory, a hidden momentum, tuning on a budget."""

from functools import partial

import numpy as np

from gradcourse.checks.core import Case, Mistake, Question, section_link
from gradcourse.landscapes import plateau, ravine

UPHILL = "the gradient points uphill; to go down, go against it."
START = "the path begins where you begin: n steps make n + 1 points."

_read = partial(section_link, "05_momentum_to_adam")


# ---- four optimizers ---------------------------------------------------------------------------
def _coupled(theta):
    """A gradient in which every coordinate feels all others."""
    theta = np.asarray(theta, dtype=float)
    return theta + theta.sum() - 1


def _path_cases(rng, *memory):
    """Places to descend from; `memory` holds the recipe's own numbers, the rate first."""
    steep, flat = ravine(10), plateau()
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


def _walk(step, gradient, theta, args, n_steps, start=True):
    theta, memory = np.array(theta, dtype=float), (0.0, 0.0)
    path = [theta] if start else []
    for t in range(1, n_steps + 1):
        theta, memory = step(theta, np.asarray(gradient(theta)), memory, t, *args)
        path.append(theta)
    return path


def _momentum_step(
    theta, grad, memory, t, rate, momentum, *, sign=-1, damp=0, nesterov=False, keep=True
):
    velocity = momentum * memory[0] + (1 - momentum if damp else 1) * grad
    along = grad + momentum * velocity if nesterov else velocity
    return theta + sign * rate * along, (velocity if keep else grad, 0.0)


def _asked(step, *args, **options):
    *_, n_steps = args
    gradient, theta, *numbers = args[:-1]
    start = options.pop("start", True)
    return _walk(partial(step, **options), gradient, theta, numbers, n_steps, start)


momentum_path = Question(
    "05.momentum_path",
    partial(_asked, _momentum_step),
    lambda rng: _path_cases(rng, (0.05, 0.9), (0.1, 0.5)),
    (
        Mistake("plus instead of minus", partial(_asked, _momentum_step, sign=1), UPHILL),
        Mistake(
            "damped the gradient by 1 - momentum",
            partial(_asked, _momentum_step, damp=1),
            "here the velocity is a sum, v = momentum * v + gradient, not a mean.",
        ),
        Mistake(
            "remembered only the last gradient",
            partial(_asked, _momentum_step, keep=False),
            "the velocity has to go on into the next step.",
        ),
        Mistake(
            "looked ahead as Nesterov does",
            partial(_asked, _momentum_step, nesterov=True),
            "plain momentum steps along the velocity itself.",
        ),
        Mistake("forgot the start", partial(_asked, _momentum_step, start=False), START),
    ),
    _read("Momentum gathers speed"),
    points=2,
    tolerance=1e-7,
)


def _adagrad_step(theta, grad, memory, t, rate, *, sign=-1, root=True, decay=1.0):
    square = decay * memory[0] + grad * grad
    size = (np.sqrt(square) if root else square) + 1e-8
    return theta + sign * rate * grad / size, (square, 0.0)


def _one_for_all(theta, grad, memory, t, rate):
    square = memory[0] + (grad * grad).sum()
    return theta - rate * grad / (np.sqrt(square) + 1e-8), (square, 0.0)


adagrad_path = Question(
    "05.adagrad_path",
    partial(_asked, _adagrad_step),
    lambda rng: _path_cases(rng, (0.5,), (1.0,)),
    (
        Mistake("plus instead of minus", partial(_asked, _adagrad_step, sign=1), UPHILL),
        Mistake(
            "forgot the square root",
            partial(_asked, _adagrad_step, root=False),
            "gradient over gradient squared has the wrong unit; take the root of the sum.",
        ),
        Mistake(
            "forgot what came before",
            partial(_asked, _adagrad_step, decay=0.0),
            "the squares of all steps add up; nothing is dropped.",
        ),
        Mistake(
            "one rate for all parameters",
            partial(_asked, _one_for_all),
            "each parameter has a sum of its own: square element by element, do not add up.",
        ),
        Mistake("forgot the start", partial(_asked, _adagrad_step, start=False), START),
    ),
    _read("AdaGrad gives each parameter its own rate"),
    tolerance=1e-6,
)


def _rmsprop_step(
    theta, grad, memory, t, rate, decay, *, sign=-1, new=None, swapped=False, root=True
):
    decay = 1 - decay if swapped else decay
    square = decay * memory[0] + (1 - decay if new is None else new) * grad * grad
    size = np.sqrt(square) if root else square
    return theta + sign * rate * grad / (size + 1e-8), (square, 0.0)


rmsprop_path = Question(
    "05.rmsprop_path",
    partial(_asked, _rmsprop_step),
    lambda rng: _path_cases(rng, (0.05, 0.9), (0.1, 0.7)),
    (
        Mistake("plus instead of minus", partial(_asked, _rmsprop_step, sign=1), UPHILL),
        Mistake(
            "forgot the factor 1 - decay",
            partial(_asked, _rmsprop_step, new=1.0),
            "a running mean takes the share 1 - decay of the new square.",
        ),
        Mistake(
            "swapped old and new",
            partial(_asked, _rmsprop_step, swapped=True),
            "decay is the share of the OLD mean that is kept.",
        ),
        Mistake(
            "forgot the square root",
            partial(_asked, _rmsprop_step, root=False),
            "divide by the root of the mean square, a size like the gradient's.",
        ),
        Mistake("forgot the start", partial(_asked, _rmsprop_step, start=False), START),
    ),
    _read("RMSProp forgets"),
    tolerance=1e-6,
)


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


adam_path = Question(
    "05.adam_path",
    partial(_asked, _adam_step),
    lambda rng: _path_cases(rng, (0.1, 0.9, 0.999), (0.3, 0.5, 0.8)),
    (
        Mistake("plus instead of minus", partial(_asked, _adam_step, sign=1), UPHILL),
        Mistake(
            "no bias correction",
            partial(_asked, _adam_step, m_hat=False, v_hat=False),
            "both means start at 0 and are too small at first; divide by 1 - beta ** t.",
        ),
        Mistake(
            "corrected the first mean only",
            partial(_asked, _adam_step, v_hat=False),
            "the mean of the squares starts at 0 as well.",
        ),
        Mistake(
            "corrected the second mean only",
            partial(_asked, _adam_step, m_hat=False),
            "the mean of the gradients starts at 0 as well.",
        ),
        Mistake(
            "counted the steps from 2",
            partial(_asked, _adam_step, late=1),
            "in the first step t is 1, and the hat undoes 1 - beta exactly.",
        ),
        Mistake(
            "forgot the power t",
            partial(_asked, _adam_step, powers=False),
            "the correction fades: beta to the power of the step's number.",
        ),
        Mistake(
            "epsilon inside the root",
            partial(_asked, _adam_step, inside=True),
            "eps is added to the root, so that a tiny gradient keeps its size.",
        ),
        Mistake("forgot the start", partial(_asked, _adam_step, start=False), START),
    ),
    _read("Adam puts both together"),
    points=3,
    tolerance=1e-6,
)


# ---- match a given path ------------------------------------------------------------------------
def _hidden_cases(rng):
    cases = []
    for momentum, rate, size in ((0.9, 0.05, 2), (0.5, 0.1, 3), (0.25, 0.1, 2), (0.99, 0.02, 1)):
        start = rng.uniform(1, 2, size)
        path = np.array(_asked(_momentum_step, _coupled, start, rate, momentum, 3))
        cases.append(Case((path, _coupled, rate), f"the momentum {momentum:g}"))
    path = np.array(_asked(_momentum_step, _coupled, [3.0, -2.0], 0.1, 0.75, 12))
    longer = Case((path, _coupled, 0.1), "a longer path", "The first three points are enough.")
    as_lists = Case((path[:3].tolist(), _coupled, 0.1), "a path of lists")
    return [*cases, longer, as_lists]


def _find(path, gradient, rate, *, sign=1, of=1, keep_gradient=True, scaled=True):
    path = np.asarray(path, dtype=float)
    first, second = path[0] - path[1], path[1] - path[2]
    if scaled:
        first, second = first / rate, second / rate
    carried = second - (np.asarray(gradient(path[of])) if keep_gradient else 0)
    return float(sign * (carried @ first) / (first @ first))


find_momentum = Question(
    "05.find_momentum",
    _find,
    _hidden_cases,
    (
        Mistake(
            "forgot the new gradient",
            partial(_find, keep_gradient=False),
            "the second velocity is momentum times the first PLUS the gradient there.",
        ),
        Mistake(
            "took the gradient at the start",
            partial(_find, of=0),
            "the second step uses the gradient at the second point.",
        ),
        Mistake(
            "compared steps with gradients",
            partial(_find, scaled=False),
            "a step is the rate times a velocity: divide by the rate first.",
        ),
        Mistake(
            "sign flipped",
            partial(_find, sign=-1),
            "velocities point uphill, from the new point back to the old one.",
        ),
    ),
    _read("Momentum gathers speed"),
    points=2,
    tolerance=1e-6,
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


def _tune(
    run,
    rates,
    budget,
    *,
    share=lambda budget, n: budget // n,
    finite=np.isfinite,
    best=np.argmin,
    give=0,
):
    losses = np.array([run(rate, share(budget, len(rates))) for rate in rates], dtype=float)
    losses[~finite(losses)] = np.inf if best is np.argmin else -np.inf
    place = int(best(losses))
    return (float(rates[place]), float(losses[place]))[give]


def _everything(losses):
    return np.ones(len(losses), dtype=bool)


tune_rate = Question(
    "05.tune_rate",
    _tune,
    _tune_cases,
    (
        Mistake(
            "gave every rate the whole budget",
            partial(_tune, share=lambda budget, n: budget),
            "all runs together may take `budget` steps: each gets budget // number of rates.",
        ),
        Mistake(
            "took the largest loss",
            partial(_tune, best=np.argmax),
            "the best rate is the one with the lowest loss.",
        ),
        Mistake(
            "let a run that is not finite win",
            partial(_tune, finite=_everything),
            "NaN and infinity are no losses; pass them over.",
        ),
        Mistake(
            "returned the loss instead of the rate",
            partial(_tune, give=1),
            "asked for is the learning rate.",
        ),
    ),
    _read("Which one first"),
    points=2,
    tolerance=1e-9,
)
