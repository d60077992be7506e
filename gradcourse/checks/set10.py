"""Exercise set 10: five gradients at work, and a training script with six bugs."""

from functools import partial

import numpy as np

from gradcourse.checks.core import Case, Mistake, Question, section_link

_read = partial(section_link, "10_gradients_at_work")


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


def _conv(image, slope, *, mean=False, flip=False, turn=False, whole=False):
    image, slope = np.asarray(image, dtype=float), np.asarray(slope, dtype=float)
    n, m = slope.shape
    slope = slope[::-1, ::-1] if flip else slope
    out = np.zeros((3, 3))
    for a, b in np.ndindex(3, 3):
        patch = image[a : a + n, b : b + m]
        out[a, b] = (patch * (1.0 if whole else slope)).sum()
    out = out / slope.size if mean else out
    return out.T if turn else out


conv_gradient = Question(
    "10.conv_gradient",
    _conv,
    _conv_cases,
    (
        Mistake(
            "averaged over the places",
            partial(_conv, mean=True),
            "each place adds its slope; nothing divides by their number.",
        ),
        Mistake(
            "turned the slopes round",
            partial(_conv, flip=True),
            "turning belongs to the slope along the IMAGE; here slopes stay as they are.",
        ),
        Mistake(
            "swapped rows and columns",
            partial(_conv, turn=True),
            "weight [a, b] meets the pixel [i + a, j + b].",
        ),
        Mistake(
            "left the arriving slopes out",
            partial(_conv, whole=True),
            "multiply each pixel by the slope of the place it served.",
        ),
    ),
    _read("Images and filters"),
    points=2,
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


def _rnn(x, w, *, tanh=True, through=True, late=False, once=False, factor=True):
    h, states = 0.0, [0.0]
    for x_t in x:
        h = np.tanh(w * h + x_t)
        states.append(h)
    slope, grad = 1.0, 0.0
    for t in range(len(x), 0, -1):
        inner = slope * (1 - states[t] ** 2) if tanh else slope
        grad = (0.0 if once else grad) + inner * states[t if late else t - 1]
        slope = (inner * w if factor else inner) if through else 1.0
        if not through:
            break
    return float(grad)


rnn_gradient = Question(
    "10.rnn_gradient",
    _rnn,
    _rnn_cases,
    (
        Mistake(
            "forgot tanh's slope", partial(_rnn, tanh=False), "each moment multiplies by 1 − h²."
        ),
        Mistake(
            "counted the last use of w alone",
            partial(_rnn, through=False),
            "w serves every moment: go back through all of them and add up.",
        ),
        Mistake(
            "kept the first use of w alone",
            partial(_rnn, once=True),
            "add with +=; every moment contributes.",
        ),
        Mistake(
            "took the state after instead of before",
            partial(_rnn, late=True),
            "in w · h the h is the one of the moment before.",
        ),
        Mistake(
            "forgot to multiply by w on the way back",
            partial(_rnn, factor=False),
            "the slope reaches the earlier state through w.",
        ),
    ),
    _read("Sentences and memory"),
    points=2,
)


# ---- policy ------------------------------------------------------------------------------------
def _policy_cases(rng):
    def case(n_levers, n_pulls, label=""):
        pulled, reward = rng.integers(0, n_levers, n_pulls), rng.random(n_pulls)
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


def _policy(z, pulled, reward, baseline, *, base=1, share=True, sign=1, mean=True, shift=True):
    z, reward = np.asarray(z, dtype=float), np.asarray(reward, dtype=float)
    e = np.exp(z - (z.max() if shift else 0))
    p = e / e.sum()
    grad = (reward - base * baseline) @ (np.eye(len(z))[np.asarray(pulled)] - (p if share else 0))
    return sign * grad / (len(reward) if mean else 1)


policy_gradient = Question(
    "10.policy_gradient",
    _policy,
    _policy_cases,
    (
        Mistake(
            "left the baseline out",
            partial(_policy, base=0),
            "subtract the baseline from each reward first.",
        ),
        Mistake(
            "added the baseline",
            partial(_policy, base=-1),
            "subtract the baseline: what paid less than it becomes less likely.",
        ),
        Mistake(
            "forgot the shares",
            partial(_policy, share=False),
            "the slope of log p_a along z is e_a − p.",
        ),
        Mistake(
            "stepped toward less payoff",
            partial(_policy, sign=-1),
            "asked for is the gradient of the payoff, which is to grow.",
        ),
        Mistake(
            "summed instead of averaged",
            partial(_policy, mean=False),
            "take the mean over the pulls.",
        ),
        Mistake(
            "overflow in softmax",
            partial(_policy, shift=False),
            "subtract the largest preference before you take exp.",
        ),
    ),
    _read("Games and levers"),
    points=2,
    tolerance=1e-8,
)


# ---- recommender -------------------------------------------------------------------------------
def _factor_cases(rng):
    def case(n, m, k, price, label=""):
        R, known = rng.normal(size=(n, m)), rng.random((n, m)) < 0.6
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


def _factors(
    R, known, U, V, price, *, mask=True, decay=1.0, turned=False, sign=1, safe=True, half=1.0
):
    R, U, V = (np.asarray(a, dtype=float) for a in (R, U, V))
    known = np.asarray(known, dtype=bool)
    E = sign * (U @ V.T - R)
    E = half * (np.where(known, E, 0.0) if safe else E * known) if mask else E
    dU, dV = E @ V + decay * price * U, E.T @ U + decay * price * V
    return [dV, dU] if turned else [dU, dV]


factor_gradients = Question(
    "10.factor_gradients",
    _factors,
    _factor_cases,
    (
        Mistake(
            "counted ratings nobody gave",
            partial(_factors, mask=False),
            "set the error to 0 where nothing is known.",
        ),
        Mistake(
            "multiplied NaN by 0",
            partial(_factors, safe=False),
            "NaN · 0 is NaN; choose with np.where.",
        ),
        Mistake("forgot the price", partial(_factors, decay=0.0), "add price · U and price · V."),
        Mistake(
            "doubled the price",
            partial(_factors, decay=2.0),
            "the slope of ½ price · U² is price · U.",
        ),
        Mistake("doubled the error", partial(_factors, half=2.0), "the slope of ½ E² is E."),
        Mistake(
            "took the rating minus the guess",
            partial(_factors, sign=-1),
            "the error is guess minus rating.",
        ),
    ),
    _read("Recommendations"),
    points=2,
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


def _shift(f, angles, *, by=np.pi / 2, over=2.0, sign=1, together=False, whole=False):
    angles = np.array(angles) if whole else np.array(angles, dtype=float)
    slopes = np.zeros(len(angles))
    for k in range(len(angles)):
        up, down = angles.copy(), angles.copy()
        place = slice(None) if together else k
        up[place], down[place] = up[place] + by, down[place] - by
        slopes[k] = sign * (f(up) - f(down)) / over
    return slopes


parameter_shift = Question(
    "10.parameter_shift",
    _shift,
    _shift_cases,
    (
        Mistake(
            "divided by the whole distance",
            partial(_shift, over=np.pi),
            "for a sine the difference over ±π/2 is divided by 2.",
        ),
        Mistake("shifted by π", partial(_shift, by=np.pi), "shift by a quarter turn, π/2."),
        Mistake("forgot to halve", partial(_shift, over=1.0), "divide the difference by 2."),
        Mistake(
            "took the difference the wrong way round",
            partial(_shift, sign=-1),
            "the value ahead minus the value behind.",
        ),
        Mistake(
            "shifted all angles together",
            partial(_shift, together=True),
            "one angle at a time, the others as they are.",
        ),
        Mistake(
            "cut the shift to whole numbers",
            partial(_shift, whole=True),
            "make a float array of the angles first.",
        ),
    ),
    _read("Quantum circuits"),
    points=2,
    tolerance=1e-7,
    probe=_on_circuit,
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


def _train(
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


train = Question(
    "10.train",
    _train,
    _train_cases,
    (
        Mistake(
            "left the labels in their old order",
            partial(_train, both=False),
            "shuffle X and y alike, or every row gets a stranger's label.",
        ),
        Mistake(
            "divided the last batch by batch_size",
            partial(_train, own=False),
            "a mean divides by the rows that are there.",
        ),
        Mistake(
            "dropped the last batch", partial(_train, drop=True), "a shorter last batch counts too."
        ),
        Mistake("added the step", partial(_train, sign=1), "descent subtracts it."),
        Mistake(
            "multiplied by the sigmoid's slope again",
            partial(_train, again=True),
            "p − y is the slope along the score already.",
        ),
        Mistake(
            "charged the intercept",
            partial(_train, spare=False),
            "the price is for the weights; the last entry goes free.",
        ),
        Mistake(
            "mended nothing yet",
            partial(_train, both=False, own=False, drop=True, sign=1, again=True, spare=False),
            "all six bugs are still there; begin with the sign of the step.",
        ),
    ),
    _read("A claim on trial"),
    points=4,
    tolerance=1e-8,
)
