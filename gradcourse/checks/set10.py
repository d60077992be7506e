"""Exercise set 10: five gradients at work, and a training script with six bugs."""

from functools import partial

import numpy as np

from gradcourse.checks.core import Case, question

ask = partial(question, "10_gradients_at_work")


# ---- convolution -------------------------------------------------------------------------------
def _conv_cases(rng):
    def case(h, w, label=""):
        return Case((rng.normal(size=(h, w)), rng.normal(size=(h - 2, w - 2))), label)

    return [
        case(8, 8),
        case(5, 7, "a wide image"),
        case(3, 3, "a single place"),
        case(4, 3, "a column"),
        case(20, 20, "a large image"),
        Case(([[1, 2, 3, 4], [5, 6, 7, 8], [9, 1, 2, 3]], [[1, -1]]), "lists of whole numbers"),
    ]


@ask("Images and filters", _conv_cases, points=2)
def conv_gradient(image, slope, *, mean=False, flip=False, turn=False, whole=False):
    """The gradient of a 3 × 3 convolution along its weights."""
    image, slope = np.asarray(image, dtype=float), np.asarray(slope, dtype=float)
    n, m = slope.shape
    slope = slope[::-1, ::-1] if flip else slope
    out = np.zeros((3, 3))
    for a, b in np.ndindex(3, 3):
        patch = image[a : a + n, b : b + m]
        out[a, b] = (patch * (1.0 if whole else slope)).sum()
    out = out / slope.size if mean else out
    return out.T if turn else out


conv_gradient.mistake(
    "averaged over the places",
    "each place adds its slope; nothing divides by their number.",
    mean=True,
)
conv_gradient.mistake(
    "turned the slopes round",
    "turning belongs to the slope along the IMAGE; here slopes stay as they are.",
    flip=True,
)
conv_gradient.mistake(
    "swapped rows and columns", "weight [a, b] meets the pixel [i + a, j + b].", turn=True
)
conv_gradient.mistake(
    "left the arriving slopes out",
    "multiply each pixel by the slope of the place it served.",
    whole=True,
)


# ---- recurrence --------------------------------------------------------------------------------
def _rnn_cases(rng):
    return [
        Case((rng.normal(size=4), 0.5)),
        Case((rng.normal(size=10), -0.8), "a negative weight"),
        Case((rng.normal(size=1), 0.7), "one moment", "The first state follows a state of 0."),
        Case((0.1 * rng.normal(size=40), 1.0), "forty moments"),
        Case((rng.normal(size=6), 0.0), "weight 0", "At w = 0 only the last use of w counts."),
        Case((np.array([3.0, -3, 3]), 2.0), "near the ends of tanh"),
        Case(([1, 0, 1], 1), "lists of whole numbers"),
    ]


@ask("Sentences and memory", _rnn_cases, points=2)
def rnn_gradient(x, w, *, tanh=True, through=True, late=False, once=False, factor=True):
    """The slope of the last state of h = tanh(w h + x) along w."""
    h = 0.0
    states = [0.0]
    for x_t in x:
        h = np.tanh(w * h + x_t)
        states.append(h)
    slope = 1.0
    grad = 0.0
    for t in range(len(x), 0, -1):
        inner = slope * (1 - states[t] ** 2) if tanh else slope
        grad = (0.0 if once else grad) + inner * states[t if late else t - 1]
        slope = (inner * w if factor else inner) if through else 1.0
        if not through:
            break
    return float(grad)


rnn_gradient.mistake("forgot tanh's slope", "each moment multiplies by 1 − h².", tanh=False)
rnn_gradient.mistake(
    "counted the last use of w alone",
    "w serves every moment: go back through all of them and add up.",
    through=False,
)
rnn_gradient.mistake(
    "kept the first use of w alone", "add with +=; every moment contributes.", once=True
)
rnn_gradient.mistake(
    "took the state after instead of before",
    "in w · h the h is the one of the moment before.",
    late=True,
)
rnn_gradient.mistake(
    "forgot to multiply by w on the way back",
    "the slope reaches the earlier state through w.",
    factor=False,
)


# ---- policy ------------------------------------------------------------------------------------
def _policy_cases(rng):
    def case(n_levers, n_pulls, label=""):
        pulled = rng.integers(0, n_levers, n_pulls)
        reward = rng.random(n_pulls)
        return Case((rng.normal(size=n_levers), pulled, reward, rng.random()), label)

    return [
        case(3, 8),
        case(5, 20),
        case(2, 1, "one pull"),
        Case(
            (np.array([1000.0, 0.0]), np.array([0, 1, 1]), np.array([1.0, 0.0, 0.5]), 0.3),
            "large preferences",
            "Subtract the largest before you take exp.",
        ),
        Case(
            (rng.normal(size=4), np.array([2, 2, 2, 2]), np.array([1.0, 0.0, 1.0, 1.0]), 0.4),
            "always the same lever",
        ),
        Case(
            (rng.normal(size=3), np.array([0, 1, 2]), np.array([1.0, 0.0, 1.0]), 0.0), "no baseline"
        ),
        Case(([0, 0, 1], [0, 2, 1, 2], [1, 0, 1, 1], 1), "lists of whole numbers"),
    ]


@ask("Games and levers", _policy_cases, points=2, tolerance=1e-8)
def policy_gradient(
    z, pulled, reward, baseline, *, base=1, share=True, sign=1, mean=True, shift=True
):
    """The gradient of the mean payoff of a softmax policy, with a baseline."""
    z = np.asarray(z, dtype=float)
    reward = np.asarray(reward, dtype=float)
    e = np.exp(z - (z.max() if shift else 0))
    p = e / e.sum()
    grad = (reward - base * baseline) @ (np.eye(len(z))[np.asarray(pulled)] - (p if share else 0))
    return sign * grad / (len(reward) if mean else 1)


policy_gradient.mistake(
    "left the baseline out", "subtract the baseline from each reward first.", base=0
)
policy_gradient.mistake(
    "added the baseline",
    "subtract the baseline: what paid less than it becomes less likely.",
    base=-1,
)
policy_gradient.mistake(
    "forgot the shares", "the slope of log p_a along z is e_a − p.", share=False
)
policy_gradient.mistake(
    "stepped toward less payoff",
    "asked for is the gradient of the payoff, which is to grow.",
    sign=-1,
)
policy_gradient.mistake("summed instead of averaged", "take the mean over the pulls.", mean=False)
policy_gradient.mistake(
    "overflow in softmax", "subtract the largest preference before you take exp.", shift=False
)


# ---- recommender -------------------------------------------------------------------------------
def _factor_cases(rng):
    def case(n, m, k, price, label=""):
        R = rng.normal(size=(n, m))
        known = rng.random((n, m)) < 0.6
        return Case((R, known, rng.normal(size=(n, k)), rng.normal(size=(m, k)), price), label)

    empty = np.full((2, 3), np.nan)
    return [
        case(4, 5, 2, 0.1),
        case(3, 3, 1, 0.0, "no price"),
        case(6, 2, 3, 1.0, "three numbers each"),
        case(1, 4, 2, 0.2, "one person"),
        Case(
            (empty, np.zeros((2, 3), bool), rng.normal(size=(2, 2)), rng.normal(size=(3, 2)), 0.5),
            "unknown ratings are NaN",
            "Where nothing is known the error is 0: use np.where.",
        ),
        Case(
            ([[1, 2], [3, 4]], [[True, False], [True, True]], [[1], [2]], [[1], [0]], 1),
            "lists of whole numbers",
        ),
    ]


@ask("Recommendations", _factor_cases, points=2)
def factor_gradients(R, known, U, V, price, *, mask=True, decay=1.0, sign=1, safe=True, half=1.0):
    """The gradients of a matrix factorization along U and V, on known ratings."""
    R, U, V = (np.asarray(a, dtype=float) for a in (R, U, V))
    known = np.asarray(known, dtype=bool)
    E = sign * (U @ V.T - R)
    E = half * (np.where(known, E, 0.0) if safe else E * known) if mask else E
    return [E @ V + decay * price * U, E.T @ U + decay * price * V]


factor_gradients.mistake(
    "counted ratings nobody gave", "set the error to 0 where nothing is known.", mask=False
)
factor_gradients.mistake("multiplied NaN by 0", "NaN · 0 is NaN; choose with np.where.", safe=False)
factor_gradients.mistake("forgot the price", "add price · U and price · V.", decay=0.0)
factor_gradients.mistake("doubled the price", "the slope of ½ price · U² is price · U.", decay=2.0)
factor_gradients.mistake("doubled the error", "the slope of ½ E² is E.", half=2.0)
factor_gradients.mistake(
    "took the rating minus the guess", "the error is guess minus rating.", sign=-1
)


# ---- parameter shift ---------------------------------------------------------------------------
# How an answer is tried: with circuits whose energy is a sine of each angle.
CIRCUITS = {
    "one": lambda t: np.cos(t[0]) + 0.5 * np.sin(t[0]),
    "product": lambda t: np.cos(t[0]) * np.cos(t[1]) + 0.3 * np.sin(t[1]),
    "three": lambda t: np.sin(t[0]) * np.cos(t[1]) * np.sin(t[2] + 0.4) - np.cos(t[2]),
}


def _on_circuit(function, name, angles):
    return function(CIRCUITS[name], angles)


def _shift_cases(rng):
    return [
        Case(("one", rng.uniform(-3, 3, 1)), "one angle"),
        Case(("product", rng.uniform(-3, 3, 2)), "two angles", "Shift one angle at a time."),
        Case(("three", rng.uniform(-3, 3, 3)), "three angles"),
        Case(("product", np.array([0.0, np.pi / 2])), "special angles"),
        Case(
            ("three", [1, 0, 2]),
            "a list of whole numbers",
            "Make a float array first: whole numbers cut the shift off.",
        ),
        Case(("one", np.array([2.5])), "one angle again"),
    ]


@ask("Quantum circuits", _shift_cases, points=2, tolerance=1e-7, probe=_on_circuit)
def parameter_shift(f, angles, *, shift=np.pi / 2, over=2.0, sign=1, together=False, whole=False):
    """The gradient of a circuit by the parameter-shift rule."""
    angles = np.array(angles) if whole else np.array(angles, dtype=float)
    slopes = np.zeros(len(angles))
    for k in range(len(angles)):
        up, down = angles.copy(), angles.copy()
        place = slice(None) if together else k
        up[place], down[place] = up[place] + shift, down[place] - shift
        slopes[k] = sign * (f(up) - f(down)) / over
    return slopes


parameter_shift.mistake(
    "divided by the whole distance",
    "for a sine the difference over ±π/2 is divided by 2.",
    over=np.pi,
)
parameter_shift.mistake("shifted by π", "shift by a quarter turn, π/2.", shift=np.pi)
parameter_shift.mistake("forgot to halve", "divide the difference by 2.", over=1.0)
parameter_shift.mistake(
    "took the difference the wrong way round", "the value ahead minus the value behind.", sign=-1
)
parameter_shift.mistake(
    "shifted all angles together", "one angle at a time, the others as they are.", together=True
)
parameter_shift.mistake(
    "cut the shift to whole numbers", "make a float array of the angles first.", whole=True
)


# ---- the capstone ------------------------------------------------------------------------------
def _train_cases(rng):
    def case(n, d, batch_size, n_epochs, label="", hint=""):
        X, y = rng.normal(size=(n, d)), rng.integers(0, 2, n)
        orders = [rng.permutation(n) for _ in range(n_epochs)]
        return Case((X, y, 0.1 * rng.normal(size=d + 1), 0.5, 0.2, batch_size, orders), label, hint)

    return [
        case(12, 2, 4, 2),
        case(
            10,
            3,
            4,
            3,
            "a shorter last batch",
            "10 rows in batches of 4: the last one has 2, and counts.",
        ),
        case(6, 1, 6, 2, "full batches"),
        case(5, 2, 1, 2, "one row at a time"),
        case(7, 2, 100, 1, "a batch larger than the data"),
        case(8, 2, 3, 0, "no epoch at all"),
    ]


@ask("A claim on trial", _train_cases, points=4, tolerance=1e-8)
def train(
    X,
    y,
    theta,
    rate,
    price,
    batch_size,
    orders,
    *,
    both=True,
    own=True,
    drop=False,
    sign=-1,
    again=False,
    spare=True,
):
    """The capstone: mini-batch descent of a ridge logistic regression, mended."""
    X, y, theta = (np.array(a, dtype=float) for a in (X, y, theta))
    A = np.column_stack([X, np.ones(len(X))])
    for order in orders:
        A_epoch, y_epoch = A[order], y[order] if both else y
        for i in range(0, len(y), batch_size):
            rows, labels = A_epoch[i : i + batch_size], y_epoch[i : i + batch_size]
            if drop and len(labels) < batch_size:
                break
            p = 1 / (1 + np.exp(-rows @ theta))
            error = (p - labels) * (p * (1 - p) if again else 1.0)
            grad = rows.T @ error / (len(labels) if own else batch_size)
            grad = grad + price * np.append(theta[:-1], 0.0 if spare else theta[-1])
            theta = theta + sign * rate * grad
    return theta


train.mistake(
    "left the labels in their old order",
    "shuffle X and y alike, or every row gets a stranger's label.",
    both=False,
)
train.mistake(
    "divided the last batch by batch_size", "a mean divides by the rows that are there.", own=False
)
train.mistake("dropped the last batch", "a shorter last batch counts too.", drop=True)
train.mistake("added the step", "descent subtracts it.", sign=1)
train.mistake(
    "multiplied by the sigmoid's slope again",
    "p − y is the slope along the score already.",
    again=True,
)
train.mistake(
    "charged the intercept", "the price is for the weights; the last entry goes free.", spare=False
)
train.mistake(
    "mended nothing yet",
    "all six bugs are still there; begin with the sign of the step.",
    both=False,
    own=False,
    drop=True,
    sign=1,
    again=True,
    spare=False,
)
